import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { parseDevelopmentConfig } from "../../src/development/development-config.ts";

const good = {
  ISSUER: "https://identity.example.com",
  KEY_ENCRYPTION_KEY: "dGVzdC1vbmx5LWtleS1lbmNyeXB0aW9uLWtleS0wMDE=",
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
      '{"123":7}',
      '{"__proto__":"s3cret"}',
    ]) {
      const problems = problemsOf({ FACEBOOK_APP_SECRETS: value });
      expect(problems).toEqual([expect.stringMatching(/^FACEBOOK_APP_SECRETS must be/)]);
      expect(problems.join()).not.toContain("s3cret");
    }
  });
});
