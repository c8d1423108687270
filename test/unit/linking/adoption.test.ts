/** What the word of a source is worth to an identity: it may be born by it, gain logins by it, and be absorbed by it. */
import { describe, expect, it } from "vitest";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { freeze, thaw } from "../../../src/linking/absorption.ts";
import { providersAtSource, mayBeAtSource, standingHere, withMemory } from "../../../src/linking/adoption.ts";
import { durablePart, isErasable, newRecord, TOMBSTONE_SECONDS, wakeAt } from "../../../src/linking/identity-record.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import type { LinkOrder } from "../../../src/linking/link-order.ts";
import type { Freeze, Message, Reply } from "../../../src/linking/messages.ts";
import { remove, unlink } from "../../../src/linking/removal.ts";
import { admit, commit, enlist, prepare, preparing } from "../../../src/linking/transaction.ts";
import { agreeable, except, presented, PUBLIC_POOL, Stage } from "./actor-stage.ts";
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
  POOL,
  recordOf,
  transactionOf,
} from "./records.ts";

const A = id("a");
const SOURCE = {
  identityPoolId: POOL,
  proof: "open-id-token",
  guests: "source",
  unknownIds: "ask",
  providers: ["a", "b"],
} as const;

/** The source has said that all logins of the order are the identity's. */
function adopting(loginIds: readonly string[], changes: Partial<LinkOrder> = {}): LinkOrder {
  return orderOf(loginIds, { adopts: [{ identityIds: [A], loginIds }], ...changes });
}

function barring(record: IdentityRecord, ...barred: readonly string[]): IdentityRecord {
  return { ...record, barred };
}

describe("an order that adopts", () => {
  it("gives birth to an identity of the source, which tells that it was adopted", () => {
    const order = adopting(["a/1"]);
    expect(admit(null, order)).toEqual({ kind: "prepare", wanted: order.logins });
    const unborn = prepare(null, order, "t1", order.logins, NOW);
    expect(durablePart(unborn)).toBeNull();
    const transaction = preparing(unborn, "t1");
    if (transaction === null) throw new Error("nothing is prepared");
    const born = commit(unborn, transaction, new Map([["a/1", "k1"]]), NOW);
    expect(born).toMatchObject({ identityId: A, origin: "source", standing: { kind: "linked" }, listing: "to-add" });
    expect(born.life.map(({ kind }) => kind)).toEqual(["adopted", "linked"]);
  });

  it("is nobody else's: an id that the source has not named is not there (invariant named-by-the-source)", () => {
    expect(admit(null, orderOf(["a/1"], { adopts: [{ identityIds: [id("b")], loginIds: ["a/1"] }] }))).toEqual({
      kind: "not-found",
    });
    expect(admit(null, orderOf(["a/1"], { adopts: [] }))).toEqual({ kind: "not-found" });
  });

  it("waits while another call adopts the same id, or finds it absorbed", () => {
    const unborn = newRecord(A, POOL, { kind: "unborn" }, NOW, "source");
    expect(admit({ ...unborn, transaction: transactionOf() }, adopting(["a/1"]))).toEqual({ kind: "busy" });
    expect(admit(frozen(unborn), adopting(["a/1"]))).toMatchObject({ kind: "busy", holder: { transactionId: "t9" } });
  });

  it("links to an identity that holds none of the logins, and not to one of another pool", () => {
    const order = adopting(["a/1"]);
    expect(admit(linkedTo("b/1"), orderOf(["a/1"]))).toEqual({ kind: "stale" });
    expect(admit(linkedTo("b/1"), order)).toEqual({ kind: "prepare", wanted: order.logins });
    expect(admit({ ...linkedTo("b/1"), identityPoolId: OTHER_POOL }, order)).toEqual({ kind: "not-found" });
  });

  it("may have a guest absorb another, which the source knows for the owner", () => {
    const absorb = [id("b")];
    expect(admit(GUEST, orderOf(["a/1"], { absorb }))).toEqual({ kind: "stale" });
    expect(admit(GUEST, adopting(["a/1"], { absorb }))).toMatchObject({ kind: "prepare" });
  });

  it.each<[string, IdentityRecord, string]>([
    ["deleted", DELETED, "not-found"],
    ["closed", CLOSED, "forbidden"],
    ["merged", MERGED, "forbidden"],
    ["disabled", { ...linkedTo("b/1"), isDisabled: true }, "forbidden"],
  ])("is refused by one that is %s (invariant dead-ids-stay-dead)", (_, record, kind) => {
    expect(admit(record, adopting(["a/1"]))).toMatchObject({ kind });
  });

  it("is refused where the identity bars one of its providers, whichever is vouched for (invariant never-comes-back)", () => {
    const record = barring(linkedTo("b/1"), "a");
    expect(admit(record, adopting(["a/1"]))).toEqual({ kind: "stale" });
    const beside = orderOf(["c/1", "a/1"], { adopts: [{ identityIds: [A], loginIds: ["c/1"] }] });
    expect(admit(record, beside)).toEqual({ kind: "stale" });
    // With a proof of its own the identity may have anything back.
    expect(admit(record, adopting(["a/1", "b/1"]))).toMatchObject({ kind: "prepare" });
    expect(admit(record, orderOf(["a/1", "b/1"]))).toMatchObject({ kind: "prepare" });
  });

  it("does not bring back by a merge what is barred, unless a login of the identity is proved", () => {
    const record = barring(linkedTo("b/1"), "c");
    const preparingOne = { ...record, transaction: transactionOf() };
    const handedOver = [linked("c/1")];
    expect(enlist(preparingOne, transactionOf(), handedOver, adopting(["a/1"])).conflict).toEqual({
      kind: "conflict",
      providerName: "c",
    });
    expect(enlist(preparingOne, transactionOf(), handedOver, adopting(["a/1", "b/1"])).conflict).toBeNull();
  });

  it("needs a proof that is young enough, as every link does", () => {
    expect(admit(linkedTo("b/1"), adopting(["a/1"]), [])).toEqual({ kind: "proof-too-old" });
  });
});

