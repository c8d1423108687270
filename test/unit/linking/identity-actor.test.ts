/** An identity's actor over a scripted host: what it stores before it speaks, and what it does when a wait went wrong. */
import { describe, expect, it } from "vitest";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import type { Flow } from "../../../src/domain/mint-rules.ts";
import { CoordinatorUnreachable } from "../../../src/linking/identity-actor.ts";
import { PATIENCE_SECONDS, TOMBSTONE_SECONDS } from "../../../src/linking/identity-record.ts";
import type { Reply } from "../../../src/linking/messages.ts";
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

describe("a link", () => {
  it("stores the transaction and its alarm before it calls anybody, and answers after the commit", async () => {
    const { promise: heard, resolve: hear } = Promise.withResolvers<Reply>();
    const stage = new Stage(GUEST, { answer: except("settle", async () => await heard) });
    expect((await stage.link(orderOf(["a/1", "b/1"]))).kind).toBe("linked");
    expect(stage.kinds()).toEqual(["reserve", "reserve", "settle", "settle"]);
    expect(stage.storedAt[0]?.transaction).toMatchObject({
      phase: "preparing",
      wanted: [stored("a/1"), stored("b/1")],
    });
    expect(stage.record).toMatchObject({ standing: { kind: "linked" }, transaction: { phase: "committed" } });
    expect(stage.disk.wakeAt).toBe(NOW + PATIENCE_SECONDS);
    hear({ kind: "settled" });
    await stage.rest();
    expect(stage.record?.transaction).toBe(null);
    expect(stage.disk.wakeAt).toBe(null);
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
    expect(await stage.link(orderOf(["a/1", "b/1"]))).toEqual({ kind: "elsewhere", owners: [id("b")] });
    await stage.rest();
    expect(stage.record).toEqual(GUEST);
    const told = stage.sent.flatMap((message) =>
      message.kind === "settle" && message.participant.kind === "login" ? [message.participant.loginId] : [],
    );
    expect(told).toEqual(["a/1"]);
  });

  it("does not believe a login whose owner has let it go: the owner is the judge", async () => {
    let asked = 0;
    const answer: Answer = (message) => {
      if (message.kind === "reserve" && asked === 0) return { kind: "owned", owner: id("b"), linkId: "t7" };
      if (message.kind !== "confirm-owner") return agreeable(message);
      asked++;
      return { kind: "ownership", owns: false };
    };
    const stage = new Stage(GUEST, { answer });
    // The owner has told the login's object: the next run finds it free.
    expect((await stage.link(orderOf(["a/1"]))).kind).toBe("linked");
    expect(asked).toBe(1);
  });

  it("links nothing when a participant does not answer, and tells it of the end", async () => {
    const { promise: heard, resolve: hear } = Promise.withResolvers<Reply>();
    const answer: Answer = async (message) => {
      return message.kind === "settle" ? await heard : except("reserve", { kind: "failed" })(message);
    };
    const stage = new Stage(GUEST, { answer });
    expect(await stage.link(orderOf(["a/1"]))).toEqual({ kind: "unreachable" });
    expect(stage.record?.transaction).toMatchObject({ phase: "aborted" });
    hear({ kind: "settled" });
    await stage.rest();
    expect(stage.kinds()).toEqual(["reserve", "settle"]);
    expect(stage.record).toEqual(GUEST);
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

  it("finds itself aborted by the alarm after a wait, and does not commit", async () => {
    const { promise: waits, resolve: release } = Promise.withResolvers<void>();
    const answer = except("reserve", async () => {
      await waits;
      return { kind: "reserved", ticket: "k1" };
    });
    const stage = new Stage(null, { answer });
    const linking = stage.link(orderOf(["a/1"], { isBirth: true }));
    stage.clock.now += PATIENCE_SECONDS;
    await stage.ring();
    release();
    // A birth is not tried again: its id was never told to anybody.
    expect(await linking).toEqual({ kind: "busy" });
    await stage.rest();
    expect(stage.disk).toEqual({ record: null, wakeAt: null });
  });

  it("is not aborted by an alarm that comes while it is young and driven", async () => {
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
    expect(stage.record?.transaction?.phase).toBe("aborted");
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
    expect(stage.disk.wakeAt).toBe(NOW + PATIENCE_SECONDS);
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

  it("stays frozen while its coordinator does not answer, or has not decided", async () => {
    for (const reply of [{ kind: "failed" }, { kind: "outcome", outcome: "preparing" }] as const) {
      const stage = new Stage(frozen(linkedTo("a/1")), { answer: except("ask-outcome", reply) });
      stage.clock.now += PATIENCE_SECONDS;
      await stage.ring();
      expect(stage.record?.freeze).not.toBe(null);
      expect(stage.disk.wakeAt).toBe(stage.clock.now + PATIENCE_SECONDS);
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
    stage.isDiskFull = true;
    await stage.ring();
    expect(stage.failures).toEqual([expect.objectContaining({ message: "the disk is full" })]);
    expect(stage.rearmed).toEqual([NOW + 60]);
    stage.isDiskFull = false;
    stage.clock.now += TOMBSTONE_SECONDS;
    await stage.ring();
    expect(stage.disk).toEqual({ record: null, wakeAt: null });
  });

  it("sets no alarm that is set already, which would be one more row written", async () => {
    const stage = new Stage(GUEST);
    await stage.link(orderOf(["a/1"]));
    await stage.rest();
    expect(stage.alarms.filter((step) => step !== "as it is")).toEqual([NOW + PATIENCE_SECONDS, "none"]);
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
    expect(await stage.actor.remove(id("a"), "*")).toEqual({ kind: "done" });
    pool.resolve({ identityPoolId: POOL, name: "pool", allowsUnauthenticated: true });
    expect(await granting).toMatchObject({ error: { type: "ResourceNotFoundException" } });
  });

  it("verifies nothing for a frozen identity, and says whom to ask", async () => {
    const logins = { ...presented(["a/1"]), verify: () => Promise.reject(new Error("verified")) };
    const stage = new Stage(frozen(linkedTo("a/1")));
    const expected = { kind: "busy", holder: { coordinator: id("b") } };
    expect(await stage.actor.grant(id("a"), logins, CALL, "basic")).toMatchObject(expected);
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
    const grant = async (flow: Flow) => await actor.grant(id("a"), presented(["a/1"]), CALL, flow);
    expect(await grant("basic")).toMatchObject({ kind: "refused", refusal: { kind: "basic-flow-disabled" } });
    expect(await grant("enhanced")).toMatchObject({ kind: "granted" });
  });

  it("is that of nobody once the pool is gone", async () => {
    const { actor } = new Stage(linkedTo("a/1"), { pool: null });
    const notFound = { kind: "refused", error: { type: "ResourceNotFoundException" } };
    expect(await actor.grant(id("a"), presented(["a/1"]), CALL, "basic")).toMatchObject(notFound);
    expect(await actor.unlink(id("a"), presented(["a/1"]), ["a"])).toMatchObject(notFound);
  });

  it("lets a provider be asked only where the identity's rate would allow the answer (T47)", async () => {
    const stage = new Stage(linkedTo("a/1"), { tokens: 0 });
    const asked: unknown[] = [];
    const logins = presented(["a/1"]);
    const verify: typeof logins.verify = async (pool, admitQuestion) => {
      asked.push(admitQuestion());
      return await logins.verify(pool, admitQuestion);
    };
    await stage.actor.grant(id("a"), { ...logins, verify }, CALL, "basic");
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

  it("makes a guest once, and never again under the same id (I10)", () => {
    const { actor } = new Stage(null);
    expect(actor.createGuest(id("a"), POOL)).toBe(true);
    expect(actor.createGuest(id("a"), POOL)).toBe(false);
    expect(new Stage(DELETED).actor.createGuest(id("a"), POOL)).toBe(false);
  });
});
