/** A call of which a copy arrives late, when it was answered and more has happened since: it undoes nothing of that. */
import { describe, expect, it } from "vitest";
import { REPEAT_SECONDS } from "../../../src/domain/done-calls.ts";
import { callKeyOf, type LinkedLogin } from "../../../src/domain/identity.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import { remove, unlink, unlinkDeveloperUser } from "../../../src/linking/removal.ts";
import { presented, Stage } from "./actor-stage.ts";
import { id, linked, linkedTo, NOW, orderOf, POOL } from "./records.ts";

const LATE = NOW + 31;
const USER: LinkedLogin = { ...linked("d/1"), isDeveloper: true, subject: "1" };

/** The record of a transition that was made. */
function made(result: IdentityRecord | { readonly kind: string }): IdentityRecord {
  if ("kind" in result) throw new Error(`it was refused: ${result.kind}`);
  return result;
}

function unlinking(record: IdentityRecord, proofs: readonly string[], names: readonly string[], key: string | null) {
  return (now: number, before = record) => unlink(before, proofs, names, now, proofs, key);
}

/** The logins are linked anew, by another transaction. */
function relinked(record: IdentityRecord, ...loginIds: readonly string[]): IdentityRecord {
  return { ...record, logins: [...record.logins, ...loginIds.map((loginId) => linked(loginId, "t5"))] };
}

describe("a late copy of an unlink", () => {
  const record = linkedTo("a/1", "b/1", "c/1");

  it("leaves the login alone that was linked anew", () => {
    const call = unlinking(record, ["a/1"], ["b"], "call");
    const after = relinked(made(call(NOW)), "b/1");
    expect(call(LATE, after)).toBe(after);
  });

  it("leaves each of several logins alone, whichever of them are back", () => {
    const call = unlinking(record, ["a/1"], ["b", "c"], "call");
    const gone = made(call(NOW));
    for (const back of [["b/1"], ["c/1"], ["b/1", "c/1"], ["b/2", "c/2"]]) {
      const after = relinked(gone, ...back);
      expect(call(LATE, after)).toBe(after);
    }
  });

  it("leaves a login alone that was not there when the call was done", () => {
    const before = linkedTo("a/1");
    const call = unlinking(before, ["a/1"], ["b"], "call");
    const after = relinked(made(call(NOW)), "b/1");
    expect(call(LATE, after)).toBe(after);
  });

  it("is done as well where the call was answered as the repeat of another one", () => {
    const gone = made(unlinking(record, ["b/1"], ["b"], "first")(NOW));
    const second = unlinking(record, ["b/1"], ["b"], "second");
    const after = relinked(made(second(NOW + 1, gone)), "b/1");
    expect(second(LATE, after)).toBe(after);
  });

  it("is done for the login that the call itself unlinked, while another of its provider is there", () => {
    const call = unlinking(record, ["b/1"], ["b"], "call");
    const after = relinked(made(call(NOW)), "b/2");
    expect(call(LATE, after)).toBe(after);
    // Another call with that proof is not.
    expect(unlink(after, ["b/1"], ["b"], LATE, ["b/1"], "other")).toEqual({ kind: "stale" });
  });

  it("needs no younger proof than the call did, since it changes nothing", () => {
    const after = relinked(made(unlinking(record, ["a/1"], ["b"], "call")(NOW)), "b/1");
    expect(unlink(after, ["a/1"], ["b"], LATE, [], "call")).toBe(after);
    expect(unlink(after, ["a/1"], ["b"], LATE, [], "other")).toEqual({ kind: "proof-too-old" });
  });

  it("opens nothing by its key alone: its proof is judged as that of any call (T32)", () => {
    const after = relinked(made(unlinking(record, ["a/1"], ["b"], "call")(NOW)), "b/1");
    for (const proofs of [[], ["a/2"], ["z/1"]]) {
      expect(unlink(after, proofs, ["b"], LATE, proofs, "call")).toEqual({ kind: "stale" });
    }
  });

  it("is another call when it has another key or none", () => {
    const after = relinked(made(unlinking(record, ["a/1"], ["b"], "call")(NOW)), "b/1");
    for (const key of ["other", null]) {
      expect(made(unlink(after, ["a/1"], ["b"], LATE, ["a/1"], key)).logins).toEqual([linked("a/1"), linked("c/1")]);
    }
  });

  it("is known for as long as SDKs repeat, and twenty calls at most are", () => {
    const call = unlinking(record, ["a/1"], ["b"], "call");
    const after = relinked(made(call(NOW)), "b/1");
    expect(call(NOW + REPEAT_SECONDS, after)).toBe(after);
    expect(made(call(NOW + REPEAT_SECONDS + 1, after)).logins).toHaveLength(2);
    let full = after;
    for (let count = 0; count < 25; count++) full = made(unlink(full, ["a/1"], ["z"], NOW, ["a/1"], `call ${count}`));
    expect(full.unlinkCalls?.map(({ key }) => key)).toEqual(
      Array.from({ length: 20 }, (_, index) => `call ${index + 5}`),
    );
  });

  it("is not remembered twice, nor of a call without a key, nor where no login can come back", () => {
    const call = unlinking(linkedTo("a/1"), ["a/1"], ["z"], "call");
    const once = made(call(NOW));
    expect(once.unlinkCalls).toEqual([{ key: "call", at: NOW }]);
    expect(call(LATE, once)).toBe(once);
    expect(made(unlinking(record, ["a/1"], ["b"], null)(NOW)).unlinkCalls).toBeUndefined();
    const closed = made(unlinking(linkedTo("a/1"), ["a/1"], ["a"], "call")(NOW));
    expect(closed).toMatchObject({ standing: { kind: "closed" } });
    expect(closed.unlinkCalls).toBeUndefined();
    expect(made(remove(once, NOW)).unlinkCalls).toBeUndefined();
  });
});

