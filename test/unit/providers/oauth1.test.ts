import { describe, expect, it } from "vitest";
import { authorizationHeader, percentEncode, signatureBaseString } from "../../../src/providers/oauth1.ts";

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

/** RFC 5849, section 1.2, and OAuth Core 1.0a, appendix A: Jane's photo, by the same client and the same token. */
const PHOTO = {
  request: {
    method: "GET",
    url: "http://photos.example.net/photos",
    parameters: [
      ["file", "vacation.jpg"],
      ["size", "original"],
    ],
  },
  credentials: {
    consumerKey: "dpf43f3p2l4k3l03",
    consumerSecret: "kd94hf93k423kf44",
    token: "nnch734d00sl2jdk",
    tokenSecret: "pfkkdhi9sl3r4s00",
  },
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

  it("OAuth Core 1.0a, appendix A.5.1: a GET with a query", () => {
    const text = signatureBaseString(PHOTO.request, [
      ["oauth_consumer_key", PHOTO.credentials.consumerKey],
      ["oauth_token", PHOTO.credentials.token],
      ["oauth_signature_method", "HMAC-SHA1"],
      ["oauth_timestamp", "1191242096"],
      ["oauth_nonce", "kllo9940pd9333jh"],
      ["oauth_version", "1.0"],
    ]);
    expect(text).toBe(
      "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal",
    );
  });

  it("gives the base string that Twitter publishes for its example", () => {
    const text = signatureBaseString(TWITTER.request, [
      ["oauth_consumer_key", TWITTER.credentials.consumerKey],
      ["oauth_nonce", TWITTER.stamp.nonce],
      ["oauth_signature_method", "HMAC-SHA1"],
      ["oauth_timestamp", String(TWITTER.stamp.timestamp)],
      ["oauth_token", TWITTER.credentials.token],
      ["oauth_version", "1.0"],
    ]);
    expect(text).toBe(
      "POST&https%3A%2F%2Fapi.twitter.com%2F1.1%2Fstatuses%2Fupdate.json&include_entities%3Dtrue%26oauth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog%26oauth_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26status%3DHello%2520Ladies%2520%252B%2520Gentlemen%252C%2520a%2520signed%2520OAuth%2520request%2521",
    );
  });

  it("RFC 5849, section 1.2: what is published as signed, without a version", async () => {
    const text = signatureBaseString(PHOTO.request, [
      ["oauth_consumer_key", PHOTO.credentials.consumerKey],
      ["oauth_token", PHOTO.credentials.token],
      ["oauth_signature_method", "HMAC-SHA1"],
      ["oauth_timestamp", "137131202"],
      ["oauth_nonce", "chapoH"],
    ]);
    const encoder = new TextEncoder();
    const secret = encoder.encode(`${PHOTO.credentials.consumerSecret}&${PHOTO.credentials.tokenSecret}`);
    const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
    const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
    expect(new Uint8Array(signature).toBase64()).toBe("MdpQcU8iPSUjWoN/UDMsK2sui9I=");
  });
});

describe("authorizationHeader", () => {
  it("gives the signature of OAuth Core 1.0a, appendix A.5.2", async () => {
    const stamp = { nonce: "kllo9940pd9333jh", timestamp: 1_191_242_096 };
    const header = await authorizationHeader(PHOTO.request, PHOTO.credentials, stamp);
    expect(header).toContain('oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D"');
  });

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
