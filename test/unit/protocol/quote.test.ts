import { describe, expect, it } from "vitest";
import { printable, quote } from "../../../src/protocol/quote.ts";

const string = { type: "string" } as const;
const secret = { type: "string", secret: true } as const;
const logins = { type: "map", key: string, value: secret } as const;

describe("printable", () => {
  it.each([
    ["us-east-1:x", "us-east-1:x"],
    ["é名😀", "é名😀"],
    ["a".repeat(64), "a".repeat(64)],
    ["a".repeat(65), `${"a".repeat(64)}...`],
    ["😀".repeat(65), `${"😀".repeat(64)}...`],
    [`a${"😀".repeat(1000)}`, `a${"😀".repeat(63)}...`],
    ["\u0000\u001b[31m\r\n\u007f\u0085", "??[31m????"],
    ["\u202egnp.exe\u2066\u200b\ufeff", "?gnp.exe???"],
    ["\u2028\u2029", "??"],
    ["\ud800x\udc00", "?x?"],
  ])("turns %j into %j", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});

describe("quote", () => {
  it("prints maps and lists as Java does", () => {
    expect(quote({ type: "map", key: string, value: string }, { a: "b", c: "" })).toBe("{a=b, c=}");
    expect(quote({ type: "list", member: string }, ["a", "b"])).toBe("[a, b]");
    expect(quote({ type: "integer" }, -5)).toBe("-5");
  });

  it("shows the keys of logins and no part of a value", () => {
    const quoted = quote(logins, { "accounts.google.com": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "xx.xx.xx/xx": "" });
    expect(quoted).toBe("{accounts.google.com=***, xx.xx.xx/xx=***}");
  });

  it("hides a key that is longer than a provider name, and may be a token", () => {
    expect(quote(logins, { ["e".repeat(65)]: "accounts.google.com" })).toBe("{***=***}");
    expect(quote(logins, { ["e".repeat(64)]: "x" })).toBe(`{${"e".repeat(64)}=***}`);
  });

  it("names at most ten logins", () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`p${index}`, "t"]));
    expect(quote(logins, many)).toBe(`{${Array.from({ length: 10 }, (_, index) => `p${index}=***`).join(", ")}, ...}`);
  });

  it("hides a secret, and shows that one is empty", () => {
    expect(quote(secret, "subject")).toBe("***");
    expect(quote(secret, "")).toBe("");
    expect(quote({ type: "list", member: secret }, ["subject"])).toBe("***");
  });

  it("keeps a prototype's name an ordinary key", () => {
    expect(quote(logins, JSON.parse('{"__proto__":"t","constructor":"t"}'))).toBe("{__proto__=***, constructor=***}");
  });
});
