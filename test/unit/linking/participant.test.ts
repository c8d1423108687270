/** The login's side of the link transaction: each message beside its repeated, late or foreign twin. */
import { describe, expect, it } from "vitest";
import type { Release, Reserve, Settle } from "../../../src/linking/messages.ts";
import {
  FREE,
  holderOf,
  isBlank,
  type LoginState,
  release,
  reserve,
  settle,
  viewOf,
} from "../../../src/linking/participant.ts";
import { id, NOW } from "./records.ts";

const A = id("a");
const B = id("b");
const OWNED_BY_A: LoginState = { owner: { identityId: A, linkId: "t0" }, reservation: null };

function reservedBy(coordinator = A, owner: LoginState["owner"] = null): LoginState {
  return { owner, reservation: { transactionId: "t1", coordinator, ticket: "k1" } };
}

function reserveFor(coordinator = A, changes: Partial<Reserve> = {}): Reserve {
  return { kind: "reserve", transactionId: "t1", coordinator, loginId: "a/1", absorbed: [], ...changes };
}

function settlement(outcome: Settle["outcome"], ticket: string | null, transactionId = "t1"): Omit<Settle, "kind"> {
  return { transactionId, coordinator: A, outcome, participant: { kind: "login", loginId: "a/1", ticket } };
}

describe("reserve", () => {
  it.each<[string, LoginState, Reserve, LoginState, string]>([
    [
      "takes a free login",
      FREE,
      reserveFor(),
      { owner: null, reservation: { transactionId: "t1", coordinator: A, ticket: "new", since: NOW } },
      "reserved",
    ],
    [
      "takes a login that the coordinator owns",
      OWNED_BY_A,
      reserveFor(A),
      { ...OWNED_BY_A, reservation: { transactionId: "t1", coordinator: A, ticket: "new", since: NOW } },
      "reserved",
    ],
    [
      "takes a login that the absorbed identity owns",
      OWNED_BY_A,
      reserveFor(B, { absorbed: [A] }),
      { ...OWNED_BY_A, reservation: { transactionId: "t1", coordinator: B, ticket: "new", since: NOW } },
      "reserved",
    ],
    ["says who owns a login of another identity", OWNED_BY_A, reserveFor(B), OWNED_BY_A, "owned"],
    [
      "says who owns it when it is not the owner that is absorbed",
      OWNED_BY_A,
      reserveFor(B, { absorbed: [id("c")] }),
      OWNED_BY_A,
      "owned",
    ],
    ["repeats its answer to the transaction that holds it", reservedBy(), reserveFor(), reservedBy(), "reserved"],
    [
      "refuses a second transaction, even of the same coordinator",
      reservedBy(),
      reserveFor(A, { transactionId: "t2" }),
      reservedBy(),
      "busy",
    ],
  ])("%s", (_, before, message, after, kind) => {
    const { state, reply } = reserve(before, message, "new", NOW);
    expect(state).toEqual(after);
    expect(reply.kind).toBe(kind);
  });

  it("answers a repeat with the ticket of the standing reservation", () => {
    expect(reserve(reservedBy(), reserveFor(), "new", NOW).reply).toEqual({ kind: "reserved", ticket: "k1" });
  });

  it("names the holder, and the ticket by which its coordinator judges", () => {
    const { reply } = reserve(reservedBy(B), reserveFor(A, { transactionId: "t2" }), "new", NOW);
    const participant = { kind: "login", loginId: "a/1", ticket: "k1" };
    expect(reply).toEqual({ kind: "busy", holder: { transactionId: "t1", coordinator: B, participant } });
    expect(holderOf(FREE, "a/1")).toBe(null);
  });
});

