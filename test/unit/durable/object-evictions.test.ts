// Each object in a life that believes what is not so: its memory is loaded with lies, and every field of its own that can be
// reached is overwritten. After an eviction it knows what is stored, and nothing of what it believed.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import { KEY_RING_NAME } from "../../../src/durable/stubs.ts";
import { directoryShardOf } from "../../support/first-shards.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeSigningKey } from "../../support/login-tokens.ts";
import {
  anyCall,
  grant,
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  newIdentityId,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";
import * as worker from "../../../src/worker.ts";

type Stub = DurableObjectStub<Rpc.DurableObjectBranded>;

/** An object, what it is asked, and what its memory is to say instead of what is stored. */
type Case = {
  readonly stub: () => Stub;
  readonly ask: () => Promise<unknown>;
  readonly lie: (stored: ReadonlyMap<string, unknown>) => ReadonlyMap<string, unknown>;
  /** Keeps nothing in memory, so that there is nothing to believe. */
  readonly isForgetful?: true;
};

async function overwrite(stub: Stub, entries: ReadonlyMap<string, unknown>): Promise<void> {
  await runInDurableObject(stub, (_, { storage: { kv } }) => {
    for (const key of Array.from(kv.list(), ([stored]) => stored)) kv.delete(key);
    for (const [key, value] of entries) kv.put(key, value);
  });
}

/** All that is not private in the language's own sense. */
async function corruptFields(stub: Stub): Promise<void> {
  await runInDurableObject(stub, (instance) => {
    for (const key of Reflect.ownKeys(instance)) Reflect.set(instance, key, { corrupted: true });
  });
}

const changed = (key: string, change: (stored: Record<string, unknown>) => object) => {
  return (stored: ReadonlyMap<string, unknown>) => new Map(stored).set(key, change(Object(stored.get(key))));
};

const cases: Record<string, () => Promise<Case>> = {
  async IdentityObject() {
    const { identityPoolId } = await makePool();
    const [ann, eve] = [await loginOf(identityPoolId, "p", "ann"), await loginOf(identityPoolId, "p", "eve")];
    const owner = await makeLinked(identityPoolId, [ann]);
    await untilAtRest(owner);
    const stub = () => env.IDENTITY.getByName(owner);
    const ask = async () => {
      const call = { askedAt: Date.now() / 1000, callId: null };
      return [
        await stub().describe(),
        await stub().developerUsers(identityPoolId),
        (await stub().grantVerified(owner, identityPoolId, [ann], call)).kind,
        await stub().confirmOwner({ kind: "confirm-owner", identityId: owner, loginId: eve.loginId, linkId: "l" }),
      ];
    };
    const lie = changed("identity", () => ({
      version: 1,
      identityId: newIdentityId(),
      identityPoolId,
      createdAt: 1,
      modifiedAt: 2,
      standing: { kind: "linked" },
      logins: [
        { providerName: "q", loginId: eve.loginId, linkId: "l", linkedAt: 3, subject: "eve", isDeveloper: true },
      ],
      transaction: null,
      freeze: null,
      releases: [],
      unlinked: [{ loginId: ann.loginId, at: 4 }],
      listing: "unlisted",
    }));
    return { stub, ask, lie };
  },
  async "IdentityObject, its rate"() {
    const { identityPoolId } = await makePool();
    const guest = await makeGuest(identityPoolId);
    await untilAtRest(guest);
    const stub = () => env.IDENTITY.getByName(guest);
    const ask = async () => (await grant(guest, new Map(), anyCall())).kind;
    // For an hour.
    const lie = (stored: ReadonlyMap<string, unknown>) => {
      return new Map(stored).set("bucket", { tokens: -18_000, asOfMs: Date.now() });
    };
    return { stub, ask, lie };
  },
  async LoginObject() {
    const { identityPoolId } = await makePool();
    const { loginId } = await loginOf(identityPoolId, "p", "ann");
    const stub = () => env.LOGIN.getByName(loginId);
    const message = {
      kind: "reserve",
      transactionId: "t",
      coordinator: newIdentityId(),
      loginId,
      absorbed: [],
    } as const;
    const reply = await stub().reserve(message);
    expect(reply.kind).toBe("reserved");
    const ask = async () => [await stub().view(loginId), await stub().reserve(message)];
    const liar = { identityId: newIdentityId(), linkId: "lie" };
    const reservation = { transactionId: "lie", coordinator: liar.identityId, ticket: "lie" };
    return { stub, ask, lie: changed("login", () => ({ version: 1, loginId: "lie", owner: liar, reservation })) };
  },
  async IdentityPoolObject() {
    const { identityPoolId } = await makePool();
    const stub = () => env.IDENTITY_POOL.getByName(identityPoolId);
    const ask = async () => [
      await stub().read(),
      await stub().create(identityPoolId, { name: "n", allowsUnauthenticated: true }),
    ];
    const pool = { identityPoolId, name: "lie", allowsUnauthenticated: false };
    const lie = { version: 1, pool, state: "live", isListed: true, deletedBy: "lie", sweptShards: 7 };
    return { stub, ask, lie: changed("pool", () => lie) };
  },
  async IssuerObject() {
    const issuer = "https://believed.example";
    const [key, forged] = [await makeSigningKey("ES256", "key"), await makeSigningKey("ES256", "forged")];
    const upstream = new FakeUpstream().install();
    upstream.serveIssuer(issuer, [key.publicJwk]);
    const stub = () => env.ISSUER_KEYS.getByName(issuer);
    await stub().keys({ issuer });
    // What it answers from now on is what it holds.
    upstream.goDown();
    return {
      stub,
      ask: () => stub().keys({ issuer }),
      lie: changed("key-set", (stored) => ({
        ...stored,
        keys: [forged.publicJwk],
        fetchedAt: Number(stored["fetchedAt"]) + 1,
      })),
    };
  },
  async KeyRingObject() {
    const stub = () => env.KEY_RING.getByName(KEY_RING_NAME);
    const ask = async () => [await stub().signingKey(), await stub().publishedKeys()];
    await ask();
    return {
      stub,
      ask,
      lie: changed("key-ring", (stored) => ({ ...stored, active: undefined, next: [] })),
      isForgetful: true,
    };
  },
  async PoolDirectoryObject() {
    const { identityPoolId } = await makePool();
    const stub = () => env.POOL_DIRECTORY.getByName("us-east-1");
    const ask = async () => await stub().page(identityPoolId.slice(0, -1), 1);
    return { stub, ask, lie: (stored) => stored, isForgetful: true };
  },
  async SourceObject() {
    const stub = () => env.SOURCE.getByName(crypto.randomUUID());
    const source = stub();
    await source.tell({ outcome: "ok" });
    const ask = async () => await source.counts();
    return { stub: () => source, ask, lie: changed("source", (stored) => ({ ...stored, conflicts: 7 })) };
  },
  async IdentityDirectoryObject() {
    const { identityPoolId } = await makePool();
    const guest = await makeGuest(identityPoolId);
    await untilAtRest(guest);
    const stub = () => env.IDENTITY_DIRECTORY.getByName(directoryShardOf(identityPoolId, guest));
    const ask = async () => [await stub().page("", 10), await stub().update("add", guest)];
    return { stub, ask, lie: (stored) => new Map(stored).set("closed", true), isForgetful: true };
  },
};

anHourAhead();

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});

it("has a case for each class", () => {
  const classes = Object.keys(worker).filter((name) => name !== "default");
  expect(classes.length).toBeGreaterThanOrEqual(8);
  expect(classes.filter((name) => !Object.keys(cases).some((of) => of.startsWith(name)))).toEqual([]);
});

it.each(Object.entries(cases))("%s: what it believed ends with its life", async (_, make) => {
  const { stub, ask, lie, isForgetful } = await make();
  // In an isolate as young as one token's refill, the first mint after each loss of memory would be stored.
  vi.setSystemTime(Date.now() + 60_000);
  const truth = await ask();
  const { entries: stored } = await storedIn(stub());
  await overwrite(stub(), lie(stored));
  await evictDurableObject(stub());
  // This life wakes to the lie, and the disk is put right behind its back.
  if (isForgetful !== true) expect(await ask()).not.toEqual(truth);
  await overwrite(stub(), stored);
  if (isForgetful === true) expect(await ask()).toEqual(truth);
  else expect(await ask()).not.toEqual(truth);
  await corruptFields(stub());
  await evictDurableObject(stub());
  expect(await ask()).toEqual(truth);
  expect((await storedIn(stub())).entries).toEqual(stored);
});
