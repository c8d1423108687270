import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { PATIENCE_SECONDS, TOMBSTONE_SECONDS } from "../../../src/linking/identity-record.ts";
import { readGrantReply } from "../../../src/durable/identity-rpc.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  anyCall,
  grant,
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  makeSignIn,
  newIdentityId,
  noteCalls,
  NOTHING_STORED,
  plant,
  recordOf,
  type SignIn,
  storedIn,
  until,
  untilAtRest,
} from "../../support/objects.ts";

let pool: IdentityPool;
let signIn: SignIn;

const identity = (identityId: IdentityId) => env.IDENTITY.getByName(identityId);
const login = (loginId: string) => env.LOGIN.getByName(loginId);
const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
/** Awaited here: a promise of an RPC is also a stub, which `expect` cannot tell from a value. */
const fail = async (call: Promise<unknown>) => await call;
const refused = (type: string) =>
  expect.objectContaining({ kind: "refused", error: expect.objectContaining({ type }) });

anHourAhead();

beforeEach(async () => {
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool(signIn.settings);
});

it("IdentityObject: judges by the flow that it is asked by", async () => {
  const { identityPoolId } = await makePool({ ...signIn.settings, allowsClassicFlow: false });
  const guest = await makeGuest(identityPoolId);
  expect(await grant(guest, new Map(), anyCall())).toEqual(refused("InvalidParameterException"));
  // Let in, and then there is no role: this pool was given none.
  expect(await grant(guest, new Map(), anyCall(), "enhanced")).toEqual(
    refused("InvalidIdentityPoolConfigurationException"),
  );
});

describe("IdentityObject: an id that nobody was given", () => {
  it("T38: leaves not a byte in storage, whatever is asked of it, and asks nobody", async () => {
    const identityId = newIdentityId();
    const logins = await signIn.logins("ann");
    const asked = noteCalls();
    const stub = identity(identityId);
    const ref = { transactionId: "t", coordinator: newIdentityId() };
    const participant = { kind: "identity", identityId } as const;
    const unknown = { kind: "refused", error: { type: "ResourceNotFoundException" }, isUnknown: true };
    expect(await grant(identityId, new Map(), anyCall())).toMatchObject(unknown);
    expect(await grant(identityId, logins, anyCall())).toMatchObject(unknown);
    expect(await stub.unlink(identityId, logins, [signIn.providerName])).toEqual(refused("ResourceNotFoundException"));
    expect(await stub.describe()).toBeNull();
    expect(await stub.remove(identityId, "*")).toEqual({ kind: "done", isUnknown: true });
    const freeze = {
      kind: "freeze",
      ...ref,
      identityId,
      identityPoolId: pool.identityPoolId,
      isGuest: true,
      loginIds: [],
    } as const;
    expect(await stub.freeze(freeze)).toEqual({ kind: "unsuitable" });
    await stub.settle({ kind: "settle", ...ref, participant, outcome: "committed" });
    const order = {
      identityId,
      identityPoolId: pool.identityPoolId,
      logins: [],
      absorb: [],
      guest: null,
      isBirth: false,
    };
    expect(await stub.link(order, [], true)).toEqual({ kind: "not-found" });
    expect(asked.every((call) => call.startsWith("IdentityObject."))).toBe(true);
    expect(signIn.upstream.fetched).toEqual([]);
    expect(await storedIn(stub)).toEqual(NOTHING_STORED);
  });

  it("answers that a transaction which it never heard of was aborted, and stores nothing", async () => {
    const [identityId, { loginId }] = [newIdentityId(), await loginOf(pool.identityPoolId, "p", "ann")];
    const participant = { kind: "login", loginId, ticket: null } as const;
    const question = { kind: "ask-outcome", transactionId: "t", coordinator: identityId, participant } as const;
    expect(await identity(identityId).outcome(question)).toBe("aborted");
    expect(await storedIn(identity(identityId))).toEqual(NOTHING_STORED);
    expect(await storedIn(login(loginId))).toEqual(NOTHING_STORED);
  });
});

