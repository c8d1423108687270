/** An identity's actor over a scripted host: what it stores before it speaks, and what it does when a wait went wrong. */
import { describe, expect, it, vi } from "vitest";
import { backoffSeconds } from "../../../src/domain/backoff.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import type { Flow } from "../../../src/domain/mint-rules.ts";
import { CoordinatorUnreachable } from "../../../src/linking/identity-actor.ts";
import { PATIENCE_SECONDS, TOMBSTONE_SECONDS } from "../../../src/linking/identity-record.ts";
import type { AskOutcome, Freeze, Reply } from "../../../src/linking/messages.ts";
import { agreeable, type Answer, CALL, except, presented, PUBLIC_POOL, Stage } from "./actor-stage.ts";
import {
  DELETED,
  frozen,
  GUEST,
  id,
  linked,
  linkedTo,
  login,
  NOW,
  orderOf,
  OTHER_POOL,
  POOL,
  recordOf,
  stored,
  transactionOf,
} from "./records.ts";

/** The question of the login a/1 how a transaction of identity a ended. */
function ask(transactionId: string): AskOutcome {
  const participant = { kind: "login", loginId: "a/1", ticket: "k-a/1" } as const;
  return { kind: "ask-outcome", transactionId, coordinator: id("a"), participant };
}

/** Identity a is to stand still, as the guest that it is, for another. */
function freezeFor(coordinator: string): Freeze {
  const ref = { transactionId: "t9", coordinator: id(coordinator) };
  return { kind: "freeze", ...ref, identityId: id("a"), identityPoolId: POOL, isGuest: true, loginIds: [] };
}

/** When an alarm comes that is set now for the first time. */
const FIRST_ALARM = NOW + backoffSeconds(0, id("a"));

