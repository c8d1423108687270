/** The identity's side of the link transaction as tables of `record, input -> record, reply`. */
import { describe, expect, it } from "vitest";
import { REPEAT_SECONDS } from "../../../src/domain/done-calls.ts";
import { MAX_LINKED_LOGINS } from "../../../src/domain/login.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import type { AskOutcome, Freeze, Participant } from "../../../src/linking/messages.ts";
import type { LinkOrder } from "../../../src/linking/link-order.ts";
import {
  abort,
  admit,
  commit,
  enlist,
  outcomeOf,
  prepare,
  preparing,
  recover,
  heard,
  ticketsOf,
} from "../../../src/linking/transaction.ts";
import { freeze, thaw } from "../../../src/linking/absorption.ts";
import { remove, unlink } from "../../../src/linking/removal.ts";
import {
  CLOSED,
  DELETED,
  frozen,
  GUEST,
  id,
  linked,
  linkedTo,
  login,
  MERGED,
  NOW,
  orderOf,
  OTHER_POOL,
  recordOf,
  stored,
  transactionOf,
} from "./records.ts";

const B = id("b");
const PREPARING = { ...linkedTo("b/1"), transaction: transactionOf({ absorbed: [B] }) };
const TICKETS = new Map([["a/1", "k1"]]);
const COMMITTED = commit(PREPARING, transactionOf({ absorbed: [B] }), TICKETS, NOW + 1);
const LOGIN: Participant = { kind: "login", loginId: "a/1", ticket: "k1" };
const VICTIM: Participant = { kind: "identity", identityId: B };

describe("admit", () => {
  const twenty = Array.from({ length: MAX_LINKED_LOGINS }, (_, index) => `p${index}/1`);

  it.each<[string, IdentityRecord | null, LinkOrder, string]>([
    ["prepares a birth where nothing is", null, orderOf(["a/1"], { isBirth: true }), "prepare"],
    [
      "refuses a birth under an id that is used (invariant fresh-ids)",
      GUEST,
      orderOf(["a/1"], { isBirth: true }),
      "not-found",
    ],
    ["refuses a birth under an id that is deleted", DELETED, orderOf(["a/1"], { isBirth: true }), "not-found"],
    ["does not find an identity that is not there", null, orderOf(["a/1"]), "not-found"],
    ["does not find an identity that is deleted", DELETED, orderOf(["a/1"]), "not-found"],
    [
      "does not find an identity of another pool (T37)",
      GUEST,
      orderOf(["a/1"], { identityPoolId: OTHER_POOL }),
      "not-found",
    ],
    ["does not find one that is not born yet", recordOf({ kind: "unborn" }), orderOf(["a/1"]), "not-found"],
    ["links a first login to a guest", GUEST, orderOf(["a/1"]), "prepare"],
    ["lets no guest absorb anybody", GUEST, orderOf(["a/1"], { absorb: [B] }), "stale"],
    ["adds a login with the proof of one that is held", linkedTo("a/1"), orderOf(["a/1", "b/1"]), "prepare"],
    ["adds nothing without such a proof (T32, invariant no-gift)", linkedTo("a/1"), orderOf(["b/1"]), "stale"],
    ["takes another user of the same provider for no proof", linkedTo("a/1"), orderOf(["a/2"]), "stale"],
    ["refuses a second user of a provider (T41)", linkedTo("a/1", "b/1"), orderOf(["b/1", "a/2"]), "conflict"],
    ["has nothing to do when all is linked", linkedTo("a/1", "b/1"), orderOf(["a/1"]), "nothing-to-do"],
    ["absorbs even when all its own logins are linked", linkedTo("a/1"), orderOf(["a/1"], { absorb: [B] }), "prepare"],
    ["takes a twentieth login", linkedTo(...twenty.slice(1)), orderOf(["p1/1", "a/1"]), "prepare"],
    ["refuses a twenty-first", linkedTo(...twenty), orderOf(["p1/1", "a/1"]), "conflict"],
    ["is busy while another transaction is open", PREPARING, orderOf(["b/1", "c/1"]), "busy"],
    ["answers for what is linked even so", PREPARING, orderOf(["b/1"]), "nothing-to-do"],
    ["is busy while it is frozen, even for what it holds", frozen(linkedTo("a/1")), orderOf(["a/1"]), "busy"],
    ["refuses a merged identity", MERGED, orderOf(["a/1"]), "forbidden"],
    ["refuses a closed identity", CLOSED, orderOf(["a/1"]), "forbidden"],
  ])("%s", (_, record, order, kind) => {
    expect(admit(record, order).kind).toBe(kind);
  });

  it("wants only the logins that it does not hold", () => {
    expect(admit(linkedTo("a/1"), orderOf(["a/1", "b/1"]))).toEqual({ kind: "prepare", wanted: [login("b/1")] });
  });
});

