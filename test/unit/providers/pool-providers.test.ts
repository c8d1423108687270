import { describe, expect, it } from "vitest";
import type { IdentityPoolSettings } from "../../../src/domain/identity-pool.ts";
import {
  checkProviders,
  clientsOf,
  configuredNames,
  poolProvidersOf,
  hasProviders,
  uncheckedUserPools,
} from "../../../src/providers/pool-providers.ts";
import { Isolate } from "../../../src/isolate.ts";
import { productionUpstreams } from "../../../src/outbound/upstream-policy.ts";

const base: IdentityPoolSettings = { name: "test", allowsUnauthenticated: true };
const config = {
  issuer: "https://identity.example.com",
  oidcProviders: new Map([
    ["issuer.example/tenant", ["client-1", "client-2"]],
    ["10.0.0.1", ["client-1"]],
    ["api.twitter.com", ["client-1"]],
  ]),
  upstreams: productionUpstreams,
};
const ARN = "arn:aws:iam::123456789012:oidc-provider/issuer.example/tenant";
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";

function check(settings: Partial<IdentityPoolSettings>) {
  const result = checkProviders({ ...base, ...settings }, config);
  return result.ok ? "ok" : result.error.type;
}

describe("checkProviders", () => {
  it.each([
    "issuer.example",
    "issuer.example/",
    "issuer.example/tenant/",
    "issuer.example/path/to/Tenant~1",
    "issuer.example:8443/path",
    "accounts.google.com",
    "appleid.apple.com",
    "graph.facebook.com",
    "www.amazon.com",
    "www.digits.com",
    USER_POOL,
  ])("accepts %s with a client id", (providerName) => {
    expect(check({ supportedLoginProviders: { [providerName]: "client-1" } })).toBe("ok");
  });

  it.each([
    "https://issuer.example",
    "localhost",
    "localhost:8787",
    "issuer",
    "127.0.0.1",
    "127.0.0.1:8787/issuer",
    "2130706433",
    "0x7f.1",
    "[::1]",
    "db.internal",
    "printer.local",
    "user@issuer.example",
    "user:password@issuer.example",
    "issuer.example//",
    "issuer.example/tenant//",
    "graph.facebook.com/",
    "cognito-identity.amazonaws.com/",
    "issuer.example?",
    "issuer.example?tenant=1",
    "issuer.example#",
    "issuer.example#a",
    "ISSUER.example",
    "issuer.example:443",
    "issuer.example/a/../b",
    "issuer.example/./a",
    "issuer.example\\path",
    "issuer.example/a b",
    " issuer.example",
    "issuer.example\n",
    "issuеr.example",
    "issuer.example/ü",
    "",
    "/",
    "__proto__",
    "cognito-identity.amazonaws.com",
  ])("T23: refuses %j, which can never be verified", (providerName) => {
    const supportedLoginProviders = Object.fromEntries([[providerName, "client-1"]]);
    expect(check({ supportedLoginProviders })).toBe("InvalidParameterException");
  });

  it.each(["", ";", ";;"])("refuses %j in place of client ids", (clientIds) => {
    expect(check({ supportedLoginProviders: { "issuer.example": clientIds } })).toBe("InvalidParameterException");
  });

  it("reads Twitter's value as a consumer key and its secret, and keeps the secret out of what names the client", () => {
    const supportedLoginProviders = { "api.twitter.com": "key;secret" };
    expect(
      clientsOf(poolProvidersOf({ ...base, supportedLoginProviders }, config.oidcProviders), "api.twitter.com"),
    ).toEqual([{ clientId: "key", clientSecret: "secret", amrPrefix: "api.twitter.com:key" }]);
    expect(check({ supportedLoginProviders })).toBe("ok");
    for (const value of ["key", "key;", ";secret", "key;secret;more", ";"]) {
      expect(check({ supportedLoginProviders: { "api.twitter.com": value } })).toBe("InvalidParameterException");
    }
  });

  it.each([
    ["accounts.google.com", {}],
    ["graph.facebook.com", {}],
    ["cognito-identity.amazonaws.com", {}],
    ["issuer.example", { supportedLoginProviders: { "issuer.example": "client" } }],
    ["issuer.example/tenant", { openIdConnectProviderArns: [ARN] }],
    ["Issuer.Example..", { supportedLoginProviders: { "issuer.example": "client" } }],
    ["Accounts.Google.com", {}],
    ["accounts.google.com.", {}],
    [".appleid.apple.com", {}],
    ["WWW.DIGITS.COM..", {}],
    ["authenticated", {}],
    ["unauthenticated", {}],
    ["Authenticated.", {}],
    ["UNAUTHENTICATED", {}],
    ["cognito-idp.us-east-1.amazonaws.com", {}],
    ["Cognito-Identity.amazonaws.com.cn", {}],
    ["sts.amazonaws.com", {}],
    ["identity.example.com", {}],
    ["Identity.Example.com.", {}],
    ["10.0.0.1", {}],
    ["...", {}],
  ])("T21: refuses the developer provider name %s, whose users are somebody else's", (developerProviderName, more) => {
    expect(check({ developerProviderName, ...more })).toBe("InvalidParameterException");
    expect(check({ ...more, developerProviderName: "login.example" })).toBe("ok");
  });

  it.each(["login.example", "com.example.Backend", "authenticated.example", "my_google.com", "amazonaws.example"])(
    "accepts the developer provider name %s",
    (developerProviderName) => expect(check({ developerProviderName })).toBe("ok"),
  );

  it("accepts an ARN whose client ids are configured, in any partition", () => {
    expect(check({ openIdConnectProviderArns: [ARN, ARN.replace("arn:aws:", "arn:aws-us-gov:")] })).toBe("ok");
  });

  it.each([
    ["not configured", ARN.replace("tenant", "stranger")],
    ["of another case", ARN.replace("tenant", "Tenant")],
    ["of an address that is never fetched", "arn:aws:iam::123456789012:oidc-provider/10.0.0.1"],
    ["one that needs a secret, too", "arn:aws:iam::123456789012:oidc-provider/api.twitter.com"],
    ["without a host", "arn:aws:iam::123456789012:oidc-provider/"],
    ["without an account", "arn:aws:iam:::oidc-provider/issuer.example/tenant"],
    ["of another service", "arn:aws:sts::123456789012:oidc-provider/issuer.example/tenant"],
    ["of SAML", "arn:aws:iam::123456789012:saml-provider/issuer.example/tenant"],
    ["with a prefix", `x${ARN}`],
    ["no ARN", "issuer.example/tenant"],
  ])("refuses an OpenID Connect provider that is %s", (_, arn) => {
    expect(check({ openIdConnectProviderArns: [ARN, arn] })).toBe("InvalidParameterException");
  });

  it("accepts user pools, and refuses what is none or has no client id", () => {
    const withPool = (provider: object) => check({ cognitoIdentityProviders: [provider] });
    expect(withPool({ providerName: USER_POOL, clientId: "c", serverSideTokenCheck: false })).toBe("ok");
    expect(withPool({ providerName: USER_POOL, clientId: "c", serverSideTokenCheck: true })).toBe("ok");
    expect(withPool({ providerName: "cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A1", clientId: "c" })).toBe(
      "ok",
    );
    for (const provider of [
      { providerName: USER_POOL },
      { clientId: "c" },
      {},
      { providerName: "issuer.example/us-east-1_A", clientId: "c" },
      { providerName: `${USER_POOL}/x`, clientId: "c" },
      { providerName: `https://${USER_POOL}`, clientId: "c" },
      { providerName: "cognito-idp.us-east-1.amazonaws.com.evil.example/us-east-1_A", clientId: "c" },
      { providerName: "cognito-idp.evil.example/x.amazonaws.com/us-east-1_A", clientId: "c" },
    ]) {
      expect(withPool(provider), JSON.stringify(provider)).toBe("InvalidParameterException");
    }
  });

  it("takes a user pool by either of its names, and both in one pool as one provider", () => {
    const entries = [USER_POOL, `issuer-${USER_POOL}`, `issuer-${USER_POOL}/`].map((providerName) => {
      return { providerName, clientId: "c" };
    });
    for (const entry of entries) expect(check({ cognitoIdentityProviders: [entry] })).toBe("ok");
    expect(check({ cognitoIdentityProviders: entries })).toBe("ok");
    const settings = { ...base, cognitoIdentityProviders: entries };
    expect(clientsOf(poolProvidersOf(settings, new Map()), USER_POOL).map(({ amrPrefix }) => amrPrefix)).toEqual(
      entries.map(() => `${USER_POOL}:CognitoSignIn`),
    );
    for (const providerName of [`issuer-issuer-${USER_POOL}`, `issuer-${USER_POOL}//`, `issuer.${USER_POOL}`]) {
      expect(check({ cognitoIdentityProviders: [{ providerName, clientId: "c" }] })).toBe("InvalidParameterException");
    }
  });

  it("T16: refuses one provider that is spelled in two ways", () => {
    const slash = { "issuer.example/tenant": "a", "issuer.example/tenant/": "b" };
    const names = { [USER_POOL]: "a", [`issuer-${USER_POOL}`]: "a" };
    const refused = [
      { supportedLoginProviders: slash },
      { supportedLoginProviders: names },
      { openIdConnectProviderArns: [ARN, `${ARN}/`] },
      { supportedLoginProviders: { "issuer.example/tenant/": "a" }, openIdConnectProviderArns: [ARN] },
    ];
    for (const settings of refused) expect(check(settings)).toBe("InvalidParameterException");
    expect(check({ openIdConnectProviderArns: [`${ARN}/`] })).toBe("ok");
    const both = { supportedLoginProviders: { "issuer.example/tenant": "a" }, openIdConnectProviderArns: [ARN] };
    expect(check(both)).toBe("ok");
  });

  it("T21: refuses a developer provider by the name of a public one that ends in a slash", () => {
    const developerProviderName = "issuer.example";
    const supportedLoginProviders = { "issuer.example/": "client" };
    expect(check({ developerProviderName, supportedLoginProviders })).toBe("InvalidParameterException");
  });

  it("stores SAML providers for later, and pools without any", () => {
    expect(check({ samlProviderArns: ["arn:aws:iam::123456789012:saml-provider/Corp"] })).toBe("ok");
    expect(check({})).toBe("ok");
  });

  it("T51: quotes at most 64 printable characters", () => {
    const supportedLoginProviders = { [`\u0000${"a".repeat(100)}`]: "client-1" };
    const result = checkProviders({ ...base, supportedLoginProviders }, config);
    const message = result.ok ? "" : result.error.message;
    expect(message).toBe(`Invalid provider '?${"a".repeat(63)}' at 'supportedLoginProviders'.`);
  });
});