describe("a link", () => {
  it("stores nothing before its commit, and the alarm only after the answer", async () => {
    const { promise: heard, resolve: hear } = Promise.withResolvers<Reply>();
    const stage = new Stage(GUEST, { answer: except("settle", async () => await heard) });
    expect((await stage.link(orderOf(["a/1", "b/1"]))).kind).toBe("linked");
    expect(stage.storedAt).toEqual([GUEST, GUEST]);
    expect(stage.saved).toEqual([stage.record]);
    expect(stage.record).toMatchObject({
      standing: { kind: "linked" },
      transaction: { phase: "committed", wanted: [stored("a/1"), stored("b/1")] },
    });
    expect(stage.disk.wakeAt).toBe(null);
    const resting = stage.rest();
    await vi.waitFor(() => expect(stage.kinds()).toEqual(["reserve", "reserve", "settle", "settle"]));
    expect(stage.disk.wakeAt).toBe(FIRST_ALARM);
    hear({ kind: "settled" });
    await resting;
    expect(stage.record?.transaction).toBe(null);
    expect(stage.disk.wakeAt).toBe(null);
  });

  it("tells nobody of a commit for which no alarm could be set", async () => {
    const stage = new Stage(GUEST);
    await stage.link(orderOf(["a/1"]));
    stage.isDiskFull = true;
    await expect(stage.rest()).rejects.toThrow("the disk is full");
    expect(stage.kinds()).toEqual(["reserve"]);
    stage.isDiskFull = false;
    await stage.actor.outcome(ask("t1"));
    expect(stage.kinds()).toEqual(["reserve", "settle"]);
    expect(stage.disk).toMatchObject({ record: { transaction: null }, wakeAt: null });
  });

  it("is aborted when its commit cannot be stored, and so does not outlive its call", async () => {
    const stage = new Stage(GUEST, {
      answer: (message) => {
        stage.failsToSave = message.kind === "reserve" && message.loginId === "a/1";
        return agreeable(message);
      },
    });
    await expect(stage.link(orderOf(["a/1"]))).rejects.toThrow("the disk is full");
    expect(await stage.actor.outcome(ask("t1"))).toBe("aborted");
    await stage.rest();
    expect(stage.disk).toEqual({ record: GUEST, wakeAt: null });
    expect((await stage.link(orderOf(["b/1"]))).kind).toBe("linked");
  });

  it("sends and stores nothing for logins that are all linked", async () => {
    const stage = new Stage(linkedTo("a/1"));
    expect((await stage.link(orderOf(["a/1"]))).kind).toBe("linked");
    expect([stage.sent, stage.saved]).toEqual([[], []]);
  });

  it("links nothing when one of two logins is another identity's, and says whose", async () => {
    const answer = except("reserve", (message) => {
      return message.kind === "reserve" && message.loginId === "b/1"
        ? { kind: "owned", owner: id("b"), linkId: "t7" }
        : { kind: "reserved", ticket: "k1" };
    });
    const stage = new Stage(GUEST, { answer });
    expect(await stage.link(orderOf(["a/1", "b/1"]))).toEqual({
      kind: "elsewhere",
      owners: [{ identityId: id("b"), loginId: "b/1", linkId: "t7" }],
    });
    await stage.rest();
    expect(stage.record).toEqual(GUEST);
    const told = stage.sent.flatMap((message) =>
      message.kind === "settle" && message.participant.kind === "login" ? [message.participant.loginId] : [],
    );
    expect(told).toEqual(["a/1"]);
  });

  it("links nothing when a participant does not answer, and tells it of the end", async () => {
    const { promise: heard, resolve: hear } = Promise.withResolvers<Reply>();
    const answer: Answer = async (message) => {
      return message.kind === "settle" ? await heard : except("reserve", { kind: "failed" })(message);
    };
    const stage = new Stage(GUEST, { answer });
    expect(await stage.link(orderOf(["a/1"]))).toEqual({ kind: "unreachable" });
    expect(stage.actor.freeze(freezeFor("b"))).toEqual({ kind: "busy" });
    hear({ kind: "settled" });
    await stage.rest();
    expect(stage.kinds()).toEqual(["reserve", "settle"]);
    expect(stage.saved).toEqual([]);
    expect(stage.actor.freeze(freezeFor("b"))).toMatchObject({ kind: "frozen" });
  });

  it("forgets an abort of which a participant cannot be told: it asks, and hears the same", async () => {
    const stage = new Stage(GUEST, {
      answer: ({ kind }) => (kind === "ask-outcome" ? { kind: "outcome", outcome: "aborted" } : { kind: "failed" }),
    });
    expect(await stage.link(orderOf(["a/1"]))).toEqual({ kind: "unreachable" });
    await stage.rest();
    expect(await stage.actor.outcome(ask("t1"))).toBe("aborted");
    expect(stage.disk).toEqual({ record: GUEST, wakeAt: null });
  });

  it("gives way to the transaction that holds a login, and names it", async () => {
    const holder = {
      transactionId: "t7",
      coordinator: id("b"),
      participant: { kind: "login", loginId: "a/1", ticket: "k7" },
    } as const;
    const stage = new Stage(GUEST, { answer: except("reserve", { kind: "busy", holder }) });
    expect(await stage.link(orderOf(["a/1"]))).toEqual({ kind: "busy", holder });
  });

  it("finds itself aborted after a wait that was too long, and does not commit", async () => {
    const { promise: waits, resolve: release } = Promise.withResolvers<void>();
    const answer = except("reserve", async () => {
      await waits;
      return { kind: "reserved", ticket: "k1" };
    });
    const stage = new Stage(null, { answer });
    const linking = stage.link(orderOf(["a/1"], { isBirth: true }));
    expect(await stage.actor.outcome(ask("t1"))).toBe("preparing");
    stage.clock.now += PATIENCE_SECONDS;
    expect(await stage.actor.outcome(ask("t1"))).toBe("aborted");
    release();
    // A birth is not tried again: its id was never told to anybody.
    expect(await linking).toEqual({ kind: "busy" });
    await stage.rest();
    expect(stage.disk).toEqual({ record: null, wakeAt: null });
  });

  it("is not aborted by an alarm that comes while it is young", async () => {
    const answer = except("reserve", async () => {
      await stage.ring();
      return { kind: "reserved", ticket: "k1" };
    });
    const stage = new Stage(GUEST, { answer });
    expect((await stage.link(orderOf(["a/1"]))).kind).toBe("linked");
    expect(stage.kinds().filter((kind) => kind === "reserve")).toHaveLength(1);
  });

  it("leaves nothing of a birth that failed", async () => {
    const stage = new Stage(null, { answer: except("reserve", { kind: "failed" }) });
    await stage.link(orderOf(["a/1"], { isBirth: true }));
    await stage.rest();
    expect(stage.disk).toEqual({ record: null, wakeAt: null });
  });

  it("T34: the audit hears of it once, and once more in a life that finds it open", async () => {
    const stage = new Stage(GUEST);
    await stage.link(orderOf(["a/1", "b/1"]));
    await stage.rest();
    expect(stage.linked).toEqual(["t1"]);
    const open = transactionOf({
      id: "t7",
      phase: "committed",
      unsettled: [{ kind: "identity", identityId: id("b") }],
    });
    expect(new Stage({ ...linkedTo("a/1"), transaction: open }).linked).toEqual(["t7"]);
    expect(new Stage({ ...linkedTo("a/1"), transaction: transactionOf() }).linked).toEqual([]);
  });
});

