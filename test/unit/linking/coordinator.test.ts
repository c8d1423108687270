/** The coordinator over a scripted host: what it stores before it speaks, and what it does when a wait went wrong. */
import { describe, expect, it } from "vitest";
import { Coordinator, type Host } from "../../../src/linking/coordinator.ts";
import { type IdentityRecord, PATIENCE_SECONDS, TOMBSTONE_SECONDS } from "../../../src/linking/identity-record.ts";
import type { Message, Reply } from "../../../src/linking/messages.ts";
import { DELETED, frozen, GUEST, id, linked, linkedTo, NOW, orderOf, POOL, stored, transactionOf } from "./records.ts";

type Answer = (message: Message) => Reply | Promise<Reply>;

/** Everybody does as asked. */
function agreeable(message: Message): Reply {
  switch (message.kind) {
    case "reserve":
      return { kind: "reserved", ticket: `k-${message.loginId}` };
    case "freeze":
      return { kind: "frozen", logins: [] };
    case "settle":
      return { kind: "settled" };
    case "release":
      return { kind: "released" };
    case "confirm-owner":
      return { kind: "ownership", owns: true };
    case "ask-outcome":
      return { kind: "outcome", outcome: "aborted" };
    case "update-listing":
      return { kind: "listing", poolDeleted: false };
  }
}

function coordinate(former: IdentityRecord | null, answer: Answer = agreeable) {
  const sent: Message[] = [];
  const clock = { now: NOW };
  const disk = { record: former, wakeAt: null as number | null };
  /** What was stored when each message left. */
  const storedAt: (IdentityRecord | null)[] = [];
  let transactions = 0;
  const host: Host = {
    save: (record, wakeAtSeconds) => {
      disk.record = record;
      disk.wakeAt = wakeAtSeconds;
    },
    send: async (message) => {
      sent.push(message);
      storedAt.push(disk.record);
      return await answer(message);
    },
    now: () => clock.now,
    newTransactionId: () => `t${++transactions}`,
  };
  return {
    coordinator: new Coordinator(host, former),
    sent,
    storedAt,
    disk,
    clock,
    kinds: () => sent.map(({ kind }) => kind),
  };
}

/** All answers as agreed, except to one kind of message. */
function except(kind: Message["kind"], reply: Reply | ((message: Message) => Reply | Promise<Reply>)): Answer {
  return (message) => {
    if (message.kind !== kind) return agreeable(message);
    return typeof reply === "function" ? reply(message) : reply;
  };
}

