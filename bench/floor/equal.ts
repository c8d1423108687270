/**
 * The equal floor: the work that the product's answer is on the wire, and no other. It is sent the product's own requests, carries
 * as many bytes to an object and back, answers with the same headers and as many bytes, and writes as long a line. It judges,
 * limits, links and remembers nothing: jose verifies the login token each time.
 */
import { importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import { keysFor } from "./signing-keys.ts";

type Input = { readonly IdentityId: string; readonly Logins: Readonly<Record<string, string>> };

/** As long as what the product's object permits to mint, to the byte. */
type Grant = {
  readonly identityId: string;
  readonly identityPoolId: string;
  readonly logins: readonly { readonly providerName: string; readonly amr: readonly string[] }[];
  readonly lifetimeSeconds: number;
};

const ISSUER = "https://identity.bench.example";
const CLIENT_ID = "bench-client";
const IDENTITY_POOL_ID = "us-east-1:00000000-0000-4000-8000-000000000000";
const LOGIN_ID = "0".repeat(64);
const KEY_ID = "0".repeat(16);
const LIFETIME_SECONDS = 600;

const issuerKeys = new Map<string, Awaited<ReturnType<typeof importJWK>>>();

async function issuerKeyOf(keySet: string) {
  const known = issuerKeys.get(keySet);
  if (known !== undefined) return known;
  const { keys }: { readonly keys: readonly JWK[] } = JSON.parse(keySet);
  const key = await importJWK(keys[0] ?? {}, "RS256");
  issuerKeys.set(keySet, key);
  return key;
}

/** What the object is asked with: `callId` is told to it for its length alone. */
export type Question = readonly [identityId: string, providerName: string, loginToken: string, callId: string];

/** The object's half: a login token has come to it, and what it proves goes back. `keySet` is that of the issuer. */
export async function grant(keySet: string, [identityId, providerName, loginToken]: Question): Promise<string> {
  const key = await issuerKeyOf(keySet);
  const expected = { issuer: `https://${providerName}`, audience: CLIENT_ID, algorithms: ["RS256"] };
  const { payload } = await jwtVerify(loginToken, key, expected);
  const subject = payload.sub ?? "";
  const amr = [providerName, `${providerName}:${CLIENT_ID}:${subject}`];
  const granted = {
    identityId,
    identityPoolId: IDENTITY_POOL_ID,
    logins: [{ providerName, subject, loginId: LOGIN_ID, amr }],
    lifetimeSeconds: LIFETIME_SECONDS,
  };
  return JSON.stringify({ kind: "granted", grant: granted });
}

/** The Worker's half; `ask` is the one call to the object. */
export async function answerEqually(
  request: Request,
  algorithm: string,
  ask: (...question: Question) => Promise<string>,
): Promise<Response> {
  const startedAt = performance.now();
  const requestId = crypto.randomUUID();
  const { IdentityId, Logins } = await request.json<Input>();
  const [[providerName, loginToken] = ["", ""]] = Object.entries(Logins);
  const reply: { readonly grant: Grant } = JSON.parse(await ask(IdentityId, providerName, loginToken, requestId));
  const body = JSON.stringify({ IdentityId, Token: await mint(reply.grant, algorithm) });
  const line = {
    message: "request",
    requestId,
    operation: "GetOpenIdToken",
    status: 200,
    pool: reply.grant.identityPoolId,
    identity: KEY_ID,
    providers: [providerName],
    upstreamFetches: 0,
    durationMs: performance.now() - startedAt,
  };
  console.log(JSON.stringify(line));
  return new Response(body, {
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amzn-requestid": requestId,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date,Retry-After",
      date: new Date().toUTCString(),
      "strict-transport-security": "max-age=31536000",
    },
  });
}

async function mint(
  { identityId, identityPoolId, logins, lifetimeSeconds }: Grant,
  algorithm: string,
): Promise<string> {
  const { privateKey } = await keysFor(algorithm);
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims = {
    sub: identityId,
    aud: identityPoolId,
    amr: ["authenticated", ...logins.flatMap((login) => login.amr)],
    iss: ISSUER,
    exp: issuedAt + lifetimeSeconds,
    iat: issuedAt,
    jti: crypto.randomUUID(),
  };
  return await new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: "JWT", kid: KEY_ID }).sign(privateKey);
}
