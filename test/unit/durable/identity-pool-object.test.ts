import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityId, IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { DIRECTORY_SHARDS, directoryShard, directoryShardOf } from "../../support/first-shards.ts";
import { IdentityDirectoryObject, IdentityObject, PoolDirectoryObject } from "../../../src/worker.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import {
  crash,
  dieInNext,
  holdNext,
  loginOf,
  makeGuest,
  makeLinked,
  newIdentityId,
  newPoolId,
  noteCalls,
  NOTHING_STORED,
  plant,
  recordOf,
  storedIn,
  until,
  untilAtRest,
} from "../../support/objects.ts";

const settings = { name: "pool", allowsUnauthenticated: true };

let identityPoolId: IdentityPoolId;

/** Awaited here: a promise of an RPC is also a stub, which `expect` cannot tell from a value. */
const settled = async (call: Promise<unknown>) => await call;
const stub = () => env.IDENTITY_POOL.getByName(identityPoolId);
const create = () => stub().create(identityPoolId, settings);
const shard = (index: number) => env.IDENTITY_DIRECTORY.getByName(directoryShard(identityPoolId, index));
const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

async function listedName(): Promise<string | undefined> {
  const listed = await env.POOL_DIRECTORY.getByName("us-east-1").page("", 10_000);
  return listed.find((pool) => pool.identityPoolId === identityPoolId)?.name;
}

/** Runs its alarm, and those of the shards of its list, until there is none, as the platform does. */
async function runAlarms(): Promise<void> {
  const shards = Array.from({ length: DIRECTORY_SHARDS }, (_, index) => () => shard(index));
  await until(async () => {
    elapse(15);
    const ran = await Promise.all([stub, ...shards].map(async (one) => await runDurableObjectAlarm(one())));
    return !ran.includes(true);
  });
}

async function expectGone(identityId: IdentityId): Promise<void> {
  expect(await env.IDENTITY.getByName(identityId).describe()).toBeNull();
  expect((await recordOf(identityId))?.standing).toEqual({ kind: "deleted" });
}

anHourAhead();

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  identityPoolId = newPoolId();
});

