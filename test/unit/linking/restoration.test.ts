/** An operator's word makes an identity again as an export told of it, and sets nothing back that lives here. */
import { describe, expect, it } from "vitest";
import { isErasable, TOMBSTONE_SECONDS } from "../../../src/linking/identity-record.ts";
import type { RestoreOrder } from "../../../src/linking/restoration.ts";
import { agreeable, except, Stage } from "./actor-stage.ts";
import {
  CLOSED,
  DELETED,
  developer,
  frozen,
  GUEST,
  id,
  linkedTo,
  login,
  MERGED,
  NOW,
  OTHER_POOL,
  POOL,
  recordOf,
  stored,
} from "./records.ts";

const BORN = NOW - 1000;

function order(standing: RestoreOrder["standing"], changes: Partial<RestoreOrder> = {}): RestoreOrder {
  const restores = { origin: "source", createdAt: BORN, barred: [] } as const;
  return { identityId: id("a"), identityPoolId: POOL, standing, restores, ...changes };
}
const linking = (...loginIds: readonly string[]): RestoreOrder["standing"] => ({
  kind: "linked",
  logins: loginIds.map(stored),
});
const kinds = (stage: Stage) => stage.record?.life.map(({ kind }) => kind);

describe("an identity that is not known here", () => {
  it.each<[RestoreOrder["standing"], readonly string[]]>([
    [{ kind: "guest" }, ["adopted"]],
    [{ kind: "closed" }, ["adopted", "closed"]],
    [{ kind: "merged", into: id("b") }, ["adopted", "merged"]],
  ])("is made as it stood, in one step, and listed: %o", async (standing, life) => {
    const stage = new Stage(null);
    expect(await stage.actor.restore(order(standing))).toEqual({ kind: "adopted" });
    expect(stage.saved).toHaveLength(1);
    expect(stage.record).toMatchObject({ standing, createdAt: BORN, origin: "source", logins: [], listing: "to-add" });
    expect(kinds(stage)).toEqual(life);
    await stage.rest();
    expect(stage.sent).toMatchObject([{ kind: "update-listing", change: "add" }]);
    expect(stage.record).toMatchObject({ listing: "listed" });
  });

  it("gains its logins by a link that is as old as it was, and keeps what it barred and that it is disabled", async () => {
    const restores = { origin: "source", createdAt: BORN, barred: ["b"], isDisabled: true } as const;
    const stage = new Stage(null);
    const reply = await stage.actor.restore(order(linking("a/1", "c/1"), { restores, remembers: true }));
    expect(reply).toEqual({ kind: "adopted" });
    expect(stage.saved[0]).toMatchObject({
      standing: { kind: "linked" },
      createdAt: BORN,
      origin: "source",
      barred: ["b"],
      isDisabled: true,
      logins: [{ loginId: "a/1" }, { loginId: "c/1" }],
    });
    expect(stage.sent.filter(({ kind }) => kind === "reserve")).toMatchObject([{ remember: true }, { remember: true }]);
    expect(kinds(stage)).toEqual(["adopted", "linked"]);
  });

  it("is one that was born here, where the export says so, and is none of the source's", async () => {
    const stage = new Stage(null);
    await stage.actor.restore(order({ kind: "guest" }, { restores: { origin: "here", barred: [] } }));
    expect(stage.record).toMatchObject({ origin: "here", createdAt: NOW });
    expect(kinds(stage)).toEqual(["born"]);
    const linked = new Stage(null);
    await linked.actor.restore(order(linking("a/1"), { restores: { origin: "here", barred: [] } }));
    expect(linked.record).toMatchObject({ origin: "here", standing: { kind: "linked" } });
    expect(kinds(linked)).toEqual(["born", "linked"]);
  });

  it("hears of the pool's list since when it is there, where only that has been told", async () => {
    const listed = { kind: "listing", poolDeleted: false, createdAt: BORN } as const;
    const stage = new Stage(null, { answer: except("update-listing", listed) });
    await stage.actor.restore(order({ kind: "guest" }, { restores: { origin: "source", barred: [] } }));
    expect(stage.record).toMatchObject({ createdAt: NOW });
    await stage.rest();
    expect(stage.record).toMatchObject({ createdAt: BORN, modifiedAt: NOW, listing: "listed" });
  });

  it("is a developer's users by their names, and of nobody else a name is stored", async () => {
    const logins = [developer("d/1", "user-1"), { ...login("a/1") }];
    const stage = new Stage(null);
    await stage.actor.restore(order({ kind: "linked", logins }));
    expect(stage.record?.logins.map(({ subject }) => subject)).toEqual(["user-1", undefined]);
  });

  it("that was deleted never lives: its tombstone stays for ever, and nothing brings it back", async () => {
    const stage = new Stage(null);
    expect(await stage.actor.restore(order({ kind: "deleted" }))).toEqual({ kind: "adopted" });
    await stage.rest();
    expect(stage.sent).toMatchObject([{ kind: "update-listing", change: "remove", origin: "adopted" }]);
    stage.clock.now += 2 * TOMBSTONE_SECONDS;
    await stage.ring();
    expect(stage.record).toMatchObject({ standing: { kind: "deleted" } });
    expect(stage.record && isErasable(stage.record, stage.clock.now)).toBe(false);
    for (const standing of [{ kind: "guest" }, linking("a/1")] as const)
      expect(await stage.actor.restore(order(standing))).toEqual({ kind: "gone" });
    expect(await stage.actor.restore(order({ kind: "deleted" }))).toEqual({ kind: "unchanged" });
    expect(stage.actor.createGuest(id("a"), POOL, "source")).toBe(false);
  });

  it("stores nothing where a login is another's, which the answer names, or where one does not answer", async () => {
    const owner = { kind: "owned", owner: id("b"), linkId: "t7" } as const;
    const elsewhere = new Stage(null, { answer: except("reserve", owner) });
    expect(await elsewhere.actor.restore(order(linking("a/1")))).toEqual({
      kind: "elsewhere",
      owners: [{ identityId: id("b"), loginId: "a/1", linkId: "t7" }],
    });
    const silent = new Stage(null, { answer: except("reserve", { kind: "failed" }) });
    expect(await silent.actor.restore(order(linking("a/1")))).toEqual({ kind: "unreachable" });
    for (const stage of [elsewhere, silent]) expect(stage.record).toBeNull();
  });

  it("has one user of a provider", async () => {
    const stage = new Stage(null);
    const restored = await stage.actor.restore(order(linking("a/1", "a/2")));
    expect(restored).toEqual({ kind: "conflict", conflict: { kind: "provider", providerName: "a" } });
    expect(stage.record).toBeNull();
  });

  it("is restored also where a fresh proof is asked of its user: the operator's word is given now", async () => {
    const stage = new Stage(linkedTo("a/1"), { proofRule: { maxAgeSeconds: 60, clockSkewSeconds: 1 } });
    expect(await stage.actor.restore(order(linking("a/1", "b/1")))).toEqual({ kind: "adopted" });
  });
});

