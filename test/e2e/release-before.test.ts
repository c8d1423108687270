/**
 * F12: a rollout leaves two releases on one state, a Worker of either before objects of either. The bundle of the release before is
 * kept in test/release-before; here it serves with this one, in each way that a rollout or a rollback can mix them, and every
 * operation of the service model does what it does in one release, on what was stored in all of them.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import type { Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleWorker } from "../../scripts/bundle.ts";
import { extensions } from "../../src/protocol/extensions.ts";
import { operations as modelled } from "../../src/protocol/shapes.ts";
import { signedCall } from "../support/signed-call.ts";
import { credentialsXml } from "../support/sts-stand-in.ts";
import { type Placement, releaseBefore, type Stage, startReleases } from "../support/two-releases.ts";

const ISSUER = "https://identity.example.com";
const GOOGLE = "accounts.google.com";
const DEVELOPER = "login.example.app";
const ROLE = "arn:aws:iam::123456789012:role/users";
const credential = { accessKeyId: "admin", secretAccessKey: "a-secret-of-the-administrator" };
const XML = credentialsXml({ accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "session" });

/** In the order of a rollout and of its rollback; the state is one. */
const PLACEMENTS: readonly (readonly [string, Placement])[] = [
  ["all of the release before", { worker: "before", objects: "before" }],
  ["a new Worker before old objects", { worker: "now", objects: "before" }],
  ["an old Worker before new objects", { worker: "before", objects: "now" }],
  ["new identities among old objects", { worker: "before", objects: "before", others: ["IDENTITY"] }],
  ["old identities among new objects", { worker: "now", objects: "now", others: ["IDENTITY"] }],
  ["new pools and lists among old objects", pools("before")],
  ["old pools and lists among new objects", pools("now")],
  ["all of this release", { worker: "now", objects: "now" }],
  ["all of the release before again", { worker: "before", objects: "before" }],
  ["all of this release again", { worker: "now", objects: "now" }],
];

function pools(release: "before" | "now"): Placement {
  return { worker: release, objects: release, others: ["IDENTITY_POOL", "POOL_DIRECTORY", "IDENTITY_DIRECTORY"] };
}

let folder: string;
let stage: Stage;
let google: { readonly privateKey: CryptoKey; readonly publicJwk: JWK };
let runtime: Miniflare;
const log: string[] = [];
const done = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-releases-"));
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  google = { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid: "google", alg: "RS256", use: "sig" } };
  const now = await readFile(await bundleWorker("src/worker.ts", join(folder, "now"), "deployed"), "utf8");
  stage = {
    bundles: { before: await releaseBefore(), now },
    stateFolder: join(folder, "state"),
    settings: {
      ISSUER,
      KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
      ADMIN_CREDENTIALS: JSON.stringify([credential]),
      CLIENT_LIMIT: "off",
    },
    answer: (url) =>
      url.startsWith("https://sts.") ? XML : url.includes("googleapis") ? { keys: [google.publicJwk] } : undefined,
    log: (line) => void log.push(line),
  };
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Body = Readonly<Record<string, unknown>>;