describe("prepare, enlist, commit", () => {
  it("stores all that recovery needs, and changes nothing that callers see", () => {
    const prepared = prepare(GUEST, orderOf(["a/1"], { absorb: [B] }), "t1", [login("a/1")], NOW);
    expect(prepared).toEqual({ ...GUEST, transaction: transactionOf({ wanted: [stored("a/1")], absorbed: [B] }) });
    expect(preparing(prepared, "t1")).toEqual(prepared.transaction);
    expect(preparing(prepared, "t2")).toBe(null);
    expect(preparing(abort(prepared, transactionOf()), "t1")).toBe(null);
  });

  it("T46: stores a subject for a developer's user alone, whom the operations must name, and an amr for nobody", () => {
    const ofDeveloper = { ...login("d/2"), isDeveloper: true } as const;
    const logins = [login("a/1"), ofDeveloper];
    const prepared = prepare(GUEST, { ...orderOf([]), logins }, "t1", logins, NOW);
    const kept = [stored("a/1"), { ...stored("d/2"), subject: "2", isDeveloper: true }];
    expect(prepared.transaction?.wanted).toEqual(kept);
    const committed = commit(prepared, transactionOf({ wanted: logins }), new Map(), NOW);
    expect(committed.logins).toEqual(kept.map((one) => ({ ...one, linkId: "t1", linkedAt: NOW })));
    // What an earlier version had stored of a login that is handed over is not handed on.
    const handedOver = { ...linked("c/1"), subject: "1" };
    const enlisted = enlist(prepared, transactionOf({ wanted: [] }), [handedOver], orderOf([])).record;
    expect(enlisted.transaction?.wanted).toEqual([stored("c/1")]);
  });

  it("makes an identity that nobody can see yet when it is to be born", () => {
    const prepared = prepare(null, orderOf(["a/1"], { isBirth: true }), "t1", [login("a/1")], NOW);
    expect(prepared).toMatchObject({ standing: { kind: "unborn" }, listing: "unlisted", logins: [] });
  });

  it("wants the logins that are handed over, once each", () => {
    const { record, conflict } = enlist(PREPARING, transactionOf(), [linked("c/1"), linked("a/1")], orderOf([]));
    expect(record.transaction?.wanted.map(({ loginId }) => loginId)).toEqual(["a/1", "c/1"]);
    expect(conflict).toBe(null);
  });

  it("finds a second user of a provider among what is handed over (T41)", () => {
    expect(enlist(PREPARING, transactionOf(), [linked("b/2")], orderOf([])).conflict).toEqual({
      kind: "conflict",
      providerName: "b",
    });
  });

  it("has tickets only when every login is reserved", () => {
    const transaction = transactionOf({ wanted: [login("a/1"), login("c/1")] });
    const reserved = [
      { kind: "reserved", ticket: "k1" },
      { kind: "reserved", ticket: "k2" },
    ];
    expect(ticketsOf(transaction, reserved)).toEqual(
      new Map([
        ["a/1", "k1"],
        ["c/1", "k2"],
      ]),
    );
    expect(ticketsOf(transaction, [reserved[0] ?? { kind: "failed" }, { kind: "failed" }])).toBe(null);
    expect(ticketsOf(transaction, reserved.slice(0, 1))).toBe(null);
  });

  it("commits logins and outcome in one step, and owes everybody the news", () => {
    expect(COMMITTED.standing.kind).toBe("linked");
    expect(COMMITTED.logins.map(({ loginId, linkId }) => [loginId, linkId])).toEqual([
      ["b/1", "t0"],
      ["a/1", "t1"],
    ]);
    expect(COMMITTED.transaction).toMatchObject({ phase: "committed", unsettled: [LOGIN, VICTIM] });
    expect(COMMITTED.modifiedAt).toBe(NOW + 1);
  });

  it("lists an identity when it is born, and not again later", () => {
    const unborn = recordOf({ kind: "unborn" }, [], { listing: "unlisted" });
    expect(commit(unborn, transactionOf(), TICKETS, NOW + 1)).toMatchObject({ listing: "to-add", createdAt: NOW + 1 });
    expect(COMMITTED).toMatchObject({ listing: "listed", createdAt: NOW });
  });
});

