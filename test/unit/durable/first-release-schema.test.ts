// Storage as the first release wrote it, and each form that came since, to the letter, and what this code makes of it. These
// texts stay as they are for as long as one of them may lie on somebody's disk: a change of form gets a version and a text of its
// own. Members that came later (deletedBy, callId, by, decidedAt, unlinkCalls) are not in them. What a newer version meets stands in
// each object's own test.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { IdentityId, IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { KEY_RING_NAME } from "../../../src/durable/stubs.ts";
import { unsealSigningKey } from "../../../src/keys/signing-key.ts";
import { anyCall, grant, storedIn, until } from "../../support/objects.ts";

type Stub = DurableObjectStub<Rpc.DurableObjectBranded>;

const POOL = "us-east-1:4235b464-89cc-499c-85fe-2086e833486c" as IdentityPoolId;
const OWNER = "us-east-1:e8aba25b-d08a-4a41-9695-c1252d2d2044" as IdentityId;
const OTHER = "us-east-1:0b6f0c0e-4df6-4a55-8a4e-2f0a4a3f9d11" as IdentityId;
const LOGIN = "d2f0449ab446b53ea4b771576fc290e9c98321d5dfa786364384cea43c555b98";
const LINK = "f91b0c7a-b7d7-4f3e-8c55-fb9552367d03";
const WRITTEN_AT = 4_102_444_800;

const IDENTITY = `"version":1,"identityPoolId":"${POOL}","createdAt":4102444800.151,"modifiedAt":4102444800.151`;
const LINKED = `{"identityId":"${OWNER}",${IDENTITY},"standing":{"kind":"linked"},"logins":[{"providerName":"p","loginId":"${LOGIN}","linkId":"${LINK}","linkedAt":4102444800.151},{"providerName":"login.example","subject":"dev-1","loginId":"10de8da0c497815a290837a31b81a0539fd9783738d4ca0c2a6c1186c512ebc3","isDeveloper":true,"linkId":"${LINK}","linkedAt":4102444800.151}],"transaction":null,"freeze":null,"releases":[],"unlinked":[],"listing":"listed"}`;
const LIFE = `[{"sequence":1,"at":4102444800.151,"kind":"born"},{"sequence":3,"at":4102444800.151,"kind":"linked","providerNames":["p","login.example"]},{"sequence":4,"at":4102444800.2,"kind":"absorbed","other":"${OTHER}"},{"sequence":5,"at":4102444800.3,"kind":"disabled","by":"a key"}]`;
const SECOND = LINKED.replace(
  `"version":1`,
  `"version":2,"life":${LIFE},"told":4,"origin":"source","barred":["facebook.com"]`,
);
const OWNED = `{"version":1,"loginId":"${LOGIN}","owner":{"identityId":"${OWNER}","linkId":"${LINK}"},"reservation":null}`;
const LIVE_POOL = `{"version":1,"pool":{"name":"pool","allowsUnauthenticated":true,"developerProviderName":"login.example","tags":{"a":"b"},"identityPoolId":"${POOL}"},"state":"live","isListed":true,"sweptShards":0}`;
const ISSUER = "https://first-release.example";
const KEY_SET = `{"issuer":"${ISSUER}","keySetUrl":"${ISSUER}/keys","keys":[{"kty":"EC","crv":"P-256","x":"2up4ZrB5x7nD2rgfRTOTy8ZVsaz7OZxHosIR-9lLcX8","y":"A4kqjQ2J1AqEQssbppIbuAXJiJHVne4tvrzcKxrIF4I","kid":"key-1","alg":"ES256","use":"sig"}],"fetchedAt":${WRITTEN_AT}}`;
const KEY_ENCRYPTION_KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
const KEY_RING = `{"version":1,"sealedUnder":"c99ba3a52dfcb04d","active":{"kid":"3OSvv_vyhFhWDboQ","alg":"ES256","publicJwk":{"kty":"EC","crv":"P-256","x":"V9ImLWZuDTXDG4376z0sJ18fjTdtF9vNnsSF5s7vo08","y":"QEuNNpBWdkpdO3x-i-MZ3dVz3X9EoYnNK8p21WQNPNc"},"sealed":{"iv":"vbnMivl0OdsxF8TD","ciphertext":"0RLrohzNf-yIBsBLHAlvVejOtIKGhoUKKSydPMCaZBrbXV37xm4_Ek-lDtV2LyKPzB1swA6IjtNoW52rZwmQ3V_rxhZ5KaUg3PIUJqtr1UX1d8C8S4mwJBm6lOWxqh869gkMLfhjRwvOcZgd57AaYidZmRdWdsZQqW3LTaL5MLh2DPSuz6Fkyy7cUWLIJPL5Hb8bN55Z-rZZjg"},"publishedAt":4102444799,"activatedAt":4102444799},"next":[{"kid":"hqag17reP7Yq8mKG","alg":"ES256","publicJwk":{"kty":"EC","crv":"P-256","x":"J1szhqArRKCvACUMKApbr3EsY8ZapjWzM7xc0pLr4Bs","y":"5-yrjc7Glpmv6dQUVe4A5X3tE7_7QnxH4JimU7_i0b0"},"sealed":{"iv":"pNymAJbfCrs-ys2Q","ciphertext":"lSzpqS_vFtzDm_BRv1mmM4RJVKgNomXddbAXjtzo4_R4S3mXX0lRaCav7plK6RWT9LZCzpts19ra953rWiHJWREbYIl878AGNAZrhmUfOrY2QgwTz1IUrQAH-stdVf0NrPmqnK1WLreduTXQsqX--4eaix7KQ7bFdwTHIAypvvpgi3SK0zF61Wpk7J_1L8o_v96fTzbRZg-IEA"},"publishedAt":4102444799}],"retired":[]}`;