describe("a bar", () => {
  it("is lifted by a link of that provider, and by nothing else", () => {
    const record = { ...barring(linkedTo("b/1"), "a", "c"), transaction: transactionOf({ wanted: [login("a/1")] }) };
    expect(commit(record, record.transaction, new Map(), NOW).barred).toEqual(["c"]);
  });

  it("is set by an unlink, for the named providers that the source has or that were unlinked", () => {
    const before = linkedTo("a/1", "c/1");
    const after = unlink(before, ["a/1"], ["c", "b", "z"], NOW);
    if ("kind" in after) throw new Error(after.kind);
    const kept = withMemory(before, after, ["c", "b", "z"], ["a", "b"]);
    expect(kept.barred).toEqual(["c", "b"]);
    expect(kept.releases).toEqual([{ ...linked("c/1"), remember: true }]);
    expect(withMemory(before, before, ["a"], ["a", "b"])).toBe(before);
    expect(withMemory(before, after, ["c"], null)).toBe(after);
  });

  it("is one of 20, the newest", () => {
    const names = Array.from({ length: 25 }, (_, index) => `p${index}`);
    const record = linkedTo("a/1");
    expect(withMemory(record, record, names, names).barred).toEqual(names.slice(5));
  });
});

describe("whom a source's word absorbs", () => {
  const message = (changes: Partial<Freeze> = {}): Freeze => ({
    kind: "freeze",
    transactionId: "t9",
    coordinator: id("b"),
    identityId: A,
    identityPoolId: POOL,
    isGuest: false,
    loginIds: ["a/1"],
    ...changes,
  });
  const vouched = { loginIds: ["a/1"], providerNames: ["a"] };

  it("is known from then on as merged, though it was unknown before, also after a crash", () => {
    expect(freeze(null, message(), NOW)).toEqual({ record: null, reply: { kind: "unsuitable" } });
    const { record, reply } = freeze(null, message({ vouched }), NOW);
    expect(reply).toEqual({ kind: "frozen", logins: [] });
    if (record === null) throw new Error("nothing stands still");
    expect(durablePart(record)).toBe(record);
    expect(wakeAt(record, NOW)).not.toBeNull();
    const merged = thaw(record, "t9", "committed", NOW + 1);
    expect(merged).toMatchObject({ standing: { kind: "merged", into: id("b") }, origin: "source", listing: "to-add" });
    expect(merged.life.map(({ kind }) => kind)).toEqual(["adopted", "merged"]);
    expect(isErasable(thaw(record, "t9", "aborted", NOW + 1), NOW + 1)).toBe(true);
  });

  it("is nobody who is about to be born, without its word", () => {
    const unborn = { ...newRecord(A, POOL, { kind: "unborn" }, NOW), transaction: transactionOf() };
    expect(freeze(unborn, message({ isGuest: true }), NOW).reply).toEqual({ kind: "unsuitable" });
  });

  it.each<[string, IdentityRecord, Partial<Freeze>, string]>([
    ["one that holds another login", linkedTo("b/1"), {}, "frozen"],
    ["a guest", GUEST, {}, "frozen"],
    [
      "an unknown id that a call names",
      newRecord(A, POOL, { kind: "unborn" }, NOW, "source"),
      { isGuest: true },
      "frozen",
    ],
    ["one that bars a provider", barring(linkedTo("b/1"), "a"), {}, "unsuitable"],
    ["one that was linked since a call named its id", linkedTo("b/1"), { isGuest: true }, "unsuitable"],
    ["one that is being adopted", { ...linkedTo("b/1"), transaction: transactionOf() }, {}, "busy"],
    ["one that is deleted", DELETED, {}, "unsuitable"],
    ["one that is closed", CLOSED, {}, "unsuitable"],
    ["one of another pool", linkedTo("b/1"), { identityPoolId: OTHER_POOL }, "unsuitable"],
    ["one whose proof is too old", linkedTo("b/1"), { freshIds: [] }, "proof-too-old"],
  ])("%s: %#", (_, record, changes, kind) => {
    expect(freeze(record, message({ vouched, ...changes }), NOW).reply.kind).toBe(kind);
  });
});

