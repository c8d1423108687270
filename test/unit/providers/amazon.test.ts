import { describe, expect, it } from "vitest";
import { amazonStandIn, type AmazonToken, type StandIn } from "../../support/provider-stand-ins.ts";
import {
  attempt,
  EXPIRED,
  loggedOutcome,
  MALFORMED,
  NOT_SUPPORTED,
  NOT_VERIFIED,
  SECRETIVE,
  TROUBLES,
  troubleOf,
  UNUSABLE,
} from "./access-token-logins.ts";

const AUD = "amzn1.application-oa2-client.1";
const APP_ID = "amzn1.application.1";
const USER = "amzn1.account.ANN";
const TOKEN_INFO = "GET https://api.amazon.com/auth/o2/tokeninfo";

const tokens = new Map<string, AmazonToken>([
  ["Atza|good", { aud: AUD, appId: APP_ID, userId: USER }],
  [`Atza|${"g".repeat(2043)}`, { aud: AUD, appId: APP_ID, userId: USER }],
  ["Atza|foreign", { aud: `${AUD}2`, appId: `${APP_ID}2`, userId: USER }],
  ["Atza|over", { aud: AUD, appId: APP_ID, userId: USER, exp: 0 }],
]);

function login(token: string, more: { standIn?: StandIn; value?: string; settings?: Record<string, string> } = {}) {
  return attempt({ providerName: "www.amazon.com", value: AUD, token, standIn: amazonStandIn(tokens), ...more });
}

function saying(document: object): StandIn {
  return async () => await Promise.resolve(Response.json(document));
}

describe("Login with Amazon", () => {
  it("looks the token up once, and names the client and the user in amr", async () => {
    expect(await login("Atza|good")).toMatchObject({
      answer: ["www.amazon.com", `www.amazon.com:${AUD}:${USER}`],
      asked: [TOKEN_INFO],
    });
  });

  it("accepts a pool that names the application's id in place of the client's", async () => {
    expect((await login("Atza|good", { value: APP_ID })).answer).toEqual([
      "www.amazon.com",
      `www.amazon.com:${APP_ID}:${USER}`,
    ]);
  });

  it("accepts the longest token that Amazon makes", async () => {
    expect((await login(`Atza|${"g".repeat(2043)}`)).answer).toEqual([
      "www.amazon.com",
      `www.amazon.com:${AUD}:${USER}`,
    ]);
  });

  it.each([
    ["T22: of another application", "Atza|foreign", NOT_SUPPORTED],
    ["that Amazon never made, or has revoked", "Atza|forged", NOT_VERIFIED],
    ["that has no second left", "Atza|over", EXPIRED],
  ])("refuses a token %s", async (_, token, answer) => {
    expect(await login(token)).toMatchObject({ answer, asked: [TOKEN_INFO] });
  });

  it("refuses a token that Amazon cannot read, in either of its words", async () => {
    for (const error of ["invalid_token", "invalid_request"]) {
      const standIn: StandIn = async () =>
        await Promise.resolve(Response.json({ error, error_description: "s3cret" }, { status: 400 }));
      expect((await login("Atza|good", { standIn })).answer).toBe(NOT_VERIFIED);
    }
  });

  it("T17: matches whole ids only", async () => {
    for (const value of [AUD.slice(0, -1), `${AUD}0`, "amzn1", "https://www.amazon.com", USER]) {
      expect((await login("Atza|good", { value })).answer).toBe(NOT_SUPPORTED);
    }
  });

  it.each(["", "Atza good", "Atzaé", "A".repeat(4097)])("T28: refuses %j unasked", async (token) => {
    expect(await login(token)).toMatchObject({ answer: MALFORMED, asked: [] });
  });
});

describe("Login with Amazon in trouble", () => {
  it.each(TROUBLES)("T31: answers ExternalServiceException when it %s", async (_, reason, standIn) => {
    const outcome = await login("Atza|good", { standIn });
    expect(outcome).toMatchObject({ ...troubleOf("www.amazon.com", reason), asked: [TOKEN_INFO] });
    expect(outcome.logged).toEqual([expect.stringMatching(loggedOutcome("www.amazon.com", reason))]);
  });

  const GOOD = { aud: AUD, app_id: APP_ID, user_id: USER, iss: "https://www.amazon.com", exp: 3000, iat: 1 };
  it.each([
    ["comes from another issuer", { ...GOOD, iss: "https://www.amazon.com.evil.example" }],
    ["has no issuer", { ...GOOD, iss: undefined }],
    ["has no expiry", { ...GOOD, exp: undefined }],
    ["has a text for its expiry", { ...GOOD, exp: "3000" }],
    ["has no user", { ...GOOD, user_id: undefined }],
    ["has a number for its user", { ...GOOD, user_id: 7 }],
    ["has an empty user", { ...GOOD, user_id: "" }],
  ])("takes no answer that %s", async (_, document) => {
    expect((await login("Atza|good", { standIn: saying(document) })).answer).toBe(UNUSABLE);
    expect((await login("Atza|good", { standIn: saying(GOOD) })).answer).toEqual([
      "www.amazon.com",
      `www.amazon.com:${AUD}:${USER}`,
    ]);
  });

  it("T46: puts neither the token nor anything that Amazon wrote into message or reason", async () => {
    const { answer, reason, logged } = await login("Atza|good", { standIn: SECRETIVE });
    expect(answer).toBe(UNUSABLE);
    // A token has a character that an address writes in another way.
    expect([answer, reason, ...logged].join()).not.toMatch(/s3cret|Atza(\||%7C)/i);
  });

  it("asks the address of the setting", async () => {
    const settings = { AMAZON_API_URL: "https://api.amazon.co.uk" };
    expect((await login("Atza|good", { settings })).asked).toEqual(["GET https://api.amazon.co.uk/auth/o2/tokeninfo"]);
  });
});
