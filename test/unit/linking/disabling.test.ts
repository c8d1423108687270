/** An identity that an operator has disabled: what it still answers, what it refuses, and what is the same after it. */
import { describe, expect, it } from "vitest";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import type { DisableOrder } from "../../../src/linking/disabling.ts";
import type { Freeze, Reply } from "../../../src/linking/messages.ts";
import { except, presented, Stage } from "./actor-stage.ts";
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
  orderOf,
  POOL,
} from "./records.ts";

const A = id("a");
const DISABLE: DisableOrder = { isDisabled: true, by: "operator", allowedPools: "*" };
const ENABLE: DisableOrder = { ...DISABLE, isDisabled: false };
const FORBIDDEN = { kind: "access-forbidden", identityId: A } as const;

function disabled(record: IdentityRecord): IdentityRecord {
  return { ...record, isDisabled: true };
}

function freezeOf(isGuest: boolean, loginIds: readonly string[]): Freeze {
  const ref = { transactionId: "t9", coordinator: id("b") };
  return { kind: "freeze", ...ref, identityId: A, identityPoolId: POOL, isGuest, loginIds };
}

describe("the word of an operator", () => {
  it("is stored with who gave it, in one step, and nothing else changes", async () => {
    const stage = new Stage(linkedTo("a/1"));
    stage.clock.now = NOW + 5;
    expect(await stage.actor.setDisabled(A, DISABLE)).toMatchObject({ kind: "done", trace: { identityPoolId: POOL } });
    const life = [{ sequence: 1, at: NOW + 5, kind: "disabled", by: "operator" }];
    expect(stage.saved).toEqual([{ ...linkedTo("a/1"), isDisabled: true, modifiedAt: NOW + 5, life }]);
    expect(stage.sent).toEqual([]);
  });

  it("is taken back, and then the identity is what it was", async () => {
    const stage = new Stage(disabled(linkedTo("a/1")));
    expect(await stage.actor.setDisabled(A, ENABLE)).toMatchObject({ kind: "done" });
    const life = [{ sequence: 1, at: NOW, kind: "enabled", by: "operator" }];
    expect(stage.record).toEqual({ ...linkedTo("a/1"), life });
    expect((await stage.grant(["a/1"])).kind).toBe("granted");
  });

  it.each([
    ["disabled", disabled(GUEST), DISABLE],
    ["enabled", GUEST, ENABLE],
  ])("stores nothing where it is %s already", async (_, record, order) => {
    const stage = new Stage(record);
    expect(await stage.actor.setDisabled(A, order)).toMatchObject({ kind: "done" });
    expect(stage.saved).toEqual([]);
  });

  it("is for a guest and for one that has lost its last login as well", async () => {
    for (const record of [GUEST, CLOSED]) {
      const stage = new Stage(record);
      expect(await stage.actor.setDisabled(A, DISABLE)).toMatchObject({ kind: "done" });
      expect(stage.record?.isDisabled).toBe(true);
    }
  });

  it.each<[string, IdentityRecord | null, object]>([
    ["nobody", null, { kind: "identity-not-found", identityId: A }],
    ["one that was deleted", DELETED, { kind: "identity-not-found", identityId: A }],
    // Its user goes on under the other id.
    ["one that was merged, and says into which", MERGED, { kind: "identity-merged", identityId: A, into: id("b") }],
  ])("is refused for %s", async (_, record, refusal) => {
    const stage = new Stage(record);
    expect(await stage.actor.setDisabled(A, DISABLE)).toMatchObject({ kind: "refused", refusal });
    expect(stage.saved).toEqual([]);
  });

  it("is refused to a credential of other pools", async () => {
    const stage = new Stage(GUEST);
    const order = { ...DISABLE, allowedPools: ["us-east-1:another"] };
    expect(await stage.actor.setDisabled(A, order)).toMatchObject({ refusal: { kind: "pool-not-allowed" } });
    expect(await stage.actor.setDisabled(A, { ...DISABLE, allowedPools: [POOL] })).toMatchObject({ kind: "done" });
  });

  it("waits for the link that is under way, which is not stopped half-way", async () => {
    const { promise: reserved, resolve: reserve } = Promise.withResolvers<Reply>();
    const stage = new Stage(GUEST, { answer: except("reserve", async () => await reserved) });
    const [linking, disabling] = [stage.link(orderOf(["a/1"])), stage.actor.setDisabled(A, DISABLE)];
    reserve({ kind: "reserved", ticket: "k-a/1" });
    expect((await linking).kind).toBe("linked");
    expect(await disabling).toMatchObject({ kind: "done" });
    expect(stage.record).toMatchObject({ isDisabled: true, standing: { kind: "linked" } });
    expect(stage.record?.life.map(({ kind }) => kind)).toEqual(["linked", "disabled"]);
  });

  it("waits while another identity absorbs it: it may be merged by then", async () => {
    expect(await new Stage(frozen(GUEST)).actor.setDisabled(A, DISABLE)).toMatchObject({ kind: "busy", holder: {} });
  });
});