describe("how an id stands here", () => {
  it.each<[string, IdentityRecord | null, object]>([
    ["nobody", null, { kind: "unknown" }],
    ["one that is about to be born", recordOf({ kind: "unborn" }), { kind: "unknown" }],
    ["a guest", GUEST, { kind: "live", origin: "here", barred: [] }],
    ["one with logins", barring(linkedTo("a/1"), "b"), { kind: "live", origin: "here", barred: ["b"] }],
    ["a merged one", MERGED, { kind: "merged", into: id("b") }],
    ["a closed one", CLOSED, { kind: "spent" }],
    ["a deleted one", DELETED, { kind: "spent" }],
    ["one of another pool", { ...GUEST, identityPoolId: OTHER_POOL }, { kind: "spent" }],
    ["one that stands still", frozen(GUEST), { kind: "busy", holder: { transactionId: "t9" } }],
  ])("%s", (_, record, expected) => {
    expect(standingHere(record, POOL)).toMatchObject(expected);
  });
});

describe("the tombstone of an identity of the source", () => {
  it("stays for ever, and wakes nobody (invariant dead-ids-stay-dead)", () => {
    const removed = remove({ ...linkedTo("a/1"), origin: "source" }, NOW);
    if ("kind" in removed) throw new Error(removed.kind);
    const atRest = { ...removed, releases: [], listing: "unlisted" } as const;
    const later = NOW + 1000 * TOMBSTONE_SECONDS;
    expect(isErasable(atRest, later)).toBe(false);
    expect(wakeAt(atRest, later)).toBeNull();
    expect(isErasable({ ...atRest, origin: "here" }, later)).toBe(true);
  });

  it("is made of an id that nobody has claimed, once", async () => {
    const stage = new Stage(null);
    expect(await stage.actor.bury(A, POOL)).toEqual({ kind: "done" });
    expect(stage.record).toMatchObject({ standing: { kind: "deleted" }, origin: "source" });
    const stored = stage.record;
    expect(await stage.actor.bury(A, POOL)).toEqual({ kind: "done" });
    expect(stage.record).toBe(stored);
    expect(await stage.link(adopting(["a/1"]))).toEqual({ kind: "not-found" });
    expect(stage.actor.createGuest(A, POOL, "source")).toBe(false);
  });

  it("waits for a call that is about to adopt the id, and then deletes what that made", async () => {
    const { promise: reserved, resolve: reserve } = Promise.withResolvers<{ kind: "reserved"; ticket: string }>();
    for (const end of [
      async (stage: Stage) => await stage.actor.bury(A, POOL),
      async (stage: Stage) => await stage.actor.remove(A, "*"),
    ]) {
      const stage = new Stage(null, { answer: except("reserve", async () => await reserved) });
      const [adopted, ended] = [stage.link(adopting(["a/1"])), end(stage)];
      reserve({ kind: "reserved", ticket: "k1" });
      expect((await adopted).kind).toBe("linked");
      await stage.rest();
      expect((await ended).kind).toBe("done");
      expect(stage.record?.standing).toEqual({ kind: "deleted" });
    }
  });

  it("is owed to the source until that has heard of it, where a call has made it (invariant all-comes-to-rest)", async () => {
    const pool = { ...PUBLIC_POOL, source: SOURCE };
    const deaf = { isDeaf: true };
    const answer = (message: Message): Reply =>
      message.kind === "delete-at-source" && deaf.isDeaf ? { kind: "failed" } : agreeable(message);
    const stage = new Stage({ ...GUEST, origin: "source" }, { pool, answer });
    await stage.actor.remove(A, "*");
    await stage.rest();
    expect(stage.record?.isOwedToSource).toBe(true);
    expect(stage.disk.wakeAt).not.toBeNull();
    deaf.isDeaf = false;
    await stage.ring();
    expect(stage.sent.filter(({ kind }) => kind === "delete-at-source")).toHaveLength(2);
    expect(stage.record).not.toHaveProperty("isOwedToSource");
    expect([stage.record?.standing.kind, stage.disk.wakeAt]).toEqual(["deleted", null]);
  });

  it.each<[string, IdentityRecord, IdentityPool, boolean]>([
    ["was born here", GUEST, { ...PUBLIC_POOL, source: SOURCE }, false],
    ["goes with its pool", { ...GUEST, origin: "source" }, { ...PUBLIC_POOL, source: SOURCE }, true],
  ])("is no business of the source where the identity %s", async (_, record, pool, isSwept) => {
    const stage = new Stage(record, { pool });
    await stage.actor.remove(A, "*", isSwept);
    await stage.rest();
    expect(stage.kinds()).not.toContain("delete-at-source");
  });

  it("is refused to whoever names another pool", async () => {
    const stage = new Stage({ ...GUEST, identityPoolId: OTHER_POOL });
    expect((await stage.actor.bury(A, POOL)).kind).toBe("refused");
    expect(stage.record?.standing).toEqual({ kind: "guest" });
  });
});