describe("IdentityObject: guests", () => {
  it("makes a guest once: the id is never given again", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    expect(await identity(identityId).createGuest(identityId, pool.identityPoolId)).toBe(false);
    expect(await grant(identityId, new Map(), anyCall())).toMatchObject({
      kind: "granted",
      grant: { identityId, identityPoolId: pool.identityPoolId, logins: [], lifetimeSeconds: 600 },
    });
  });

  it("of twenty that make the same guest at once, one succeeds", async () => {
    const identityId = newIdentityId();
    const made = await Promise.all(
      Array.from({ length: 20 }, () => identity(identityId).createGuest(identityId, pool.identityPoolId)),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
  });

  it("is listed after the answer, and at rest has one value, no table and no alarm", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    const stored = await storedIn(identity(identityId));
    expect([...stored.entries.keys()]).toEqual(["identity"]);
    expect(stored.alarm).toBeNull();
    expect(stored.tables.filter((name) => !name.startsWith("_cf_"))).toEqual([]);
    const shard = Number.parseInt(identityId.charAt("us-east-1:".length), 16);
    const directory = env.IDENTITY_DIRECTORY.getByName(`${pool.identityPoolId}/${shard}`);
    expect(await directory.page("", 10)).toEqual([identityId]);
  });
});

describe("IdentityObject: where its state lives", () => {
  it("answers after an eviction as before it, in every standing", async () => {
    const ann = await loginOf(pool.identityPoolId, "p", "ann");
    const standings: IdentityId[] = [
      await makeGuest(pool.identityPoolId),
      await makeLinked(pool.identityPoolId, [ann]),
      await makeGuest(pool.identityPoolId),
    ];
    const [guest, owner, merged] = standings;
    if (guest === undefined || owner === undefined || merged === undefined) throw new Error("three were made");
    const order = {
      identityId: owner,
      identityPoolId: pool.identityPoolId,
      logins: [ann],
      absorb: [merged],
      guest: merged,
      isBirth: false,
    };
    expect(await identity(owner).link(order, [ann], false)).toMatchObject({ kind: "linked" });
    await untilAtRest(...standings);
    for (const identityId of standings) {
      const before = await identity(identityId).describe();
      expect(before).not.toBeNull();
      await evictDurableObject(identity(identityId));
      expect(await identity(identityId).describe()).toEqual(before);
    }
    expect(await grant(guest, new Map(), anyCall())).toMatchObject({ kind: "granted" });
    expect(await grant(owner, new Map(), anyCall())).toEqual(refused("NotAuthorizedException"));
    expect(await grant(merged, new Map(), anyCall())).toEqual(refused("NotAuthorizedException"));
  });

  it("lives by its storage and by nothing that outlives an eviction", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    // Memory and disk are set at odds; the next life must go by the disk.
    await plant(identity(identityId), "identity", (record) => ({ ...Object(record), standing: { kind: "closed" } }));
    expect(await grant(identityId, new Map(), anyCall())).toMatchObject({ kind: "granted" });
    await evictDurableObject(identity(identityId));
    expect(await grant(identityId, new Map(), anyCall())).toEqual(refused("NotAuthorizedException"));
  });

  it.each([3, 0, undefined, "1"])(
    "refuses a record of the unknown version %s, and leaves it as it is",
    async (version) => {
      const identityId = await makeGuest(pool.identityPoolId);
      await untilAtRest(identityId);
      await plant(identity(identityId), "identity", (record) => ({ ...Object(record), version }));
      await evictDurableObject(identity(identityId));
      await expect(fail(grant(identityId, new Map(), anyCall()))).rejects.toThrow(/unknown version/);
      await expect(fail(identity(identityId).createGuest(identityId, pool.identityPoolId))).rejects.toThrow(
        /unknown version/,
      );
    },
  );
});