describe("an absorption", () => {
  const order = orderOf(["a/1", "b/1"], { absorb: [id("b")] });

  it("freezes first, and takes over every login that is handed over", async () => {
    const stage = new Stage(linkedTo("a/1"), {
      answer: except("freeze", { kind: "frozen", logins: [linked("b/1"), linked("c/1")] }),
    });
    const asked = stage.link(order).then((reply) => ({ reply, kinds: stage.kinds().slice(0, 3) }));
    const { reply, kinds } = await asked;
    expect(reply.kind).toBe("linked");
    expect(kinds).toEqual(["freeze", "reserve", "reserve"]);
    expect(stage.record?.logins.map(({ loginId }) => loginId)).toEqual(["a/1", "b/1", "c/1"]);
  });

  it("takes over what the absorbed one bars, but for what it has a login of", async () => {
    const ref = { transactionId: "t9", coordinator: id("b"), identityId: id("a"), identityPoolId: POOL } as const;
    const barring = new Stage({ ...linkedTo("b/1"), barred: ["a", "c"] });
    const reply = barring.actor.freeze({ kind: "freeze", ...ref, isGuest: false, loginIds: ["b/1"] });
    expect(reply).toMatchObject({ kind: "frozen", barred: ["a", "c"] });
    const stage = new Stage(linkedTo("a/1"), { answer: except("freeze", reply) });
    expect((await stage.link(order)).kind).toBe("linked");
    expect(stage.record?.barred).toEqual(["c"]);
  });

  it("says which of the absorbed was chosen as a guest", async () => {
    const stage = new Stage(linkedTo("a/1"));
    await stage.link({ ...order, absorb: [id("b"), id("g")], guest: id("g") });
    const frozenAs = stage.sent.flatMap((message) =>
      message.kind === "freeze" ? [[message.identityId, message.isGuest]] : [],
    );
    expect(frozenAs).toEqual([
      [id("b"), false],
      [id("g"), true],
    ]);
  });

  it("merges nothing when the other is no longer what it was", async () => {
    const stage = new Stage(linkedTo("a/1"), { answer: except("freeze", { kind: "unsuitable" }) });
    expect(await stage.link(order)).toEqual({ kind: "stale" });
    expect(stage.kinds()).toEqual(["freeze"]);
    expect(stage.record).toEqual(linkedTo("a/1"));
  });

  it("refuses two users of one provider among what is handed over, and thaws the other (T41)", async () => {
    const stage = new Stage(linkedTo("a/1"), {
      answer: except("freeze", { kind: "frozen", logins: [linked("a/2")] }),
    });
    expect(await stage.link(order)).toEqual({ kind: "conflict", providerName: "a" });
    await stage.rest();
    expect(stage.kinds()).toEqual(["freeze", "settle"]);
  });
});

