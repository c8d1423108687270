import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { parseDevelopmentConfig } from "../../src/development/development-config.ts";

const good = {
  ISSUER: "https://identity.example.com",
  KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
  ADMIN_CREDENTIALS: "[]",
};
const URLS = ["FACEBOOK_GRAPH_URL", "AMAZON_API_URL", "TWITTER_API_URL"];

function problemsOf(changes: Readonly<Record<string, string>>, parse = parseConfig): readonly string[] {
  const parsed = parse({ ...good, ...changes });
  return parsed.ok ? [] : parsed.error;
}

describe("the settings of the providers' APIs", () => {
  it("are the providers' own addresses, and no secret, unless they are set", () => {
    const parsed = parseConfig(good);
    expect(parsed.ok && parsed.value.providerApis).toEqual({
      facebookGraphUrl: "https://graph.facebook.com",
      amazonApiUrl: "https://api.amazon.com",
      twitterApiUrl: "https://api.twitter.com",
      facebookAppSecrets: new Map(),
      tokenCheckPools: new Map(),
    });
  });

  it("are written as the URL parser does, without a trailing slash", () => {
    const parsed = parseConfig({ ...good, FACEBOOK_GRAPH_URL: "https://Graph.example:443/v25.0/" });
    expect(parsed.ok && parsed.value.providerApis.facebookGraphUrl).toBe("https://graph.example/v25.0");
  });

  it.each(URLS)("T23: refuse anything but a public https address in production: %s", (name) => {
    for (const value of [
      "http://api.example",
      "http://127.0.0.1:9",
      "https://127.0.0.1",
      "https://localhost",
      "api.example",
      "https://u:p@api.example",
      "https://api.example/?a",
      "https://api.example/?",
      "https://api.example/#",
      // A Cyrillic letter.
      "https://аpi.example",
      "file:///x",
    ]) {
      expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(`^${name} must be`)]);
    }
  });

  it.each(URLS)("permit plain http on loopback in local development alone: %s", (name) => {
    expect(problemsOf({ [name]: "http://127.0.0.1:9001" }, parseDevelopmentConfig)).toEqual([]);
    expect(problemsOf({ [name]: "http://api.example" }, parseDevelopmentConfig)).toHaveLength(1);
  });

  it("reads Facebook's app secrets by app id, and repeats none of a wrong value", () => {
    const parsed = parseConfig({ ...good, FACEBOOK_APP_SECRETS: '{"123":"s3cret","456":"t0ken"}' });
    expect(parsed.ok && [...parsed.value.providerApis.facebookAppSecrets]).toEqual([
      ["123", "s3cret"],
      ["456", "t0ken"],
    ]);
    for (const value of [
      "s3cret",
      "[]",
      '"s3cret"',
      '{"app":"s3cret"}',
      '{"123":""}',
      '{"123":"s3cret\\n"}',
      '{"123":"s3cret \u00e9"}',
      '{"123":7}',
      '{"__proto__":"s3cret"}',
    ]) {
      const problems = problemsOf({ FACEBOOK_APP_SECRETS: value });
      expect(problems).toEqual([expect.stringMatching(/^FACEBOOK_APP_SECRETS must be/)]);
      expect(problems.join()).not.toContain("s3cret");
    }
  });

  it.each([
    ["us-east-1_AbC123", "us-east-1:11111111-1111-4111-8111-111111111111"],
    ["eu-central-1_a", "ap-southeast-7:0a1b2c3d-ffff-0000-9999-abcdefabcdef"],
    ["cn-north-1_A1", "cn-north-1:11111111-1111-4111-8111-111111111111"],
    ["us-gov-west-1_A1", "us-gov-west-1:11111111-1111-4111-8111-111111111111"],
  ])("reads the identity pool of Amazon's that knows the user pool %s", (userPoolId, identityPoolId) => {
    const parsed = parseConfig({ ...good, TOKEN_CHECK_POOLS: JSON.stringify({ [userPoolId]: identityPoolId }) });
    expect(parsed.ok && [...parsed.value.providerApis.tokenCheckPools]).toEqual([[userPoolId, identityPoolId]]);
  });

  const [USER_POOL, UUID] = ["us-east-1_AbC123", "11111111-1111-4111-8111-111111111111"];
  it.each([
    ["nonsense"],
    ["[]"],
    ["null"],
    [`"us-east-1:${UUID}"`],
    [{ [USER_POOL]: 7 }],
    [{ [USER_POOL]: "" }],
    [{ [USER_POOL]: UUID }],
    [{ [USER_POOL]: `us-east-1:${UUID.toUpperCase().replaceAll("1", "A")}` }],
    [{ [USER_POOL]: `us-east-1:${UUID}/` }],
    [{ [USER_POOL]: `us-east-1:${UUID}\n` }],
    [{ [USER_POOL]: `us-east-1.evil.example/:${UUID}` }],
    [{ [USER_POOL]: `evil.example:${UUID}` }],
    [{ [USER_POOL]: `us-east-1@evil:${UUID}` }],
    [{ [USER_POOL]: `us-east:${UUID}` }],
    [{ [`cognito-idp.us-east-1.amazonaws.com/${USER_POOL}`]: `us-east-1:${UUID}` }],
    [{ "us-east-1": `us-east-1:${UUID}` }],
    [{ [` ${USER_POOL}`]: `us-east-1:${UUID}` }],
    [{ [USER_POOL]: `us-east-1:${UUID}`, other: `us-east-1:${UUID}` }],
    ['{"__proto__":"us-east-1:11111111-1111-4111-8111-111111111111"}'],
  ])("T23: refuses %j for a map of user pools to identity pools, and does not repeat it", (value) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const problems = problemsOf({ TOKEN_CHECK_POOLS: text });
    expect(problems).toEqual([expect.stringMatching(/^TOKEN_CHECK_POOLS must be/)]);
    expect(problems.join()).not.toMatch(/AbC123|11111111|evil/);
  });
});
