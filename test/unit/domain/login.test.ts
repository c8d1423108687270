import { describe, expect, it } from "vitest";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { loginIdOf } from "../../../src/domain/login.ts";

const pool = identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111");

describe("loginIdOf", () => {
  it("keeps (a|b, c) apart from (a, b|c)", async () => {
    expect(await loginIdOf(pool, "a|b", "c")).not.toBe(await loginIdOf(pool, "a", "b|c"));
    expect(await loginIdOf(pool, 'a","b', "c")).not.toBe(await loginIdOf(pool, "a", 'b","c'));
  });

  it("names the same login the same way every time, without showing its subject", async () => {
    const name = await loginIdOf(pool, "accounts.google.com", "1234567890");
    expect(name).toBe(await loginIdOf(pool, "accounts.google.com", "1234567890"));
    expect(name).toMatch(/^[0-9a-f]{64}$/);
  });
});