describe("a pool with a source", () => {
  const pool = { ...PUBLIC_POOL, source: SOURCE };

  it("remembers, also when it has one no more", () => {
    expect(providersAtSource(pool)).toEqual(["a", "b"]);
    expect(providersAtSource({ ...PUBLIC_POOL, hadSource: true })).toEqual([]);
    expect(providersAtSource(PUBLIC_POOL)).toBeNull();
  });

  it("has its source asked for a login that is to be linked, unless its identity was born here", () => {
    const ofSource = { ...linkedTo("a/1"), origin: "source" } as const;
    expect(mayBeAtSource(ofSource, pool, [login("a/1"), login("b/1")])).toBe(true);
    expect(mayBeAtSource(GUEST, pool, [login("b/1")])).toBe(true);
    expect(mayBeAtSource(ofSource, pool, [login("a/1"), login("c/1")])).toBe(false);
    expect(mayBeAtSource(linkedTo("a/1"), pool, [login("a/1"), login("b/1")])).toBe(false);
    expect(mayBeAtSource(ofSource, PUBLIC_POOL, [login("b/1")])).toBe(false);
  });

  it("sends a call with such a login to the Worker before anything is reserved", async () => {
    const stage = new Stage({ ...linkedTo("a/1"), origin: "source" }, { pool });
    const reply = await stage.grant(["a/1", "b/1"]);
    expect(reply).toMatchObject({
      kind: "to-link",
      asksSource: true,
      origin: "source",
      remembers: true,
      isGuest: false,
    });
    expect([stage.sent, stage.saved]).toEqual([[], []]);
    // Nothing of it is seen by whoever is linked already.
    expect((await stage.grant(["a/1"])).kind).toBe("granted");
  });

  it("has what it links itself remembered, and what it unlinks barred", async () => {
    const stage = new Stage({ ...linkedTo("a/1"), origin: "source" }, { pool });
    expect((await stage.grant(["a/1", "c/1"])).kind).toBe("granted");
    expect(stage.sent).toContainEqual(expect.objectContaining({ kind: "reserve", loginId: "c/1", remember: true }));
    await stage.rest();
    const reply = await stage.actor.unlink(A, presented(["a/1"]), ["c"]);
    expect(reply).toEqual({ kind: "done", source: SOURCE });
    expect(stage.record?.barred).toEqual(["c"]);
    await stage.rest();
    expect(stage.sent).toContainEqual(expect.objectContaining({ kind: "release", loginId: "c/1", remember: true }));
  });

  it("has the same remembered of an identity that came from a source, where it is none yet", async () => {
    const stage = new Stage({ ...linkedTo("a/1", "c/1"), origin: "source" }, { pool: PUBLIC_POOL });
    expect(await stage.actor.unlink(A, presented(["a/1"]), ["c"])).toEqual({ kind: "done" });
    expect(stage.record?.barred).toEqual(["c"]);
    await stage.rest();
    expect(stage.sent).toContainEqual(expect.objectContaining({ kind: "release", loginId: "c/1", remember: true }));
    const born = new Stage(linkedTo("a/1", "c/1"), { pool: PUBLIC_POOL });
    await born.actor.unlink(A, presented(["a/1"]), ["c"]);
    expect(born.record?.barred).toEqual([]);
  });

  it("has the login remembered that a guest gained while his deletion waited", async () => {
    const reserved = Promise.withResolvers<void>();
    const answer = async (message: Message) => {
      if (message.kind === "reserve") await reserved.promise;
      return agreeable(message);
    };
    const stage = new Stage(GUEST, { pool: { ...PUBLIC_POOL, hadSource: true }, answer });
    const granted = stage.grant(["a/1"]);
    await expect.poll(() => stage.sent.some(({ kind }) => kind === "reserve")).toBe(true);
    const removed = stage.actor.remove(A, "*");
    reserved.resolve();
    expect((await granted).kind).toBe("granted");
    expect(await removed).toMatchObject({ kind: "done" });
    await stage.rest();
    expect(stage.sent).toContainEqual(expect.objectContaining({ kind: "release", loginId: "a/1", remember: true }));
  });

  it("has the logins of a deleted identity remembered, and those of a swept pool not", async () => {
    for (const [isSwept, remember] of [[false, true] as const, [true, undefined] as const]) {
      const stage = new Stage(linkedTo("a/1"), { pool });
      await stage.actor.remove(A, "*", isSwept);
      await stage.rest();
      const release = stage.sent.find(({ kind }) => kind === "release");
      expect(release).toMatchObject({ loginId: "a/1" });
      expect(release && "remember" in release ? release.remember : undefined).toBe(remember);
    }
  });
});

describe("an id that nothing was ever stored of", () => {
  it("is told apart from a deleted one", async () => {
    expect(await new Stage(null).grant(["a/1"])).toMatchObject({ kind: "refused", isUnknown: true });
    const deleted = await new Stage(DELETED).grant(["a/1"]);
    expect(deleted).toMatchObject({ refusal: { kind: "identity-not-found" } });
    expect(deleted).not.toHaveProperty("isUnknown");
  });
});
