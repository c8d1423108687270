/** Session tags out of claims: each rule by an example, and for all maps and claims that no tag has a text which no login had. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoginEvidence } from "../../../src/domain/login-evidence.ts";
import type { PoolAccess } from "../../../src/domain/pool-access.ts";
import { principalTagsOf, tagsWith } from "../../../src/domain/principal-tags.ts";

type Maps = PoolAccess["principalTagMaps"];

const GOOGLE = "accounts.google.com";
const APPLE = "appleid.apple.com";
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
const BY_ARN = "arn:aws:iam::123456789012:oidc-provider/login.example.com";

function login(claims: object, providerName = GOOGLE): LoginEvidence {
  return { providerName, clientId: "client", claims: () => new Map(Object.entries(claims)) };
}

const mapOf = (principalTags: Readonly<Record<string, string>>) => ({ useDefaults: false, principalTags });

/** The tags, or why there are none. */
function tagged(maps: Maps, ...logins: readonly LoginEvidence[]): unknown {
  const result = principalTagsOf(maps, logins);
  return result.ok ? result.value : result.error;
}

describe("principalTagsOf", () => {
  it("gives each tag the text of its claim", () => {
    const maps = { [GOOGLE]: mapOf({ team: "hd", age: "age", isVerified: "email_verified" }) };
    expect(tagged(maps, login({ hd: "example.com", age: 7, email_verified: true, other: "x" }))).toEqual({
      team: "example.com",
      age: "7",
      isVerified: "true",
    });
  });

  it("gives the client and the user by default, whatever else was set", () => {
    const maps = { [GOOGLE]: { useDefaults: true, principalTags: { team: "hd" } } };
    expect(tagged(maps, login({ aud: "client-1", sub: "ann", hd: "x" }))).toEqual({
      client: "client-1",
      username: "ann",
    });
    expect(tagged(maps, login({ aud: ["client-1", "client-2"], sub: "ann" }))).toEqual({ username: "ann" });
  });

  it.each([
    [undefined],
    [null],
    [""],
    [{ team: "red" }],
    [[]],
    [["red", "blue"]],
    [["red", null]],
    [[["red"]]],
    [[""]],
    [2 ** 60],
  ])("leaves a tag out for %j", (claim) =>
    expect(tagged({ [GOOGLE]: mapOf({ team: "t" }) }, login({ t: claim, sub: "ann" }))).toEqual({}),
  );

  it("takes the one element of a list, and joins no two", () => {
    expect(tagged({ [GOOGLE]: mapOf({ team: "t" }) }, login({ t: ["red"] }))).toEqual({ team: "red" });
  });

  it.each(["a*", "a|b", "a\nb", "a\u0000", "a\u2028b", "a;b", "x".repeat(257), '"', "{", "\ud800"])(
    "refuses the call for the value %j",
    (claim) =>
      expect(tagged({ [GOOGLE]: mapOf({ team: "t" }) }, login({ t: claim }))).toEqual({
        kind: "tag-refused",
        tag: "team",
        fault: "is not valid",
      }),
  );

  it.each(["Übermaß 東京 _.:/=+-@", "x".repeat(256), " "])("takes %j", (claim) =>
    expect(tagged({ [GOOGLE]: mapOf({ team: "t" }) }, login({ t: claim }))).toEqual({ team: claim }),
  );

  it("refuses what two logins do not agree on, and keys that only their case tells apart", () => {
    const maps = { [GOOGLE]: mapOf({ team: "t" }), [APPLE]: mapOf({ team: "group" }) };
    const conflict = (tag: string) => ({ kind: "tag-refused", tag, fault: "conflicts" });
    expect(tagged(maps, login({ t: "red" }), login({ group: "red" }, APPLE))).toEqual({ team: "red" });
    expect(tagged(maps, login({ t: "red" }), login({ group: "blue" }, APPLE))).toEqual(conflict("team"));
    const cases = { [GOOGLE]: mapOf({ team: "t" }), [APPLE]: mapOf({ Team: "t" }) };
    expect(tagged(cases, login({ t: "red" }), login({ t: "red" }, APPLE))).toEqual(conflict("Team"));
  });

  it("asks the map of the login's own provider alone, by any of its names", () => {
    const maps = { [USER_POOL]: mapOf({ team: "t" }), [BY_ARN]: mapOf({ team: "t" }) };
    expect(tagged(maps, login({ t: "red" }))).toEqual({});
    expect(tagged(maps, login({ t: "red" }, USER_POOL))).toEqual({ team: "red" });
    expect(tagged(maps, login({ t: "red" }, "login.example.com"))).toEqual({ team: "red" });
    expect(tagged(maps)).toEqual({});
  });

  it("has a tag by any name, prototypes' among them (T39)", () => {
    const maps: Maps = { [GOOGLE]: mapOf(JSON.parse('{"__proto__":"t","constructor":"toString"}')) };
    expect(JSON.stringify(tagged(maps, login({ t: "red" })))).toBe('{"__proto__":"red"}');
  });

  it("reads no claim where nothing is mapped", () => {
    const unread: LoginEvidence = {
      providerName: GOOGLE,
      clientId: "client",
      claims: () => {
        throw new Error("read");
      },
    };
    expect(tagged({ [APPLE]: mapOf({ team: "t" }) }, unread)).toEqual({});
  });

  it("gives no tag a text that no login had, and no two tags of one key", () => {
    const texts = fc.constantFrom("red", "blue", "a b", "x,y", "", "7");
    const claim = fc.oneof(texts, fc.double(), fc.boolean(), fc.constant(null), fc.array(texts, { maxLength: 3 }));
    const claims = fc.dictionary(fc.constantFrom("t", "u", "sub", "aud"), claim);
    const map = fc.record({
      useDefaults: fc.boolean(),
      principalTags: fc.dictionary(fc.constantFrom("team", "Team", "user"), fc.constantFrom("t", "u", "sub")),
    });
    const maps = fc.dictionary(fc.constantFrom(GOOGLE, APPLE), map);
    fc.assert(
      fc.property(maps, claims, claims, (all, ofGoogle, ofApple) => {
        const result = principalTagsOf(all, [login(ofGoogle), login(ofApple, APPLE)]);
        if (!result.ok) return;
        const had = [ofGoogle, ofApple].flatMap((one) => Object.values(one).flat().map(String));
        for (const value of Object.values(result.value)) {
          expect(had).toContain(value);
          expect(value).toMatch(/^[\p{L}\p{N} _.:/=+@-]{1,256}$/u);
        }
        const folded = Object.keys(result.value).map((tag) => tag.toLowerCase());
        expect(new Set(folded).size).toBe(folded.length);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("tagsWith", () => {
  it("lets the signed caller's tags win, in whatever case the key is spelt", () => {
    expect(tagsWith({ team: "red" }, { Team: "blue", user: "ann" })).toEqual({ team: "red", user: "ann" });
    expect(tagsWith({}, { team: "blue" })).toEqual({ team: "blue" });
  });
});
