/**
 * Drives every operation, in order and out of order, and then searches everything that the service has logged and stored
 * for what was presented to it: login tokens, access tokens, subjects, secrets, signatures, private keys.
 */
import { createDecipheriv, createPrivateKey } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LOCAL_CREDENTIAL } from "../../scripts/local-settings.ts";
import { adminClient, appClient, createPool, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { facebookStandIn, type FacebookToken } from "../support/provider-stand-ins.ts";
import { serveStandIn, type StandInServer } from "../support/stand-in-server.ts";
import { sendSigned, signedCall } from "../support/signed-call.ts";
import { call, send } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";
import { newPerson } from "./stage.ts";

const PREFIX = "AWSCognitoIdentityService.";
const FACEBOOK_APP = "1234567890";
const APP_SECRET = "0123456789abcdeffedcba9876543210";
const EMAIL = "ann.secret@mail.example";
const DEVELOPER = "login.backend.example";

type Line = Readonly<Record<string, unknown>>;

let folder: string;
let worker: RunningWorker;
let issuer: LoopbackIssuer;
let facebook: StandInServer;
/** Everything that was presented or handed out, and must be found nowhere. */
const secrets = new Map<string, string>();
/** What only the log must not hold: an administrator's own words, which the service has to store. */
const logSecrets = new Map<string, string>();
const lineOf = new Map<string, Line>();

function remember(what: string, text: string): string {
  secrets.set(text, what);
  return text;
}

/** A token as a whole, and each of its three parts in pieces of sixteen characters. */
function rememberToken(what: string, token: string): string {
  for (const [index, part] of token.split(".").entries()) {
    // The header is the same for every token of a key, so that its pieces tell nothing; `eyJ` is searched for itself.
    if (index === 0) continue;
    for (let at = 0; at + 16 <= part.length; at += 16) remember(`${what}, part ${index}`, part.slice(at, at + 16));
  }
  return remember(what, token);
}

async function loginToken(sub: string, claims: object = {}): Promise<string> {
  remember("a subject", sub);
  const token = await issuer.loginToken({ sub, aud: "client-1", email: EMAIL, ...claims });
  return rememberToken("a login token", token);
}

/** The line of a request; it may be written a moment after the answer. */
async function lineFor(requestId: string | undefined): Promise<Line> {
  const read = () =>
    worker
      .log()
      .split("\n")
      .find((line) => line.includes(`"requestId":"${requestId}"`));
  return await vi.waitFor(() => JSON.parse(read() ?? "") as Line, { timeout: 5000, interval: 20 });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-secrets-"));
  const facebookTokens = new Map<string, FacebookToken>();
  [issuer, facebook] = await Promise.all([
    startLoopbackIssuer({ algorithm: "ES256" }),
    serveStandIn(() => facebookStandIn({ tokens: facebookTokens, appSecrets: new Map([[FACEBOOK_APP, APP_SECRET]]) })),
  ]);
  worker = await startWorker({
    stateFolder: join(folder, "state"),
    settings: {
      FACEBOOK_GRAPH_URL: facebook.address,
      FACEBOOK_APP_SECRETS: JSON.stringify({ [FACEBOOK_APP]: APP_SECRET }),
      MERGE_POLICY: "merge",
    },
  });
  remember("an app secret", APP_SECRET);
  remember("an e-mail address", EMAIL);
  remember("an administrator's secret", LOCAL_CREDENTIAL.secretAccessKey);

  const { endpoint } = worker;
  const [app, admin] = [appClient(endpoint), adminClient(endpoint)];
  const identityPoolId = await createPool(admin, {
    SupportedLoginProviders: { [issuer.providerName]: "client-1", "graph.facebook.com": FACEBOOK_APP },
    DeveloperProviderName: DEVELOPER,
  });
  const post = async (operation: string, input: unknown) => await call(endpoint, operation, input);
  const signed = async (operation: string, input: object) => {
    const request = signedCall(endpoint, PREFIX + operation, input);
    remember("a signature", /Signature=([0-9a-f]+)/.exec(request.headers["authorization"] ?? "")?.[1] ?? "");
    return await send(endpoint, request);
  };

  // In order: guests, links, merges, mints, unlinks.
  const [ann, bob] = [`subject-${newPerson()}`, `subject-${newPerson()}`];
  const logins = { [issuer.providerName]: await loginToken(ann) };
  const guest = await getId(app, identityPoolId);
  rememberToken("an OpenID token", (await getOpenIdToken(app, guest)).token);
  const linked = await post("GetOpenIdToken", { IdentityId: guest, Logins: logins });
  lineOf.set("linked", await lineFor(linked.headers["x-amzn-requestid"]));
  const minted = await post("GetOpenIdToken", { IdentityId: guest, Logins: logins });
  lineOf.set("minted", await lineFor(minted.headers["x-amzn-requestid"]));
  rememberToken("an OpenID token", (JSON.parse(minted.body) as { Token: string }).Token);
  const absorbed = await getId(app, identityPoolId);
  const merged = await post("GetOpenIdToken", { IdentityId: absorbed, Logins: logins });
  lineOf.set("merged", await lineFor(merged.headers["x-amzn-requestid"]));
  const accessToken = remember("an access token", `EAA${newPerson().replaceAll("-", "")}`);
  facebookTokens.set(accessToken, { appId: FACEBOOK_APP, userId: remember("a subject", "1000200030004000") });
  await getId(app, identityPoolId, { "graph.facebook.com": accessToken });
  await getOpenIdToken(app, guest, { ...logins, "graph.facebook.com": accessToken });
  await post("UnlinkIdentity", { IdentityId: guest, Logins: logins, LoginsToRemove: ["graph.facebook.com"] });

  // Out of order: every way in which a secret can stand in the wrong place, or a right one be wrong.
  const good = await loginToken(bob);
  const bad = [
    await loginToken(bob, { exp: 1 }),
    await loginToken(bob, { aud: "client-2" }),
    await loginToken(bob, { iss: "https://evil.example" }),
    await loginToken(`${bob}\u0000`),
    rememberToken("a forged token", `${good.slice(0, -12)}AAAAAAAAAAAA`),
    good.replaceAll(".", "!"),
    `${good}${good}`,
  ];
  for (const token of bad)
    await post("GetOpenIdToken", { IdentityId: guest, Logins: { [issuer.providerName]: token } });
  const unknown = await post("GetOpenIdToken", { IdentityId: guest, Logins: { [good.slice(0, 120)]: good } });
  lineOf.set("unknown provider", await lineFor(unknown.headers["x-amzn-requestid"]));
  for (const name of [good.slice(100, 220), "api.twitter.com", "www.amazon.com", "cognito-identity.amazonaws.com"]) {
    await post("GetId", { IdentityPoolId: identityPoolId, Logins: { [name]: good } });
  }
  for (const member of ["IdentityId", "IdentityPoolId", "AccountId", "CustomRoleArn"]) {
    await post("GetId", { IdentityPoolId: identityPoolId, [member]: good });
    await post("GetOpenIdToken", { IdentityId: guest, [member]: [good] });
    await post("GetOpenIdToken", { [member]: good.slice(0, 40) });
  }
  for (const body of [
    good,
    `"${good}"`,
    `{"IdentityId":${good}}`,
    `{"Logins":{"a":"${good}`,
    `[${JSON.stringify(good)}]`,
  ]) {
    await post("GetOpenIdToken", body);
  }
  const usual = { "content-type": "application/x-amz-json-1.1" };
  await send(endpoint, { headers: { ...usual, "x-amz-target": good.slice(0, 1000) }, body: "{}" });
  await send(endpoint, { path: `/${good.slice(0, 500)}?token=${good}`, headers: usual });
  await send(endpoint, {
    headers: { ...usual, authorization: `Bearer ${good}`, "x-amz-target": `${PREFIX}ListIdentityPools` },
  });
  await send(endpoint, { method: "GET", path: "/.well-known/jwks.json", headers: { authorization: `Bearer ${good}` } });
  facebook.fail((request) => request.socket.destroy());
  await post("GetId", { IdentityPoolId: identityPoolId, Logins: { "graph.facebook.com": accessToken } });
  issuer.goDown();
  const rotated = {
    [issuer.providerName]: rememberToken(
      "a login token",
      good.replace(/^[^.]+/, base64urlOf({ alg: "ES256", kid: "x" })),
    ),
  };
  await post("GetId", { IdentityPoolId: identityPoolId, Logins: rotated });
  issuer.comeUp();

  // The signed operations, and the rotation of the key.
  const user = newPerson();
  logSecrets.set(user, "a developer's user");
  const developer = { IdentityPoolId: identityPoolId, Logins: { [DEVELOPER]: user } };
  const developed = await signed("GetOpenIdTokenForDeveloperIdentity", developer);
  const { Token: developerToken } = JSON.parse(developed.body) as { Token?: string };
  if (developerToken !== undefined) rememberToken("an OpenID token", developerToken);
  await signed("LookupDeveloperIdentity", { IdentityPoolId: identityPoolId, DeveloperUserIdentifier: user });
  await signed("GetOpenIdTokenForDeveloperIdentity", {
    ...developer,
    Logins: { [DEVELOPER]: user, [issuer.providerName]: good },
  });
  for (const operation of ["DescribeIdentityPool", "DeleteIdentityPool", "UpdateIdentityPool"])
    await signed(operation, { IdentityPoolId: good.slice(0, 50) });
  await signed("DescribeIdentity", { IdentityId: guest });
  await signed("ListIdentities", { IdentityPoolId: identityPoolId, MaxResults: 60 });
  await signed("ListIdentityPools", { MaxResults: 60, NextToken: good.slice(0, 60) });
  await signed("DeleteIdentities", { IdentityIdsToDelete: [absorbed] });
  await sendSigned(
    endpoint,
    `${PREFIX}ListIdentityPools`,
    {},
    { credential: { accessKeyId: "x", secretAccessKey: remember("a secret", "an-unknown-secret-key") } },
  );
  await sendSigned(endpoint, "Edgepool.RotateSigningKey", { Force: true });
  await getOpenIdToken(app, guest, logins);
});

