import { describe, it } from "vitest";
import { type Finding, type FindingLevel, worstFirst } from "../../../src/domain/finding.ts";

const finding = (level: FindingLevel, code: string): Finding => ({ level, code, message: "What.", action: "Do." });

describe("worstFirst", () => {
  it("puts errors before warnings and warnings before advice, and keeps the order within a level", ({ expect }) => {
    const findings = [finding("advice", "a"), finding("warning", "b"), finding("error", "c"), finding("warning", "d")];
    expect(worstFirst(findings).map(({ code }) => code)).toEqual(["c", "b", "d", "a"]);
  });
});
