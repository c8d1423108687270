import { describe, expect, it } from "vitest";
import type { IdentityPoolSettings } from "../../../src/domain/identity-pool.ts";
import { formerNamesWith, MAX_FORMER_NAMES, replaceSettings, withKept } from "../../../src/pools/pool-settings.ts";

const current: IdentityPoolSettings = {
  name: "old",
  allowsUnauthenticated: true,
  allowsClassicFlow: false,
  supportedLoginProviders: { p: "client" },
  tags: { a: "b" },
};
const next: IdentityPoolSettings = { name: "new", allowsUnauthenticated: false };

describe("replaceSettings", () => {
  it("replaces every setting: one that is not given is gone", () => {
    expect(replaceSettings(current, next)).toEqual({ ok: true, value: next });
  });

  it("sets a developer provider name where there was none", () => {
    const named = { ...next, developerProviderName: "login.example" };
    expect(replaceSettings(current, named)).toEqual({ ok: true, value: named });
  });

  describe("once a developer provider name is set", () => {
    const named = { ...current, developerProviderName: "login.example" };

    it("keeps it when the update leaves it out, or repeats it", () => {
      const kept = { ok: true, value: { ...next, developerProviderName: "login.example" } };
      expect(replaceSettings(named, next)).toEqual(kept);
      expect(replaceSettings(named, { ...next, developerProviderName: "login.example" })).toEqual(kept);
    });

    it.each(["other.example", "LOGIN.example", ""])("refuses to change it to '%s'", (developerProviderName) => {
      expect(replaceSettings(named, { ...next, developerProviderName })).toMatchObject({
        ok: false,
        error: { type: "InvalidParameterException" },
      });
    });
  });

  describe("where users log in by tokens under the name", () => {
    const ARN = "arn:aws:iam::123456789012:oidc-provider/login.example";
    const publicOnes = [
      { supportedLoginProviders: { "login.example": "client" } },
      { supportedLoginProviders: { "login.example/": "client" } },
      { openIdConnectProviderArns: [ARN] },
      { openIdConnectProviderArns: [`${ARN}/`] },
      { cognitoIdentityProviders: [{ providerName: "login.example", clientId: "client" }] },
    ];

    it.each(publicOnes)("T21: refuses a developer provider that would share it with %j", (providers) => {
      const refused = { ok: false, error: { type: "InvalidParameterException" } };
      const developerProviderName = "login.example";
      // It was set before, is set now, or takes the place of the public one.
      expect(replaceSettings({ ...current, developerProviderName }, { ...next, ...providers })).toMatchObject(refused);
      expect(replaceSettings(current, { ...next, ...providers, developerProviderName })).toMatchObject(refused);
      expect(replaceSettings({ ...current, ...providers }, { ...next, developerProviderName })).toMatchObject(refused);
      const other = { ...next, developerProviderName: "example" };
      expect(replaceSettings({ ...current, ...providers }, other)).toMatchObject({ ok: true });
    });
  });

  describe("T21: where users logged in by tokens under the name, in any update before", () => {
    const refused = { ok: false, error: { type: "InvalidParameterException" } };
    const named = (developerProviderName: string) => ({ ...next, developerProviderName });

    it.each(["idp.example.com", "IDP.Example.com", "idp.example.com.", "idp.example.com..."])("refuses %s", (name) => {
      const former = formerNamesWith([], { ...current, supportedLoginProviders: { "idp.example.com": "client" } });
      // A setting in between has forgotten it; the pool has not.
      expect(replaceSettings(next, named(name), formerNamesWith(former, next))).toMatchObject(refused);
      expect(replaceSettings(next, named("login.example"), former)).toMatchObject({ ok: true });
    });

    it("keeps a bounded number of names, and then refuses every one: it could be one that was let go", () => {
      let former: readonly string[] = [];
      for (let index = 0; index <= MAX_FORMER_NAMES; index++) {
        former = formerNamesWith(former, { ...next, supportedLoginProviders: { [`i${index}.example`]: "client" } });
      }
      expect(former).toHaveLength(MAX_FORMER_NAMES);
      expect(replaceSettings(next, named("login.example"), former)).toMatchObject(refused);
      expect(replaceSettings(named("login.example"), next, former)).toMatchObject({ ok: true });
    });

    it("leaves out what no developer provider can be called", () => {
      const user = { providerName: "cognito-idp.us-east-1.amazonaws.com/us-east-1_A", clientId: "client" };
      const arn = "arn:aws:iam::123456789012:oidc-provider/idp.example.com/";
      const settings = { ...next, cognitoIdentityProviders: [user], openIdConnectProviderArns: [arn, `${arn}tenant`] };
      expect(formerNamesWith(["a.example"], settings)).toEqual(["a.example", "idp.example.com"]);
    });
  });

  it.each(["LOGIN.example", "login.example.", "login.example/"])(
    "T21: refuses %s as a public provider beside the developer provider login.example",
    (name) => {
      const developerProviderName = "login.example";
      const settings = { ...next, supportedLoginProviders: { [name]: "client" } };
      expect(replaceSettings({ ...current, developerProviderName }, settings)).toMatchObject({ ok: false });
    },
  );
});

describe("withKept", () => {
  const access = { roles: { authenticated: "arn:aws:iam::1:role/r" }, roleMappings: {}, principalTagMaps: {} };

  it("keeps roles and principal tags, and tags where none are given", () => {
    expect(withKept({ ...current, access }, next)).toEqual({ ...next, tags: { a: "b" }, access });
    expect(withKept({}, next)).toEqual(next);
  });

  it("keeps no tag beside those that are given, and none where an empty map is", () => {
    expect(withKept(current, { ...next, tags: { c: "d" } })).toEqual({ ...next, tags: { c: "d" } });
    expect(withKept(current, { ...next, tags: {} })).toEqual(next);
  });
});

it("settings that are too much together with what the pool keeps are refused", () => {
  const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key${index}`, "v".repeat(256)]));
  const large = {
    ...next,
    openIdConnectProviderArns: Array.from({ length: 60 }, (_, index) => `${index}`.repeat(500)),
  };
  expect(replaceSettings(current, large)).toMatchObject({ ok: true });
  expect(replaceSettings({ ...current, tags }, large)).toMatchObject({
    ok: false,
    error: { type: "LimitExceededException" },
  });
});