describe("a disabled identity (invariant disabled-is-stopped)", () => {
  it.each<[string, IdentityRecord, readonly string[]]>([
    ["a guest", GUEST, []],
    ["its own login", linkedTo("a/1"), ["a/1"]],
    ["its own login and a new one", linkedTo("a/1"), ["a/1", "b/1"]],
    ["a guest's first login", GUEST, ["a/1"]],
  ])("grants nothing to %s, links nothing and draws nothing", async (_, record, loginIds) => {
    const stage = new Stage(disabled(record));
    expect(await stage.grant(loginIds)).toMatchObject({ kind: "refused", refusal: FORBIDDEN });
    expect([stage.saved, stage.sent, stage.limit.draws]).toEqual([[], [], 0]);
  });

  it("grants nothing to a signed call, nor to a token of its own", async () => {
    const { actor } = new Stage(disabled(linkedTo("a/1")));
    const call = { askedAt: NOW, callId: null };
    expect(await actor.grantVerified(A, POOL, [login("a/1")], call)).toMatchObject({ refusal: FORBIDDEN });
    const proof = { identityPoolId: POOL, candidates: [[login("a/1")]], principalTags: {} };
    expect(await actor.grantToOwnProof(A, proof)).toMatchObject({ refusal: FORBIDDEN });
  });

  it.each<[string, Parameters<typeof orderOf>]>([
    ["what it holds", [["a/1"]]],
    ["a new login", [["a/1", "b/1"]]],
    ["a guest's logins", [["a/1"], { absorb: [id("b")], guest: id("b") }]],
  ])("is linked to nobody: %s", async (_, order) => {
    const stage = new Stage(disabled(linkedTo("a/1")));
    expect(await stage.link(orderOf(...order))).toEqual({ kind: "forbidden", refusal: FORBIDDEN });
    expect([stage.saved, stage.sent]).toEqual([[], []]);
  });

  it("tells nobody that it is disabled who has proved none of its logins", async () => {
    const stage = new Stage(disabled(linkedTo("a/1")));
    expect(await stage.link(orderOf(["b/1"]))).toEqual({ kind: "stale" });
    expect(stage.actor.freeze(freezeOf(false, ["b/1"]))).toEqual({ kind: "unsuitable" });
  });

  it.each<[string, IdentityRecord, Freeze]>([
    ["a guest", GUEST, freezeOf(true, [])],
    ["a linked one", linkedTo("a/1"), freezeOf(false, ["a/1"])],
  ])("is absorbed by nobody: %s", async (_, record, message) => {
    const stage = new Stage(disabled(record));
    // What a release before takes for a reason to look again.
    expect(stage.actor.freeze(message)).toEqual({ kind: "unsuitable", refusal: FORBIDDEN });
    expect(stage.saved).toEqual([]);
  });

  it("ends the transaction of whoever wanted to absorb it", async () => {
    const stage = new Stage(linkedTo("a/1"), {
      answer: except("freeze", { kind: "unsuitable", refusal: { kind: "access-forbidden", identityId: id("b") } }),
    });
    const order = orderOf(["a/1", "b/1"], { absorb: [id("b")] });
    const refusal = { kind: "access-forbidden", identityId: id("b") };
    expect(await stage.link(order)).toEqual({ kind: "forbidden", refusal });
    await stage.rest();
    expect(stage.record).toEqual(linkedTo("a/1"));
  });

  it("lets no login go, not even a developer's user", async () => {
    const record = { ...linkedTo("a/1"), logins: [...linkedTo("a/1").logins, developer("d/1", "1")] };
    const stage = new Stage(disabled(record));
    expect(await stage.actor.unlink(A, presented(["a/1"]), ["a"])).toMatchObject({ refusal: FORBIDDEN });
    expect(await stage.actor.unlinkDeveloperUser(A, POOL, "d/1")).toMatchObject({ refusal: FORBIDDEN });
    expect(stage.saved).toEqual([]);
  });

  it("keeps its logins: nobody else can have them", async () => {
    const { actor } = new Stage(disabled(linkedTo("a/1")));
    const question = { kind: "confirm-owner", identityId: A, loginId: "a/1", linkId: "t0" } as const;
    expect(await actor.confirmOwner(question)).toEqual({ kind: "ownership", owns: true });
  });

  it("is described as disabled, and as what it is besides", async () => {
    const { actor } = new Stage(disabled(linkedTo("a/1")));
    expect(await actor.describe()).toMatchObject({ description: { isDisabled: true, providerNames: ["a"] } });
    expect(actor.describeInFull()).toMatchObject({ standing: "authenticated", isDisabled: true });
  });

  it("is deleted as any other", async () => {
    const stage = new Stage(disabled(linkedTo("a/1")));
    expect(await stage.actor.remove(A, "*")).toMatchObject({ kind: "done" });
    expect(stage.record?.standing).toEqual({ kind: "deleted" });
  });
});