describe("clientsOf", () => {
  it("joins the clients of every registration of one provider name, each with its own long form", () => {
    const settings = {
      ...base,
      supportedLoginProviders: { "issuer.example/tenant": "client-3;client-1" },
      openIdConnectProviderArns: [ARN],
    };
    expect(clientsOf(poolProvidersOf(settings, config.oidcProviders), "issuer.example/tenant")).toEqual([
      { clientId: "client-3", amrPrefix: "issuer.example/tenant:client-3" },
      { clientId: "client-1", amrPrefix: "issuer.example/tenant:client-1" },
      { clientId: "client-1", amrPrefix: `${ARN}:OIDC` },
      { clientId: "client-2", amrPrefix: `${ARN}:OIDC` },
    ]);
  });

  it("T16: finds them whatever spelling the pool has, under the canonical name", () => {
    const supportedLoginProviders = { "issuer.example/tenant/": "client-3" };
    const settings = { ...base, supportedLoginProviders, openIdConnectProviderArns: [`${ARN}/`] };
    expect(
      clientsOf(poolProvidersOf(settings, config.oidcProviders), "issuer.example/tenant").map(
        ({ amrPrefix }) => amrPrefix,
      ),
    ).toEqual(["issuer.example/tenant:client-3", `${ARN}/:OIDC`, `${ARN}/:OIDC`]);
  });

  it("looks through the settings once, however often it is asked, and anew for other settings", () => {
    const settings = { ...base, openIdConnectProviderArns: [ARN, ARN], supportedLoginProviders: { "a.example": "x" } };
    const { poolProviders } = new Isolate();
    const ask = (one = settings, clientIds = config.oidcProviders) =>
      clientsOf(poolProviders.of(one).of(clientIds), "issuer.example/tenant");
    expect(ask()).toBe(ask());
    // Listed twice by a pool of before: one provider all the same.
    expect(ask().map(({ clientId }) => clientId)).toEqual(["client-1", "client-2"]);
    expect(ask({ ...settings, openIdConnectProviderArns: [] })).toEqual([]);
    expect(ask(settings, new Map([["issuer.example/tenant", ["c"]]]))).toHaveLength(1);
  });

  it("T21: has no clients for an issuer that is configured here but not in the pool", () => {
    expect(clientsOf(poolProvidersOf(base, config.oidcProviders), "issuer.example/tenant")).toEqual([]);
  });

  it("T39: has no clients under a prototype key", () => {
    const settings = { ...base, supportedLoginProviders: { "issuer.example": "client-1" } };
    for (const name of ["__proto__", "constructor", "toString"])
      expect(clientsOf(poolProvidersOf(settings, new Map()), name)).toEqual([]);
  });

  it("has no clients for the developer provider, whose logins only the signed operation takes", () => {
    const settings = {
      ...base,
      developerProviderName: "dev.example",
      supportedLoginProviders: { "dev.example": "client-1" },
    };
    expect(clientsOf(poolProvidersOf(settings, new Map()), "dev.example")).toEqual([]);
  });
});

