import { describe, expect, it } from "vitest";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { developerLoginIdOf, loginIdOf } from "../../../src/domain/login.ts";

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

describe("developerLoginIdOf", () => {
  it("T21: never meets the id of a public login, whatever the two are called", async () => {
    expect(await developerLoginIdOf(pool, "idp.example.com", "ann")).not.toBe(
      await loginIdOf(pool, "idp.example.com", "ann"),
    );
    // Texts that would meet if the parts were merely joined.
    const forged = await Promise.all([
      loginIdOf(pool, "developer", `idp.example.com","ann`),
      loginIdOf(pool, `developer","${pool}`, "ann"),
      loginIdOf(pool, `${pool}","idp.example.com`, "ann"),
    ]);
    expect(forged).not.toContain(await developerLoginIdOf(pool, "idp.example.com", "ann"));
  });

  it("keeps (a|b, c) apart from (a, b|c)", async () => {
    expect(await developerLoginIdOf(pool, "a|b", "c")).not.toBe(await developerLoginIdOf(pool, "a", "b|c"));
    expect(await developerLoginIdOf(pool, "a", "b")).toMatch(/^[0-9a-f]{64}$/);
  });
});
