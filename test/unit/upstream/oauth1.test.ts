import { describe, expect, it } from "vitest";
import { authorizationHeader, percentEncode, signatureBaseString } from "../../../src/upstream/oauth1.ts";

/** Twitter, "Creating a signature": the published request, its base string and its signature. */
const TWITTER = {
  request: {
    method: "POST",
    url: "https://api.twitter.com/1.1/statuses/update.json",
    parameters: [
      ["status", "Hello Ladies + Gentlemen, a signed OAuth request!"],
      ["include_entities", "true"],
    ],
  },
  credentials: {
    consumerKey: "xvz1evFS4wEEPTGEFPHBog",
    consumerSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    tokenSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
  },
  stamp: { nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", timestamp: 1_318_622_958 },
} as const;

describe("percentEncode", () => {
  it.each([
    ["Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"],
    ["An encoded string!", "An%20encoded%20string%21"],
    ["Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"],
    ["☃", "%E2%98%83"],
    ["!'()*", "%21%27%28%29%2A"],
    ["-._~AZaz09", "-._~AZaz09"],
  ])("RFC 5849, section 3.6: %s", (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
  });
});

describe("signatureBaseString", () => {
  it("RFC 5849, section 3.4.1.1: sorts the parameters by their encoded names, and then by their values", () => {
    const request = {
      method: "POST",
      url: "http://example.com/request",
      parameters: [
        ["b5", "=%3D"],
        ["a3", "a"],
        ["c@", ""],
        ["a2", "r b"],
        ["c2", ""],
        ["a3", "2 q"],
      ],
    } as const;
    const text = signatureBaseString(request, [
      ["oauth_consumer_key", "9djdj82h48djs9d2"],
      ["oauth_token", "kkk9d7dh3k39sjv7"],
      ["oauth_signature_method", "HMAC-SHA1"],
      ["oauth_timestamp", "137131201"],
      ["oauth_nonce", "7d8f3e4a"],
    ]);
    expect(text).toBe(
      "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7",
    );
  });
});

describe("authorizationHeader", () => {
  it("gives the signature that Twitter publishes for its example", async () => {
    const header = await authorizationHeader(TWITTER.request, TWITTER.credentials, TWITTER.stamp);
    expect(header).toBe(
      'OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", ' +
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="1318622958", ' +
        'oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", oauth_version="1.0", ' +
        'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"',
    );
  });

  it("never shows a secret", async () => {
    const header = await authorizationHeader(TWITTER.request, TWITTER.credentials, TWITTER.stamp);
    expect(header).not.toContain(TWITTER.credentials.consumerSecret);
    expect(header).not.toContain(TWITTER.credentials.tokenSecret);
  });
});
