import { describe, expect, it } from "vitest";
import {
  developmentProviderName,
  discoveryDocument,
  loginClaims,
  NAME_PROBLEMS,
  parseName,
} from "../../../src/development/development-issuer.ts";

const ORIGIN = "http://127.0.0.1:8787";
const NOW = 1_800_000_000;

describe("a name at the development issuer", () => {
  it.each([
    ["alice", "alice"],
    ["  Ada Lovelace ", "Ada Lovelace"],
    ["Zoe\u0308", "Zoë"],
    ["<script>alert(1)</script>", "<script>alert(1)</script>"],
    ["__proto__", "__proto__"],
    ["ä".repeat(64), "ä".repeat(64)],
  ])("may be %j", (given, name) => {
    expect(parseName(given)).toEqual({ ok: true, value: name });
  });

  it.each([
    ["nothing", undefined, "no-text"],
    ["null", null, "no-text"],
    ["a number", 1, "no-text"],
    ["a list", ["alice"], "no-text"],
    ["empty", "", "empty"],
    ["blank", "  \t", "empty"],
    ["65 characters long", "a".repeat(65), "too-long"],
    ["with a line break inside", "a\nb", "control-characters"],
    ["with a NUL", "a\u0000b", "control-characters"],
    ["with half a character", "a\ud800", "control-characters"],
  ])("may not be %s", (_, given, problem) => {
    expect(parseName(given)).toEqual({ ok: false, error: problem });
  });

  it("that may not be is told to a program by its member, and to a person in other words", () => {
    for (const { program, person } of Object.values(NAME_PROBLEMS)) {
      expect(program).toMatch(/^"name" must /);
      expect(person).toMatch(/^Type [^"]+\.$/);
    }
  });
});

describe("the login token's claims", () => {
  it("are those of the issuer for an hour", async () => {
    const { sub, ...claims } = await loginClaims(ORIGIN, "alice", NOW);
    expect(claims).toEqual({
      iss: `${ORIGIN}/development/issuer`,
      aud: "edgepool-development",
      iat: NOW,
      exp: NOW + 3600,
      name: "alice",
    });
    expect(sub).toMatch(/^[0-9a-f]{32}$/);
  });

  it("give a name always the same subject, and no two names one", async () => {
    const subjects = await Promise.all(
      ["alice", "alice", "Alice", "bob"].map(async (name) => loginClaims(ORIGIN, name, NOW)),
    );
    expect(new Set(subjects.map(({ sub }) => sub)).size).toBe(3);
  });
});

describe("the issuer's documents", () => {
  it("name the issuer that the tokens and the pool name", () => {
    const document = discoveryDocument(ORIGIN);
    expect(document["issuer"]).toBe(`http://${developmentProviderName(ORIGIN)}`);
    expect(document["jwks_uri"]).toBe(`${String(document["issuer"])}/jwks.json`);
  });
});
