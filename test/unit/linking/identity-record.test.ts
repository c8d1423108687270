/** What a record owes to others, when its alarm must come, and when nothing of it need be kept. */
import { describe, expect, it } from "vitest";
import { REPEAT_SECONDS } from "../../../src/domain/done-calls.ts";
import { backoffSeconds } from "../../../src/domain/backoff.ts";
import {
  durablePart,
  type IdentityRecord,
  isAtRest,
  isErasable,
  mergedDuring,
  outbox,
  TOMBSTONE_SECONDS,
  wakeAt,
  wasUnlinked,
} from "../../../src/linking/identity-record.ts";
import {
  CLOSED,
  DELETED,
  frozen,
  GUEST,
  id,
  linked,
  linkedTo,
  MERGED,
  NOW,
  POOL,
  recordOf,
  transactionOf,
} from "./records.ts";

const unsettled = [{ kind: "login", loginId: "a/1", ticket: "k1" }] as const;
const PREPARING = { ...GUEST, transaction: transactionOf() };
const COMMITTED = { ...linkedTo("a/1"), transaction: transactionOf({ phase: "committed", unsettled }) };
const UNBORN = recordOf({ kind: "unborn" }, [], { listing: "unlisted" });

describe("the outbox", () => {
  it.each<[string, IdentityRecord, readonly string[]]>([
    ["owes nothing at rest", linkedTo("a/1"), []],
    ["owes nothing while a transaction prepares: there is no outcome yet", PREPARING, []],
    ["owes a settlement to each participant that has not heard", COMMITTED, ["settle"]],
    [
      "owes each release until the login has heard",
      { ...CLOSED, releases: [linked("a/1"), linked("b/1")] },
      ["release", "release"],
    ],
    ["owes the directory a new identity", { ...GUEST, listing: "to-add" }, ["update-listing"]],
    ["owes the directory the end of one", { ...DELETED, listing: "to-remove" }, ["update-listing"]],
  ])("%s", (_, record, kinds) => {
    expect(outbox(record).map((message) => message.kind)).toEqual(kinds);
  });

  it("tells the pool's list of a login that stays settled, and of a source's identity that it is one", () => {
    const release = { kind: "release", loginId: "a/1", identityId: id("a"), linkId: "t0" };
    expect(outbox({ ...CLOSED, releases: [{ ...linked("a/1"), remember: true }] })).toEqual([
      { ...release, remember: true, freed: { identityPoolId: POOL, providerName: "a" } },
    ]);
    const listing = (record: IdentityRecord) => outbox({ ...record, listing: "to-add", origin: "source" });
    expect(listing(GUEST)).toMatchObject([{ kind: "update-listing", origin: "adopted-guest" }]);
    expect(listing(linkedTo("a/1"))).toMatchObject([{ kind: "update-listing", origin: "adopted" }]);
    expect(outbox({ ...GUEST, listing: "to-add" })[0]).not.toHaveProperty("origin");
  });

  it("names the link that a release ends, and the ticket that a settlement is for", () => {
    expect(outbox({ ...CLOSED, releases: [linked("a/1", "t7")] })).toEqual([
      { kind: "release", loginId: "a/1", identityId: id("a"), linkId: "t7" },
    ]);
    const [participant] = unsettled;
    const settle = { kind: "settle", transactionId: "t1", coordinator: id("a"), participant };
    expect(outbox(COMMITTED)).toEqual([{ ...settle, outcome: "committed", decidedAt: COMMITTED.modifiedAt }]);
  });
});

/** When an alarm comes that is set now for the first time. */
const FIRST_ALARM = NOW + backoffSeconds(0, id("a"));

describe("what is stored", () => {
  it.each<[string, IdentityRecord, IdentityRecord | null]>([
    ["a record without a transaction as it is", GUEST, GUEST],
    ["a commit as it is", COMMITTED, COMMITTED],
    ["nothing of a transaction that prepares", { ...GUEST, transaction: transactionOf() }, GUEST],
    [
      "nothing of one that was aborted",
      { ...GUEST, transaction: transactionOf({ phase: "aborted", unsettled }) },
      GUEST,
    ],
    ["nothing of a birth before its commit", { ...UNBORN, transaction: transactionOf() }, null],
  ])("is %s", (_, record, stored) => {
    expect(durablePart(record)).toEqual(stored);
  });
});

