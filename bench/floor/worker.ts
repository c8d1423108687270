/**
 * The floor: a Worker that does only what the same answer demands. One route by Hono, one login token verified and one
 * token signed by jose, one call to an object that counts. It checks, limits, links, logs and remembers nothing.
 */
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import { generateKeyPair, jwtVerify, SignJWT } from "jose";

type FloorEnv = {
  readonly IDENTITY: DurableObjectNamespace<FloorIdentity>;
  /** Identities in rotation. Default: as many as the product is measured with. */
  readonly IDENTITIES?: string;
};

export class FloorIdentity extends DurableObject<FloorEnv> {
  #calls = 0;

  constructor(ctx: DurableObjectState, env: FloorEnv) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS c (k INTEGER PRIMARY KEY, n INTEGER, at INTEGER)");
  }

  touch(): number {
    return ++this.#calls;
  }
}

const ISSUER = "https://floor.example";
const DEFAULT_IDENTITIES = 256;

/** Longer than any run. */
const LOGIN_TOKEN_LIFETIME = "12h";

// Made once, before the measured time: every step begins with a warm-up.
const keys = new Map<string, CryptoKeyPair>();

async function keysFor(algorithm: string): Promise<CryptoKeyPair> {
  const known = keys.get(algorithm);
  if (known !== undefined) return known;
  const pair = await generateKeyPair(algorithm, { extractable: false, modulusLength: 2048 });
  keys.set(algorithm, pair);
  return pair;
}

async function mint(algorithm: string, subject: string, lifetime = "10m"): Promise<string> {
  const { privateKey } = await keysFor(algorithm);
  const claims = {
    aud: "us-east-1:00000000-0000-4000-8000-000000000000",
    amr: ["authenticated", "accounts.google.com", "accounts.google.com:client:sub"],
  };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ: "JWS", kid: "us-east-1-1" })
    .setIssuer(ISSUER)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(privateKey);
}

let loginToken: string | undefined;
let turn = 0;

async function answer(env: FloorEnv, algorithm: string, presented: string) {
  const { publicKey } = await keysFor("RS256");
  await jwtVerify(presented, publicKey, { issuer: ISSUER, algorithms: ["RS256"] });
  const identityId = `id${turn++ % Number(env.IDENTITIES ?? DEFAULT_IDENTITIES)}`;
  await env.IDENTITY.get(env.IDENTITY.idFromName(identityId)).touch();
  return { IdentityId: identityId, Token: await mint(algorithm, identityId) };
}

const app = new Hono<{ Bindings: FloorEnv }>();

/** The floor proper: nothing is sent, and the login token is at hand. */
app.get("/full/:alg", async (c) => {
  loginToken ??= await mint("RS256", "user", LOGIN_TOKEN_LIFETIME);
  return c.json(await answer(c.env, c.req.param("alg"), loginToken));
});

/** The same, but the login token comes as it must: in the JSON body of a POST. */
app.post("/posted/:alg", async (c) => {
  const { Logins } = await c.req.json<{ Logins: Record<string, string> }>();
  return c.json(await answer(c.env, c.req.param("alg"), Object.values(Logins)[0] ?? ""));
});

/** A login token of the floor's own issuer, for `/posted`. */
app.get("/login-token", async (c) => c.text(await mint("RS256", "user", LOGIN_TOKEN_LIFETIME)));

export default app;
