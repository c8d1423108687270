/**
 * GetCredentialsForIdentity: a known identity, and the logins that its user signed in with, become credentials of the one role that
 * the identity's object chose. No secret of AWS is held for it: the role is assumed by a token of this service.
 */
import { err, ok, type Result, type ServiceError } from "../domain/errors.ts";
import { configurationError } from "../domain/refusals.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { mintForRole } from "../token/mint.ts";
import { explained, type OperationContext } from "./context.ts";
import { grantForCredentials } from "./credentials-grant.ts";

/** The session's name at the live service, which has no other. */
const SESSION_NAME = "CognitoIdentityCredentials";

export async function getCredentialsForIdentity(
  input: InputOf<"GetCredentialsForIdentity">,
  context: OperationContext,
): Promise<Result<OutputOf<"GetCredentialsForIdentity">>> {
  const { config, note } = context;
  const refused = (error: ServiceError, words?: string) => err(explainedOfRoles(error, words, context));
  // Where nobody could give credentials, nothing is linked and nothing is drawn.
  if (config.sts.url === null) return refused(configurationError("no-sts"));
  const signing = context.signer.begin(context.now());
  const granted = await grantForCredentials(input, context);
  if (!granted.ok) return refused(granted.error);
  const { value: grant } = granted;
  const { roleArn } = grant;
  const stamp = { issuer: config.issuer, now: context.now(), jti: context.newUuid() };
  const token = await mintForRole(grant, stamp, signing, context.now);
  if (!token.ok) return token;
  const sessionName = config.sts.sessionName === "cognito" ? SESSION_NAME : grant.identityId.replace(":", ".");
  const isGuest = grant.logins.length === 0;
  const { credentials, trace } = await context.assumeRole({ roleArn, sessionName, token: token.value, isGuest });
  note?.({ sts: trace });
  if (!credentials.ok) return refused(credentials.error, trace.message);
  note?.({ effect: "minted" });
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = credentials.value;
  return ok({
    IdentityId: grant.identityId,
    Credentials: {
      AccessKeyId: accessKeyId,
      SecretKey: secretAccessKey,
      SessionToken: sessionToken,
      Expiration: expiresAt,
    },
  });
}

/** Of what the pool's roles, or STS, refuse a client of local development is told the cause, in STS's own words where there are any. */
function explainedOfRoles(error: ServiceError, words: string | undefined, context: OperationContext): ServiceError {
  const { type, reason = "" } = error;
  const isOfRoles = type === "InvalidIdentityPoolConfigurationException" || reason.startsWith("sts-");
  return isOfRoles ? explained(error, context, words === undefined ? reason : `${reason}: ${words}`) : error;
}
