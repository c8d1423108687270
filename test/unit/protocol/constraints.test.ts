import { describe, expect, it } from "vitest";
import {
  javaPattern,
  numberConstraints,
  sizeConstraints,
  stringConstraints,
} from "../../../src/protocol/constraints.ts";

describe("stringConstraints", () => {
  it("come in the order of the live service", () => {
    const constraints = stringConstraints({ type: "string", min: 1, max: 55, pattern: "[\\w-]+:[0-9a-f-]+" });
    expect(constraints.map(({ text }) => text)).toEqual([
      "Member must have length less than or equal to 55",
      "Member must have length greater than or equal to 1",
      "Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+",
    ]);
  });

  it("list the choices of an enumeration", () => {
    const [choice] = stringConstraints({ type: "string", enum: ["Token", "Rules"] });
    expect(choice?.text).toBe("Member must satisfy enum value set: [Token, Rules]");
    expect(choice?.holds("Rules")).toBe(true);
    expect(choice?.holds("rules")).toBe(false);
  });

  it("count UTF-16 units, as Java does", () => {
    const [max] = stringConstraints({ type: "string", max: 2 });
    expect(max?.holds("😀")).toBe(true);
    expect(max?.holds("😀a")).toBe(false);
  });

  it("hold at both ends of a bound", () => {
    const [max, min] = sizeConstraints({ type: "string", min: 2, max: 3 });
    expect([1, 2, 3, 4].map((size) => min?.holds(size))).toEqual([false, true, true, true]);
    expect([1, 2, 3, 4].map((size) => max?.holds(size))).toEqual([true, true, true, false]);
  });
});

describe("numberConstraints", () => {
  it("speak of values", () => {
    expect(numberConstraints({ type: "integer", min: 1, max: 60 }).map(({ text }) => text)).toEqual([
      "Member must have value less than or equal to 60",
      "Member must have value greater than or equal to 1",
    ]);
  });
});

describe("javaPattern", () => {
  it.each([
    // The whole string, and `$` does not forgive a line end.
    ["[\\w-]+:[0-9a-f-]+", "us-east-1:0-a", true],
    ["[\\w-]+:[0-9a-f-]+", "us-east-1:0-a\n", false],
    ["[\\w-]+:[0-9a-f-]+", " us-east-1:0-a", false],
    ["[\\w-]+:[0-9a-f-]+", "x\nus-east-1:0-a", false],
    ["[\\w-]+:[0-9a-f-]+", "us-east-1:0-A", false],
    ["[\\w-]+:[0-9a-f-]+", "é:0", false],
    ["\\d+", "123", true],
    ["\\d+", "١٢٣", false],
    // Alternatives are one group.
    ["(un)?authenticated", "authenticated", true],
    ["(un)?authenticated", "unauthenticated", true],
    ["(un)?authenticated", "unauthenticated2", false],
    ["a|b", "ab", false],
    // White space is ASCII in Java, and Unicode in JavaScript.
    ["[\\w\\s+=,.@-]+", "my pool\t\n\v\f\r+=,.@-_", true],
    ["[\\w\\s+=,.@-]+", "my\u00a0pool", false],
    ["[\\w\\s+=,.@-]+", "my\ufeffpool", false],
    ["[\\w\\s+=,.@-]+", "my\u2028pool", false],
    ["[\\S]+", "token\u00a0", true],
    ["[\\S]+", "to ken", false],
    ["[\\S]+", "to\u000bken", false],
    ["[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+", "cognito:groups", true],
    ["[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+", "名前😀", true],
    ["[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+", "a b", false],
  ])("%s on %j is %s", (pattern, text, matches) => {
    expect(javaPattern(pattern).test(text)).toBe(matches);
  });
});
