import { describe, expect, it } from "vitest";
import { describe as describeIdentity, developerUsersOf } from "../../../src/domain/identity.ts";
import type { VerifiedLogin } from "../../../src/domain/login.ts";
import { REPEAT_SECONDS } from "../../../src/domain/done-calls.ts";
import { unlinkDeveloperUser } from "../../../src/linking/removal.ts";
import { admit, commit, enlist, prepare } from "../../../src/linking/transaction.ts";
import { frozen, GUEST, id, linkedTo, login, NOW, orderOf, recordOf, transactionOf } from "./records.ts";

const developer = (loginId: string): VerifiedLogin => ({ ...login(loginId), isDeveloper: true });

/** A linked identity with developer users, and public logins. */
function withUsers(users: readonly string[], publicLogins: readonly string[] = []) {
  const record = linkedTo(...users, ...publicLogins);
  const logins = record.logins.map((held) =>
    users.includes(held.loginId) ? { ...held, subject: login(held.loginId).subject, isDeveloper: true as const } : held,
  );
  return { ...record, logins };
}

describe("developer users of one identity", () => {
  it("may be several, while a public provider has one user only (invariant one-user-of-a-provider)", () => {
    const record = withUsers(["d/1"], ["a/1"]);
    const order = { ...orderOf([]), logins: [login("a/1"), developer("d/2")] };
    expect(admit(record, order)).toEqual({ kind: "prepare", wanted: [developer("d/2")] });
    const second = { ...orderOf([]), logins: [developer("d/1"), login("a/2")] };
    expect(admit(record, second)).toEqual({ kind: "conflict", providerName: "a" });
  });

  it("count among the 20 logins that an identity may have", () => {
    const users = Array.from({ length: 19 }, (_, index) => `d/${index}`);
    const tooMany = { kind: "conflict", providerName: null };
    const order = (...added: VerifiedLogin[]) => ({ ...orderOf([]), logins: [developer("d/0"), ...added] });
    expect(admit(withUsers(users), order(login("a/1")))).toMatchObject({ kind: "prepare" });
    expect(admit(withUsers(users), order(login("a/1"), login("b/1")))).toEqual(tooMany);
    expect(admit(withUsers([...users, "d/19"]), order(developer("d/20")))).toEqual(tooMany);
    // A login that is presented again is no further one.
    expect(admit(withUsers([...users, "d/19"]), order())).toMatchObject({ kind: "nothing-to-do" });
  });

  it("are handed over as what they are when their identity is absorbed", () => {
    const transaction = transactionOf({ wanted: [developer("d/2")], absorbed: [id("b")] });
    const record = { ...withUsers(["d/1"]), transaction };
    const handedOver = withUsers(["d/2"], ["b/1"]).logins;
    const enlisted = enlist(record, transaction, handedOver, orderOf([]));
    expect(enlisted.conflict).toBeNull();
    const open = enlisted.record.transaction ?? transaction;
    const tickets = new Map(open.wanted.map(({ loginId }) => [loginId, "ticket"]));
    const committed = commit(enlisted.record, open, tickets, NOW);
    expect(committed.logins.map(({ loginId, isDeveloper }) => [loginId, isDeveloper])).toEqual([
      ["d/1", true],
      ["d/2", true],
      ["b/1", undefined],
    ]);
    expect(developerUsersOf(committed)).toEqual(["1", "2"]);
    expect(describeIdentity(committed).providerNames).toEqual(["b", "d"]);
  });

  it("are too many together when the absorbed identity brings more than there is room for", () => {
    const users = Array.from({ length: 12 }, (_, index) => `d/${index}`);
    const transaction = transactionOf({ wanted: [], absorbed: [id("b")] });
    const record = { ...withUsers(users), transaction };
    const others = (count: number) => withUsers(Array.from({ length: count }, (_, index) => `d/x${index}`)).logins;
    expect(enlist(record, transaction, others(8), orderOf([])).conflict).toBeNull();
    expect(enlist(record, transaction, others(9), orderOf([])).conflict).toMatchObject({ kind: "conflict" });
  });

  it("are not taken from an identity that has gained the pinned one since the caller looked (invariant no-theft)", () => {
    const transaction = transactionOf({ wanted: [developer("d/1")], absorbed: [id("b")] });
    const record = { ...linkedTo("a/1"), transaction };
    const handedOver = withUsers(["d/1"], ["b/1"]).logins;
    expect(enlist(record, transaction, handedOver, orderOf([], { pinned: "d/1" }))).toEqual({
      record,
      conflict: { kind: "stale" },
    });
    // Without a pin, or with another user pinned, it is a merge as any other.
    expect(enlist(record, transaction, handedOver, orderOf([])).conflict).toBeNull();
    expect(enlist(record, transaction, handedOver, orderOf([], { pinned: "d/2" })).conflict).toBeNull();
  });

  it("a login that a guest is born with stays a developer's", () => {
    const order = { ...orderOf([]), logins: [developer("d/1")] };
    const prepared = prepare(GUEST, order, "t1", order.logins, NOW);
    const transaction = prepared.transaction ?? transactionOf();
    const { logins, standing } = commit(prepared, transaction, new Map([["d/1", "ticket"]]), NOW);
    expect([standing.kind, logins[0]?.isDeveloper]).toEqual(["linked", true]);
  });
});

describe("unlinkDeveloperUser", () => {
  it("takes just the one user, and owes its login's object the news", () => {
    const record = withUsers(["d/1", "d/2"], ["a/1"]);
    const result = unlinkDeveloperUser(record, "d/1", NOW);
    expect(result).toMatchObject({ standing: { kind: "linked" }, releases: [{ loginId: "d/1" }] });
    expect("logins" in result && result.logins.map(({ loginId }) => loginId)).toEqual(["d/2", "a/1"]);
  });

  it("closes an identity that has no login left", () => {
    expect(unlinkDeveloperUser(withUsers(["d/1"]), "d/1", NOW)).toMatchObject({ standing: { kind: "closed" } });
  });

  it("takes no public login, and no user of another identity", () => {
    const record = withUsers(["d/1"], ["a/1"]);
    expect(unlinkDeveloperUser(record, "a/1", NOW)).toEqual({ kind: "stale" });
    expect(unlinkDeveloperUser(record, "d/2", NOW)).toEqual({ kind: "stale" });
    expect(unlinkDeveloperUser(GUEST, "d/1", NOW)).toEqual({ kind: "stale" });
  });

  it("answers a repeat of the call as the first one, and only for a while", () => {
    const closed = recordOf({ kind: "closed" }, [], { unlinked: [{ loginId: "d/1", at: NOW }] });
    expect(unlinkDeveloperUser(closed, "d/1", NOW + REPEAT_SECONDS)).toBe(closed);
    expect(unlinkDeveloperUser(closed, "d/1", NOW + REPEAT_SECONDS + 1)).toEqual({ kind: "stale" });
  });

  it("waits for a transaction and for a freeze", () => {
    const record = withUsers(["d/1"]);
    expect(unlinkDeveloperUser({ ...record, transaction: transactionOf() }, "d/1", NOW)).toEqual({ kind: "busy" });
    expect(unlinkDeveloperUser(frozen(record), "d/1", NOW)).toMatchObject({
      kind: "busy",
      holder: { transactionId: "t9" },
    });
  });
});
