/** What each step tells of an identity's life, and what is dropped once there is too much to tell. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { thaw } from "../../../src/linking/absorption.ts";
import { type IdentityRecord, newRecord } from "../../../src/linking/identity-record.ts";
import { type LifeEntry, MAX_LIFE_ENTRIES } from "../../../src/linking/life.ts";
import { remove, unlink, unlinkDeveloperUser } from "../../../src/linking/removal.ts";
import { acknowledge } from "../../../src/linking/replies.ts";
import { abort, commit, heard, prepare, recover } from "../../../src/linking/transaction.ts";
import { developer, frozen, GUEST, id, linkedTo, login, NOW, orderOf, POOL, recordOf } from "./records.ts";

const NO_TICKETS = new Map<string, string>();
const UNBORN = newRecord(id("a"), POOL, { kind: "unborn" }, NOW);
const MADE = newRecord(id("a"), POOL, { kind: "guest" }, NOW);

function prepared(record: IdentityRecord, loginIds: readonly string[], absorb: readonly string[] = []) {
  const wanted = loginIds.map((loginId) => login(loginId));
  return prepare(record, orderOf(["a/1"], { absorb: absorb.map((name) => id(name)) }), "t1", wanted, NOW);
}

/** A link from beginning to end. */
function linking(record: IdentityRecord, loginIds: readonly string[], absorb: readonly string[] = [], now = NOW + 5) {
  const preparing = prepared(record, loginIds, absorb);
  if (preparing.transaction === null) throw new Error("nothing is prepared");
  const committed = commit(preparing, preparing.transaction, NO_TICKETS, now);
  const participants = committed.transaction?.unsettled ?? [];
  return participants.reduce((current, participant) => heard(current, "t1", participant), committed);
}

function changed(result: IdentityRecord | { readonly kind: string }): IdentityRecord {
  if ("kind" in result) throw new Error(`refused: ${result.kind}`);
  return result;
}

/** What the step tells beyond what was told before, without its place and date. */
function told(before: IdentityRecord, after: IdentityRecord) {
  expect(after.life.slice(0, before.life.length)).toEqual(before.life);
  const added = after.life.slice(before.life.length);
  expect(added.map(({ sequence }) => sequence)).toEqual(added.map((_, index) => before.life.length + 1 + index));
  expect(added.every(({ at }) => at === after.modifiedAt)).toBe(true);
  return added.map(({ sequence: _sequence, at: _at, ...fact }) => fact);
}

describe("an identity's life (invariant told-as-it-was)", () => {
  it("begins with a guest's birth, as a record of its own origin that nobody is told of", () => {
    expect(MADE).toMatchObject({ version: 2, told: 0, origin: "here", barred: [] });
    expect(MADE.life).toEqual([{ sequence: 1, at: NOW, kind: "born" }]);
  });

  it("is not told before the commit that gives birth to it, which tells its logins as well", () => {
    expect(prepared(UNBORN, ["a/1"]).life).toEqual([]);
    const linked = { kind: "linked", providerNames: ["a", "b"] };
    expect(told(UNBORN, linking(UNBORN, ["a/1", "b/1"]))).toEqual([{ kind: "born" }, linked]);
  });

  it.each<[string, IdentityRecord, IdentityRecord, readonly object[]]>([
    ["a link", MADE, linking(MADE, ["a/1"]), [{ kind: "linked", providerNames: ["a"] }]],
    [
      "two users of one developer provider",
      MADE,
      linking(MADE, ["login.example/1", "login.example/2"]),
      [{ kind: "linked", providerNames: ["login.example"] }],
    ],
    [
      "a merge, to who absorbs",
      linkedTo("a/1"),
      linking(linkedTo("a/1"), ["b/1"], ["x", "y"]),
      [
        { kind: "absorbed", other: id("x") },
        { kind: "absorbed", other: id("y") },
        { kind: "linked", providerNames: ["b"] },
      ],
    ],
    [
      "a guest that brings no login",
      linkedTo("a/1"),
      linking(linkedTo("a/1"), [], ["x"]),
      [{ kind: "absorbed", other: id("x") }],
    ],
    [
      "a merge, to who is absorbed",
      frozen(linkedTo("a/1")),
      thaw(frozen(linkedTo("a/1")), "t9", "committed", NOW + 3),
      [{ kind: "merged", other: id("b") }],
    ],
    [
      "an unlink",
      linkedTo("a/1", "b/1"),
      changed(unlink(linkedTo("a/1", "b/1"), ["a/1"], ["b"], NOW + 1)),
      [{ kind: "unlinked", providerNames: ["b"] }],
    ],
    [
      "the unlink of the last login",
      linkedTo("a/1"),
      changed(unlink(linkedTo("a/1"), ["a/1"], ["a"], NOW + 1)),
      [{ kind: "unlinked", providerNames: ["a"] }, { kind: "closed" }],
    ],
    ["a deletion", linkedTo("a/1"), changed(remove(linkedTo("a/1"), NOW + 1)), [{ kind: "deleted" }]],
  ])("tells %s, in the step of it", (_, before, after, facts) => {
    expect(told(before, after)).toEqual(facts);
  });

  it("tells the unlink of a developer's user by the name of the provider, never of the user", () => {
    const before = recordOf({ kind: "linked" }, [], { logins: [developer("d-1", "user"), developer("d-2", "other")] });
    const after = changed(unlinkDeveloperUser(before, "d-1", NOW + 1));
    expect(told(before, after)).toEqual([{ kind: "unlinked", providerNames: ["login.example"] }]);
    expect(JSON.stringify(after.life)).not.toContain("user");
  });

  it("tells the deletion of an identity whose pool is gone before it was listed", () => {
    const message = { kind: "update-listing", identityId: id("a"), identityPoolId: POOL, change: "add" } as const;
    const after = acknowledge(MADE, message, { kind: "listing", poolDeleted: true }, NOW + 1);
    expect(told(MADE, after)).toEqual([{ kind: "deleted" }]);
  });

  it("tells nothing of what did not happen", () => {
    const preparing = prepared(MADE, ["a/1"], ["x"]);
    if (preparing.transaction === null) throw new Error("nothing is prepared");
    expect(abort(preparing, preparing.transaction).life).toBe(MADE.life);
    expect(recover(preparing).life).toBe(MADE.life);
    const guest = frozen(MADE);
    expect(thaw(guest, "t9", "aborted", NOW).life).toBe(MADE.life);
    expect(thaw(guest, "t8", "committed", NOW).life).toBe(MADE.life);
    const linked = linkedTo("a/1");
    expect(changed(unlink(linked, ["a/1"], ["b"], NOW, ["a/1"], "a call")).life).toBe(linked.life);
    const deleted = changed(remove(GUEST, NOW));
    expect(changed(remove(deleted, NOW + 1)).life).toBe(deleted.life);
  });
});

