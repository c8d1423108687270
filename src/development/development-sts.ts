/**
 * A security token service for local development, and a second party: it knows of this service what any STS knows, its issuer. It
 * fetches discovery document and keys over HTTP, verifies with jose, and answers as AWS does. The service asks it as it asks AWS's.
 */
import { compactVerify, createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, type JSONWebKeySet } from "jose";
import { err, ok, type Result } from "../domain/errors.ts";
import { isObject, type JsonObject, parseJson } from "../domain/json.ts";
import { roleNameOf } from "../domain/role-arn.ts";
import { giveCredentials, type Session, sessionOf, type SignedCall } from "./sts-credentials.ts";
import { invalidToken, judgeAssumption } from "./sts-trust.ts";
import { type Member, refusalXml, resultXml, type StsRefusal } from "./sts-xml.ts";

/** What it knows, and has. */
export type DevelopmentSts = {
  /** The one OpenID Connect provider of the account. */
  readonly issuer: string;
  /** The pool that both demo roles trust. */
  readonly identityPoolId: string;
  /** Of the MACs of its credentials. */
  readonly key: string;
  readonly fetch: (address: string) => Promise<Response>;
  /** Epoch seconds. */
  now(): number;
};

type Answer = { readonly status: number; readonly xml: string };
type Members = readonly Member[];

/** Those that AWS's STS verifies; EdDSA is none. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const ROLE = /^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;
const NO_KEY =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
const NOT_VALIDATED =
  "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";

export async function answerSts(call: SignedCall, sts: DevelopmentSts): Promise<Answer> {
  const requestId = crypto.randomUUID();
  const form = new URLSearchParams(call.body);
  const action = form.get("Action") ?? "";
  const result = await perform(action, call, form, sts);
  return result.ok
    ? { status: 200, xml: resultXml(action, result.value, requestId) }
    : { status: result.error.status, xml: refusalXml(result.error, requestId) };
}

async function perform(
  action: string,
  call: SignedCall,
  form: URLSearchParams,
  sts: DevelopmentSts,
): Promise<Result<Members, StsRefusal>> {
  if (form.get("Version") === "2011-06-15") {
    if (action === "AssumeRoleWithWebIdentity") return await assume(form, sts);
    if (action === "GetCallerIdentity") return await callerIdentity(call, sts);
  }
  const message = `Could not find operation ${action} for version ${form.get("Version") ?? "NO_VERSION_SPECIFIED"}`;
  return err({ status: 400, code: "InvalidAction", message });
}

async function assume(form: URLSearchParams, sts: DevelopmentSts): Promise<Result<Members, StsRefusal>> {
  const roleArn = form.get("RoleArn") ?? "";
  const sessionName = form.get("RoleSessionName") ?? "";
  const durationSeconds = Number(form.get("DurationSeconds") ?? 3600);
  if (!ROLE.test(roleArn)) return outOfBounds("roleArn");
  if (!SESSION_NAME.test(sessionName)) return outOfBounds("roleSessionName");
  if (!Number.isInteger(durationSeconds) || durationSeconds < 900 || durationSeconds > 43_200) {
    return outOfBounds("durationSeconds");
  }
  const policy = form.get("Policy");
  if (policy !== null && !isPolicy(policy)) {
    return err({ status: 400, code: "MalformedPolicyDocument", message: "This policy contains invalid Json" });
  }
  const token = form.get("WebIdentityToken") ?? "";
  if (token.length < 4 || token.length > 20_000) return outOfBounds("webIdentityToken");
  const verified = await verify(token, sts);
  if (!verified.ok) return verified;
  const { value: claims } = verified;
  const { identityPoolId } = sts;
  const refusal = judgeAssumption({ claims, roleArn, identityPoolId, now: sts.now() });
  if (refusal !== null) return err(refusal);

  const session = { roleArn, sessionName };
  const given = await giveCredentials(session, Math.floor(sts.now()) + durationSeconds, sts.key);
  return ok([
    ["SubjectFromWebIdentityToken", String(claims["sub"])],
    ["Audience", String(claims["aud"])],
    [
      "AssumedRoleUser",
      [
        ["Arn", sessionArn(session)],
        ["AssumedRoleId", roleIdOf(session)],
      ],
    ],
    [
      "Credentials",
      [
        ["AccessKeyId", given.accessKeyId],
        ["SecretAccessKey", given.secretAccessKey],
        ["SessionToken", given.sessionToken],
        ["Expiration", new Date(given.expiresAt * 1000).toISOString().replace(".000", "")],
      ],
    ],
    ["Provider", roleArn.replace(/role\/.*$/, `oidc-provider/${new URL(sts.issuer).host}`)],
    ["PackedPolicySize", "1"],
  ]);
}

function outOfBounds(member: string): Result<never, StsRefusal> {
  const message = `1 validation error detected: Value at '${member}' failed to satisfy constraint`;
  return err({ status: 400, code: "ValidationError", message });
}

function isPolicy(text: string): boolean {
  const json = parseJson(text);
  return json.ok && isObject(json.value);
}

async function callerIdentity(call: SignedCall, sts: DevelopmentSts): Promise<Result<Members, StsRefusal>> {
  const session = await sessionOf(call, sts.key, sts.now());
  if (!session.ok) return session;
  return ok([
    ["Arn", sessionArn(session.value)],
    ["UserId", roleIdOf(session.value)],
    ["Account", accountOf(session.value.roleArn)],
  ]);
}

/** Without the path of the role, as at AWS. */
function sessionArn({ roleArn, sessionName }: Session): string {
  return `arn:aws:sts::${accountOf(roleArn)}:assumed-role/${roleNameOf(roleArn)}/${sessionName}`;
}

function accountOf(roleArn: string): string {
  return roleArn.split(":")[4] ?? "";
}

function roleIdOf({ sessionName }: Session): string {
  return `AROADEVELOPMENT000000:${sessionName}`;
}

/** The claims of a token that a key of its issuer has signed, as the issuer's documents say now. */
async function verify(token: string, sts: DevelopmentSts): Promise<Result<JsonObject, StsRefusal>> {
  const read = readUnverified(token);
  if (read === null) {
    return err(
      invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"),
    );
  }
  if (read.issuer !== sts.issuer) {
    return err(invalidToken(`No OpenIDConnect provider found in your account for ${read.issuer}`));
  }
  const keys = await fetchKeys(sts);
  if (keys === null) return err(invalidToken(NO_KEY));
  try {
    await compactVerify(token, createLocalJWKSet(keys), { algorithms: ALGORITHMS });
    return ok(read.claims);
  } catch (error) {
    return err(invalidToken(error instanceof errors.JWKSNoMatchingKey ? NO_KEY : NOT_VALIDATED));
  }
}

function readUnverified(token: string): { readonly issuer: string; readonly claims: JsonObject } | null {
  try {
    decodeProtectedHeader(token);
    const claims = decodeJwt(token);
    return { issuer: String(claims.iss), claims };
  } catch {
    return null;
  }
}

/** By discovery, as OpenID Connect has it. */
async function fetchKeys({ issuer, fetch }: DevelopmentSts): Promise<JSONWebKeySet | null> {
  try {
    const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
    const document = await discovery.json<{ readonly issuer?: unknown; readonly jwks_uri?: unknown }>();
    if (document.issuer !== issuer || typeof document.jwks_uri !== "string") return null;
    return await (await fetch(document.jwks_uri)).json<JSONWebKeySet>();
  } catch {
    return null;
  }
}
