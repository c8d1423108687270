/** What GetCredentialsForIdentity gives credentials for: by login tokens, or by a token of this service as the only login. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import type { Grant } from "../domain/grant.ts";
import type { GrantWish } from "../domain/grant-access.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import { refusalOf } from "../domain/login-refusal.ts";
import { candidatesOf } from "../domain/own-login.ts";
import { OWN_PROVIDER_NAME } from "../domain/provider-name.ts";
import { tagsOfSession } from "../domain/principal-tags.ts";
import { type Refusal, withWords } from "../domain/refusals.ts";
import type { RoleGrant } from "../domain/role-claims.ts";
import { obtainGrant } from "../linking/obtain-grant.ts";
import type { InputOf } from "../protocol/shapes.ts";
import { readOwnToken } from "./own-token.ts";
import { grantByLogins } from "./login-grant.ts";
import { identityIdOfInput, type OperationContext, traceOfGrant } from "./context.ts";

// Ours: the live wording is not public.
const OWN_TOKEN_BESIDE_OTHERS = serviceError(
  "InvalidParameterException",
  `A token under ${OWN_PROVIDER_NAME} must be the only login.`,
);
/** An object that still runs the release before knows of no roles. What it linked stays linked; the client tries again. */
const NO_ROLE_DECIDED = serviceError("InternalErrorException", "Internal error", "role-undecided");

/**
 * The role was decided with the logins, before anything was linked or drawn. One object call for a returning user; it links and
 * merges as GetOpenIdToken does, without the test of the basic flow.
 */
export async function grantForCredentials(
  { IdentityId, Logins, CustomRoleArn }: InputOf<"GetCredentialsForIdentity">,
  context: OperationContext,
): Promise<Result<RoleGrant>> {
  const identityId = identityIdOfInput(IdentityId);
  const logins = Logins ?? new Map<string, string>();
  const ownToken = logins.get(OWN_PROVIDER_NAME);
  if (ownToken !== undefined && logins.size > 1) return err(OWN_TOKEN_BESIDE_OTHERS);
  const granted =
    ownToken === undefined
      ? await grantByLogins(identityId, logins, wishOf(CustomRoleArn), context)
      : await grantByOwnToken(identityId, ownToken, CustomRoleArn, context);
  if (!granted.ok) return withWords(granted);
  context.note?.(traceOfGrant(granted.value));
  const { roleArn } = granted.value;
  return roleArn === undefined ? err(NO_ROLE_DECIDED) : ok({ ...granted.value, roleArn });
}

function wishOf(customRoleArn: string | undefined): GrantWish {
  return { flow: "enhanced", ...(customRoleArn !== undefined && { customRoleArn }) };
}

async function grantByOwnToken(
  identityId: IdentityId,
  token: string,
  customRoleArn: string | undefined,
  context: OperationContext,
): Promise<Result<Grant, Refusal>> {
  const keys = await context.signer.publishedKeys(context.now());
  if (!keys.ok) return err({ kind: "worded", error: keys.error });
  const asked = { issuer: context.config.issuer, identityId, keys: keys.value, now: context.now() };
  const own = await readOwnToken(token, asked);
  if (!own.ok) return err({ kind: "worded", error: refusalOf(own.error, "own token") });
  const { identityPoolId } = own.value;
  // A backend may have put in any text: what STS would refuse is no defect of this service.
  const tags = tagsOfSession(Object.entries(own.value.principalTags));
  if (!tags.ok) return tags;
  const { value: principalTags } = tags;
  const candidates = await candidatesOf(own.value, context.hash);
  const custom = customRoleArn !== undefined && { customRoleArn };
  const proof = { identityPoolId, candidates, principalTags, ...custom };
  return await obtainGrant(context, identityId, context.call, async (named) => {
    return await context.objects.identity(named).grantToOwnProof(named, proof);
  });
}