describe("a life that is too long", () => {
  const names = ["a", "b", "c", "d"] as const;
  const step = fc.oneof(
    fc.record({ kind: fc.constant("link" as const), providers: fc.subarray([...names], { minLength: 1 }) }),
    fc.record({ kind: fc.constant("unlink" as const), providers: fc.subarray([...names], { minLength: 1 }) }),
    fc.record({ kind: fc.constant("absorb" as const), providers: fc.constant([]) }),
  );

  it("drops its oldest entries, but never the last that tells since when a provider is linked", () => {
    const longEnough = { minLength: 2 * MAX_LIFE_ENTRIES, maxLength: 3 * MAX_LIFE_ENTRIES };
    fc.assert(
      fc.property(fc.array(step, longEnough), (steps) => {
        let record = linking(UNBORN, ["always/1"]);
        const all: LifeEntry[] = [...record.life];
        for (const [index, { kind, providers }] of steps.entries()) {
          const before = record;
          const free = providers.filter((name) => !before.logins.some(({ providerName }) => providerName === name));
          const at = NOW + 10 + index;
          if (kind === "absorb") record = linking(before, [], ["x"], at);
          else if (kind === "unlink") record = changed(unlink(before, ["always/1"], providers, at));
          else if (free.length > 0)
            record = linking(
              before,
              free.map((name) => `${name}/1`),
              [],
              at,
            );
          const last = before.life.at(-1)?.sequence ?? 0;
          all.push(...record.life.filter(({ sequence }) => sequence > last));
          judge(record, all);
        }
      }),
      { numRuns: 10 },
    );
  });

  function judge({ life, logins }: IdentityRecord, all: readonly LifeEntry[]): void {
    expect(life.length).toBe(Math.min(all.length, MAX_LIFE_ENTRIES));
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1));
    const needed = new Set(
      logins.map(({ providerName }) => all.findLast((entry) => tellsLinkOf(entry, providerName))?.sequence),
    );
    const kept = new Set(life.map(({ sequence }) => sequence));
    expect([...needed].filter((sequence) => sequence === undefined || !kept.has(sequence))).toEqual([]);
    // As told at first, in order, and of those that nothing needs the latest.
    expect(life).toEqual(all.filter(({ sequence }) => kept.has(sequence)));
    const others = all.filter(({ sequence }) => !needed.has(sequence));
    const latest = others.slice(Math.max(0, others.length - (MAX_LIFE_ENTRIES - needed.size)));
    expect(life.filter(({ sequence }) => !needed.has(sequence))).toEqual(latest);
  }

  function tellsLinkOf({ kind, providerNames = [] }: LifeEntry, providerName: string): boolean {
    return kind === "linked" && providerNames.includes(providerName);
  }
});