describe("waking", () => {
  it("aborts what a former life left preparing, and tells its participants", async () => {
    const stage = new Stage({ ...GUEST, transaction: transactionOf() });
    expect(stage.record).toEqual(GUEST);
    await stage.rest();
    await stage.ring();
    expect(stage.sent).toMatchObject([{ kind: "settle", outcome: "aborted" }]);
    expect(stage.disk).toEqual({ record: GUEST, wakeAt: null });
  });

  it("stays armed while somebody has not heard", async () => {
    const stage = new Stage(
      { ...linkedTo(), releases: [linked("a/1")] },
      { answer: except("release", { kind: "failed" }) },
    );
    await stage.rest();
    await stage.ring();
    expect(stage.disk.wakeAt).toBe(FIRST_ALARM);
    expect(stage.record?.releases).toHaveLength(1);
  });

  it.each<["committed" | "aborted", string]>([
    ["committed", "merged"],
    ["aborted", "linked"],
  ])("asks about a freeze that lasts, and is %s as its coordinator says", async (outcome, kind) => {
    const stage = new Stage(frozen(linkedTo("a/1")), { answer: except("ask-outcome", { kind: "outcome", outcome }) });
    await stage.ring();
    expect(stage.sent).toEqual([]);
    stage.clock.now += PATIENCE_SECONDS;
    await stage.ring();
    expect(stage.record).toMatchObject({ standing: { kind }, freeze: null });
  });

  it("is not unknown while it is absorbed before it was known here: its coordinator knows what it will be", async () => {
    const stage = new Stage(frozen(recordOf({ kind: "unborn" })));
    expect(await stage.grant(["a/1"])).toMatchObject({ kind: "busy", holder: { coordinator: id("b") } });
    expect(await new Stage(null).grant(["a/1"])).toMatchObject({ kind: "refused", isUnknown: true });
  });

  it("stays frozen while its coordinator does not answer, or has not decided", async () => {
    for (const reply of [{ kind: "failed" }, { kind: "outcome", outcome: "preparing" }] as const) {
      const stage = new Stage(frozen(linkedTo("a/1")), { answer: except("ask-outcome", reply) });
      stage.clock.now += PATIENCE_SECONDS;
      await stage.ring();
      expect(stage.record?.freeze).not.toBe(null);
      expect(stage.disk.wakeAt).toBe(FIRST_ALARM + PATIENCE_SECONDS);
    }
  });

  it("erases a tombstone only when its time is over", async () => {
    const stage = new Stage(DELETED);
    await stage.ring();
    expect(stage.disk).toEqual({ record: DELETED, wakeAt: NOW + TOMBSTONE_SECONDS });
    stage.clock.now += TOMBSTONE_SECONDS;
    await stage.ring();
    expect(stage.disk).toEqual({ record: null, wakeAt: null });
  });

  it("comes again when a run failed, and says so: an alarm that throws would be forgotten", async () => {
    const stage = new Stage(DELETED);
    stage.clock.now += TOMBSTONE_SECONDS;
    stage.failsToSave = true;
    await stage.ring();
    expect(stage.failures).toEqual([expect.objectContaining({ message: "the disk is full" })]);
    expect(stage.disk).toEqual({ record: DELETED, wakeAt: NOW + TOMBSTONE_SECONDS + 60 });
    stage.failsToSave = false;
    await stage.ring();
    expect(stage.disk).toEqual({ record: null, wakeAt: null });
  });

  it("sets no alarm that is set already, which would be one more row written", async () => {
    const stage = new Stage(GUEST);
    await stage.link(orderOf(["a/1"]));
    await stage.rest();
    expect([stage.rearmed, stage.alarms]).toEqual([[FIRST_ALARM], ["as it is", "none"]]);
  });
});