describe("IdentityObject: logins", () => {
  it("links a new login to a guest, and from then on gives a token for that login alone", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const granted = await grant(identityId, await signIn.logins("ann"), anyCall());
    expect(granted).toMatchObject({ kind: "granted", grant: { identityId, logins: [{ subject: "ann" }] } });
    await untilAtRest(identityId);
    const [held] = (await recordOf(identityId))?.logins ?? [];
    expect(await login(held?.loginId ?? "").view(held?.loginId ?? "")).toEqual({
      owner: { identityId, linkId: held?.linkId },
      holder: null,
    });
    expect(await grant(identityId, new Map(), anyCall())).toEqual(refused("NotAuthorizedException"));
    expect(await grant(identityId, await signIn.logins("bob"), anyCall())).toEqual(refused("NotAuthorizedException"));
    expect(await grant(identityId, await signIn.logins("ann"), anyCall())).toMatchObject({
      kind: "granted",
    });
  });

  it("invariant no-second-effect: twenty first sign-ins at once are one link", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const logins = await signIn.logins("ann");
    const replies = await Promise.all(Array.from({ length: 20 }, () => grant(identityId, logins, anyCall())));
    expect(replies.map(({ kind }) => kind)).toEqual(Array.from({ length: 20 }, () => "granted"));
    await untilAtRest(identityId);
    expect((await recordOf(identityId))?.logins).toHaveLength(1);
  });

  it("invariant one-claim: of two users who sign in to one guest at once, one wins and the other is refused", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const [ann, bob] = [await signIn.logins("ann"), await signIn.logins("bob")];
    const replies = await Promise.all([grant(identityId, ann, anyCall()), grant(identityId, bob, anyCall())]);
    expect(replies.map(({ kind }) => kind).toSorted()).toEqual(["granted", "refused"]);
    await untilAtRest(identityId);
    const record = await recordOf(identityId);
    const winner = replies[0].kind === "granted" ? "ann" : "bob";
    const won = await loginOf(pool.identityPoolId, signIn.providerName, winner);
    expect(record?.logins.map(({ loginId }) => loginId)).toEqual([won.loginId]);
    const loser = await loginOf(pool.identityPoolId, signIn.providerName, winner === "ann" ? "bob" : "ann");
    expect((await storedIn(login(loser.loginId))).entries).toEqual(new Map());
  });

  it("invariant one-owner: of two guests that one user signs in to at once, one has the login and says so to the other", async () => {
    const [one, two] = [await makeGuest(pool.identityPoolId), await makeGuest(pool.identityPoolId)];
    const logins = await signIn.logins("ann");
    const replies = await Promise.all([grant(one, logins, anyCall()), grant(two, logins, anyCall())]);
    const granted = replies.filter(({ kind }) => kind === "granted");
    expect(granted.length).toBeLessThanOrEqual(1);
    await untilAtRest(one, two);
    const owners = [await recordOf(one), await recordOf(two)].filter((record) => record?.logins.length === 1);
    expect(owners).toHaveLength(granted.length);
  });

  it("unlinks by a proof, frees the login, and stores nothing more for it", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const logins = await signIn.logins("ann");
    await grant(identityId, logins, anyCall());
    await untilAtRest(identityId);
    const { loginId } = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    expect(await identity(identityId).unlink(identityId, await signIn.logins("eve"), [signIn.providerName])).toEqual(
      refused("NotAuthorizedException"),
    );
    expect(await identity(identityId).unlink(identityId, logins, [signIn.providerName])).toMatchObject({
      kind: "done",
    });
    await untilAtRest(identityId);
    const { entries, alarm } = await storedIn(login(loginId));
    expect({ entries, alarm }).toEqual({ entries: new Map(), alarm: null });
    await evictDurableObject(identity(identityId));
    // Invariant no-way-back: an identity without a login is closed, never a guest again; and the retry of the same call is
    // answered alike.
    expect(await grant(identityId, new Map(), anyCall())).toEqual(refused("NotAuthorizedException"));
    expect(await identity(identityId).unlink(identityId, logins, [signIn.providerName])).toMatchObject({
      kind: "done",
    });
  });

  it("F15: an identity that is deleted while its login is verified mints nothing and links nothing", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const { promise, resolve } = Promise.withResolvers<void>();
    const issuer = `https://${signIn.providerName}`;
    const logins = await signIn.logins("ann");
    signIn.upstream.serve(`${issuer}/.well-known/openid-configuration`, async () => {
      await promise;
      return Response.json({ issuer, jwks_uri: `${issuer}/keys` });
    });
    const call = grant(identityId, logins, anyCall());
    await until(async () => {
      await identity(identityId).describe();
      return signIn.upstream.fetched.length > 0;
    });
    const trace = { identityPoolId: pool.identityPoolId };
    expect(await identity(identityId).remove(identityId, "*")).toEqual({ kind: "done", trace });
    resolve();
    expect(await call).toEqual(refused("ResourceNotFoundException"));
    expect((await recordOf(identityId))?.logins).toEqual([]);
  });
});