async function answer(operation: string, input: object): Promise<{ readonly status: number; readonly body: Body }> {
  const target = operation.includes(".") ? operation : `AWSCognitoIdentityService.${operation}`;
  const { headers, body } = signedCall((await runtime.ready).origin, target, input, { credential });
  const response = await runtime.dispatchFetch(`${ISSUER}/`, { method: "POST", headers: { ...headers }, body });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

/** Of an identity whose object began anew twice within two seconds nobody knows what it has drawn: its bucket begins empty. */
async function answerInTime(operation: string, input: object): ReturnType<typeof answer> {
  let answered = await answer(operation, input);
  await expect
    .poll(async () => (answered.status === 429 ? (answered = await answer(operation, input)) : answered).status)
    .not.toBe(429);
  return answered;
}

async function call(operation: string, input: object): Promise<Body> {
  const { status, body } = await answerInTime(operation, input);
  expect([operation, status, body]).toEqual([operation, 200, expect.anything()]);
  done.add(operation);
  return body;
}

async function loginOf(subject: string): Promise<Readonly<Record<string, string>>> {
  const token = new SignJWT({ hd: "x" })
    .setProtectedHeader({ alg: "RS256", kid: "google" })
    .setIssuer("https://accounts.google.com")
    .setAudience("client")
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime("1h");
  return { [GOOGLE]: await token.sign(google.privateKey) };
}

const settings = {
  IdentityPoolName: "pool",
  AllowUnauthenticatedIdentities: true,
  AllowClassicFlow: true,
  DeveloperProviderName: DEVELOPER,
  SupportedLoginProviders: { [GOOGLE]: "client" },
};

/** Whoever lives on from one placement to the next: their identities never change. */
type Kept = { readonly pool: string; readonly guest: unknown; readonly user: unknown; readonly developerUser: unknown };
let kept: Kept | undefined;

/** A pool that this release made, whose list has 256 shards, and whoever was ever born in it. */
let large: { readonly pool: string; readonly guests: unknown[] } | undefined;

/** The release before knows sixteen shards: whom it lists there, this one finds. It shows no more than these itself. */
async function liveInLargePool({ worker, objects, others }: Placement): Promise<void> {
  const isOfNow = worker === "now" && objects === "now" && others === undefined;
  if (large === undefined) {
    if (!isOfNow) return;
    const own = { ...settings, IdentityPoolName: "large" };
    large = { pool: String((await call("CreateIdentityPool", own))["IdentityPoolId"]), guests: [] };
  }
  const { pool, guests } = large;
  for (let count = 0; count < 3; count++) guests.push((await call("GetId", { IdentityPoolId: pool }))["IdentityId"]);
  for (const guest of guests) await tokenOf(guest, {});
  await call("UpdateIdentityPool", { IdentityPoolId: pool, ...settings });
  const listed = async () => {
    const { Identities } = await call("ListIdentities", { IdentityPoolId: pool, MaxResults: 60 });
    return (Identities as readonly Body[]).map(({ IdentityId }) => String(IdentityId)).toSorted();
  };
  const expected = isOfNow ? guests : guests.slice(-3);
  await expect.poll(listed).toEqual(expected.map(String).toSorted());
}

async function tokenOf(IdentityId: unknown, Logins: object): Promise<string> {
  const { Token, IdentityId: answered } = await call("GetOpenIdToken", { IdentityId, Logins });
  expect(answered).toBe(IdentityId);
  const { sub } = decodeJwt(String(Token));
  expect(sub).toBe(IdentityId);
  return String(Token);
}

async function developerToken(pool: string, user: string, others: object = {}): Promise<unknown> {
  const Logins = { ...others, [DEVELOPER]: user };
  return (await call("GetOpenIdTokenForDeveloperIdentity", { IdentityPoolId: pool, Logins }))["IdentityId"];
}

/** A pool that is made, changed and deleted. */
async function livePool(): Promise<void> {
  // The same call within a second is the same call: it would be the pool that is kept.
  const own = { ...settings, IdentityPoolName: "lived" };
  const { IdentityPoolId } = await call("CreateIdentityPool", own);
  const id = { IdentityPoolId };
  const ResourceArn = `arn:aws:cognito-identity:us-east-1::identitypool/${String(IdentityPoolId)}`;
  await call("UpdateIdentityPool", { ...id, ...own, IdentityPoolName: "renamed" });
  expect(await call("DescribeIdentityPool", id)).toMatchObject({ ...own, IdentityPoolName: "renamed" });
  const roles = { ...id, Roles: { authenticated: ROLE, unauthenticated: ROLE } };
  await call("SetIdentityPoolRoles", roles);
  expect(await call("GetIdentityPoolRoles", id)).toEqual(roles);
  const map = { ...id, IdentityProviderName: GOOGLE };
  await call("SetPrincipalTagAttributeMap", { ...map, PrincipalTags: { team: "hd" } });
  expect(await call("GetPrincipalTagAttributeMap", map)).toMatchObject({ PrincipalTags: { team: "hd" } });
  await call("TagResource", { ResourceArn, Tags: { a: "b", c: "d" } });
  await call("UntagResource", { ResourceArn, TagKeys: ["a"] });
  expect(await call("ListTagsForResource", { ResourceArn })).toEqual({ Tags: { c: "d" } });
  const listed = async () => JSON.stringify(await call("ListIdentityPools", { MaxResults: 60 }));
  await expect.poll(listed).toContain(String(IdentityPoolId));
  await call("DeleteIdentityPool", id);
  await expect.poll(listed).not.toContain(String(IdentityPoolId));
}

/** Identities that are born, linked, merged, unlinked and deleted. */
async function liveIdentities(pool: string, run: number): Promise<void> {
  const { IdentityId: guest } = await call("GetId", { IdentityPoolId: pool });
  const id = { IdentityPoolId: pool };
  await tokenOf(guest, {});
  const Logins = await loginOf(`user-${run}`);
  await tokenOf(guest, Logins);
  await tokenOf(guest, Logins);
  expect(await call("GetId", { ...id, Logins })).toEqual({ IdentityId: guest });
  expect(await call("GetCredentialsForIdentity", { IdentityId: guest, Logins })).toMatchObject({ IdentityId: guest });
  expect(await call("DescribeIdentity", { IdentityId: guest })).toMatchObject({ Logins: [GOOGLE] });
  const { IdentityId: born } = await call("GetId", { ...id, Logins: await loginOf(`born-${run}`) });
  expect(born).not.toBe(guest);

  expect(await developerToken(pool, `dev-${run}`, Logins)).toBe(guest);
  const other = await developerToken(pool, `other-${run}`);
  const users = { DestinationUserIdentifier: `dev-${run}`, SourceUserIdentifier: `other-${run}` };
  const merge = { ...id, DeveloperProviderName: DEVELOPER, ...users };
  expect(await call("MergeDeveloperIdentities", merge)).toEqual({ IdentityId: guest });
  expect(await developerToken(pool, `other-${run}`)).toBe(guest);
  expect(await call("DescribeIdentity", { IdentityId: other })).not.toHaveProperty("Logins");
  const found = await call("LookupDeveloperIdentity", { ...id, IdentityId: guest });
  expect(found["DeveloperUserIdentifierList"]).toEqual(expect.arrayContaining([`dev-${run}`, `other-${run}`]));
  const unlinked = { DeveloperProviderName: DEVELOPER, DeveloperUserIdentifier: `other-${run}` };
  await call("UnlinkDeveloperIdentity", { ...id, IdentityId: guest, ...unlinked });
  await call("UnlinkIdentity", { IdentityId: guest, Logins, LoginsToRemove: [GOOGLE] });
  expect(await call("GetId", { ...id, Logins })).not.toEqual({ IdentityId: guest });

  const isListed = async () => JSON.stringify(await call("ListIdentities", { ...id, MaxResults: 60 }));
  await expect.poll(isListed).toContain(String(born));
  await call("DeleteIdentities", { IdentityIdsToDelete: [born] });
  await expect.poll(isListed).not.toContain(String(born));
}

const extension = (name: string) => `Edgepool.${name}`;

/** The one signed call beyond the model that the release before has, too: whoever was there goes on under the new key. */
async function rotateKey(): Promise<void> {
  const { KeyId, DroppedKeyIds } = await call(extension("RotateSigningKey"), { Force: true });
  expect(DroppedKeyIds).not.toContain(KeyId);
}

/** What a Worker of this release can be asked while its objects may be of either. */
async function lookFromNow(pool: string, user: unknown): Promise<void> {
  const id = { IdentityPoolId: pool };
  const Subject = "kept";
  expect(await call(extension("DescribeService"), {})).toMatchObject({ Issuer: ISSUER });
  expect(await call(extension("CheckIdentityPool"), id)).toHaveProperty("Findings");
  expect(await call(extension("CheckLogin"), { ...id, Logins: await loginOf(Subject) })).toMatchObject({
    Accepted: true,
  });
  const byLogin = { ...id, ProviderName: GOOGLE, Subject };
  expect(await call(extension("FindIdentityByLogin"), byLogin)).toMatchObject({ IdentityId: user });
  expect(await call(extension("GetTokenLifetime"), id)).toMatchObject({ TokenSeconds: 600 });
}

/** What takes objects of this release as well; nobody who lives on is changed for good. */
async function operateNow(pool: string, user: unknown, guest: unknown): Promise<void> {
  const id = { IdentityPoolId: pool };
  const Source = { IdentityPoolId: "us-east-1:0a000000-0000-4000-8000-00000000000a", Providers: [GOOGLE] };
  expect(await call(extension("CheckService"), {})).toMatchObject({ Healthy: true });
  expect(await call(extension("DescribeKeyRing"), {})).toHaveProperty("Keys");
  expect(await call(extension("DescribeIdentityInFull"), { IdentityId: user })).toMatchObject({ IdentityId: user });
  await call(extension("DisableIdentity"), { IdentityId: guest });
  expect((await answerInTime("GetOpenIdToken", { IdentityId: guest })).status).toBe(403);
  await call(extension("EnableIdentity"), { IdentityId: guest });
  await tokenOf(guest, {});
  await call(extension("SetTokenLifetime"), { ...id, TokenSeconds: 60 });
  await call(extension("SetTokenLifetime"), { ...id, TokenSeconds: 600 });
  const adopted = { IdentityPoolId: `us-east-1:${crypto.randomUUID()}` };
  await call(extension("AdoptIdentityPool"), { ...settings, ...adopted });
  await call(extension("SetIdentityPoolSource"), { ...adopted, Source });
  const identityId = `us-east-1:${crypto.randomUUID()}`;
  const lines = { ...adopted, Identities: [{ identityId, providers: [GOOGLE] }] };
  expect(await call(extension("ImportIdentities"), lines)).toMatchObject({ Results: [{ Verdict: "imported" }] });
  expect(await call(extension("GetMigrationReport"), adopted)).toMatchObject({ Imported: 1 });
  expect(JSON.stringify(await call(extension("ExportIdentities"), adopted))).toContain(identityId);
  await call(extension("SetIdentityPoolSource"), adopted);
  await call("DeleteIdentityPool", adopted);
}

test.each(PLACEMENTS)("%s: every operation works, and everybody stays who they are", async (name, placement) => {
  const run = PLACEMENTS.findIndex(([other]) => other === name);
  log.length = 0;
  done.clear();
  runtime = await startReleases(stage, placement);
  try {
    if (kept === undefined) {
      const pool = String((await call("CreateIdentityPool", settings))["IdentityPoolId"]);
      const roles = { authenticated: ROLE, unauthenticated: ROLE };
      await call("SetIdentityPoolRoles", { IdentityPoolId: pool, Roles: roles });
      const { IdentityId: guest } = await call("GetId", { IdentityPoolId: pool });
      const { IdentityId: user } = await call("GetId", { IdentityPoolId: pool, Logins: await loginOf("kept") });
      kept = { pool, guest, user, developerUser: await developerToken(pool, "kept") };
    }
    await tokenOf(kept.guest, {});
    await tokenOf(kept.user, await loginOf("kept"));
    const Logins = await loginOf("kept");
    expect(await call("GetId", { IdentityPoolId: kept.pool, Logins })).toEqual({ IdentityId: kept.user });
    expect(await developerToken(kept.pool, "kept")).toBe(kept.developerUser);
    await rotateKey();
    await tokenOf(kept.guest, {});
    if (placement.worker === "now") await lookFromNow(kept.pool, kept.user);
    if (placement.worker === "now" && placement.objects === "now" && placement.others === undefined) {
      await operateNow(kept.pool, kept.user, kept.guest);
    }
    await livePool();
    await liveIdentities(kept.pool, run);
    await liveInLargePool(placement);
    const nobody = { IdentityId: "us-east-1:00000000-0000-4000-8000-000000000000" };
    for (const operation of ["DescribeIdentity", "GetOpenIdToken"]) {
      expect([operation, (await answer(operation, nobody)).status]).toEqual([operation, 404]);
    }
  } finally {
    await runtime.dispose();
  }
  const defects = log.filter((line) => line.includes('"message":"defect"'));
  expect(defects).toEqual([]);
  expect([...done].filter((operation) => operation in modelled).toSorted()).toEqual(Object.keys(modelled).toSorted());
  const beyond = [...done].filter((operation) => !(operation in modelled));
  const areAllNow = placement.worker === "now" && placement.objects === "now" && placement.others === undefined;
  // GetMetrics asks no object.
  const all = Object.keys(extensions).filter((operation) => operation !== "GetMetrics");
  if (areAllNow) expect(beyond.toSorted()).toEqual(all.map(extension).toSorted());
  else expect(beyond.length).toBe(placement.worker === "now" ? 6 : 1);
});