describe("uncheckedUserPools", () => {
  const IDENTITY_POOL = "us-east-1:11111111-1111-4111-8111-111111111111";
  const user = (providerName: string, serverSideTokenCheck?: boolean) => {
    return { providerName, clientId: "c", ...(serverSideTokenCheck !== undefined && { serverSideTokenCheck }) };
  };
  const other = USER_POOL.replace("AbC123", "Other");

  it("are those with the check on that the setting does not name, each once", () => {
    const cognitoIdentityProviders = [
      user(USER_POOL, true),
      user(other, true),
      { ...user(other, true), clientId: "d" },
    ];
    const settings = { ...base, cognitoIdentityProviders };
    const unchecked = (pools: Record<string, string>) =>
      uncheckedUserPools(settings, { tokenCheckPools: new Map(Object.entries(pools)) });
    expect(unchecked({})).toEqual([USER_POOL, other]);
    expect(unchecked({ "us-east-1_AbC123": IDENTITY_POOL })).toEqual([other]);
    expect(unchecked({ "us-east-1_AbC123": IDENTITY_POOL, "us-east-1_Other": IDENTITY_POOL })).toEqual([]);
    // Of the one and not of a name that it begins.
    expect(unchecked({ "us-east-1_AbC": IDENTITY_POOL, [USER_POOL]: IDENTITY_POOL })).toEqual([USER_POOL, other]);
  });

  it("are none where the check is off or not there", () => {
    const settings = { ...base, cognitoIdentityProviders: [user(USER_POOL, false), user(other), {}] };
    expect(uncheckedUserPools(settings, { tokenCheckPools: new Map() })).toEqual([]);
    expect(uncheckedUserPools(base, { tokenCheckPools: new Map() })).toEqual([]);
  });
});