describe("a link", () => {
  it("stores the transaction and its alarm before it calls anybody, and answers after the commit", async () => {
    const { coordinator, storedAt, disk, kinds } = coordinate(GUEST);
    const outcome = await coordinator.link(orderOf(["a/1", "b/1"]));
    expect(kinds()).toEqual(["reserve", "reserve"]);
    expect(storedAt[0]?.transaction).toMatchObject({ phase: "preparing", wanted: [stored("a/1"), stored("b/1")] });
    expect(outcome.kind).toBe("linked");
    expect(disk.record).toMatchObject({ standing: { kind: "linked" }, transaction: { phase: "committed" } });
    expect(disk.wakeAt).toBe(NOW + PATIENCE_SECONDS);
    await coordinator.deliver();
    expect(disk.record?.transaction).toBe(null);
    expect(disk.wakeAt).toBe(null);
  });

  it("sends and stores nothing for logins that are all linked", async () => {
    const { coordinator, sent, disk } = coordinate(linkedTo("a/1"));
    const before = disk.record;
    expect((await coordinator.link(orderOf(["a/1"]))).kind).toBe("linked");
    expect(sent).toEqual([]);
    expect(disk.record).toBe(before);
  });

  it("links nothing when one of two logins is another identity's, and says whose", async () => {
    const owned = except("reserve", (message) => {
      return message.kind === "reserve" && message.loginId === "b/1"
        ? { kind: "owned", owner: id("b"), linkId: "t7" }
        : { kind: "reserved", ticket: "k1" };
    });
    const { coordinator, disk, sent } = coordinate(GUEST, owned);
    expect(await coordinator.link(orderOf(["a/1", "b/1"]))).toEqual({ kind: "elsewhere", owners: [id("b")] });
    await coordinator.deliver();
    expect(disk.record).toEqual(GUEST);
    const told = sent.flatMap((message) =>
      message.kind === "settle" && message.participant.kind === "login" ? [message.participant.loginId] : [],
    );
    expect(told).toEqual(["a/1"]);
  });

  it("does not believe a login whose owner has let it go: the owner is the judge", async () => {
    const answer: Answer = (message) => {
      if (message.kind === "reserve") return { kind: "owned", owner: id("b"), linkId: "t7" };
      return message.kind === "confirm-owner" ? { kind: "ownership", owns: false } : agreeable(message);
    };
    expect(await coordinate(GUEST, answer).coordinator.link(orderOf(["a/1"]))).toEqual({ kind: "busy" });
  });

  it("links nothing when a participant does not answer, and tells it of the end", async () => {
    const { coordinator, disk, kinds } = coordinate(GUEST, except("reserve", { kind: "failed" }));
    expect(await coordinator.link(orderOf(["a/1"]))).toEqual({ kind: "unreachable" });
    expect(disk.record?.transaction).toMatchObject({ phase: "aborted" });
    await coordinator.deliver();
    expect(kinds()).toEqual(["reserve", "settle"]);
    expect(disk.record).toEqual(GUEST);
  });

  it("gives way to the transaction that holds a login, and names it", async () => {
    const holder = {
      transactionId: "t7",
      coordinator: id("b"),
      participant: { kind: "login", loginId: "a/1", ticket: "k7" },
    } as const;
    const { coordinator } = coordinate(GUEST, except("reserve", { kind: "contended", holder }));
    expect(await coordinator.link(orderOf(["a/1"]))).toEqual({ kind: "busy", holder });
  });

  it("finds itself aborted by the alarm after a wait, and does not commit", async () => {
    let release = (): void => {};
    const waits = new Promise<void>((resolve) => (release = resolve));
    const answer = except("reserve", async () => {
      await waits;
      return { kind: "reserved", ticket: "k1" };
    });
    const { coordinator, clock, disk } = coordinate(GUEST, answer);
    const linking = coordinator.link(orderOf(["a/1"]));
    clock.now += PATIENCE_SECONDS;
    await coordinator.wake();
    release();
    expect(await linking).toEqual({ kind: "busy" });
    expect(disk.record).toEqual(GUEST);
  });

  it("is not aborted by an alarm that comes while it is young and driven", async () => {
    const answer = except("reserve", async () => {
      await coordinator.wake();
      return { kind: "reserved", ticket: "k1" };
    });
    const { coordinator } = coordinate(GUEST, answer);
    expect((await coordinator.link(orderOf(["a/1"]))).kind).toBe("linked");
  });

  it("leaves nothing of a birth that failed", async () => {
    const { coordinator, disk } = coordinate(null, except("reserve", { kind: "failed" }));
    await coordinator.link(orderOf(["a/1"], { isBirth: true }));
    await coordinator.deliver();
    expect(disk).toEqual({ record: null, wakeAt: null });
  });
});

describe("an absorption", () => {
  const order = orderOf(["a/1", "b/1"], { absorb: [id("b")] });

  it("freezes first, and takes over every login that is handed over", async () => {
    const { coordinator, kinds, disk } = coordinate(
      linkedTo("a/1"),
      except("freeze", { kind: "frozen", logins: [linked("b/1"), linked("c/1")] }),
    );
    expect((await coordinator.link(order)).kind).toBe("linked");
    expect(kinds()).toEqual(["freeze", "reserve", "reserve"]);
    expect(disk.record?.logins.map(({ loginId }) => loginId)).toEqual(["a/1", "b/1", "c/1"]);
  });

  it("says which of the absorbed was chosen as a guest", async () => {
    const { coordinator, sent } = coordinate(linkedTo("a/1"));
    await coordinator.link({ ...order, absorb: [id("b"), id("g")], guest: id("g") });
    const frozenAs = sent.flatMap((message) =>
      message.kind === "freeze" ? [[message.identityId, message.isGuest]] : [],
    );
    expect(frozenAs).toEqual([
      [id("b"), false],
      [id("g"), true],
    ]);
  });

  it("merges nothing when the other is no longer what it was", async () => {
    const { coordinator, kinds, disk } = coordinate(linkedTo("a/1"), except("freeze", { kind: "unsuitable" }));
    expect(await coordinator.link(order)).toEqual({ kind: "stale" });
    expect(kinds()).toEqual(["freeze"]);
    expect(disk.record).toEqual(linkedTo("a/1"));
  });

  it("refuses two users of one provider among what is handed over, and thaws the other (T41)", async () => {
    const { coordinator, kinds } = coordinate(
      linkedTo("a/1"),
      except("freeze", { kind: "frozen", logins: [linked("a/2")] }),
    );
    expect(await coordinator.link(order)).toEqual({ kind: "conflict", providerName: "a" });
    await coordinator.deliver();
    expect(kinds()).toEqual(["freeze", "settle"]);
  });
});

