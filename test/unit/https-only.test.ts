import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { httpsOnly } from "../../src/https-only.ts";

/** Whatever reaches the service behind it. */
const seen: string[] = [];
const handler = httpsOnly({
  fetch: (request) => {
    seen.push(request.url);
    return new Response("served", { headers: { "content-type": "text/plain" } });
  },
});

function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return Promise.resolve(handler.fetch(new Request(url, init), env, createExecutionContext()));
}

afterEach(() => {
  seen.length = 0;
  vi.restoreAllMocks();
});

describe("plain http", () => {
  it.each(["http://identity.example.com/", "HTTP://IDENTITY.example.com/.well-known/jwks.json", "http://https:443/"])(
    "%s is refused before anything is read, and logged without its address",
    async (url) => {
      const log = vi.spyOn(console, "log").mockImplementation(() => {});
      let isRead = false;
      const body = new ReadableStream({ pull: () => void (isRead = true) }, { highWaterMark: 0 });
      const response = await ask(url, { method: "POST", body });
      expect([response.status, response.headers.get("location")]).toEqual([403, null]);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.has("strict-transport-security")).toBe(false);
      expect(await response.json()).toMatchObject({ __type: "UnknownOperationException" });
      expect([seen, isRead]).toEqual([[], false]);
      const line: unknown = JSON.parse(String(log.mock.calls[0]?.[0]));
      expect(line).toMatchObject({ message: "request", operation: null, status: 403, reason: "plain-http" });
      expect(JSON.stringify(line)).not.toContain("example");
    },
  );
});

describe("https", () => {
  it("is served, and each answer asks for nothing else in a year", async () => {
    const response = await ask("https://identity.example.com/");
    expect([response.status, await response.text(), seen]).toEqual([200, "served", ["https://identity.example.com/"]]);
    expect(response.headers.get("strict-transport-security")).toBe("max-age=31536000");
    expect(response.headers.get("content-type")).toBe("text/plain");
  });
});