describe("IdentityObject: deletion", () => {
  it("leaves a tombstone that mints nothing and forgets nothing, and erases it after a day", async () => {
    const ann = await loginOf(pool.identityPoolId, "p", "ann");
    const identityId = await makeLinked(pool.identityPoolId, [ann]);
    expect(await identity(identityId).remove(identityId, ["us-east-1:other"])).toEqual(
      refused("AccessDeniedException"),
    );
    const trace = { identityPoolId: pool.identityPoolId };
    expect(await identity(identityId).remove(identityId, [pool.identityPoolId])).toEqual({ kind: "done", trace });
    expect(await identity(identityId).remove(identityId, "*")).toEqual({ kind: "done", trace });
    await untilAtRest(identityId);
    expect((await storedIn(login(ann.loginId))).entries).toEqual(new Map());
    await evictDurableObject(identity(identityId));
    expect(await identity(identityId).describe()).toBeNull();
    expect(await identity(identityId).createGuest(identityId, pool.identityPoolId)).toBe(false);

    // Early and twice: the tombstone stays, and its alarm with it.
    await runDurableObjectAlarm(identity(identityId));
    await runDurableObjectAlarm(identity(identityId));
    const kept = await storedIn(identity(identityId));
    expect(kept.entries.size).toBe(1);
    expect(kept.alarm ?? 0).toBeGreaterThan(Date.now());

    elapse(TOMBSTONE_SECONDS);
    expect(await runDurableObjectAlarm(identity(identityId))).toBe(true);
    const { entries, alarm } = await storedIn(identity(identityId));
    expect({ entries, alarm }).toEqual({ entries: new Map(), alarm: null });
    expect(await runDurableObjectAlarm(identity(identityId))).toBe(false);
  });
});

