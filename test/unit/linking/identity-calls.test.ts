/** The calls that the Worker makes to one identity: what each standing answers, and whose bucket a call draws on (T48). */
import { describe, expect, it } from "vitest";
import { RATE_EXCEEDED } from "../../../src/domain/errors.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import { except, presented, Stage } from "./actor-stage.ts";
import { CLOSED, DELETED, frozen, GUEST, id, linkedTo, MERGED, NOW, orderOf, POOL } from "./records.ts";

const A = id("a");
/** Came in before anything that a record of these tests tells of. */
const MEANWHILE = { askedAt: NOW - 1, callId: null };

describe("a token for a guest", () => {
  it.each<[string, IdentityRecord | null, string]>([
    ["is granted to a guest", GUEST, "granted"],
    ["is refused to a linked identity (T33)", linkedTo("a/1"), "refused"],
    ["is refused to a closed identity", CLOSED, "refused"],
    ["is refused to a merged identity", MERGED, "refused"],
    ["is refused to nobody", null, "refused"],
    ["waits while the guest is being absorbed", frozen(GUEST), "busy"],
  ])("%s", async (_, record, kind) => {
    expect((await new Stage(record).grant([])).kind).toBe(kind);
  });

  it("draws on the rate only when it is granted", async () => {
    const stage = new Stage(linkedTo("a/1"));
    await stage.grant([]);
    expect(stage.limit.draws).toBe(0);
    expect(await new Stage(GUEST, { tokens: 0 }).grant([])).toMatchObject({ error: RATE_EXCEEDED });
  });
});

describe("a token for logins", () => {
  it.each<[string, IdentityRecord | null, readonly string[], string]>([
    ["is granted for a login that is held", linkedTo("a/1"), ["a/1"], "granted"],
    ["is granted once a new login is linked", linkedTo("a/1"), ["a/1", "b/1"], "granted"],
    ["is granted to a guest that becomes linked", GUEST, ["a/1"], "granted"],
    ["is refused for somebody else's login (T32)", linkedTo("a/1"), ["b/1"], "refused"],
    ["is refused for a second user of a provider (T41)", linkedTo("a/1", "b/1"), ["b/1", "a/2"], "refused"],
    ["is the other identity's to grant, when the merge came between", MERGED, ["a/1"], "merged"],
    ["is refused to a deleted identity", DELETED, ["a/1"], "refused"],
    ["waits while the identity is being absorbed, even for what it holds", frozen(linkedTo("a/1")), ["a/1"], "busy"],
  ])("%s", async (_, record, loginIds, kind) => {
    expect((await new Stage(record).grant(loginIds, MEANWHILE)).kind).toBe(kind);
  });

  it("goes to the Worker when another identity owns a login", async () => {
    const stage = new Stage(linkedTo("a/1"), {
      answer: except("reserve", { kind: "owned", owner: id("b"), linkId: "t7" }),
    });
    expect(await stage.grant(["a/1", "b/1"])).toMatchObject({ kind: "to-link", isGuest: false });
  });

  it("links nothing when the rate is exceeded", async () => {
    const stage = new Stage(linkedTo("a/1"), { tokens: 0 });
    expect(await stage.grant(["a/1", "b/1"])).toMatchObject({ error: RATE_EXCEEDED });
    expect(stage.saved).toEqual([]);
  });

  it("lets nobody drain the bucket of an identity that he cannot prove (T48)", async () => {
    const stage = new Stage(linkedTo("a/1"));
    await stage.grant(["b/1"]);
    expect(stage.limit.draws).toBe(0);
    await stage.grant(["a/1"]);
    expect(stage.limit.draws).toBe(1);
  });
});