describe("abort, settled, recover", () => {
  it("tells everybody who may have reserved, and not those who refused", () => {
    const transaction = transactionOf({ absorbed: [B] });
    expect(abort(PREPARING, transaction).transaction?.unsettled).toEqual([{ ...LOGIN, ticket: null }, VICTIM]);
    expect(abort(PREPARING, transaction, [VICTIM]).transaction?.unsettled).toEqual([{ ...LOGIN, ticket: null }]);
  });

  it("is forgotten at once when all refused, and leaves no trace (invariant no-trace-of-an-abort)", () => {
    expect(abort(PREPARING, transactionOf(), [LOGIN])).toEqual(linkedTo("b/1"));
  });

  it("is forgotten when the last participant has heard, and not before", () => {
    const one = heard(COMMITTED, "t1", LOGIN);
    expect(one.transaction?.unsettled).toEqual([VICTIM]);
    expect(heard(one, "t1", LOGIN)).toEqual(one);
    expect(heard(one, "t1", VICTIM).transaction).toBe(null);
  });

  it("is not moved by the confirmation of another transaction, or of one that still prepares", () => {
    expect(heard(COMMITTED, "t2", LOGIN)).toBe(COMMITTED);
    expect(heard(PREPARING, "t1", LOGIN)).toBe(PREPARING);
  });

  it("aborts on waking what was preparing, and keeps what was committed", () => {
    expect(recover(PREPARING).transaction?.phase).toBe("aborted");
    expect(recover(COMMITTED)).toBe(COMMITTED);
    expect(recover(GUEST)).toBe(GUEST);
  });
});

describe("outcomeOf", () => {
  function asks(participant: Participant, transactionId = "t1"): AskOutcome {
    return { kind: "ask-outcome", transactionId, coordinator: id("a"), participant };
  }

  it.each<[string, IdentityRecord | null, AskOutcome, string]>([
    ["is open while it prepares", PREPARING, asks(LOGIN), "preparing"],
    ["is committed for the reservation on which the commit rests", COMMITTED, asks(LOGIN), "committed"],
    ["is committed for the identity that is absorbed", COMMITTED, asks(VICTIM), "committed"],
    [
      "is aborted for a reservation that a repeated message made",
      COMMITTED,
      asks({ ...LOGIN, ticket: "k9" }),
      "aborted",
    ],
    [
      "is aborted for a reservation after the login has confirmed",
      heard(COMMITTED, "t1", LOGIN),
      asks(LOGIN),
      "aborted",
    ],
    [
      "is aborted, whatever the ticket, after an abort",
      recover(PREPARING),
      asks({ ...LOGIN, ticket: "k9" }),
      "aborted",
    ],
    ["is aborted when it is not known (presumed abort)", COMMITTED, asks(LOGIN, "t2"), "aborted"],
    ["is aborted when the identity is not there", null, asks(LOGIN), "aborted"],
  ])("%s", (_, record, message, outcome) => {
    expect(outcomeOf(record, message)).toBe(outcome);
  });
});