describe("admission", () => {
  const MERGED_AT = { ...recordOf({ kind: "merged", into: id("b"), by: "call-1" }), modifiedAt: NOW };

  it.each<[string, { askedAt: number; callId: string | null }, Reply["kind"] | "merged" | "refused"]>([
    ["sends on a call that came in before the merge", { askedAt: NOW - 1, callId: null }, "merged"],
    ["sends on a repeat of the call that asked for it", { askedAt: NOW + 5, callId: "call-1" }, "merged"],
    ["refuses any other", { askedAt: NOW + 5, callId: "call-2" }, "refused"],
  ])("a merged identity %s", async (_, call, kind) => {
    expect((await new Stage(MERGED_AT).grant(["a/1"], call)).kind).toBe(kind);
    expect((await new Stage(MERGED_AT).actor.grantVerified(id("a"), POOL, [login("a/1")], call)).kind).toBe(kind);
  });

  it("sends nobody on who presents no login", async () => {
    expect((await new Stage(MERGED_AT).grant([], { askedAt: NOW - 1, callId: "call-1" })).kind).toBe("refused");
  });

  it("judges the identity as it is after the wait for its pool", async () => {
    const pool = Promise.withResolvers<IdentityPool>();
    const stage = new Stage(GUEST, { pool: async () => await pool.promise });
    const granting = stage.grant(["a/1"], CALL);
    expect(await stage.actor.remove(id("a"), "*")).toEqual({ kind: "done", trace: { identityPoolId: POOL } });
    pool.resolve({ identityPoolId: POOL, name: "pool", allowsUnauthenticated: true });
    expect(await granting).toMatchObject({ error: { type: "ResourceNotFoundException" } });
  });

  it("verifies nothing for a frozen identity, and says whom to ask", async () => {
    const verify = () => Promise.reject(new Error("verified"));
    const logins = { ...presented(["a/1"]), verify, verifyForGrant: verify };
    const stage = new Stage(frozen(linkedTo("a/1")));
    const expected = { kind: "busy", holder: { coordinator: id("b") } };
    expect(await stage.actor.grant(id("a"), logins, CALL, { flow: "basic" })).toMatchObject(expected);
    expect(await stage.actor.unlink(id("a"), logins, ["a"])).toMatchObject(expected);
  });

  it("T37: an identity of another pool is none, for whatever call", async () => {
    const { actor, saved } = new Stage(linkedTo("a/1"));
    const notFound = { kind: "refused", error: { type: "ResourceNotFoundException" } };
    expect(await actor.grantVerified(id("a"), OTHER_POOL, [login("a/1")], CALL)).toMatchObject(notFound);
    expect(await actor.unlinkDeveloperUser(id("a"), OTHER_POOL, "a/1")).toMatchObject(notFound);
    expect(await actor.developerUsers(OTHER_POOL)).toBe(null);
    expect(saved).toEqual([]);
  });

  it("is judged by the flow that the client asks for", async () => {
    const { actor } = new Stage(linkedTo("a/1"), { pool: { ...PUBLIC_POOL, allowsClassicFlow: false } });
    const grant = async (flow: Flow) => await actor.grant(id("a"), presented(["a/1"]), CALL, { flow });
    expect(await grant("basic")).toMatchObject({ kind: "refused", refusal: { kind: "basic-flow-disabled" } });
    expect(await grant("enhanced")).toMatchObject({ kind: "granted" });
  });

  it("is that of nobody once the pool is gone", async () => {
    const { actor } = new Stage(linkedTo("a/1"), { pool: null });
    const notFound = { kind: "refused", error: { type: "ResourceNotFoundException" } };
    expect(await actor.grant(id("a"), presented(["a/1"]), CALL, { flow: "basic" })).toMatchObject(notFound);
    expect(await actor.unlink(id("a"), presented(["a/1"]), ["a"])).toMatchObject(notFound);
  });

  it("lets a provider be asked only where the identity's rate would allow the answer (T47)", async () => {
    const stage = new Stage(linkedTo("a/1"), { tokens: 0 });
    const asked: unknown[] = [];
    const logins = presented(["a/1"]);
    const verifyForGrant: typeof logins.verifyForGrant = async (pool, wish, admitQuestion) => {
      asked.push(admitQuestion());
      return await logins.verifyForGrant(pool, wish, admitQuestion);
    };
    await stage.actor.grant(id("a"), { ...logins, verifyForGrant }, CALL, { flow: "basic" });
    expect(asked).toMatchObject([{ type: "TooManyRequestsException" }]);
    expect(stage.limit).toMatchObject({ looks: 1, draws: 1 });
  });
});