describe("a link that the Worker asks for", () => {
  it("draws only when a token is to be minted here", async () => {
    const stage = new Stage(linkedTo("a/1"));
    expect((await stage.link(orderOf(["a/1"]))).kind).toBe("linked");
    expect(stage.limit.draws).toBe(0);
    expect((await stage.link(orderOf(["a/1"]), true)).kind).toBe("linked");
    expect(stage.limit.draws).toBe(1);
  });

  it("is made once of two that come together, and both are answered", async () => {
    const stage = new Stage(GUEST);
    const both = [orderOf(["a/1"]), orderOf(["a/1"])].map(async (order) => await stage.link(order));
    expect((await Promise.all(both)).map(({ kind }) => kind)).toEqual(["linked", "linked"]);
    expect(stage.record?.logins.map(({ linkId }) => linkId)).toEqual(["t1"]);
  });

  it("lets one of two strangers claim a guest (invariant one-claim)", async () => {
    const stage = new Stage(GUEST);
    const both = ["a/1", "b/1"].map(async (loginId) => await stage.link(orderOf([loginId])));
    expect((await Promise.all(both)).map(({ kind }) => kind)).toEqual(["linked", "stale"]);
  });
});

describe("unlink and delete", () => {
  const unlink = async ({ actor }: Stage, loginIds: readonly string[], names: readonly string[]) =>
    await actor.unlink(A, presented(loginIds), names);

  it("unlinks by a proof, and says so again to a retry", async () => {
    const stage = new Stage(linkedTo("a/1", "b/1"));
    for (let tries = 0; tries < 2; tries++) expect(await unlink(stage, ["a/1"], ["a"])).toEqual({ kind: "done" });
    expect(stage.record?.logins.map(({ loginId }) => loginId)).toEqual(["b/1"]);
  });

  it("draws on the rate for an unlink that is proved, also one that removes nothing, and none beyond it is done (T47)", async () => {
    const stage = new Stage(linkedTo("a/1", "b/1"), { tokens: 2 });
    expect(await unlink(stage, ["a/1"], ["c"])).toEqual({ kind: "done" });
    expect(await unlink(stage, ["a/1", "b/1"], ["c"])).toEqual({ kind: "done" });
    expect(stage.limit.draws).toBe(2);
    expect(await unlink(stage, ["a/1"], ["b"])).toEqual({ kind: "refused", error: RATE_EXCEEDED });
    expect(stage.record).toEqual(linkedTo("a/1", "b/1"));
  });

  it("draws for a proved unlink that is refused, too: its proof may have cost a provider a question (T47)", async () => {
    const record = linkedTo("a/1", "d/1");
    const logins = record.logins.map((held) =>
      held.loginId === "d/1" ? { ...held, subject: "1", isDeveloper: true as const } : held,
    );
    const stage = new Stage({ ...record, logins }, { tokens: 1 });
    expect(await unlink(stage, ["a/1"], ["d"])).toMatchObject({ error: { type: "NotAuthorizedException" } });
    expect(stage.limit.draws).toBe(1);
    expect(await unlink(stage, ["a/1"], ["d"])).toMatchObject({ error: RATE_EXCEEDED });
  });

  it("refuses an unlink without a proof, and draws nothing for it (T48)", async () => {
    const stage = new Stage(linkedTo("a/1"));
    expect(await unlink(stage, ["a/2"], ["a"])).toMatchObject({ error: { type: "NotAuthorizedException" } });
    expect(stage.limit.draws).toBe(0);
    expect(stage.record).toEqual(linkedTo("a/1"));
  });

  it("waits for a link that is under way", async () => {
    const stage = new Stage(linkedTo("a/1"));
    const linking = stage.link(orderOf(["a/1", "b/1"]));
    const unlinking = unlink(stage, ["a/1"], ["b"]);
    expect([(await linking).kind, (await unlinking).kind]).toEqual(["linked", "done"]);
    expect(stage.limit.draws).toBe(1);
    expect(stage.record?.logins.map(({ loginId }) => loginId)).toEqual(["a/1"]);
  });

  it("deletes for a credential of the pool, and for no other (T37)", async () => {
    const stage = new Stage(linkedTo("a/1"));
    expect(await stage.actor.remove(A, ["us-east-1:9"])).toMatchObject({ error: { type: "AccessDeniedException" } });
    expect(stage.record?.standing.kind).toBe("linked");
    expect(await stage.actor.remove(A, [POOL])).toEqual({ kind: "done", trace: { identityPoolId: POOL } });
    expect(stage.record?.standing.kind).toBe("deleted");
  });

  it("has deleted what was never there", async () => {
    expect(await new Stage(null).actor.remove(A, "*")).toEqual({ kind: "done", isUnknown: true });
  });
});
