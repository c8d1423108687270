import { describe, expect, it } from "vitest";
import type { IdentityPoolSettings } from "../../../src/domain/identity-pool.ts";
import { checkPoolLimits, MAX_SETTINGS_BYTES } from "../../../src/pools/pool-limits.ts";

const base: IdentityPoolSettings = { name: "pool", allowsUnauthenticated: true };
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_A";

function check(more: Partial<IdentityPoolSettings>): string {
  const checked = checkPoolLimits({ ...base, ...more });
  return checked.ok ? "ok" : checked.error.type;
}

const oidcArn = (name: string | number) => `arn:aws:iam::123456789012:oidc-provider/i${name}.example`;
const list = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const record = (count: number) => Object.fromEntries(list(count, (index) => [`key${index}`, "value"]));
const client = (clientId: string, more: object = {}) => ({ providerName: USER_POOL, clientId, ...more });

describe("checkPoolLimits", () => {
  it.each<[string, number, (count: number) => Partial<IdentityPoolSettings>]>([
    ["login providers", 10, (count) => ({ supportedLoginProviders: record(count) })],
    ["clients of user pools", 50, (count) => ({ cognitoIdentityProviders: list(count, (n) => client(`c${n}`)) })],
    ["OpenID Connect providers", 100, (count) => ({ openIdConnectProviderArns: list(count, oidcArn) })],
    ["SAML providers", 100, (count) => ({ samlProviderArns: list(count, oidcArn) })],
    ["tags", 50, (count) => ({ tags: record(count) })],
  ])("allows a pool so many %s: %i", (_, most, settings) => {
    expect(check(settings(most))).toBe("ok");
    expect(check(settings(most + 1))).toBe("LimitExceededException");
    expect(check(settings(17_000))).toBe("LimitExceededException");
  });

  it("counts the bytes of all settings together, and not their characters", () => {
    const settings = (length: number, letter: string): Partial<IdentityPoolSettings> => {
      return { openIdConnectProviderArns: list(60, (n) => `${oidcArn(n)}/${letter.repeat(length)}`) };
    };
    expect(check(settings(1000, "a"))).toBe("ok");
    expect(check(settings(1000, "ä"))).toBe("LimitExceededException");
    expect(check(settings(2000, "a"))).toBe("LimitExceededException");
    const rest = JSON.stringify({ ...base, name: "" }).length;
    expect(check({ name: "n".repeat(MAX_SETTINGS_BYTES - rest) })).toBe("ok");
    expect(check({ name: "n".repeat(MAX_SETTINGS_BYTES - rest + 1) })).toBe("LimitExceededException");
  });

  it.each<[string, Partial<IdentityPoolSettings>]>([
    ["an ARN", { openIdConnectProviderArns: [oidcArn(1), oidcArn(2), oidcArn(1)] }],
    ["a SAML provider", { samlProviderArns: [oidcArn(1), oidcArn(1)] }],
    ["a client of a user pool", { cognitoIdentityProviders: [client("a"), client("b"), client("a")] }],
    [
      "a client, whether its tokens are checked or not",
      { cognitoIdentityProviders: [client("a"), client("a", { serverSideTokenCheck: true })] },
    ],
    [
      "a client under both names of its user pool",
      {
        cognitoIdentityProviders: [
          client("a"),
          client("a", { providerName: "issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_A" }),
        ],
      },
    ],
  ])("refuses %s that is listed twice", (_, more) => {
    expect(check(more)).toBe("InvalidParameterException");
  });

  it("allows several clients of one user pool, and one client id at several", () => {
    const other = client("a", { providerName: USER_POOL.replace("_A", "_B") });
    expect(check({ cognitoIdentityProviders: [client("a"), client("b"), other] })).toBe("ok");
    expect(check({})).toBe("ok");
  });
});
