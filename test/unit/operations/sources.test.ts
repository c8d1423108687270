/** Calls of a pool that has a source at Cognito, through the whole service: what the source is asked, and what comes of its answer. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityPool, IdentityPoolSettings } from "../../../src/domain/identity-pool.ts";
import type { PoolSource } from "../../../src/domain/pool-source.ts";
import { isolate } from "../../../src/isolate.ts";
import { directoryShardOf } from "../../support/first-shards.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { endSources, FakeCognito } from "../../support/fake-cognito.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  makePool,
  makeSignIn,
  newIdentityId,
  noteCalls,
  recordOf,
  type SignIn,
  untilAtRest,
} from "../../support/objects.ts";
import { makeRateLimit } from "../../support/rate-limit-binding.ts";
import { claimsIn, makeService, type Service, textOf } from "../../support/service.ts";

type Logins = ReadonlyMap<string, string>;

let signIn: SignIn;
let cognito: FakeCognito;
let pool: IdentityPool;
let service: Service;

async function sourcedPool(
  of: FakeCognito,
  changes: Partial<PoolSource> = {},
  settings: Partial<IdentityPoolSettings> = {},
) {
  const made = await makePool({ ...signIn.settings, allowsUnauthenticated: true, ...settings });
  const source = of.source(
    [signIn.providerName, ...(settings.developerProviderName ? ["login.example"] : [])],
    changes,
  );
  await env.IDENTITY_POOL.getByName(made.identityPoolId).change({ kind: "source", source });
  isolate.pools.forget(made.identityPoolId);
  isolate.sourcedPools.delete("us-east-1");
  return made;
}

const getId = async (logins?: Logins) =>
  await service.call("GetId", { IdentityPoolId: pool.identityPoolId, ...(logins && { Logins: logins }) });
const getToken = async (IdentityId: string, logins?: Logins) =>
  await service.call("GetOpenIdToken", { IdentityId, ...(logins && { Logins: logins }) });
const textIn = (value: unknown) => (typeof value === "string" ? value : undefined);
const operations = () => cognito.asked.map(({ operation }) => operation);

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  cognito = new FakeCognito(signIn.upstream);
  service = makeService();
  await endSources();
  pool = await sourcedPool(cognito);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("GetId", () => {
  it("answers with the id that the source gives to the logins, asked once by the very same call", async () => {
    const identityId = newIdentityId();
    cognito.says(identityId);
    const logins = await signIn.logins("ann");
    for (let calls = 0; calls < 2; calls++) expect(textOf(await getId(logins), "IdentityId")).toBe(identityId);
    expect(cognito.asked).toEqual([
      { operation: "GetId", input: { IdentityPoolId: cognito.identityPoolId, Logins: Object.fromEntries(logins) } },
    ]);
    expect(await recordOf(identityId)).toMatchObject({ origin: "source", identityPoolId: pool.identityPoolId });
  });

  it("asks nobody about a login that is none", async () => {
    expect(await getId(await signIn.forged("ann"))).toMatchObject({ status: 403 });
    expect(cognito.asked).toEqual([]);
  });

  it("has a guest born at the source, or here where the source says so", async () => {
    const identityId = newIdentityId();
    cognito.says(identityId);
    expect(textOf(await getId(), "IdentityId")).toBe(identityId);
    expect(await recordOf(identityId)).toMatchObject({ origin: "source", standing: { kind: "guest" } });
    expect(await getId()).toMatchObject({ status: 400, json: { __type: "ExternalServiceException" } });
    pool = await sourcedPool(cognito, { guests: "local" });
    const local = textOf(await getId(), "IdentityId");
    expect([local === identityId, operations()]).toEqual([false, ["GetId", "GetId"]]);
  });

  it("tells its client to come again while the source throttles, and knows nobody by it", async () => {
    cognito.says({ __type: "TooManyRequestsException", message: "Rate exceeded" });
    expect(await getId(await signIn.logins("ann"))).toMatchObject({ status: 429 });
    const identityId = newIdentityId();
    cognito.says(identityId);
    expect(textOf(await getId(await signIn.logins("ann")), "IdentityId")).toBe(identityId);
  });
});

describe("GetOpenIdToken for an id that is none here", () => {
  it("is a guest's where the source proves that it is one", async () => {
    const identityId = newIdentityId();
    cognito.says(identityId);
    const claims = claimsIn(textOf(await getToken(identityId), "Token"));
    expect(claims).toMatchObject({ sub: identityId, aud: pool.identityPoolId, amr: ["unauthenticated"] });
    expect(cognito.asked).toEqual([{ operation: "GetOpenIdToken", input: { IdentityId: identityId } }]);
    await getToken(identityId);
    expect(cognito.asked).toHaveLength(1);
  });

  it("is the user's whom the source proves, and names the login that was verified here", async () => {
    const identityId = newIdentityId();
    cognito.says(identityId);
    const claims = claimsIn(textOf(await getToken(identityId, await signIn.logins("ann")), "Token"));
    expect(claims).toMatchObject({ sub: identityId, aud: pool.identityPoolId });
    expect(claims["amr"]).toContain(signIn.providerName);
  });

  it("is not found where the source's token is of another pool (invariant own-source-only)", async () => {
    const identityId = newIdentityId();
    cognito.says(identityId);
    cognito.audience = newIdentityId();
    expect(await getToken(identityId, await signIn.logins("ann"))).toMatchObject({ status: 404 });
    expect(await recordOf(identityId)).toBeNull();
  });

  it("is shown to nobody where its login is none, nor where it was deleted here", async () => {
    cognito.says(({ input }) => textIn(input["IdentityId"]) ?? newIdentityId());
    expect(await getToken(newIdentityId(), await signIn.forged("ann"))).toMatchObject({ status: 403 });
    expect(cognito.asked).toEqual([]);
    const logins = await signIn.logins("ann");
    const identityId = newIdentityId();
    textOf(await getToken(identityId, logins), "Token");
    await untilAtRest(identityId);
    await service.admin("DeleteIdentities", { IdentityIdsToDelete: [identityId] });
    const asked = cognito.asked.length;
    expect(await getToken(identityId, logins)).toMatchObject({ status: 404 });
    expect(cognito.asked).toHaveLength(asked);
  });

  it.each(["ask", "imported"] as const)(
    "never lives, once it was deleted before anybody came with it: %s",
    async (unknownIds) => {
      await endSources();
      pool = await sourcedPool(cognito, { unknownIds });
      const logins = await signIn.logins("ann");
      const identityId = newIdentityId();
      cognito.says(identityId);
      await service.admin("DeleteIdentities", { IdentityIdsToDelete: [identityId] });
      const asked = cognito.asked.length;
      expect(await getToken(identityId, logins)).toMatchObject({ status: 404 });
      expect(await getToken(identityId)).toMatchObject({ status: 404 });
      expect(cognito.asked).toHaveLength(asked);
      expect(textOf(await getId(logins), "IdentityId")).not.toBe(identityId);
    },
  );

  it("is asked about only if it was imported, where the source says so", async () => {
    await endSources();
    pool = await sourcedPool(cognito, { unknownIds: "imported" });
    const identityId = newIdentityId();
    cognito.says(identityId);
    expect(await getToken(identityId)).toMatchObject({ status: 404 });
    expect(cognito.asked).toEqual([]);
    const shard = env.IDENTITY_DIRECTORY.getByName(directoryShardOf(pool.identityPoolId, identityId));
    await shard.importIdentities([
      { identityId, providerNames: [], createdAt: null, modifiedAt: null, isDisabled: false },
    ]);
    textOf(await getToken(identityId), "Token");
  });

  it("is of the one of several pools whose providers fit, or that the source's token names", async () => {
    const other = new FakeCognito(signIn.upstream);
    const others = await sourcedPool(other);
    const identityId = newIdentityId();
    other.says(identityId);
    other.audience = other.identityPoolId;
    // Its tokens are good in both pools: the source alone can tell.
    const claims = claimsIn(textOf(await getToken(identityId, await signIn.logins("ann")), "Token"));
    expect(claims).toMatchObject({ sub: identityId, aud: others.identityPoolId });
    expect(other.asked.map(({ operation }) => operation)).toEqual(["GetOpenIdToken"]);
  });

  it("is not proved by what the source's token says of another id, also where an import makes that one merged into it", async () => {
    const other = new FakeCognito(signIn.upstream);
    const { identityPoolId } = await sourcedPool(other);
    other.audience = other.identityPoolId;
    const [named, survivor, told] = [newIdentityId(), newIdentityId(), newIdentityId()];
    // While the source is asked about the id that the call names, an import says into whom that was merged.
    const askedAt = Date.now();
    other.says(async ({ input }) => {
      if (input["IdentityId"] === survivor) return { __type: "ResourceNotFoundException", message: "" };
      // A merge in the very moment of the call would shut it out.
      await expect.poll(() => Date.now()).toBeGreaterThan(askedAt);
      await env.IDENTITY.getByName(named).restore({
        identityId: named,
        identityPoolId,
        standing: { kind: "merged", into: survivor },
        restores: { origin: "source", createdAt: 0, barred: [] },
      });
      return told;
    });
    const answer = await getToken(named, await signIn.logins("ann"));
    expect(answer).toMatchObject({ status: 404 });
    expect(other.asked.map(({ input }) => input["IdentityId"])).toEqual([named, survivor]);
    expect(await recordOf(survivor)).toBeNull();
  });

  it("T86: costs its address a question before the lists of several pools are looked into for it", async () => {
    // Answers for both.
    const other = new FakeCognito(signIn.upstream);
    await sourcedPool(other, { unknownIds: "imported" });
    const allowed = 3;
    const bindings = { CLIENT_RATE_LIMIT: makeRateLimit(allowed), NETWORK_RATE_LIMIT: makeRateLimit(allowed) };
    service = makeService({ settings: { CLIENT_LIMIT: "on" }, bindings });
    const lookedInto = () => noted.filter((name) => name === "IdentityDirectoryObject.findImported").length;
    const absent = (id: unknown) => ({
      __type: "ResourceNotFoundException",
      message: `Identity '${String(id)}' not found.`,
    });
    other.says(({ input }) => absent(input["IdentityId"]));
    const noted = noteCalls();
    // One question for the lists, and one to the source that is left.
    expect(await getToken(newIdentityId())).toMatchObject({ status: 404 });
    expect([lookedInto(), bindings.CLIENT_RATE_LIMIT.counts.get("ask ")]).toEqual([2, 2]);
    expect(await getToken(newIdentityId())).toMatchObject({ status: 429 });
    expect(lookedInto()).toBe(4);
    expect(await getToken(newIdentityId(), await signIn.forged("ann"))).toMatchObject({ status: 429 });
    expect(lookedInto()).toBe(4);
  });

  it("is nobody's question to the source where its flow is not permitted, or its pool has no guests", async () => {
    await endSources();
    pool = await sourcedPool(cognito, {}, { allowsClassicFlow: false });
    expect(await getToken(newIdentityId())).toMatchObject({ json: { __type: "InvalidParameterException" } });
    await endSources();
    pool = await sourcedPool(cognito, {}, { allowsUnauthenticated: false });
    expect(await getToken(newIdentityId())).toMatchObject({ json: { __type: "NotAuthorizedException" } });
    expect(cognito.asked).toEqual([]);
  });

  it("is not asked about where it is of another region", async () => {
    expect(await getToken(`eu-west-1:${crypto.randomUUID()}`)).toMatchObject({ status: 404 });
    expect(cognito.asked).toEqual([]);
  });
});

describe("a source that is away", () => {
  it("is nothing that a returning user would notice", async () => {
    const identityId = newIdentityId();
    cognito.says(identityId);
    const logins = await signIn.logins("ann");
    await getId(logins);
    await untilAtRest(identityId);
    cognito.says({ __type: "InternalErrorException", message: "" });
    expect(textOf(await getId(logins), "IdentityId")).toBe(identityId);
    textOf(await getToken(identityId, logins), "Token");
    expect(await getId(await signIn.logins("bob"))).toMatchObject({ json: { __type: "ExternalServiceException" } });
    expect(await recordOf(identityId)).toMatchObject({ logins: [{ providerName: signIn.providerName }] });
  });
});

describe("GetOpenIdTokenForDeveloperIdentity", () => {
  const credential = { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "s".repeat(40) };
  const developer = { developerProviderName: "login.example" };
  const tokenFor = async (user: string, more: object = {}) =>
    await service.admin("GetOpenIdTokenForDeveloperIdentity", {
      IdentityPoolId: pool.identityPoolId,
      Logins: { "login.example": user },
      ...more,
    });

  beforeEach(async () => {
    await endSources();
    pool = await sourcedPool(cognito, {}, developer);
    service = makeService({
      settings: { SOURCE_CREDENTIALS: JSON.stringify({ [cognito.identityPoolId]: credential }) },
    });
  });

  it("adopts the user whom the source knows, also by an id that is none here, and bears others here", async () => {
    const identityId = newIdentityId();
    const absent = { __type: "ResourceNotFoundException", message: "not there" };
    cognito.says(({ input }) => (input["DeveloperUserIdentifier"] === "ann" ? identityId : absent));
    expect(textOf(await tokenFor("ann", { IdentityId: identityId }), "IdentityId")).toBe(identityId);
    expect(textOf(await tokenFor("ann"), "IdentityId")).toBe(identityId);
    const bob = textOf(await tokenFor("bob"), "IdentityId");
    expect([bob === identityId, operations()]).toEqual([false, ["LookupDeveloperIdentity", "LookupDeveloperIdentity"]]);
    expect(await tokenFor("carl", { IdentityId: newIdentityId() })).toMatchObject({ status: 404 });
  });

  it("has a deleted identity deleted at the source, until that has done it", async () => {
    const identityId = newIdentityId();
    cognito.says(identityId);
    // The objects have the settings of the test's environment.
    const sourceCredentials = new Map([[cognito.identityPoolId, credential]]);
    await runInDurableObject(env.IDENTITY.getByName(identityId), (instance) => {
      Object.assign(Object(Reflect.get(instance, "config")), { sourceCredentials });
    });
    await tokenFor("ann");
    await untilAtRest(identityId);
    cognito.says({ __type: "InternalErrorException", message: "" });
    await service.admin("DeleteIdentities", { IdentityIdsToDelete: [identityId] });
    await expect.poll(() => operations().at(-1)).toBe("DeleteIdentities");
    expect(await recordOf(identityId)).toMatchObject({ standing: { kind: "deleted" }, isOwedToSource: true });
    cognito.says(identityId);
    await runDurableObjectAlarm(env.IDENTITY.getByName(identityId));
    await untilAtRest(identityId);
    expect(await recordOf(identityId)).not.toHaveProperty("isOwedToSource");
  });

  it("makes nobody without a word where the source cannot be asked for its users", async () => {
    service = makeService();
    expect(await tokenFor("ann")).toMatchObject({ json: { __type: "ExternalServiceException" } });
  });
});