describe("settle", () => {
  const owned = { identityId: B, linkId: "t0" };

  it.each<[string, LoginState, Omit<Settle, "kind">, LoginState]>([
    [
      "makes the coordinator the owner by this link",
      reservedBy(),
      settlement("committed", "k1"),
      { owner: { identityId: A, linkId: "t1" }, reservation: null },
    ],
    [
      "takes the login from the absorbed owner",
      reservedBy(A, owned),
      settlement("committed", "k1"),
      { owner: { identityId: A, linkId: "t1" }, reservation: null },
    ],
    ["frees the login again after an abort", reservedBy(), settlement("aborted", null), FREE],
    [
      "leaves the old owner after an abort",
      reservedBy(A, owned),
      settlement("aborted", null),
      { owner: owned, reservation: null },
    ],
    ["changes nothing for another transaction", reservedBy(), settlement("committed", "k1", "t2"), reservedBy()],
    ["changes nothing where nothing is reserved", OWNED_BY_A, settlement("committed", "k1"), OWNED_BY_A],
    [
      "does not commit a reservation that a repeated message made",
      reservedBy(),
      settlement("committed", "k0"),
      reservedBy(),
    ],
    ["does not commit without a ticket", reservedBy(), settlement("committed", null), reservedBy()],
    [
      "does not undo a reservation for the sake of another one's ticket",
      reservedBy(),
      settlement("aborted", "k0"),
      reservedBy(),
    ],
  ])("%s", (_, before, message, after) => {
    expect(settle(before, message)).toEqual(after);
  });

  it("is not meant by the settlement of an identity", () => {
    const message = { ...settlement("aborted", null), participant: { kind: "identity", identityId: A } as const };
    expect(settle(reservedBy(), message)).toEqual(reservedBy());
  });
});

describe("release", () => {
  const message: Release = { kind: "release", loginId: "a/1", identityId: A, linkId: "t0" };

  it.each<[string, LoginState, LoginState]>([
    ["frees the login of the link that it names", OWNED_BY_A, FREE],
    [
      "keeps a reservation that another has made since",
      { ...OWNED_BY_A, reservation: reservedBy(B).reservation },
      reservedBy(B),
    ],
    [
      "never undoes a later link of the same identity",
      { ...OWNED_BY_A, owner: { identityId: A, linkId: "t5" } },
      { ...OWNED_BY_A, owner: { identityId: A, linkId: "t5" } },
    ],
    [
      "never undoes another identity's link",
      { ...OWNED_BY_A, owner: { identityId: B, linkId: "t0" } },
      { ...OWNED_BY_A, owner: { identityId: B, linkId: "t0" } },
    ],
    ["changes nothing when it is repeated", FREE, FREE],
  ])("%s", (_, before, after) => {
    expect(release(before, message)).toEqual(after);
  });

  it("leaves nothing to store of a login that is free", () => {
    expect(isBlank(release(OWNED_BY_A, message))).toBe(true);
    expect(isBlank(OWNED_BY_A)).toBe(false);
    expect(isBlank(reservedBy())).toBe(false);
  });
});

describe("a login of a pool that has or had a source (invariant asked-once)", () => {
  const remember = { remember: true } as const;
  const reserved = () => reserve(FREE, reserveFor(A, remember), "k1", NOW).state;

  it("is settled once it is somebody's, and not while it is only reserved", () => {
    expect(viewOf(reserved(), "a/1").isSettled).toBeUndefined();
    const owned = settle(reserved(), settlement("committed", "k1"));
    expect(viewOf(owned, "a/1")).toMatchObject({ owner: { identityId: A }, isSettled: true });
  });

  it("is nothing that is kept after an abort", () => {
    expect(isBlank(settle(reserved(), settlement("aborted", null)))).toBe(true);
  });

  it("stays settled when it is free again, also by a link and a release that do not say so", () => {
    const owned = settle(reserved(), settlement("committed", "k1"));
    const free = release(owned, { kind: "release", loginId: "a/1", identityId: A, linkId: "t1" });
    expect(free).toEqual({ owner: null, reservation: null, settled: true });
    const again = settle(
      reserve(free, reserveFor(B, { transactionId: "t2" }), "k2", NOW).state,
      settlement("committed", "k2", "t2"),
    );
    expect(viewOf(again, "a/1").isSettled).toBe(true);
  });

  it("is settled by its release, where it was linked before the pool had a source", () => {
    const message: Release = { kind: "release", loginId: "a/1", identityId: A, linkId: "t0", ...remember };
    expect(release(OWNED_BY_A, message)).toEqual({ owner: null, reservation: null, settled: true });
    // That it was somebody's is true whenever the message comes, also for the second time.
    const ofB: LoginState = { owner: { identityId: B, linkId: "t5" }, reservation: null };
    expect(release(ofB, message)).toEqual({ ...ofB, settled: true });
  });
});