afterAll(async () => {
  await Promise.all([worker.stop(), issuer.close(), facebook.close()]);
  await rm(folder, { recursive: true, force: true });
});

function base64urlOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function found(haystack: Buffer, needles: ReadonlyMap<string, string>): readonly string[] {
  return [...needles].flatMap(([text, what]) =>
    haystack.includes(text) || haystack.includes(Buffer.from(text, "utf16le")) ? [what] : [],
  );
}

/** All files of the state: the objects' databases and their logs. The development issuer keeps its own key in the clear. */
function storedFiles(): readonly string[] {
  const root = join(folder, "state/objects");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.includes("DevelopmentIssuerObject"))
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile());
}

type Sealed = {
  readonly kid: string;
  readonly alg: string;
  readonly sealed: { readonly iv: string; readonly ciphertext: string };
};

/** The private keys of the ring, opened with the key of the state folder as the Worker opens them. */
function privateKeys(): readonly Buffer[] {
  const classFolder = join(folder, "state/objects/do/edgepool-KeyRingObject");
  const kek = Buffer.from(readFileSync(join(folder, "state/key-encryption-key"), "utf8"), "base64");
  return readdirSync(classFolder).flatMap((name) => {
    if (!/^[0-9a-f]{64}\.sqlite$/.test(name)) return [];
    const database = new DatabaseSync(join(classFolder, name), { readOnly: true });
    const row = database.prepare("SELECT value FROM _cf_KV WHERE key = 'key-ring'").get();
    database.close();
    const { active, next } = deserialize(row?.["value"] as Uint8Array) as { active: Sealed; next: readonly Sealed[] };
    return [active, ...next].map(({ kid, alg, sealed }) => {
      const bytes = Buffer.from(sealed.ciphertext, "base64url");
      const decipher = createDecipheriv("aes-256-gcm", kek, Buffer.from(sealed.iv, "base64url"));
      decipher.setAAD(Buffer.from(JSON.stringify(["edgepool signing key", kid, alg]))).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
    });
  });
}

