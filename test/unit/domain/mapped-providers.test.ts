import { describe, expect, it } from "vitest";
import type { IdentityPoolSettings } from "../../../src/domain/identity-pool.ts";
import { hasProvider, providerMeantBy, repeatedAmong, strangerAmong } from "../../../src/domain/mapped-providers.ts";

const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Abc";
const OTHER_NAME = `issuer-${USER_POOL}`;
const SECOND_POOL = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Xyz";
const ARN = "arn:aws:iam::123456789012:oidc-provider/issuer.example/tenant";
const SAML = "arn:aws:iam::123456789012:saml-provider/corp";

const settings: IdentityPoolSettings = {
  name: "pool",
  allowsUnauthenticated: true,
  supportedLoginProviders: {
    "accounts.google.com": "a;b",
    "id.example:8443/t": "c",
    [SECOND_POOL]: "web;mobile",
    "api.twitter.com": "key;secret",
  },
  openIdConnectProviderArns: [ARN],
  cognitoIdentityProviders: [{ providerName: USER_POOL, clientId: "client" }],
  samlProviderArns: [SAML],
  developerProviderName: "login.example",
};

describe("a key of role mappings", () => {
  it.each([
    "accounts.google.com",
    "api.twitter.com",
    "id.example:8443/t",
    "id.example:8443/t/",
    ARN,
    SAML,
    `${USER_POOL}:client`,
    `${OTHER_NAME}:client`,
    `${SECOND_POOL}:mobile`,
  ])("names a provider of the pool: %s", (key) => {
    expect(strangerAmong(settings, ["accounts.google.com", key])).toBe(undefined);
  });

  it.each([
    "graph.facebook.com",
    "https://accounts.google.com",
    "Accounts.google.com",
    "issuer.example/tenant",
    `${ARN}/more`,
    ARN.replace("123456789012", "210987654321"),
    USER_POOL,
    `${USER_POOL}:`,
    `${USER_POOL}:other`,
    `https://${USER_POOL}:client`,
    SECOND_POOL,
    `${SECOND_POOL}:web;mobile`,
    "api.twitter.com:key",
    "login.example",
    "cognito-identity.amazonaws.com",
    "__proto__",
    "",
  ])("names none: %j", (key) => {
    expect(strangerAmong(settings, ["accounts.google.com", key])).toBe(key);
  });

  it("is a repetition where it names the provider, or the client, of one before", () => {
    expect(repeatedAmong([ARN, "issuer.example/tenant"])).toBe("issuer.example/tenant");
    expect(repeatedAmong(["issuer.example", "issuer.example/"])).toBe("issuer.example/");
    expect(repeatedAmong([`${USER_POOL}:client`, `${OTHER_NAME}:client`])).toBe(`${OTHER_NAME}:client`);
    expect(repeatedAmong([`${USER_POOL}:client`, `${USER_POOL}:other`, ARN, SAML])).toBe(undefined);
  });
});

describe("a key of principal tag maps", () => {
  it("names a user pool without a client, and any other provider as among role mappings", () => {
    for (const key of [USER_POOL, OTHER_NAME, SECOND_POOL, ARN, SAML, "accounts.google.com"]) {
      expect([key, hasProvider(settings, key)]).toEqual([key, true]);
    }
    for (const key of [
      `${USER_POOL}:client`,
      "issuer.example/tenant",
      "login.example",
      "https://accounts.google.com",
    ]) {
      expect([key, hasProvider(settings, key)]).toEqual([key, false]);
    }
  });

  it("means the same in each spelling, and nothing else does", () => {
    const meant = [ARN, `${ARN}/`, "issuer.example/tenant", "issuer.example/tenant/"].map(providerMeantBy);
    expect(new Set(meant)).toEqual(new Set(["issuer.example/tenant"]));
    expect(providerMeantBy(OTHER_NAME)).toBe(USER_POOL);
    expect(providerMeantBy(SAML)).toBe(SAML);
    expect(providerMeantBy("id.example:8443")).toBe("id.example:8443");
    expect(providerMeantBy("")).toBe("");
  });
});