describe("waking", () => {
  it("aborts what a former life left preparing, and tells its participants", async () => {
    const { coordinator, disk, sent } = coordinate({ ...GUEST, transaction: transactionOf() });
    expect(disk.record?.transaction?.phase).toBe("aborted");
    await coordinator.wake();
    expect(sent).toMatchObject([{ kind: "settle", outcome: "aborted" }]);
    expect(disk).toEqual({ record: GUEST, wakeAt: null });
  });

  it("stays armed while somebody has not heard", async () => {
    const { coordinator, disk } = coordinate(
      { ...linkedTo(), releases: [linked("a/1")] },
      except("release", { kind: "failed" }),
    );
    await coordinator.wake();
    expect(disk.wakeAt).toBe(NOW + PATIENCE_SECONDS);
    expect(disk.record?.releases).toHaveLength(1);
  });

  it.each<["committed" | "aborted", string]>([
    ["committed", "merged"],
    ["aborted", "linked"],
  ])("asks about a freeze that lasts, and is %s as its coordinator says", async (outcome, kind) => {
    const { coordinator, clock, disk, sent } = coordinate(
      frozen(linkedTo("a/1")),
      except("ask-outcome", { kind: "outcome", outcome }),
    );
    await coordinator.wake();
    expect(sent).toEqual([]);
    clock.now += PATIENCE_SECONDS;
    await coordinator.wake();
    expect(disk.record).toMatchObject({ standing: { kind }, freeze: null });
  });

  it("stays frozen while its coordinator does not answer, or has not decided", async () => {
    for (const reply of [{ kind: "failed" }, { kind: "outcome", outcome: "preparing" }] as const) {
      const { coordinator, clock, disk } = coordinate(frozen(linkedTo("a/1")), except("ask-outcome", reply));
      clock.now += PATIENCE_SECONDS;
      await coordinator.wake();
      expect(disk.record?.freeze).not.toBe(null);
      expect(disk.wakeAt).toBe(clock.now + PATIENCE_SECONDS);
    }
  });

  it("erases a tombstone only when its time is over", async () => {
    const { coordinator, clock, disk } = coordinate(DELETED);
    await coordinator.wake();
    expect(disk).toEqual({ record: DELETED, wakeAt: NOW + TOMBSTONE_SECONDS });
    clock.now += TOMBSTONE_SECONDS;
    await coordinator.wake();
    expect(disk).toEqual({ record: null, wakeAt: null });
  });
});

describe("the judge of its own links", () => {
  const question = { kind: "confirm-owner", identityId: id("a"), loginId: "a/1", linkId: "t0" } as const;

  it("owns what it holds, by whichever link the login's object remembers", async () => {
    const { coordinator, sent } = coordinate(linkedTo("a/1"));
    expect(await coordinator.confirmOwner(question)).toEqual({ kind: "ownership", owns: true });
    expect(await coordinator.confirmOwner({ ...question, linkId: "t99" })).toEqual({ kind: "ownership", owns: true });
    expect(sent).toEqual([]);
  });

  it("tells the login's object of an end that it missed, before it answers", async () => {
    const { coordinator, sent } = coordinate(linkedTo("b/1"));
    expect(await coordinator.confirmOwner(question)).toEqual({ kind: "ownership", owns: false });
    expect(sent).toEqual([{ kind: "release", loginId: "a/1", identityId: id("a"), linkId: "t0" }]);
  });

  it("says nothing about itself while it is frozen", async () => {
    const reply = await coordinate(frozen(linkedTo("a/1"))).coordinator.confirmOwner(question);
    expect(reply).toMatchObject({ kind: "contended", holder: { transactionId: "t9", coordinator: id("b") } });
  });
});

describe("the pool's end", () => {
  it("takes along an identity that comes to the directory too late", async () => {
    const { coordinator, disk } = coordinate(
      { ...GUEST, listing: "to-add" },
      except("update-listing", { kind: "listing", poolDeleted: true }),
    );
    await coordinator.deliver();
    expect(disk.record).toMatchObject({ standing: { kind: "deleted" }, listing: "unlisted" });
  });

  it("makes a guest once, and never again under the same id (I10)", () => {
    const { coordinator } = coordinate(null);
    expect(coordinator.createGuest(id("a"), POOL)).toBe(true);
    expect(coordinator.createGuest(id("a"), POOL)).toBe(false);
    expect(coordinate(DELETED).coordinator.createGuest(id("a"), POOL)).toBe(false);
  });
});