describe("what a frozen identity is", () => {
  it("its coordinator says, before anybody is told", async () => {
    const stage: Stage = new Stage(frozen(GUEST), {
      answer: except("ask-outcome", (message) => {
        if (message.kind !== "ask-outcome") return agreeable(message);
        stage.actor.settle({ ...message, kind: "settle", outcome: "committed" });
        return { kind: "outcome", outcome: "committed" };
      }),
    });
    expect(await stage.actor.describe()).toMatchObject({ description: { isDisabled: true } });
  });

  it("its coordinator says, also when the settlement itself is lost on its way", async () => {
    const answer = except("ask-outcome", { kind: "outcome", outcome: "committed" });
    const stage = new Stage(frozen(linkedTo("a/1")), { answer });
    expect(await stage.actor.describe()).toMatchObject({ description: { isDisabled: true } });
    expect(stage.record).toMatchObject({ standing: { kind: "merged", into: id("b") }, logins: [], freeze: null });
  });

  it("nobody is told while that one cannot be asked", async () => {
    const { actor } = new Stage(frozen(GUEST), { answer: except("ask-outcome", { kind: "failed" }) });
    await expect(actor.describe()).rejects.toThrow(CoordinatorUnreachable);
    await expect(actor.developerUsers(POOL)).rejects.toThrow(CoordinatorUnreachable);
  });
});

describe("the judge of its own links", () => {
  const question = { kind: "confirm-owner", identityId: id("a"), loginId: "a/1", linkId: "t0" } as const;

  it("owns what it holds, by whichever link the login's object remembers", async () => {
    const { actor, sent } = new Stage(linkedTo("a/1"));
    expect(await actor.confirmOwner(question)).toEqual({ kind: "ownership", owns: true });
    expect(await actor.confirmOwner({ ...question, linkId: "t99" })).toEqual({ kind: "ownership", owns: true });
    expect(sent).toEqual([]);
  });

  it("tells the login's object of an end that it missed, before it answers", async () => {
    const { actor, sent } = new Stage(linkedTo("b/1"));
    expect(await actor.confirmOwner(question)).toEqual({ kind: "ownership", owns: false });
    expect(sent).toEqual([{ kind: "release", loginId: "a/1", identityId: id("a"), linkId: "t0" }]);
  });

  it("says nothing about itself while it is frozen", async () => {
    const reply = await new Stage(frozen(linkedTo("a/1"))).actor.confirmOwner(question);
    expect(reply).toMatchObject({ kind: "busy", holder: { transactionId: "t9", coordinator: id("b") } });
  });
});

describe("how a transaction ended", () => {
  it("the asker's participant hears before the asker, also beside a delivery that had no answer", async () => {
    const [first, second] = [Promise.withResolvers<Reply>(), Promise.withResolvers<Reply>()];
    const replies = [first, second];
    const participant = { kind: "identity", identityId: id("b") } as const;
    const open = transactionOf({ phase: "committed", wanted: [], absorbed: [id("b")], unsettled: [participant] });
    const answer = except("settle", async () => await (replies.shift()?.promise ?? { kind: "settled" }));
    const stage = new Stage({ ...linkedTo("a/1"), transaction: open }, { answer });
    const asked = stage.actor.outcome({ kind: "ask-outcome", transactionId: "t1", coordinator: id("a"), participant });
    first.resolve({ kind: "failed" });
    second.resolve({ kind: "settled" });
    expect(await asked).toBe("committed");
    expect(stage.record?.transaction).toBe(null);
    expect(stage.kinds()).toEqual(["settle", "settle"]);
  });
});

describe("the pool's end", () => {
  it("takes along an identity that comes to the directory too late", async () => {
    const stage = new Stage(
      { ...GUEST, listing: "to-add" },
      { answer: except("update-listing", { kind: "listing", poolDeleted: true }) },
    );
    await stage.rest();
    expect(stage.record).toMatchObject({ standing: { kind: "deleted" }, listing: "unlisted" });
  });

  it("makes a guest once, and never again under the same id (invariant fresh-ids)", () => {
    const { actor } = new Stage(null);
    expect(actor.createGuest(id("a"), POOL)).toBe(true);
    expect(actor.createGuest(id("a"), POOL)).toBe(false);
    expect(new Stage(DELETED).actor.createGuest(id("a"), POOL)).toBe(false);
  });
});