describe("freeze and thaw", () => {
  function freezing(changes: Partial<Freeze> = {}): Freeze {
    const { identityPoolId } = GUEST;
    return {
      kind: "freeze",
      transactionId: "t9",
      coordinator: B,
      identityId: id("a"),
      identityPoolId,
      isGuest: false,
      loginIds: ["a/1"],
      ...changes,
    };
  }

  it.each<[string, IdentityRecord | null, Freeze, string]>([
    ["a guest stands still", GUEST, freezing({ isGuest: true }), "frozen"],
    [
      "a guest that was linked since does not: that would be a merge nobody allowed",
      linkedTo("a/1"),
      freezing({ isGuest: true }),
      "unsuitable",
    ],
    ["a linked identity stands still for a proof of one of its logins", linkedTo("a/1"), freezing(), "frozen"],
    ["a linked identity does not without such a proof (invariant no-theft)", linkedTo("b/1"), freezing(), "unsuitable"],
    ["one that should be linked and is a guest does not", GUEST, freezing(), "unsuitable"],
    ["a repeat is answered again", frozen(linkedTo("a/1")), freezing(), "frozen"],
    ["one that is frozen for another names it", frozen(linkedTo("a/1"), "t8"), freezing(), "busy"],
    [
      "one that has a transaction of its own is busy, so that no cycle can form",
      PREPARING,
      freezing({ loginIds: ["b/1"] }),
      "busy",
    ],
    ["nobody is not suitable", null, freezing(), "unsuitable"],
    [
      "an identity of another pool is not suitable (invariant pools-are-apart)",
      linkedTo("a/1"),
      freezing({ identityPoolId: OTHER_POOL }),
      "unsuitable",
    ],
    ["a merged identity is not suitable", MERGED, freezing(), "unsuitable"],
    ["a deleted identity is not suitable", DELETED, freezing({ isGuest: true }), "unsuitable"],
  ])("%s", (_, record, message, kind) => {
    const { record: after, reply } = freeze(record, message, NOW);
    expect(reply.kind).toBe(kind);
    expect(after?.freeze?.transactionId === "t9").toBe(kind === "frozen");
  });

  it("says whom to ask where another coordinator froze it, and nobody where its own transaction is open", () => {
    const participant = { kind: "identity", identityId: id("a") };
    const holder = { transactionId: "t8", coordinator: B, participant };
    expect(freeze(frozen(linkedTo("a/1"), "t8"), freezing(), NOW).reply).toEqual({ kind: "busy", holder });
    expect(freeze(PREPARING, freezing({ loginIds: ["b/1"] }), NOW).reply).toEqual({ kind: "busy" });
  });

  it("hands over the logins, and keeps them until it hears the outcome", () => {
    const { record, reply } = freeze(linkedTo("a/1", "b/1"), freezing(), NOW);
    expect(reply).toEqual({ kind: "frozen", logins: [linked("a/1"), linked("b/1")] });
    expect(record?.logins).toHaveLength(2);
  });

  it("is merged by a commit, and its logins are gone without a release", () => {
    const thawed = thaw(frozen(linkedTo("a/1")), "t9", "committed", NOW);
    expect(thawed).toMatchObject({ standing: { kind: "merged", into: B }, logins: [], releases: [], freeze: null });
  });

  it("is as before after an abort", () => {
    expect(thaw(frozen(linkedTo("a/1")), "t9", "aborted", NOW)).toEqual(linkedTo("a/1"));
  });

  it("does not hear the outcome of another transaction", () => {
    const record = frozen(linkedTo("a/1"));
    expect(thaw(record, "t8", "committed", NOW)).toBe(record);
    expect(thaw(linkedTo("a/1"), "t9", "committed", NOW)).toEqual(linkedTo("a/1"));
  });
});