describe("IdentityPoolObject: settings", () => {
  it("T38: stores nothing for a pool that is only asked for", async () => {
    expect(await stub().read()).toBeNull();
    expect(await stub().update(settings)).toBeNull();
    expect(await stub().change({ kind: "tag", tags: { a: "b" } })).toBeNull();
    expect(await stub().remove("the request")).toBe(false);
    await runInDurableObject(stub(), (instance) => instance.alarm());
    expect(await storedIn(stub())).toEqual(NOTHING_STORED);
  });

  it("leave roles and tags when they are replaced, and are left by these; and all ends with the pool", async () => {
    const secret = { "api.twitter.com": "key;secret" };
    await stub().create(identityPoolId, { ...settings, supportedLoginProviders: secret });
    const roles = { authenticated: "arn:aws:iam::123456789012:role/users" };
    await stub().change({ kind: "roles", roles, roleMappings: {} });
    await stub().change({ kind: "tag", tags: { a: "b" } });
    const access = { roles, roleMappings: {}, principalTagMaps: {} };
    const kept = { access, tags: { a: "b" }, identityPoolId };
    await evictDurableObject(stub());
    const read = { ...settings, supportedLoginProviders: secret, ...kept };
    expect(await settled(stub().read())).toEqual(read);
    await stub().update(settings);
    expect(await settled(stub().read())).toEqual({ ...settings, ...kept });
    await stub().update({ ...settings, tags: {}, supportedLoginProviders: secret });
    const { tags: _, ...untagged } = read;
    expect(await settled(stub().read())).toEqual(untagged);
    await stub().remove("the request");
    expect(await stub().change({ kind: "tag", tags: { a: "b" } })).toBeNull();
    expect(await stub().read()).toBeNull();
  });

  it("are read as they were written, in this life and in the next", async () => {
    const full = {
      name: "full",
      allowsUnauthenticated: false,
      allowsClassicFlow: false,
      supportedLoginProviders: { "accounts.google.com": "client", ["__proto__"]: "other" },
      developerProviderName: "login.example",
      openIdConnectProviderArns: ["arn:aws:iam::123456789012:oidc-provider/issuer.example"],
      cognitoIdentityProviders: [{ providerName: "p", clientId: "c", serverSideTokenCheck: false }],
      samlProviderArns: ["arn:aws:iam::123456789012:saml-provider/saml"],
      tags: { key: "value" },
    };
    await stub().create(identityPoolId, full);
    expect(await stub().read()).toEqual({ ...full, identityPoolId });
    await evictDurableObject(stub());
    expect(await stub().read()).toEqual({ ...full, identityPoolId });
  });

  it("T46: hold no provider's secret in the clear, and give it back to who reads them", async () => {
    const withTwitter = { ...settings, supportedLoginProviders: { "api.twitter.com": "key;the consumer secret" } };
    const read = async () => (await stub().read())?.supportedLoginProviders;
    const isInTheClear = async () =>
      JSON.stringify([...(await storedIn(stub())).entries]).includes("the consumer secret");
    expect(await stub().create(identityPoolId, withTwitter)).toMatchObject(withTwitter);
    expect(await isInTheClear()).toBe(false);
    await evictDurableObject(stub());
    expect([await read(), await read()]).toEqual(Array(2).fill(withTwitter.supportedLoginProviders));
    expect(await stub().update({ ...withTwitter, name: "renamed" })).toMatchObject({ ok: true });
    expect([await read(), await isInTheClear()]).toEqual([withTwitter.supportedLoginProviders, false]);
    // Of two updates at once the one that is stored is whole.
    const another = { "api.twitter.com": "key;another secret" };
    await Promise.all([stub().update({ ...settings, supportedLoginProviders: another }), stub().update(settings)]);
    expect([undefined, another]).toContainEqual(await read());
    await stub().update(withTwitter);
    await stub().remove("the request");
    // A deleted pool needs none.
    expect((await storedIn(stub())).entries.get("pool")).not.toHaveProperty("sealed");
  });

  it("T44: a creation that comes again changes nothing, and one after the deletion revives nothing", async () => {
    const first = await create();
    expect(await stub().create(identityPoolId, { ...settings, name: "another" })).toEqual(first);
    await stub().remove("the request");
    expect(await create()).toBeNull();
    await runAlarms();
    await evictDurableObject(stub());
    expect(await create()).toBeNull();
    expect(await stub().update(settings)).toBeNull();
    expect(await stub().read()).toBeNull();
    expect(await listedName()).toBeUndefined();
  });

  it("of twenty creations at once, all are told of the same pool", async () => {
    const pools = await Promise.all(
      Array.from({ length: 20 }, (_, index) => stub().create(identityPoolId, { ...settings, name: `name-${index}` })),
    );
    expect(new Set(pools.map((pool) => pool?.name)).size).toBe(1);
    expect(await listedName()).toBe(pools[0]?.name);
  });

  it("an update replaces all of them; tags stay, and the developer provider name, which is refused another", async () => {
    const own = { developerProviderName: "login.example", tags: { a: "b" } };
    await stub().create(identityPoolId, { ...settings, ...own, allowsClassicFlow: false });
    expect(await stub().update({ ...settings, developerProviderName: "other.example" })).toMatchObject({
      ok: false,
      error: { type: "InvalidParameterException" },
    });
    expect(await stub().read()).toMatchObject({ ...own, allowsClassicFlow: false });
    await stub().update({ name: "renamed", allowsUnauthenticated: false });
    await evictDurableObject(stub());
    expect(await stub().read()).toEqual({
      name: "renamed",
      allowsUnauthenticated: false,
      ...own,
      identityPoolId,
    });
    expect(await listedName()).toBe("renamed");
  });

  it("T21: remember the names of public providers that are gone: no developer provider takes one over", async () => {
    const updateTo = async (more: object) => await stub().update({ ...settings, ...more });
    await stub().create(identityPoolId, { ...settings, supportedLoginProviders: { "idp.example": "c" } });
    await updateTo({ supportedLoginProviders: { "second.example": "c" } });
    await updateTo({});
    await evictDurableObject(stub());
    for (const developerProviderName of ["idp.example", "second.example", "IDP.example."]) {
      expect(await updateTo({ developerProviderName })).toMatchObject({
        ok: false,
        error: { type: "InvalidParameterException" },
      });
    }
    // What is remembered is none of the settings.
    expect(await stub().read()).toEqual({ ...settings, identityPoolId });
    expect(await updateTo({ developerProviderName: "login.example" })).toMatchObject({ ok: true });
  });

  it("live in storage, and not in memory that outlives an eviction", async () => {
    await create();
    await plant(stub(), "pool", (stored) => ({
      ...Object(stored),
      pool: { ...settings, identityPoolId, name: "planted" },
    }));
    expect((await stub().read())?.name).toBe("pool");
    await evictDurableObject(stub());
    expect((await stub().read())?.name).toBe("planted");
  });

  it.each([2, undefined])("a record of the unknown version %s is refused, and not written over", async (version) => {
    await create();
    await plant(stub(), "pool", (stored) => ({ ...Object(stored), version }));
    await evictDurableObject(stub());
    await expect(settled(stub().read())).rejects.toThrow(/unknown version/);
    await expect(settled(create())).rejects.toThrow(/unknown version/);
  });
});