describe("configuredNames", () => {
  it("T46: are those that the pool has, of whatever kind, in the order of the request", () => {
    const saml = "arn:aws:iam::123456789012:saml-provider/Corp";
    const settings = {
      ...base,
      developerProviderName: "dev.example",
      supportedLoginProviders: { "graph.facebook.com": "123" },
      openIdConnectProviderArns: [ARN],
      cognitoIdentityProviders: [{ providerName: USER_POOL, clientId: "c" }],
      samlProviderArns: [saml],
    };
    const names = [saml, USER_POOL, "issuer.example/tenant", "graph.facebook.com", "dev.example"];
    const others = ["s3cret", `${saml}2`, "__proto__", "Graph.facebook.com", "www.amazon.com"];
    expect(configuredNames(poolProvidersOf(settings, config.oidcProviders), [...others, ...names])).toEqual(names);
    const spellings = [`issuer-${USER_POOL}`, USER_POOL, "issuer.example/tenant/"];
    expect(configuredNames(poolProvidersOf(settings, config.oidcProviders), spellings)).toEqual([
      USER_POOL,
      "issuer.example/tenant",
    ]);
  });
});

describe("hasProviders", () => {
  it("counts each kind of provider, and empty settings for none", () => {
    expect(hasProviders(base)).toBe(false);
    const empty = {
      supportedLoginProviders: {},
      openIdConnectProviderArns: [],
      cognitoIdentityProviders: [],
      samlProviderArns: [],
    };
    expect(hasProviders({ ...base, ...empty })).toBe(false);
    expect(hasProviders({ ...base, supportedLoginProviders: { a: "b" } })).toBe(true);
    expect(hasProviders({ ...base, openIdConnectProviderArns: [ARN] })).toBe(true);
    expect(hasProviders({ ...base, cognitoIdentityProviders: [{}] })).toBe(true);
    expect(hasProviders({ ...base, samlProviderArns: ["a"] })).toBe(true);
    expect(hasProviders({ ...base, developerProviderName: "dev" })).toBe(true);
  });
});
