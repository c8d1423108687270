import { describe, expect, it } from "vitest";
import { freshOnes, type Proof } from "../../../src/domain/link-proof.ts";

const NOW = 1_700_000_000;
const RULE = { maxAgeSeconds: 600, clockSkewSeconds: 60 };

const proof = (age?: number): Proof => ({ loginId: "a/1", ...(age !== undefined && { issuedAt: NOW - age }) });

describe("freshOnes", () => {
  it.each([
    ["of this second", proof(0), true],
    ["as old as the rule, and the skew, allow", proof(660), true],
    ["a second older", proof(661), false],
    ["of an hour ago", proof(3600), false],
    ["from ahead, as far as clocks may differ", proof(-60), true],
    ["whose age nobody has said", proof(), false],
    ["of a developer's signed call, which is made now", { ...proof(), isDeveloper: true as const }, true],
  ])("a proof %s", (_, one, isFresh) => {
    expect(freshOnes([one], RULE, NOW)).toEqual(isFresh ? ["a/1"] : []);
  });

  it("lets each proof pass where there is no rule", () => {
    expect(freshOnes([proof(), proof(86_400)], null, NOW)).toEqual(["a/1", "a/1"]);
  });

  it("tells the fresh ones among others", () => {
    const proofs = [proof(3600), { ...proof(5), loginId: "b/1" }, { ...proof(), loginId: "c/1" }];
    expect(freshOnes(proofs, RULE, NOW)).toEqual(["b/1"]);
  });
});