describe("IdentityPoolObject: its entry in the directory of pools", () => {
  it("is there with the answer, and then no alarm is left", async () => {
    await create();
    expect(await listedName()).toBe("pool");
    expect((await storedIn(stub())).alarm).toBeNull();
    await stub().remove("the request");
    expect(await listedName()).toBeUndefined();
  });

  it.each(["before", "after"] as const)(
    "follows by alarm when the directory dies %s it has noted it",
    async (moment) => {
      dieInNext(PoolDirectoryObject.prototype, "update", moment);
      expect(await create()).toMatchObject({ name: "pool" });
      expect((await storedIn(stub())).alarm).not.toBeNull();
      await evictDurableObject(stub());
      await runAlarms();
      expect(await listedName()).toBe("pool");

      dieInNext(PoolDirectoryObject.prototype, "update", moment);
      expect(await stub().update({ ...settings, name: "renamed" })).toMatchObject({ ok: true });
      await runAlarms();
      expect(await listedName()).toBe("renamed");

      dieInNext(PoolDirectoryObject.prototype, "update", moment);
      expect(await stub().remove("the request")).toBe(true);
      await runAlarms();
      expect(await listedName()).toBeUndefined();
    },
  );

  it.each(["before", "after"] as const)(
    "follows by alarm when the pool itself dies %s the directory has noted it",
    async (moment) => {
      const held = holdNext(PoolDirectoryObject.prototype, "update", moment);
      const call = settled(create()).catch(() => "failed");
      await held.reached;
      await crash(stub());
      held.release();
      await call;
      expect(await stub().read()).toMatchObject({ name: "pool" });
      await runAlarms();
      expect(await listedName()).toBe("pool");
    },
  );

  it("ends with the latest name, however many changes come at once", async () => {
    await create();
    await Promise.all(Array.from({ length: 10 }, (_, index) => stub().update({ ...settings, name: `name-${index}` })));
    await runAlarms();
    expect(await listedName()).toBe((await stub().read())?.name);
  });

  it("its alarm runs twice, late and beside an update without harm", async () => {
    await create();
    await plant(stub(), "pool", (stored) => ({ ...Object(stored), isListed: false }));
    await evictDurableObject(stub());
    elapse(86_400);
    await runInDurableObject(stub(), (instance) =>
      Promise.all([instance.alarm(), instance.alarm(), instance.update({ ...settings, name: "renamed" })]),
    );
    await runAlarms();
    expect(await listedName()).toBe("renamed");
    expect((await storedIn(stub())).alarm).toBeNull();
  });
});

