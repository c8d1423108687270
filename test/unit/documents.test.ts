import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KeyRingObject } from "../../src/worker.ts";
import { dieInNext, noteCalls } from "../support/objects.ts";
import { makeService } from "../support/service.ts";

const KEY_RING = "KeyRingObject.signingKey";
let lines: Record<string, unknown>[];

beforeEach(() => {
  lines = [];
  for (const method of ["log", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => {
      const parsed: unknown = typeof line === "string" && line.startsWith("{") ? JSON.parse(line) : {};
      if (Reflect.get(Object(parsed), "message") === "request") lines.push(parsed as Record<string, unknown>);
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("GET /health", () => {
  it("is ok where tokens can be minted, for this moment, without a version and without a line", async () => {
    const answer = await makeService().fetch("/health");
    expect([answer.status, answer.text]).toEqual([200, '{"status":"ok"}']);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(lines).toEqual([]);
  });

  it("may be asked by HEAD, and by nothing else", async () => {
    const service = makeService();
    expect(await service.fetch("/health", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
    expect((await service.fetch("/health", { method: "POST" })).status).toBe(404);
  });

  it("says that the settings are not whole, and not which", async () => {
    const answer = await makeService({ settings: { ISSUER: "", TOKEN_ALG: "none" } }).fetch("/health");
    expect([answer.status, answer.text]).toEqual([503, '{"status":"unavailable","problem":"settings"}']);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(lines).toMatchObject([{ status: 503, reason: "not-configured" }]);
  });

  it("says that there is no key to sign with, and nothing of keys and secrets", async () => {
    await makeService().fetch("/health");
    const KEY_ENCRYPTION_KEY = "kvm6oo2qdKDv4N1lyYECwDHx02pEQ5tnn0KDpUxWYnI=";
    const answer = await makeService({ settings: { KEY_ENCRYPTION_KEY } }).fetch("/health");
    expect([answer.status, answer.text]).toEqual([503, '{"status":"unavailable","problem":"signing-key"}']);
    expect(lines).toMatchObject([{ status: 503, exception: "InternalErrorException" }]);
    expect(lines[0]?.["reason"]).toContain("KEY_ENCRYPTION_KEY");
    expect(JSON.stringify(lines)).not.toContain(KEY_ENCRYPTION_KEY);
    expect(JSON.stringify(lines)).not.toContain(env.KEY_ENCRYPTION_KEY);
  });

  it("asks the key ring once in 60 s, whether it answers or not", async () => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now });
    const service = makeService();
    dieInNext(KeyRingObject.prototype, "signingKey", "before");
    const calls = noteCalls();
    const statuses = async () => [
      (await service.fetch("/health")).status,
      (await service.fetch("/health")).status,
      calls.filter((call) => call === KEY_RING).length,
    ];
    expect(await statuses()).toEqual([503, 503, 1]);
    vi.setSystemTime(now + 59_000);
    expect(await statuses()).toEqual([503, 503, 1]);
    vi.setSystemTime(now + 60_000);
    expect(await statuses()).toEqual([200, 200, 2]);
  });
});
