import { expect, it } from "vitest";
import { checksOf, verdictOf } from "../../../console/token-checks.ts";
import type { Signature } from "../../../console/verify-token.ts";

const ISSUER = "https://identity.example.com";
const genuine: Signature = { state: "genuine", keyId: "key-1" };

it.each<[what: string, signature: Signature, claims: object, verdict: string, kinds: readonly string[]]>([
  ["good", genuine, { iss: ISSUER, exp: 100 }, "Genuine, and good now", ["good", "good", "good"]],
  ["over", genuine, { iss: ISSUER, exp: 40 }, "Genuine, but over", ["good", "good", "bad"]],
  ["another's", genuine, { iss: "https://x", exp: 100 }, "Genuine, but not for here", ["good", "bad", "good"]],
  ["forged", { state: "forged", reason: "so" }, { iss: ISSUER, exp: 100 }, "Forged", ["bad", "none", "none"]],
  ["forged and over", { state: "forged", reason: "so" }, { iss: ISSUER }, "Forged", ["bad", "none", "bad"]],
  [
    "unknown",
    { state: "unknown-key", keyId: "x" },
    { iss: ISSUER, exp: 100 },
    "Not of this service",
    ["bad", "none", "none"],
  ],
  [
    "unchecked",
    { state: "not-checked", reason: "so" },
    { iss: ISSUER, exp: 100 },
    "Not checked",
    ["warn", "none", "none"],
  ],
  [
    "unchecked and over",
    { state: "not-checked", reason: "so" },
    { iss: ISSUER },
    "Not checked",
    ["warn", "none", "bad"],
  ],
])("a token that is %s is called so", (_, signature, claims, verdict, kinds) => {
  const checks = checksOf(signature, { header: {}, claims: { ...claims } }, ISSUER, 50);
  expect(verdictOf(checks).word).toBe(verdict);
  expect(checks.map(({ kind }) => kind)).toEqual(kinds);
});