describe("IdentityObject: its alarm", () => {
  it("has nothing to do for an identity at rest, and writes nothing", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    await evictDurableObject(identity(identityId));
    const before = await recordOf(identityId);
    const noted = noteCalls();
    await runInDurableObject(identity(identityId), (instance) => instance.alarm());
    expect(noted).toEqual(["IdentityObject.alarm"]);
    expect(await recordOf(identityId)).toEqual(before);
    expect((await storedIn(identity(identityId))).alarm).toBeNull();
  });

  it("F7: run twice at once, beside a request and a day late, it delivers what is owed and no more", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const logins = await signIn.logins("ann");
    await grant(identityId, logins, anyCall());
    await untilAtRest(identityId);
    const { loginId } = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    await plant(identity(identityId), "identity", (record) => {
      return {
        ...Object(record),
        listing: "to-add",
        releases: [{ loginId: "f".repeat(64), linkId: "old", providerName: "p" }],
      };
    });
    await evictDurableObject(identity(identityId));
    elapse(86_400);
    const fresh = await signIn.logins("ann");
    const [, , granted] = await runInDurableObject(identity(identityId), (instance) =>
      Promise.all([instance.alarm(), instance.alarm(), instance.grant(identityId, fresh, anyCall())]),
    );
    expect(readGrantReply(granted)).toMatchObject({ kind: "granted" });
    await untilAtRest(identityId);
    expect((await storedIn(identity(identityId))).alarm).toBeNull();
    expect((await login(loginId).view(loginId)).owner).toMatchObject({ identityId });
  });

  it("aborts what a former life left preparing, and frees the login that it had reserved", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    const ann = await loginOf(pool.identityPoolId, "p", "ann");
    const ref = { transactionId: "left", coordinator: identityId };
    await login(ann.loginId).reserve({ kind: "reserve", ...ref, loginId: ann.loginId, absorbed: [] });
    const { amr: _, ...wanted } = ann;
    await plant(identity(identityId), "identity", (record) => {
      const transaction = {
        id: "left",
        phase: "preparing",
        startedAt: 0,
        wanted: [wanted],
        absorbed: [],
        unsettled: [],
      };
      return { ...Object(record), transaction };
    });
    await evictDurableObject(identity(identityId));
    expect(await grant(identityId, new Map(), anyCall())).toMatchObject({ kind: "granted" });
    await untilAtRest(identityId);
    expect((await storedIn(login(ann.loginId))).entries).toEqual(new Map());
    expect((await recordOf(identityId))?.standing).toEqual({ kind: "guest" });
  });

  it("asks the coordinator of a freeze that lasts too long, and is free again when that knows of none", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    const freeze = {
      kind: "freeze",
      transactionId: "gone",
      coordinator: newIdentityId(),
      identityId,
      identityPoolId: pool.identityPoolId,
      isGuest: true,
      loginIds: [],
    } as const;
    expect(await identity(identityId).freeze(freeze)).toMatchObject({ kind: "frozen" });
    expect(await grant(identityId, new Map(), anyCall())).toMatchObject({ kind: "busy" });
    await evictDurableObject(identity(identityId));
    expect(await grant(identityId, new Map(), anyCall())).toMatchObject({ kind: "busy" });
    elapse(PATIENCE_SECONDS);
    expect(await runDurableObjectAlarm(identity(identityId))).toBe(true);
    expect(await grant(identityId, new Map(), anyCall())).toMatchObject({ kind: "granted" });
  });
});

describe("IdentityObject: what the hot path costs", () => {
  it("a returning login: nobody is called, nothing written, fetched, armed or left running", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const logins = await signIn.logins("ann");
    await grant(identityId, logins, anyCall());
    await untilAtRest(identityId);
    const before = await storedIn(identity(identityId));
    const fetched = signIn.upstream.fetched.length;
    const noted = noteCalls();
    const timers = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "setInterval")];
    const tasks = await runInDurableObject(identity(identityId), async (instance, state) => {
      const waitUntil = vi.spyOn(state, "waitUntil");
      const reply = readGrantReply(await instance.grant(identityId, logins, anyCall()));
      expect(reply.kind).toBe("granted");
      return waitUntil.mock.calls.length;
    });
    expect(tasks).toBe(0);
    expect(timers.map((timer) => timer.mock.calls.length)).toEqual([0, 0]);
    expect(noted).toEqual(["IdentityObject.grant"]);
    expect(signIn.upstream.fetched).toHaveLength(fetched);
    expect(await storedIn(identity(identityId))).toEqual(before);
  });

  it("a returning login after an eviction: nothing is written but what is left of the identity's rate", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const logins = await signIn.logins("ann");
    await grant(identityId, logins, anyCall());
    await untilAtRest(identityId);
    await evictDurableObject(identity(identityId));
    expect(await grant(identityId, logins, anyCall())).toMatchObject({ kind: "granted" });
    const { rowsWritten, entries } = await storedIn(identity(identityId));
    expect(rowsWritten).toBeLessThanOrEqual(1);
    expect([...entries.keys()].filter((key) => key !== "bucket")).toEqual(["identity"]);
  });
});
