import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IdentityObject, KeyRingObject } from "../../../src/worker.ts";
import { dieInNext, intercept, newPoolId } from "../../support/objects.ts";
import { ADMIN, makeService, type ServiceOptions } from "../../support/service.ts";

const LIMITED = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };
const PASSED = [
  { Name: "object", Passed: true },
  { Name: "token", Passed: true },
  { Name: "key-ring", Passed: true },
];

let logged: string[];

beforeEach(() => {
  logged = [];
  for (const method of ["log", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => void logged.push(String(line)));
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function checkService(options: ServiceOptions = {}, credential = ADMIN) {
  const answer = await makeService({ credentials: [ADMIN, LIMITED], ...options }).call(
    "CheckService",
    {},
    { credential },
  );
  expect(answer.status).toBe(200);
  const { Healthy, Steps, Findings } = answer.json;
  const codes = (Findings as readonly { Code: string }[]).map(({ Code }) => Code);
  const failed = (Steps as readonly { Name: string; Passed: boolean }[]).filter(({ Passed }) => !Passed);
  return { answer, Healthy, Steps, codes, failed: failed.map(({ Name }) => Name) };
}

describe("CheckService", () => {
  it("finds nothing wrong with a service that works, also for a caller of some pools", async () => {
    for (const credential of [ADMIN, LIMITED]) {
      expect(await checkService({}, credential)).toMatchObject({ Healthy: true, Steps: PASSED, codes: [] });
    }
  });

  it("T46: gives nobody the token that it mints, and does not log it", async () => {
    const { answer } = await checkService();
    expect(answer.text + logged.join("\n")).not.toContain("eyJ");
  });

  it("finds a key that cannot be opened, and what the log says of it", async () => {
    await checkService();
    const KEY_ENCRYPTION_KEY = crypto.getRandomValues(new Uint8Array(32)).toBase64();
    const { answer, ...found } = await checkService({ settings: { KEY_ENCRYPTION_KEY } });
    expect(found).toMatchObject({ Healthy: false, failed: ["token"], codes: ["token-not-minted"] });
    expect(answer.text).toContain("cannot be unsealed");
    expect(answer.text).not.toContain(KEY_ENCRYPTION_KEY);
  });

  it.each([
    ["an object of an identity", IdentityObject.prototype, "describe", "object", "object-not-reached"],
    ["the key ring", KeyRingObject.prototype, "describe", "key-ring", "key-ring-not-reached"],
  ])("finds that %s cannot be asked", async (_, prototype, method, step, code) => {
    dieInNext(prototype, method, "before");
    expect(await checkService()).toMatchObject({ Healthy: false, failed: [step], codes: [code] });
  });

  it("finds that the key set cannot be served", async () => {
    dieInNext(KeyRingObject.prototype, "publishedKeys", "before");
    expect(await checkService()).toMatchObject({ Healthy: false, failed: ["token"], codes: ["keys-not-published"] });
  });

  it("finds that tokens are not good by the published keys", async () => {
    intercept(KeyRingObject.prototype, "publishedKeys", async (_, proceed) => {
      const reply = (await proceed()) as { ok: true; value: { keys: readonly object[] } };
      return { ...reply, value: { ...reply.value, keys: reply.value.keys.map((key) => ({ ...key, kid: "another" })) } };
    });
    expect(await checkService()).toMatchObject({ Healthy: false, failed: ["token"], codes: ["token-not-verified"] });
  });
});