describe("an identity that is here", () => {
  it("gains the logins that an import says are its own, bars what it bars, and changes in nothing else", async () => {
    const stage = new Stage(linkedTo("a/1"));
    const restores = { origin: "source", createdAt: BORN, barred: ["z"] } as const;
    expect(await stage.actor.restore(order(linking("a/1", "b/1"), { restores }))).toEqual({ kind: "adopted" });
    expect(stage.record).toMatchObject({ origin: "here", barred: ["z"], createdAt: NOW });
    expect(stage.record?.logins.map(({ loginId }) => loginId)).toEqual(["a/1", "b/1"]);
  });

  it.each([
    ["a guest", GUEST, { kind: "guest" }],
    ["one that has all of the logins", linkedTo("a/1"), linking("a/1")],
    ["one that is to gain a login", linkedTo("a/1"), linking("a/1", "b/1")],
    ["one that is closed", CLOSED, { kind: "closed" }],
  ] as const)(
    "that came before its line, which disables it, is a conflict and no word of silence: %s",
    async (_, record, standing) => {
      const stage = new Stage(record);
      const restores = { origin: "source", createdAt: BORN, barred: [], isDisabled: true } as const;
      const conflict = { kind: "not-disabled" };
      expect(await stage.actor.restore(order(standing, { restores }))).toEqual({ kind: "conflict", conflict });
      expect(stage.record).toEqual(record);
      const disabled = new Stage({ ...record, isDisabled: true });
      expect(await disabled.actor.restore(order(standing, { restores }))).not.toEqual({
        kind: "conflict",
        conflict,
      });
    },
  );

  it.each([
    ["a guest", GUEST, { kind: "guest" }, ["a", "z"]],
    ["one that has all of the logins", linkedTo("a/1", "b/1"), linking("a/1"), ["z"]],
    ["one that is closed, and gains none", CLOSED, { kind: "closed" }, []],
  ] as const)(
    "that came before its line bars what the line bars, and it does not have: %s",
    async (_, record, standing, barred) => {
      const stage = new Stage(record);
      const restores = { origin: "source", barred: ["a", "z"] } as const;
      expect(await stage.actor.restore(order(standing, { restores }))).toEqual({ kind: "unchanged" });
      expect(stage.record?.barred).toEqual(barred);
      const saves = stage.saved.length;
      await stage.actor.restore(order(standing, { restores }));
      expect(stage.saved).toHaveLength(saves);
    },
  );

  it("is linked by it where it was a guest", async () => {
    const stage = new Stage(GUEST);
    expect(await stage.actor.restore(order(linking("a/1")))).toEqual({ kind: "adopted" });
    expect(stage.record).toMatchObject({ standing: { kind: "linked" } });
  });

  it.each([
    ["a guest that has linked since", linkedTo("a/1"), { kind: "guest" }],
    ["a guest that was merged since", MERGED, { kind: "guest" }],
    ["one that is merged just so", MERGED, { kind: "merged", into: id("b") }],
    ["one that is closed", CLOSED, { kind: "closed" }],
    ["one that has all of the logins", linkedTo("a/1", "b/1"), linking("b/1")],
    ["one that is disabled and has them", { ...linkedTo("a/1"), isDisabled: true }, linking("a/1")],
  ] as const)("stays as it is: %s", async (_, record, standing) => {
    const stage = new Stage(record);
    expect(await stage.actor.restore(order(standing))).toEqual({ kind: "unchanged" });
    expect(stage.saved).toEqual([]);
  });

  it.each([
    [
      "is of another pool",
      recordOf({ kind: "guest" }, [], { identityPoolId: OTHER_POOL }),
      { kind: "guest" },
      "other-pool",
    ],
    ["lives, and was deleted elsewhere", GUEST, { kind: "deleted" }, "stands-otherwise"],
    ["lives, and was closed elsewhere", linkedTo("a/1"), { kind: "closed" }, "stands-otherwise"],
    ["lives, and was merged elsewhere", GUEST, { kind: "merged", into: id("b") }, "stands-otherwise"],
    ["is merged into another one", MERGED, { kind: "merged", into: id("c") }, "stands-otherwise"],
    ["is closed, and would gain a login", CLOSED, linking("a/1"), "stands-otherwise"],
    [
      "is disabled, and would gain a login",
      { ...linkedTo("a/1"), isDisabled: true },
      linking("a/1", "b/1"),
      "disabled",
    ],
    ["bars the provider", { ...linkedTo("a/1"), barred: ["b"] }, linking("a/1", "b/1"), "provider"],
    [
      "bars the provider, and nothing else is told of",
      { ...linkedTo("a/1"), barred: ["b"] },
      linking("b/1"),
      "provider",
    ],
    ["has another user of it", linkedTo("a/1"), linking("a/2"), "provider"],
  ] as const)("is left alone, and the answer says why: it %s", async (_, record, standing, kind) => {
    const stage = new Stage(record);
    expect(await stage.actor.restore(order(standing))).toMatchObject({ kind: "conflict", conflict: { kind } });
    expect(stage.record).toEqual(record);
    expect(stage.sent).toEqual([]);
  });

  it("is gone where it was deleted", async () => {
    const stage = new Stage(DELETED);
    expect(await stage.actor.restore(order({ kind: "guest" }))).toEqual({ kind: "gone" });
  });

  it("that is being absorbed is asked again, once that is decided", async () => {
    const stage = new Stage(frozen(GUEST));
    const holder = {
      transactionId: "t9",
      coordinator: id("b"),
      participant: { kind: "identity", identityId: id("a") },
    };
    expect(await stage.actor.restore(order({ kind: "guest" }))).toEqual({ kind: "busy", holder });
  });

  it("that is just being adopted is waited for, and then has what it needs", async () => {
    const reserved = Promise.withResolvers<void>();
    const stage = new Stage(null, {
      answer: async (message) => {
        if (message.kind === "reserve") await reserved.promise;
        return agreeable(message);
      },
    });
    const adopts = [{ identityIds: [id("a")], loginIds: ["a/1"] }];
    const first = stage.link({ ...ORDER, logins: [login("a/1")], adopts });
    const second = stage.actor.restore(order(linking("a/1")));
    reserved.resolve();
    expect(await first).toMatchObject({ kind: "linked" });
    expect(await second).toEqual({ kind: "unchanged" });
  });

  it("that is just being restored is deleted once it is there, wherever it was born", async () => {
    const reserved = Promise.withResolvers<void>();
    const stage = new Stage(null, {
      answer: async (message) => {
        if (message.kind === "reserve") await reserved.promise;
        return agreeable(message);
      },
    });
    const restored = stage.actor.restore(order(linking("a/1"), { restores: { origin: "here", barred: [] } }));
    const removed = stage.actor.remove(id("a"), "*");
    reserved.resolve();
    expect(await restored).toEqual({ kind: "adopted" });
    expect(await removed).toMatchObject({ kind: "done" });
    expect(stage.record?.standing).toEqual({ kind: "deleted" });
  });
});

const ORDER = { identityId: id("a"), identityPoolId: POOL, absorb: [], guest: null, isBirth: false } as const;
