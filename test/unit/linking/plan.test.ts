/** The decisions on identities that meet, as a table: who survives, who is absorbed, what is a conflict. */
import { describe, expect, it } from "vitest";
import { type LinkPlan, planLink } from "../../../src/linking/plan.ts";
import { id } from "./records.ts";

const guest = { identityId: id("guest"), isGuest: true };
const named = { identityId: id("a"), isGuest: false };
const CONFLICT: LinkPlan = { kind: "conflict" };

function link(target: string, ...absorb: readonly string[]): LinkPlan {
  return { kind: "link", target: id(target), absorb: absorb.map((name) => id(name)) };
}

describe("planLink", () => {
  it.each<[string, Parameters<typeof planLink>[0], readonly string[], LinkPlan, LinkPlan]>([
    ["makes an identity for logins that nobody owns", null, [], { kind: "birth" }, { kind: "birth" }],
    ["finds the owner", null, ["b"], link("b"), link("b")],
    ["lets the oldest of several owners survive", null, ["b", "c"], CONFLICT, link("b", "c")],
    ["links a new login to the guest that is named", guest, [], link("guest"), link("guest")],
    [
      "lets an owner absorb the guest that is named, under both policies",
      guest,
      ["b"],
      link("b", "guest"),
      link("b", "guest"),
    ],
    ["absorbs guest and second owner only under merge", guest, ["b", "c"], CONFLICT, link("b", "c", "guest")],
    ["links a new login to the identity that is named", named, [], link("a"), link("a")],
    ["adds to an identity that owns the rest", named, ["a"], link("a"), link("a")],
    ["lets the named identity survive a merge", named, ["b"], CONFLICT, link("a", "b")],
    ["lets the named identity survive whichever owner is older", named, ["b", "a"], CONFLICT, link("a", "b")],
    ["absorbs every other owner", named, ["a", "b", "c"], CONFLICT, link("a", "b", "c")],
  ])("%s", (_, who, owners, conflict, merge) => {
    const ids = owners.map((name) => id(name));
    expect(planLink(who, ids, "conflict")).toEqual(conflict);
    expect(planLink(who, ids, "merge")).toEqual(merge);
  });

  it("never absorbs the identity that survives", () => {
    for (const owners of [["a"], ["a", "b"], ["b", "a"]]) {
      const plan = planLink(
        named,
        owners.map((name) => id(name)),
        "merge",
      );
      expect(plan.kind === "link" && plan.absorb).not.toContain(id("a"));
    }
  });
});