describe("IdentityPoolObject: the sweep after its deletion", () => {
  it("deletes its identities and frees their logins, and those of no other pool", async () => {
    await create();
    const ann = await loginOf(identityPoolId, "p", "ann");
    const linked = await makeLinked(identityPoolId, [ann]);
    const guests = await Promise.all(Array.from({ length: 20 }, () => makeGuest(identityPoolId)));
    const elsewhere = await makeGuest(newPoolId());
    await untilAtRest(linked, elsewhere, ...guests);
    await stub().remove("the request");
    await runAlarms();
    await untilAtRest(linked, ...guests);
    for (const identityId of [linked, ...guests]) await expectGone(identityId);
    expect((await storedIn(env.LOGIN.getByName(ann.loginId))).entries).toEqual(new Map());
    for (let index = 0; index < DIRECTORY_SHARDS; index++) expect(await shard(index).page("", 100)).toEqual([]);
    expect(await env.IDENTITY.getByName(elsewhere).describe()).not.toBeNull();
    expect((await storedIn(stub())).alarm).toBeNull();
  });

  it("takes more identities along than one batch holds", async () => {
    await create();
    // Most are entries alone, as a late message may leave them: what is counted here is the batches.
    const entries = Array.from(
      { length: 70 },
      (_, index) => `us-east-1:7${index.toString(16).padStart(3, "0")}` as IdentityId,
    );
    await Promise.all(entries.map((identityId) => shard(7).update("add", identityId)));
    const last = `us-east-1:7${crypto.randomUUID().replace(/^./, "f")}` as IdentityId;
    await env.IDENTITY.getByName(last).createGuest(last, identityPoolId);
    await untilAtRest(last);
    await stub().remove("the request");
    await runAlarms();
    expect(await shard(7).page("", 1000)).toEqual([]);
    await expectGone(last);
  });

  it("an identity that is made while it runs, or after it, goes with its pool", async () => {
    await create();
    await stub().remove("the request");
    const during = await makeGuest(identityPoolId);
    await runAlarms();
    const ann = await loginOf(identityPoolId, "p", "ann");
    const after = await makeLinked(identityPoolId, [ann]);
    await untilAtRest(during, after);
    await expectGone(during);
    await expectGone(after);
    expect((await storedIn(env.LOGIN.getByName(ann.loginId))).entries).toEqual(new Map());
  });

  it.each([
    ["an identity", IdentityObject.prototype, "remove", "before"],
    ["an identity", IdentityObject.prototype, "remove", "after"],
    ["a shard", IdentityDirectoryObject.prototype, "close", "before"],
    ["a shard", IdentityDirectoryObject.prototype, "close", "after"],
  ] as const)("goes on after %s died in it (%o %s, %s)", async (_, prototype, method, moment) => {
    await create();
    const identityId = await makeGuest(identityPoolId);
    await untilAtRest(identityId);
    await stub().remove("the request");
    dieInNext(prototype, method, moment);
    await runAlarms();
    await untilAtRest(identityId);
    await expectGone(identityId);
  });

  it("goes on after the pool itself died in it", async () => {
    await create();
    const identityId = await makeGuest(identityPoolId);
    await untilAtRest(identityId);
    await stub().remove("the request");
    const held = holdNext(IdentityDirectoryObject.prototype, "close", "after");
    const alarm = settled(runDurableObjectAlarm(stub())).catch(() => "failed");
    await held.reached;
    await crash(stub());
    held.release();
    await alarm;
    // The platform runs an alarm again that did not come to its end.
    await runInDurableObject(stub(), (instance) => instance.alarm());
    await runAlarms();
    await expectGone(identityId);
  });

  it("waits for an identity that stands still in a merge, and comes back for it", async () => {
    await create();
    const identityId = await makeGuest(identityPoolId);
    await untilAtRest(identityId);
    const coordinator = newIdentityId();
    const freeze = { transactionId: "gone", coordinator, identityId, identityPoolId, isGuest: true, loginIds: [] };
    await env.IDENTITY.getByName(identityId).freeze({ kind: "freeze", ...freeze });
    await stub().remove("the request");
    const calls = noteCalls();
    await runDurableObjectAlarm(stub());
    await runDurableObjectAlarm(env.IDENTITY_DIRECTORY.getByName(directoryShardOf(identityPoolId, identityId)));
    // Asked once, and not again before the alarm comes back: what stands still does not move for being asked.
    expect(calls.filter((call) => call === "IdentityObject.remove")).toHaveLength(1);
    expect((await storedIn(stub())).alarm).not.toBeNull();
    expect((await recordOf(identityId))?.standing).toEqual({ kind: "guest" });
    elapse(15);
    await runDurableObjectAlarm(env.IDENTITY.getByName(identityId));
    await runAlarms();
    await expectGone(identityId);
  });
});