describe("a late copy of the unlink of a developer's user", () => {
  const record = { ...linkedTo("a/1"), logins: [linked("a/1"), USER] };

  it("leaves the user alone who was linked anew", () => {
    const gone = made(unlinkDeveloperUser(record, "d/1", NOW, "call"));
    expect(gone.logins).toEqual([linked("a/1")]);
    const after = { ...gone, logins: [...gone.logins, USER] };
    expect(unlinkDeveloperUser(after, "d/1", LATE, "call")).toBe(after);
    for (const key of ["other", null]) {
      expect(made(unlinkDeveloperUser(after, "d/1", LATE, key)).logins).toEqual([linked("a/1")]);
    }
  });

  it("is done as well where the call was answered as the repeat of another one", () => {
    const gone = made(unlinkDeveloperUser(record, "d/1", NOW, "first"));
    const again = made(unlinkDeveloperUser(gone, "d/1", NOW + 1, "second"));
    const after = { ...again, logins: [...again.logins, USER] };
    expect(unlinkDeveloperUser(after, "d/1", LATE, "second")).toBe(after);
  });

  it("says nothing of a user whom its call did not unlink", () => {
    expect(unlinkDeveloperUser(linkedTo("a/1"), "d/1", NOW, "call")).toEqual({ kind: "stale" });
  });
});

describe("an identity that is called", () => {
  it("answers a copy as the first, and keeps what was linked between them", async () => {
    const stage = new Stage(linkedTo("a/1", "b/1"));
    const unlinks = async () => await stage.actor.unlink(id("a"), presented(["a/1"]), ["b"], "call");
    expect(await unlinks()).toEqual({ kind: "done" });
    expect((await stage.link(orderOf(["a/1", "b/1"]))).kind).toBe("linked");
    await stage.rest();
    const stored = stage.record;
    expect(await unlinks()).toEqual({ kind: "done" });
    expect(stage.record).toBe(stored);
    expect(stage.record?.logins.map(({ loginId }) => loginId)).toEqual(["a/1", "b/1"]);
    // Both have drawn on the rate: each may have cost a provider a question (T47).
    expect(stage.limit.draws).toBe(2);
  });

  it("tells nobody without a proof that there was such a call, and draws nothing for him (T48)", async () => {
    const stage = new Stage(linkedTo("a/1", "b/1"));
    await stage.actor.unlink(id("a"), presented(["a/1"]), ["b"], "call");
    const draws = stage.limit.draws;
    const stranger = async (key: string) => await stage.actor.unlink(id("a"), presented(["a/2"]), ["b"], key);
    expect(await stranger("call")).toEqual(await stranger("none"));
    expect(await stranger("call")).toMatchObject({ error: { type: "NotAuthorizedException" } });
    expect(stage.limit.draws).toBe(draws);
  });

  it("takes a user who came back from nobody's late copy", async () => {
    const record = { ...linkedTo("a/1"), logins: [linked("a/1"), USER] };
    const stage = new Stage(record);
    const unlinks = async () => await stage.actor.unlinkDeveloperUser(id("a"), POOL, "d/1", "call");
    expect(await unlinks()).toEqual({ kind: "done" });
    await stage.link(orderOf(["a/1"], { logins: [linked("a/1"), USER] }));
    await stage.rest();
    expect(await unlinks()).toEqual({ kind: "done" });
    expect(stage.record?.logins.map(({ loginId }) => loginId)).toEqual(["a/1", "d/1"]);
  });
});

describe("the key of a call", () => {
  it("is of the call and of what it asks for, and there is none without an id", async () => {
    const call = (callId: string | null) => ({ askedAt: NOW, callId });
    const key = await callKeyOf(call("call-1"), ["a", "b"]);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(await callKeyOf({ askedAt: LATE, callId: "call-1" }, ["a", "b"])).toBe(key);
    const others = [
      callKeyOf(call("call-2"), ["a", "b"]),
      callKeyOf(call("call-1"), ["a"]),
      callKeyOf(call("call-1"), ["a b"]),
    ];
    for (const other of others) expect(await other).not.toBe(key);
    expect(await callKeyOf(call(null), ["a", "b"])).toBeNull();
  });
});
