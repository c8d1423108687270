/**
 * The floor: a Worker that does only what the same answer demands. One route by Hono, one login token verified and one
 * token signed by jose, one call to an object that counts. It checks, limits, links, logs and remembers nothing, and is sent
 * nothing. Beside it, in the same process, the equal floor (equal.ts).
 */
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import { jwtVerify, SignJWT } from "jose";
import { answerEqually, grant, type Question } from "./equal.ts";
import { keysFor } from "./signing-keys.ts";

type FloorEnv = {
  readonly IDENTITY: DurableObjectNamespace<FloorIdentity>;
  /** Identities in rotation. Default: as many as the product is measured with. */
  readonly IDENTITIES?: string;
  /** What the equal floor signs with. */
  readonly ALGORITHM?: string;
  /** The public key set of the issuer of the equal floor's login tokens. */
  readonly JWKS: string;
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

  async grant(...question: Question): Promise<string> {
    return await grant(this.env.JWKS, question);
  }
}

const ISSUER = "https://floor.example";
const DEFAULT_IDENTITIES = 256;

/** Longer than any run. */
const LOGIN_TOKEN_LIFETIME = "12h";

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

async function answer(env: FloorEnv, algorithm: string) {
  loginToken ??= await mint("RS256", "user", LOGIN_TOKEN_LIFETIME);
  const { publicKey } = await keysFor("RS256");
  await jwtVerify(loginToken, publicKey, { issuer: ISSUER, algorithms: ["RS256"] });
  const identityId = `id${turn++ % Number(env.IDENTITIES ?? DEFAULT_IDENTITIES)}`;
  await env.IDENTITY.get(env.IDENTITY.idFromName(identityId)).touch();
  return { IdentityId: identityId, Token: await mint(algorithm, identityId) };
}

const app = new Hono<{ Bindings: FloorEnv }>();

/** The floor: nothing is sent, and the login token is at hand. */
app.get("/full/:alg", async (c) => c.json(await answer(c.env, c.req.param("alg"))));

/** The equal floor, as the product is asked. */
app.post("/", async (c) => {
  const { ALGORITHM = "RS256", IDENTITY } = c.env;
  return await answerEqually(c.req.raw, ALGORITHM, async (identityId, ...more) => {
    return await IDENTITY.getByName(identityId).grant(identityId, ...more);
  });
});

/** A login token and nothing else: for whoever waits for the floor, or keeps it busy without its objects. */
app.get("/login-token", async (c) => c.text(await mint("RS256", "user", LOGIN_TOKEN_LIFETIME)));

export default app;