describe("unlink", () => {
  const record = linkedTo("a/1", "b/1");
  const closed = unlink(linkedTo("a/1"), ["a/1"], ["a"], NOW);

  it("removes a login by a proof of another, remembers it, and owes its release", () => {
    expect(unlink(record, ["b/1"], ["a"], NOW)).toMatchObject({
      standing: { kind: "linked" },
      logins: [linked("b/1")],
      releases: [linked("a/1")],
      unlinked: [{ loginId: "a/1", at: NOW }],
    });
  });

  it("closes the identity with its last login: it is never a guest again (T33)", () => {
    expect(closed).toMatchObject({ standing: { kind: "closed" }, logins: [] });
  });

  it.each<[string, IdentityRecord, readonly string[], readonly string[], string]>([
    ["refuses a proof of somebody else's login", record, ["a/2"], ["a"], "stale"],
    ["refuses without a proof", record, [], ["a"], "stale"],
    ["refuses a guest's", GUEST, ["a/1"], ["a"], "stale"],
    ["is busy while a transaction is open", PREPARING, ["b/1"], ["b"], "busy"],
    ["is busy while it is frozen", frozen(record), ["a/1"], ["a"], "busy"],
  ])("%s", (_, before, proofs, providers, kind) => {
    expect(unlink(before, proofs, providers, NOW)).toMatchObject({ kind });
  });

  it("changes nothing when the provider is not linked", () => {
    expect(unlink(record, ["a/1"], ["z", "__proto__"], NOW)).toBe(record);
  });

  it("answers a retry as the first call, for as long as SDKs retry, and only to the same proof (invariant no-second-effect)", () => {
    if ("kind" in closed) throw new Error("the unlink was refused");
    expect(unlink(closed, ["a/1"], ["a"], NOW + REPEAT_SECONDS)).toBe(closed);
    expect(unlink(closed, ["a/1"], ["a"], NOW + REPEAT_SECONDS + 1)).toEqual({ kind: "stale" });
    expect(unlink(closed, ["a/2"], ["a"], NOW)).toEqual({ kind: "stale" });
  });

  it("T32: takes no developer's user by a login token, and tells that to nobody without a proof", () => {
    const user = { ...linked("d/1"), isDeveloper: true as const, subject: "1" };
    const both = { ...linkedTo("a/1"), logins: [linked("a/1"), user] };
    for (const names of [["d"], ["a", "d"], ["d", "z"]]) {
      expect(unlink(both, ["a/1"], names, NOW)).toEqual({ kind: "signed-only" });
      expect(unlink(both, ["a/2"], names, NOW)).toEqual({ kind: "stale" });
    }
    expect(unlink(both, ["a/1"], ["a"], NOW)).toMatchObject({ logins: [user], standing: { kind: "linked" } });
  });

  it("does not let an unlinked login remove what is left", () => {
    const left = unlink(record, ["a/1"], ["a"], NOW);
    if ("kind" in left) throw new Error("the unlink was refused");
    expect(unlink(left, ["a/1"], ["b"], NOW)).toEqual({ kind: "stale" });
  });
});

describe("remove", () => {
  it("leaves a tombstone, releases every login, and tells the directory", () => {
    expect(remove(linkedTo("a/1"), NOW)).toMatchObject({
      standing: { kind: "deleted" },
      logins: [],
      releases: [linked("a/1")],
      listing: "to-remove",
    });
  });

  it("keeps the releases that were owed before", () => {
    const record = { ...linkedTo("a/1"), releases: [linked("b/1")] };
    expect(remove(record, NOW)).toMatchObject({ releases: [linked("b/1"), linked("a/1")] });
  });

  it("is done when it was done, and waits for what is open", () => {
    expect(remove(DELETED, NOW)).toBe(DELETED);
    expect(remove(PREPARING, NOW)).toMatchObject({ kind: "busy" });
    expect(remove(frozen(GUEST), NOW)).toMatchObject({ kind: "busy", holder: { transactionId: "t9" } });
  });
});