// The algorithm of that key ring. An isolate reads its settings once.
Object.assign(env, { TOKEN_ALG: "ES256" });

const identity = (identityId: IdentityId) => env.IDENTITY.getByName(identityId);
const login = () => env.LOGIN.getByName(LOGIN);

/** Writes the text as an object's one value, before the object has ever seen it. */
async function lay(stub: () => Stub, key: string, text: string): Promise<void> {
  await runInDurableObject(stub(), (_, { storage }) => storage.kv.put(key, JSON.parse(text) as unknown));
  await evictDurableObject(stub());
}

beforeEach(() => {
  // Far in the future, so that no alarm falls due by the platform's own clock.
  vi.useFakeTimers({ toFake: ["Date"], now: (WRITTEN_AT + 60) * 1000 });
  vi.spyOn(console, "log").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("a linked identity and its login are one another's, and can be told apart by nobody from those of today", async () => {
  await lay(() => identity(OWNER), "identity", LINKED);
  await lay(login, "login", OWNED);
  expect(await identity(OWNER).describe()).toEqual({
    identityPoolId: POOL,
    description: expect.objectContaining({ identityId: OWNER, providerNames: ["login.example", "p"] }),
  });
  expect(await identity(OWNER).developerUsers(POOL)).toEqual({ userIdentifiers: ["dev-1"] });
  expect(await login().view(LOGIN)).toEqual({ owner: { identityId: OWNER, linkId: LINK }, holder: null });
  expect((await storedIn(identity(OWNER))).entries).toEqual(new Map([["identity", JSON.parse(LINKED)]]));
  expect((await storedIn(login())).entries).toEqual(new Map([["login", JSON.parse(OWNED)]]));
});

it("an identity of version 2 is read with all that it tells, and its next step goes on from there", async () => {
  const pool = { ...Object(JSON.parse(LIVE_POOL)), isListed: true };
  await lay(() => env.IDENTITY_POOL.getByName(POOL), "pool", JSON.stringify(pool));
  await lay(() => identity(OWNER), "identity", SECOND);
  expect(await identity(OWNER).developerUsers(POOL)).toEqual({ userIdentifiers: ["dev-1"] });
  expect((await storedIn(identity(OWNER))).entries).toEqual(new Map([["identity", JSON.parse(SECOND)]]));
  expect(await identity(OWNER).remove(OWNER, "*")).toMatchObject({ kind: "done" });
  const after = (await storedIn(identity(OWNER))).entries.get("identity");
  const deleted = expect.objectContaining({ sequence: 6, kind: "deleted" });
  const kept = { version: 2, told: 4, origin: "source", barred: ["facebook.com"] };
  expect(after).toMatchObject({ ...kept, life: [...Object(JSON.parse(LIFE)), deleted] });
});

it("a commit that was not settled yet is settled: of the login that is reserved, and of the guest that is frozen", async () => {
  const reserved = `{"version":1,"loginId":"${LOGIN}","owner":null,"reservation":{"transactionId":"${LINK}","coordinator":"${OWNER}","ticket":"the ticket"}}`;
  const unsettled = `[{"kind":"login","loginId":"${LOGIN}","ticket":"the ticket"},{"kind":"identity","identityId":"${OTHER}"}]`;
  const wanted = `[{"providerName":"p","loginId":"${LOGIN}"}]`;
  const transaction = `{"id":"${LINK}","phase":"committed","startedAt":4102444800.1,"wanted":${wanted},"absorbed":["${OTHER}"],"unsettled":${unsettled}}`;
  const frozen = `{"identityId":"${OTHER}",${IDENTITY},"standing":{"kind":"guest"},"logins":[],"transaction":null,"freeze":{"transactionId":"${LINK}","coordinator":"${OWNER}","since":4102444800.1},"releases":[],"unlinked":[],"listing":"listed"}`;
  await lay(login, "login", reserved);
  await lay(() => identity(OTHER), "identity", frozen);
  await lay(() => identity(OWNER), "identity", LINKED.replace(`"transaction":null`, `"transaction":${transaction}`));
  await until(async () => {
    await identity(OWNER).describe();
    return (await login().view(LOGIN)).holder === null;
  });
  expect((await login().view(LOGIN)).owner).toEqual({ identityId: OWNER, linkId: LINK });
  await until(async () => (await storedIn(identity(OTHER))).entries.get("identity") !== undefined);
  const { entries } = await storedIn(identity(OTHER));
  expect(entries.get("identity")).toMatchObject({ standing: { kind: "merged", into: OWNER }, freeze: null });
  // The step has stored the form of today, with the life that the dates of the first one tell.
  const [born, merged] = [
    { kind: "born", at: WRITTEN_AT + 0.151 },
    { kind: "merged", other: OWNER },
  ];
  const life = [expect.objectContaining(born), expect.objectContaining(merged)];
  expect(entries.get("identity")).toMatchObject({ version: 2, life, told: 0, origin: "here", barred: [] });
});

it("what was owed is delivered, what was unlinked is remembered, and a tombstone is erased in its time", async () => {
  const old = OTHER.replace("0b6f", "1b6f") as IdentityId;
  const released = `[{"providerName":"p","loginId":"${LOGIN}","linkId":"${LINK}","linkedAt":4102444800.151}]`;
  const deleted = `{"identityId":"${old}",${IDENTITY},"standing":{"kind":"deleted"},"logins":[],"transaction":null,"freeze":null,"releases":${released},"unlinked":[],"listing":"to-remove"}`;
  await lay(login, "login", OWNED.replace(OWNER, old));
  await lay(() => identity(old), "identity", deleted);
  await until(async () => (await identity(old).describe()) === null && (await login().view(LOGIN)).owner === null);
  vi.setSystemTime(Date.now() + 86_400_000);
  await runInDurableObject(identity(old), (instance) => instance.alarm());
  expect((await storedIn(identity(old))).entries).toEqual(new Map());
});

it("a rate that was used up is not full again", async () => {
  const guest = OTHER.replace("0b6f", "2b6f") as IdentityId;
  await lay(() => env.IDENTITY_POOL.getByName(POOL), "pool", LIVE_POOL);
  const record = `{"identityId":"${guest}",${IDENTITY},"standing":{"kind":"guest"},"logins":[],"transaction":null,"freeze":null,"releases":[],"unlinked":[],"listing":"listed"}`;
  await lay(() => identity(guest), "identity", record);
  await lay(() => identity(guest), "bucket", `{"tokens":0,"asOfMs":${Date.now() + 2000}}`);
  expect(await grant(guest, new Map(), anyCall())).toMatchObject({
    kind: "refused",
    error: { type: "TooManyRequestsException" },
  });
  vi.setSystemTime(Date.now() + 5000);
  expect(await grant(guest, new Map(), anyCall())).toMatchObject({ kind: "granted" });
});

it("a live pool is read as it was, and a deleted one, of which nobody noted the call, stays deleted", async () => {
  const pool = () => env.IDENTITY_POOL.getByName(POOL);
  await lay(pool, "pool", LIVE_POOL);
  expect(await pool().read()).toEqual(Object(JSON.parse(LIVE_POOL)).pool);
  await lay(pool, "pool", LIVE_POOL.replace("live", "deleted").replace(`"isListed":true`, `"isListed":false`));
  expect(await pool().read()).toBeNull();
  expect(await pool().remove("a call")).toBe(false);
  expect(await pool().create(POOL, { name: "again", allowsUnauthenticated: true })).toBeNull();
  await runInDurableObject(pool(), (_, { storage }) => storage.setAlarm(Date.now()));
  expect(await runDurableObjectAlarm(pool())).toBe(true);
  expect((await storedIn(pool())).entries.get("pool")).toMatchObject({ isListed: true, sweptShards: 16 });
});

it("an issuer's key set serves, and is as old as it was", async () => {
  const stub = () => env.ISSUER_KEYS.getByName(ISSUER);
  await lay(stub, "key-set", KEY_SET);
  const answer = await stub().keys({ issuer: ISSUER });
  expect(answer).toMatchObject({ state: "known", fetchedAt: WRITTEN_AT, keys: [{ kid: "key-1" }] });
});

it("the key ring signs with the key that it was left with, and publishes both", async () => {
  const stub = () => env.KEY_RING.getByName(KEY_RING_NAME);
  await lay(stub, "key-ring", KEY_RING);
  const key = await stub().signingKey();
  const published = await stub().publishedKeys();
  if (!key.ok || !published.ok) throw new Error("refused");
  expect(published.value.keys.map(({ kid }) => kid)).toEqual(["3OSvv_vyhFhWDboQ", "hqag17reP7Yq8mKG"]);
  const [first] = published.value.keys;
  if (first === undefined) throw new Error("nothing is published");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const opened = await unsealSigningKey(key.value, KEY_ENCRYPTION_KEY);
  const signature = await crypto.subtle.sign(algorithm, opened, new Uint8Array([1]));
  const verifier = await crypto.subtle.importKey("jwk", first.publicJwk, algorithm, false, ["verify"]);
  expect(await crypto.subtle.verify(algorithm, verifier, signature, new Uint8Array([1]))).toBe(true);
  expect((await storedIn(stub())).entries).toEqual(new Map([["key-ring", JSON.parse(KEY_RING)]]));
});

it("the tables of the directories are read, added to and taken from", async () => {
  const pools = () => env.POOL_DIRECTORY.getByName("first-release");
  await runInDurableObject(pools(), (_, { storage: { sql } }) => {
    sql.exec("DROP TABLE pool");
    sql.exec("CREATE TABLE pool(identity_pool_id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID");
    sql.exec("INSERT INTO pool VALUES (?, 'one')", POOL);
  });
  await evictDurableObject(pools());
  expect(await pools().page("", 10)).toEqual([{ identityPoolId: POOL, name: "one" }]);
  await pools().update(POOL, "two");
  expect(await pools().page("", 10)).toEqual([{ identityPoolId: POOL, name: "two" }]);
  // From the first revision on, what has none is late.
  await pools().update(POOL, "three", WRITTEN_AT * 1000);
  await evictDurableObject(pools());
  await pools().update(POOL, "two");
  expect(await pools().page("", 10)).toEqual([{ identityPoolId: POOL, name: "three" }]);
  expect(await pools().sourced()).toEqual([]);
  await pools().update(POOL, "three", WRITTEN_AT * 1000, true);
  expect(await pools().sourced()).toEqual([POOL]);
  await pools().update(POOL, null);
  await pools().update(POOL, "four", WRITTEN_AT * 1000 + 1);
  expect(await pools().page("", 10)).toEqual([]);

  const identities = () => env.IDENTITY_DIRECTORY.getByName(`${POOL}/14`);
  await runInDurableObject(identities(), (_, { storage: { sql } }) => {
    sql.exec("DROP TABLE IF EXISTS identity");
    sql.exec("CREATE TABLE identity(identity_id TEXT PRIMARY KEY) WITHOUT ROWID");
    sql.exec("INSERT INTO identity VALUES (?)", OWNER);
  });
  await lay(identities, "closed", "true");
  expect(await identities().page("", 10)).toEqual([OWNER]);
  expect(await identities().update("add", OTHER)).toEqual({ poolDeleted: true });
  await identities().update("remove", OWNER);
  expect(await identities().page("", 10)).toEqual([]);
});
