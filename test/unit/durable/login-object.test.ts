import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { backoffSeconds } from "../../../src/domain/backoff.ts";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import { PATIENCE_SECONDS } from "../../../src/linking/identity-record.ts";
import type { Outcome } from "../../../src/linking/messages.ts";
import { IdentityObject } from "../../../src/worker.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { dieInNext, newIdentityId, noteCalls, NOTHING_STORED, plant, storedIn } from "../../support/objects.ts";

let loginId: string;
let owner: IdentityId;

/** Awaited here: a promise of an RPC is also a stub, which `expect` cannot tell from a value. */
const settled = async (call: Promise<unknown>) => await call;
const stub = () => env.LOGIN.getByName(loginId);
const view = () => stub().view(loginId);
const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

const reserve = (transactionId: string, coordinator: IdentityId, absorbed: readonly IdentityId[] = []) =>
  stub().reserve({ kind: "reserve", transactionId, coordinator, loginId, absorbed });

const settle = (transactionId: string, coordinator: IdentityId, ticket: string | null, outcome: Outcome) => {
  const participant = { kind: "login", loginId, ticket } as const;
  return stub().settle({ kind: "settle", transactionId, coordinator, participant, outcome });
};

const release = (identityId: IdentityId, linkId: string) =>
  stub().release({ kind: "release", loginId, identityId, linkId });

/** The ticket of a reservation that was given. */
async function ticketFor(
  transactionId: string,
  coordinator: IdentityId,
  absorbed: readonly IdentityId[] = [],
): Promise<string> {
  const reply = await reserve(transactionId, coordinator, absorbed);
  if (reply.kind !== "reserved") throw new Error(`not reserved: ${reply.kind}`);
  return reply.ticket;
}

async function own(identityId: IdentityId, linkId: string): Promise<void> {
  await settle(linkId, identityId, await ticketFor(linkId, identityId), "committed");
}

/** A free login stores nothing: no value, and nobody who would wake for it. */
async function expectFree(): Promise<void> {
  const { entries, alarm } = await storedIn(stub());
  expect({ entries, alarm }).toEqual({ entries: new Map(), alarm: null });
  await evictDurableObject(stub());
  expect(await view()).toEqual({ owner: null, holder: null });
}

anHourAhead();