describe("the log", () => {
  it("T46: holds no token, subject, secret or signature, nor a piece of one", () => {
    const log = Buffer.from(worker.log());
    expect(found(log, new Map([...secrets, ...logSecrets]))).toEqual([]);
    expect(worker.log()).not.toContain("eyJ");
    expect(log.length).toBeGreaterThan(5000);
  });

  it("T46: says of a request what an operator needs: operation, outcome, pool, hashed identity, providers, upstream fetches", () => {
    expect(lineOf.get("linked")).toEqual({
      message: "request",
      requestId: expect.any(String),
      operation: "GetOpenIdToken",
      status: 200,
      pool: expect.stringMatching(/^us-east-1:/),
      identity: expect.stringMatching(/^[0-9a-f]{16}$/),
      providers: [issuer.providerName],
      upstreamFetches: 1,
      durationMs: expect.any(Number),
    });
    expect(lineOf.get("minted")).toMatchObject({ identity: lineOf.get("linked")?.["identity"], upstreamFetches: 0 });
    // The guest that was named is not the identity that was answered: both are there, so that a merge can be traced.
    expect(lineOf.get("merged")).toMatchObject({
      identity: lineOf.get("linked")?.["identity"],
      namedIdentity: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it("T34: tells of every link, and of whom it absorbed", () => {
    const linked = worker
      .log()
      .split("\n")
      .filter((line) => line.includes('"event":"logins-linked"'))
      .map((line) => JSON.parse(line) as Line);
    const identity = lineOf.get("linked")?.["identity"];
    const pool = lineOf.get("linked")?.["pool"];
    const providers = [issuer.providerName];
    expect(linked[0]).toEqual({ event: "logins-linked", pool, identity, providers, absorbed: [] });
    const absorbed = [lineOf.get("merged")?.["namedIdentity"]];
    expect(linked).toContainEqual({ event: "logins-linked", pool, identity, providers: [], absorbed });
  });

  it("T46: does not repeat a provider name that no pool has, which could be anything", () => {
    expect(lineOf.get("unknown provider")).toMatchObject({
      status: 403,
      exception: "NotAuthorizedException",
      reason: expect.stringContaining("unknown provider"),
      providers: [],
    });
  });

  it("T46: names no identity by its id, so that a log is no list of them", () => {
    const requests = worker
      .log()
      .split("\n")
      .filter((line) => line.includes('"message":"request"'));
    const pools = new Set(requests.map((line) => (JSON.parse(line) as Line)["pool"]));
    const ids = requests.flatMap((line) => line.match(/us-east-1:[0-9a-f-]{36}/g) ?? []);
    expect(ids.filter((id) => !pools.has(id))).toEqual([]);
  });
});

describe("the storage", () => {
  it("T46: holds no token, subject, secret or signature, nor a piece of one", () => {
    const files = storedFiles();
    expect(files.length).toBeGreaterThan(10);
    const hits = files.flatMap((path) => found(readFileSync(path), secrets).map((what) => `${what} in ${path}`));
    expect(hits).toEqual([]);
  });

  it("T43: holds no private key in the clear, in whole or in a member, and neither does the log", () => {
    const keys = privateKeys();
    expect(keys).toHaveLength(2);
    const files = [worker.logFile, ...storedFiles()];
    for (const pkcs8 of keys) {
      const jwk = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }).export({ format: "jwk" });
      const members = [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map((member) =>
        Buffer.from(member ?? "", "base64url"),
      );
      for (const bytes of [pkcs8, ...members]) {
        expect(bytes.length).toBeGreaterThan(100);
        const forms = [bytes, bytes.toString("base64url"), bytes.toString("base64"), bytes.toString("hex")];
        const hits = files.filter((path) => forms.some((form) => readFileSync(path).includes(form)));
        expect(hits).toEqual([]);
      }
    }
  });
});
