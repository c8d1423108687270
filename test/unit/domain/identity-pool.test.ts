import { describe, expect, it } from "vitest";
import { type IdentityPoolSettings, replaceSettings } from "../../../src/domain/identity-pool.ts";

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
      { openIdConnectProviderArns: [ARN] },
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
});