describe("rest, alarm and erasure", () => {
  it.each<[string, IdentityRecord, boolean, number | null, boolean]>([
    ["a linked identity rests without an alarm", linkedTo("a/1"), true, null, false],
    ["a guest is kept for ever", GUEST, true, null, false],
    ["a merged identity is kept, so that its id is not used again", MERGED, true, null, false],
    ["a closed identity is kept, so that its id is not used again", CLOSED, true, null, false],
    ["a transaction that prepares is looked after", PREPARING, false, FIRST_ALARM, false],
    ["a transaction that settles is looked after", COMMITTED, false, FIRST_ALARM, false],
    ["a frozen identity is looked after", frozen(linkedTo("a/1")), false, FIRST_ALARM, false],
    ["a release that is owed is looked after", { ...DELETED, releases: [linked("a/1")] }, false, FIRST_ALARM, false],
    ["a tombstone waits for its end", DELETED, true, NOW + TOMBSTONE_SECONDS, false],
    ["a birth that failed leaves nothing", UNBORN, true, null, true],
    [
      "a birth that still settles is kept",
      { ...UNBORN, transaction: transactionOf({ phase: "aborted", unsettled }) },
      false,
      FIRST_ALARM,
      false,
    ],
  ])("%s", (_, record, rests, alarm, erasable) => {
    expect(isAtRest(record)).toBe(rests);
    expect(wakeAt(record, NOW)).toBe(alarm);
    expect(isErasable(record, NOW)).toBe(erasable);
  });

  it("wakes the less often the longer something has been pending, from the last change or the freeze on", () => {
    const owing = { ...DELETED, releases: [linked("a/1")] };
    expect(wakeAt(owing, NOW + 600)).toBe(NOW + 600 + backoffSeconds(600, id("a")));
    const stands = frozen({ ...linkedTo("a/1"), modifiedAt: 0 });
    expect(wakeAt(stands, NOW)).toBe(FIRST_ALARM);
  });

  it("erases a tombstone when its time is over, and not while it owes a release", () => {
    expect(isErasable(DELETED, NOW + TOMBSTONE_SECONDS - 1)).toBe(false);
    expect(isErasable(DELETED, NOW + TOMBSTONE_SECONDS)).toBe(true);
    expect(isErasable({ ...DELETED, releases: [linked("a/1")] }, NOW + TOMBSTONE_SECONDS)).toBe(false);
  });
});

describe("the memory of what was unlinked", () => {
  const record = { ...CLOSED, unlinked: [{ loginId: "a/1", at: NOW }] };

  it("speaks for the login that was unlinked, for as long as a retry may come", () => {
    expect(wasUnlinked(record, "a/1", NOW + REPEAT_SECONDS)).toBe(true);
    expect(wasUnlinked(record, "a/1", NOW + REPEAT_SECONDS + 1)).toBe(false);
  });

  it("does not speak for any other login", () => {
    expect(wasUnlinked(record, "a/2", NOW)).toBe(false);
  });
});

describe("a call that names a merged identity", () => {
  const into = id("b");
  const merged: IdentityRecord = { ...MERGED, standing: { kind: "merged", into, by: "call-1" }, modifiedAt: NOW };

  it.each([
    ["came in before the merge", { askedAt: NOW - 0.001, callId: null }, into],
    ["came in with the merge or after it", { askedAt: NOW, callId: null }, null],
    ["repeats the call that asked for the merge", { askedAt: NOW + 5, callId: "call-1" }, into],
    ["is another call", { askedAt: NOW + 5, callId: "call-2" }, null],
  ])("that %s", (_, call, expected) => {
    expect(mergedDuring(merged, call)).toBe(expected);
  });

  it("goes nowhere when no call is known to have asked for the merge, or nothing was merged", () => {
    expect(mergedDuring({ ...MERGED, modifiedAt: NOW }, { askedAt: NOW, callId: null })).toBeNull();
    expect(mergedDuring(GUEST, { askedAt: 0, callId: null })).toBeNull();
  });
});
