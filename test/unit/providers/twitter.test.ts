import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type StandIn, twitterStandIn } from "../../support/provider-stand-ins.ts";
import {
  attempt,
  loggedOutcome,
  MALFORMED,
  NOT_SUPPORTED,
  NOT_VERIFIED,
  NOW,
  SECRETIVE,
  TROUBLES,
  troubleOf,
  UNUSABLE,
} from "./access-token-logins.ts";

const CONSUMER_KEY = "consumer-key";
const CONSUMER_SECRET = "consumer/secret";
const CREDENTIALS = "https://api.twitter.com/1.1/account/verify_credentials.json";

const tokens = new Map([
  ["7-ann", { secret: "ann.secret", userId: "1234567890123456789" }],
  ["8-suspended", { secret: "s", userId: "8", code: 64 }],
  ["9-locked", { secret: "s", userId: "9", code: 326 }],
  ["11-gone", { secret: "s", userId: "11", code: 63 }],
  ["10-plan", { secret: "s", userId: "10", code: 453 }],
]);

function standInOf(origin = "https://api.twitter.com"): StandIn {
  return twitterStandIn({ consumerKey: CONSUMER_KEY, consumerSecret: CONSUMER_SECRET, tokens, origin });
}

function login(token: string, more: { standIn?: StandIn; value?: string; settings?: Record<string, string> } = {}) {
  const value = `${CONSUMER_KEY};${CONSUMER_SECRET}`;
  return attempt({ providerName: "api.twitter.com", value, token, standIn: standInOf(), ...more });
}

beforeEach(() => vi.useFakeTimers({ now: NOW * 1000, toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

describe("Twitter", () => {
  it("signs one call with the pool's consumer and the user's token, and names no secret in amr", async () => {
    const outcome = await login("7-ann;ann.secret");
    // The id is beyond what a JavaScript number holds: the text is the one that counts.
    expect(outcome.answer).toEqual(["api.twitter.com", `api.twitter.com:${CONSUMER_KEY}:1234567890123456789`]);
    expect(outcome.asked).toEqual([`GET ${CREDENTIALS}`]);
  });

  it.each([
    ["whose secret is wrong", "7-ann;other", {}, NOT_VERIFIED],
    ["that Twitter never made, or has revoked", "6-bob;s", {}, NOT_VERIFIED],
    [
      "T22: of another app: another consumer key",
      "7-ann;ann.secret",
      { value: `other;${CONSUMER_SECRET}` },
      NOT_VERIFIED,
    ],
    [
      "T22: of another app: another consumer secret",
      "7-ann;ann.secret",
      { value: `${CONSUMER_KEY};other` },
      NOT_VERIFIED,
    ],
    ["of a suspended user", "8-suspended;s", {}, NOT_VERIFIED],
    ["of a locked user", "9-locked;s", {}, NOT_VERIFIED],
    ["of a user who has been suspended", "11-gone;s", {}, NOT_VERIFIED],
  ])("refuses a token %s", async (_, token, more, answer) => {
    expect(await login(token, more)).toMatchObject({ answer });
  });

  it.each(["", ";", "7-ann", "7-ann;", ";secret", "7-ann;a;b", "7 ann;s", "7-ann;é", `${"t".repeat(1025)};s`])(
    "T28: refuses %j unasked",
    async (token) => {
      expect(await login(token)).toMatchObject({ answer: MALFORMED, asked: [] });
    },
  );

  it("refuses every token under a value that is no key and secret", async () => {
    for (const value of ["key", "key;", ";secret", "a;b;c"]) {
      expect(await login("7-ann;ann.secret", { value })).toMatchObject({ answer: NOT_SUPPORTED, asked: [] });
    }
  });
});

describe("Twitter in trouble", () => {
  it.each(TROUBLES)("T31: answers ExternalServiceException when it %s", async (_, reason, standIn) => {
    const outcome = await login("7-ann;ann.secret", { standIn });
    expect(outcome).toMatchObject({ ...troubleOf("api.twitter.com", reason), asked: [`GET ${CREDENTIALS}`] });
    expect(outcome.logged).toEqual([expect.stringMatching(loggedOutcome("api.twitter.com", reason))]);
  });

  it("does not blame the token for an API plan that lacks the call, nor for a clock that differs", async () => {
    expect(await login("10-plan;s")).toMatchObject(troubleOf("api.twitter.com", "error 453"));
    vi.setSystemTime((NOW + 3600) * 1000);
    expect(await login("7-ann;ann.secret")).toMatchObject(troubleOf("api.twitter.com", "error 135"));
  });

  // Twitter, Response Codes: what the call was, and not who made it, is at fault; 404 is what a wrong address answers.
  it.each([
    [215, 400, "error 215"],
    [88, 403, "error 88"],
    [34, 404, "status 404"],
    [50, 404, "status 404"],
  ])("T31: does not blame the token for code %i", async (code, status, reason) => {
    const standIn: StandIn = async () =>
      await Promise.resolve(Response.json({ errors: [{ code, message: "s3cret" }] }, { status }));
    expect(await login("7-ann;ann.secret", { standIn })).toMatchObject(troubleOf("api.twitter.com", reason));
  });

  it("takes no answer without the id as text", async () => {
    for (const document of [{ id: 7 }, { id_str: 7 }, { id_str: "" }]) {
      const standIn: StandIn = async () => await Promise.resolve(Response.json(document));
      expect((await login("7-ann;ann.secret", { standIn })).answer).toBe(UNUSABLE);
    }
  });

  it("T46: puts no secret, and nothing that Twitter wrote, into message or reason", async () => {
    const { answer, reason } = await login("7-ann;ann.secret", { standIn: SECRETIVE });
    expect(answer).toBe(UNUSABLE);
    expect([answer, reason].join()).not.toMatch(/s3cret|ann|consumer/);
  });

  it("asks and signs the address of the setting", async () => {
    const settings = { TWITTER_API_URL: "https://API.x.example:443/" };
    const { answer, asked } = await login("7-ann;ann.secret", {
      settings,
      standIn: standInOf("https://api.x.example"),
    });
    expect(answer).toEqual(["api.twitter.com", `api.twitter.com:${CONSUMER_KEY}:1234567890123456789`]);
    expect(asked).toEqual(["GET https://api.x.example/1.1/account/verify_credentials.json"]);
  });
});