beforeEach(() => {
  loginId = `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll("-", "");
  owner = newIdentityId();
});

describe("LoginObject: a login that nobody has", () => {
  it("T38: stores nothing when it is looked at, let go or settled, and calls nobody", async () => {
    const noted = noteCalls();
    expect(await view()).toEqual({ owner: null, holder: null });
    await release(owner, "link");
    await settle("link", owner, "ticket", "committed");
    await settle("link", owner, null, "aborted");
    await runInDurableObject(stub(), (instance) => instance.alarm());
    expect(noted.every((call) => call.startsWith("LoginObject."))).toBe(true);
    expect(await storedIn(stub())).toEqual(NOTHING_STORED);
  });
});

describe("LoginObject: reservations", () => {
  it("belongs to one transaction at a time, and tells the others whom to ask, before an eviction and after", async () => {
    const ticket = await ticketFor("one", owner);
    const holder = { transactionId: "one", coordinator: owner, participant: { kind: "login", loginId, ticket } };
    for (const _ of ["this life", "the next"]) {
      expect(await reserve("two", newIdentityId())).toEqual({ kind: "busy", holder });
      expect(await view()).toEqual({ owner: null, holder });
      await evictDurableObject(stub());
    }
    expect(await reserve("one", owner)).toEqual({ kind: "reserved", ticket });
  });

  it("of twenty transactions at once, one has it", async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => reserve(`t${index}`, newIdentityId())));
    expect(replies.filter(({ kind }) => kind === "reserved")).toHaveLength(1);
    expect(replies.filter(({ kind }) => kind === "busy")).toHaveLength(19);
  });

  it("is free again and stores nothing when the transaction is aborted", async () => {
    const ticket = await ticketFor("one", owner);
    await settle("one", owner, ticket, "aborted");
    await expectFree();
  });

  it("is the coordinator's when the transaction commits, in this life and in the next", async () => {
    await own(owner, "one");
    const owned = { owner: { identityId: owner, linkId: "one" }, holder: null };
    expect(await view()).toEqual(owned);
    expect((await storedIn(stub())).alarm).toBeNull();
    await evictDurableObject(stub());
    expect(await view()).toEqual(owned);
    expect(await reserve("two", newIdentityId())).toEqual({ kind: "owned", owner, linkId: "one" });
  });

  it("passes to one who absorbs its owner, and stays with the owner when that is called off", async () => {
    await own(owner, "one");
    const heir = newIdentityId();
    await settle("two", heir, await ticketFor("two", heir, [owner]), "aborted");
    expect((await view()).owner).toEqual({ identityId: owner, linkId: "one" });
    await settle("three", heir, await ticketFor("three", heir, [owner]), "committed");
    expect((await view()).owner).toEqual({ identityId: heir, linkId: "three" });
  });

  it.each([
    ["of another transaction", "other", true],
    ["of another reservation of the same transaction", "one", false],
  ])("a settlement %s changes nothing", async (_, transactionId, hasTicket) => {
    const ticket = await ticketFor("one", owner);
    const before = await view();
    await settle(transactionId, owner, hasTicket ? ticket : "another", "committed");
    expect(await view()).toEqual(before);
  });

  it("a commit is not believed without the ticket that it rests on", async () => {
    await ticketFor("one", owner);
    await settle("one", owner, null, "committed");
    expect((await view()).owner).toBeNull();
  });
});

describe("LoginObject: releases", () => {
  it("ends the link that it names, and then stores nothing", async () => {
    await own(owner, "one");
    await release(owner, "one");
    await expectFree();
    await release(owner, "one");
    await expectFree();
  });

  it.each([
    ["another link of the owner", () => owner, "older"],
    ["a link of somebody else", () => newIdentityId(), "one"],
  ])("never ends %s", async (_, identityId, linkId) => {
    await own(owner, "one");
    await release(identityId(), linkId);
    await evictDurableObject(stub());
    expect((await view()).owner).toEqual({ identityId: owner, linkId: "one" });
  });

  it("F14: one that comes during a reservation lets go of the owner and keeps the reservation", async () => {
    await own(owner, "one");
    const ticket = await ticketFor("two", owner);
    await release(owner, "one");
    expect(await view()).toMatchObject({ owner: null, holder: { transactionId: "two" } });
    await settle("two", owner, ticket, "committed");
    expect((await view()).owner).toEqual({ identityId: owner, linkId: "two" });
  });
});

/** In some ten seconds: not all logins ask at the same moment. */
function expectAlarmSoon(alarm: number | null): void {
  expect(alarm).toBeCloseTo(Date.now() + backoffSeconds(0, loginId) * 1000, -1);
}

describe("LoginObject: its alarm", () => {
  it("frees a login whose coordinator knows of no transaction: early, late and twice at once", async () => {
    await ticketFor("gone", owner);
    expectAlarmSoon((await storedIn(stub())).alarm);
    elapse(86_400);
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    await expectFree();
    expect(await runDurableObjectAlarm(stub())).toBe(false);

    await ticketFor("gone too", owner);
    await runInDurableObject(stub(), (instance) => Promise.all([instance.alarm(), instance.alarm()]));
    await expectFree();
    expect(await storedIn(env.IDENTITY.getByName(owner))).toEqual(NOTHING_STORED);
  });

  it("run beside a new reservation, frees the old one and never the new", async () => {
    await ticketFor("gone", owner);
    const other = newIdentityId();
    const message = { kind: "reserve", transactionId: "new", coordinator: other, loginId, absorbed: [] } as const;
    const replies = await runInDurableObject(stub(), async (instance) => {
      const alarm = instance.alarm();
      const during = await instance.reserve(message);
      await alarm;
      return [during.kind, (await instance.reserve(message)).kind];
    });
    expect(replies.at(1)).toBe("reserved");
    expect(await view()).toMatchObject({ owner: null, holder: { transactionId: "new", coordinator: other } });
    expect((await storedIn(stub())).alarm).not.toBeNull();
  });

  it("never throws and comes back as long as the coordinator cannot be reached", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    await ticketFor("gone", owner);
    elapse(PATIENCE_SECONDS);
    dieInNext(IdentityObject.prototype, "outcome", "before");
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(logged).toHaveBeenCalledOnce();
    const { alarm } = await storedIn(stub());
    expectAlarmSoon(alarm);
    expect((await view()).holder).not.toBeNull();
    await evictDurableObject(stub());
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    await expectFree();
  });

  it("writes nothing when the settlement came first", async () => {
    await own(owner, "one");
    const before = await storedIn(stub());
    await runInDurableObject(stub(), (instance) => instance.alarm());
    expect(await storedIn(stub())).toEqual(before);
  });
});

describe("LoginObject: where its state lives", () => {
  it("in storage, and not in memory that outlives an eviction", async () => {
    await own(owner, "one");
    const other = newIdentityId();
    await plant(stub(), "login", (stored) => ({ ...Object(stored), owner: { identityId: other, linkId: "planted" } }));
    expect((await view()).owner?.identityId).toBe(owner);
    await evictDurableObject(stub());
    expect((await view()).owner).toEqual({ identityId: other, linkId: "planted" });
  });

  it.each([3, undefined])(
    "refuses a record of the unknown version %s, rather than call the login free",
    async (version) => {
      await own(owner, "one");
      await plant(stub(), "login", (stored) => ({ ...Object(stored), version }));
      await evictDurableObject(stub());
      await expect(settled(view())).rejects.toThrow(/unknown version/);
      await expect(settled(reserve("two", newIdentityId()))).rejects.toThrow(/unknown version/);
    },
  );

  it("T46: holds no subject, only the hash that names it", async () => {
    await own(owner, "one");
    const { entries } = await storedIn(stub());
    expect(Object.keys(Object(entries.get("login"))).toSorted()).toEqual([
      "loginId",
      "owner",
      "reservation",
      "version",
    ]);
  });
});
