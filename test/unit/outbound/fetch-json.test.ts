import { describe, expect, it } from "vitest";
import { version } from "../../../package.json";
import { askForJson, fetchJson } from "../../../src/outbound/fetch-json.ts";
import { productionUpstreams } from "../../../src/outbound/upstream-policy.ts";

const url = new URL("https://issuer.example/keys");

function answerOf(response: Response | (() => Promise<Response>), deadlineMs = 5000) {
  const fetch = typeof response === "function" ? response : async () => response;
  return fetchJson(url, { fetch, upstreams: productionUpstreams, deadlineMs });
}

/** A body that hands out one chunk each time it is pulled, as long as `next` has one; it never ends by itself. */
function bodyOf(
  next: () => Uint8Array | undefined,
  onCancel: () => void = () => undefined,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const chunk = next();
      if (chunk !== undefined) controller.enqueue(chunk);
      return chunk === undefined ? new Promise<void>(() => undefined) : undefined;
    },
    cancel: onCancel,
  });
}

describe("fetchJson", () => {
  it.each([
    undefined,
    "application/json",
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "application/jwk-set+json",
    "text/javascript; charset=UTF-8",
    "text/plain",
    "binary/octet-stream",
    "text/html",
    "text/html; charset=utf-8",
    "application/xml",
    "image/png",
    "json",
    "",
  ])("hands out a document that calls itself %s", async (type) => {
    const response = new Response('{"a":[1]}', type === undefined ? {} : { headers: { "content-type": type } });
    if (type === undefined) response.headers.delete("content-type");
    expect(await answerOf(response)).toEqual({ ok: true, value: { a: [1] } });
  });

  it("says who asks, and takes a document of whatever type its host has", async () => {
    const seen: unknown[] = [];
    await fetchJson(url, {
      fetch: async (_, { headers }) => {
        seen.push(headers);
        return Response.json({});
      },
      upstreams: productionUpstreams,
    });
    expect(seen).toEqual([
      { accept: "application/json, application/jwk-set+json, */*;q=0.5", "user-agent": `edgepool/${version}` },
    ]);
  });

  it("T24: asks for no redirect, T29: no cache, and fetches the located address", async () => {
    const seen: unknown[] = [];
    await fetchJson(url, {
      fetch: async (input, { redirect, cache, method }) => {
        seen.push(input, redirect, cache, method);
        return Response.json({});
      },
      upstreams: { ...productionUpstreams, locate: () => new URL("http://127.0.0.1:1/stand-in") },
    });
    expect(seen).toEqual(["http://127.0.0.1:1/stand-in", "manual", "no-store", undefined]);
  });

  it.each([
    "http://issuer.example/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://10.0.0.1/",
    "https://2130706433/",
    "https://localhost/",
    "https://issuer/",
    "https://db.internal/",
    "https://printer.local/",
    "https://user:password@issuer.example/",
    "https://issuer.example/#fragment",
    "file:///etc/passwd",
    "data:application/json,{}",
    `https://issuer.example/${"a".repeat(2048)}`,
  ])("T23: never fetches %s", async (address) => {
    let calls = 0;
    const fetch = async () => {
      calls += 1;
      return Response.json({});
    };
    const answer = await fetchJson(new URL(address), { fetch, upstreams: productionUpstreams });
    expect(answer).toEqual({ ok: false, error: "forbidden-address" });
    expect(calls).toBe(0);
  });

  it.each([301, 302, 303, 307, 308])("T24: takes a redirect (%i) for a failure", async (status) => {
    const headers = { location: "https://elsewhere.example/keys" };
    expect(await answerOf(new Response(null, { status, headers }))).toEqual({ ok: false, error: "redirect" });
  });

  describe("a document that may have moved within its origin", () => {
    const START = "https://issuer.example/a/start";

    /** What came of it, and every address that was asked, when each says where the next one is. */
    async function follow(steps: readonly (Response | string)[], from = START) {
      const asked: string[] = [];
      let cancelled = 0;
      const fetch = async (address: string) => {
        const step = steps[asked.length];
        asked.push(address);
        if (step instanceof Response) return step;
        if (step === undefined) return Response.json({ a: 1 });
        const body = bodyOf(
          () => undefined,
          () => (cancelled += 1),
        );
        return new Response(body, { status: 302, headers: { location: step } });
      };
      const answer = await fetchJson(new URL(from), { fetch, upstreams: productionUpstreams }, 2);
      return { answer: answer.ok ? "read" : answer.error, asked, unread: asked.length - 1 - cancelled };
    }

    it.each([301, 302, 303, 307, 308])("T24: is followed by a %i, wherever it is in the origin", async (status) => {
      const moved = (location: string) => new Response(null, { status, headers: { location } });
      for (const [location, address] of [
        ["/b", "https://issuer.example/b"],
        ["b?x=1", "https://issuer.example/a/b?x=1"],
        ["https://issuer.example:443/b", "https://issuer.example/b"],
        ["//issuer.example/b", "https://issuer.example/b"],
      ] as const) {
        expect(await follow([moved(location)])).toMatchObject({ answer: "read", asked: [START, address] });
      }
    });

    it("T24: is followed twice, and not a third time; what is not read is cancelled", async () => {
      const [one, two] = ["https://issuer.example/1", "https://issuer.example/2"];
      expect(await follow(["/1", "/2"])).toEqual({ answer: "read", asked: [START, one, two], unread: 0 });
      expect(await follow(["/1", "/2", "/3"])).toEqual({ answer: "redirect", asked: [START, one, two], unread: -1 });
      expect(await follow(["", "", ""])).toMatchObject({ answer: "redirect", asked: [START, START, START] });
    });

    it.each([
      "https://elsewhere.example/b",
      "//elsewhere.example/b",
      "http://issuer.example/b",
      "https://issuer.example:8443/b",
      "https://issuer.example./b",
      "https://sub.issuer.example/b",
      "https://user@issuer.example/b",
      "https://:secret@issuer.example/b",
      "/b#fragment",
      `/${"b".repeat(2048)}`,
      "data:application/json,{}",
      "https://",
    ])("T24: is not followed to %s, at once or later", async (location) => {
      expect(await follow([location])).toMatchObject({ answer: "redirect", asked: [START] });
      expect(await follow(["/1", location])).toMatchObject({ answer: "redirect", asked: { length: 2 } });
    });

    it.each([300, 304, 305, 306])("T24: is not followed by a %i, nor by one that names no place", async (status) => {
      const headers = { location: "/b" };
      expect(await follow([new Response(null, { status, headers })])).toMatchObject({ answer: "redirect" });
      expect(await follow([new Response(null, { status: 302 })])).toMatchObject({ answer: "redirect", asked: [START] });
    });
  });

  it("T24: takes a redirect within the origin for a failure, where nobody allowed it", async () => {
    const headers = { location: "/keys/moved" };
    expect(await answerOf(new Response(null, { status: 302, headers }))).toEqual({ ok: false, error: "redirect" });
    const answer = await askForJson(
      { url },
      { fetch: async () => new Response(null, { status: 302, headers }), upstreams: productionUpstreams },
    );
    expect(answer).toEqual({ ok: false, error: "redirect" });
  });

  it.each([201, 204, 400, 401, 403, 404, 410, 429, 500, 502, 503, 599])(
    "T31: takes status %i for a failure",
    async (status) => {
      const body = status === 204 ? null : '{"keys":[]}';
      expect(await answerOf(new Response(body, { status }))).toEqual({ ok: false, error: `status ${status}` });
    },
  );

  it.each([
    ["HTML", "<!doctype html><title>Sign in</title>"],
    ["nothing", ""],
    ["half a document", '{"keys":['],
    ["two documents", "{}{}"],
    ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
  ])("T25: refuses %s", async (_, body) => {
    expect(await answerOf(new Response(body))).toEqual({ ok: false, error: "not-json" });
  });

  it("T25: survives JSON nested 200,000 deep", async () => {
    const depth = 200_000;
    expect(await answerOf(new Response("[".repeat(depth)))).toEqual({ ok: false, error: "not-json" });
    const closed = await answerOf(new Response("[".repeat(depth) + "]".repeat(depth)));
    expect(closed.ok || closed.error === "not-json").toBe(true);
  });

  it("T25: stops an endless body at 512 KiB, and lets go of it", async () => {
    let chunks = 0;
    let isCancelled = false;
    const body = bodyOf(
      () => {
        chunks += 1;
        return new Uint8Array(64 * 1024).fill(0x20);
      },
      () => (isCancelled = true),
    );
    expect(await answerOf(new Response(body))).toEqual({ ok: false, error: "too-large" });
    expect(isCancelled).toBe(true);
    expect(chunks).toBeLessThan(12);
  });

  it("T25: takes 512 KiB to the byte, and not one more", async () => {
    const exact = `"${"a".repeat(512 * 1024 - 2)}"`;
    expect(await answerOf(new Response(exact))).toMatchObject({ ok: true });
    expect(await answerOf(new Response(`${exact} `))).toEqual({ ok: false, error: "too-large" });
  });

  it("T25: counts a compressed body as what it becomes", async () => {
    const zeros = new Response(new Uint8Array(4 * 1024 * 1024).fill(0x20)).body;
    const bomb = zeros?.pipeThrough(new CompressionStream("gzip")).pipeThrough(new DecompressionStream("gzip"));
    expect(await answerOf(new Response(bomb))).toEqual({ ok: false, error: "too-large" });
  });

  it("T25: gives up at the deadline on headers that never come", async () => {
    const signals: (AbortSignal | null | undefined)[] = [];
    const fetch = (_: string, { signal }: RequestInit) => {
      signals.push(signal);
      return new Promise<Response>(() => undefined);
    };
    const answer = await fetchJson(url, { fetch, upstreams: productionUpstreams, deadlineMs: 20 });
    expect(answer).toEqual({ ok: false, error: "deadline" });
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it("T25: gives up at the deadline on a body that drips or stands still, and lets go of it", async () => {
    let isCancelled = false;
    const drops = [Uint8Array.of(0x7b), Uint8Array.of(0x20)];
    const body = bodyOf(
      () => drops.shift(),
      () => (isCancelled = true),
    );
    expect(await answerOf(new Response(body), 20)).toEqual({ ok: false, error: "deadline" });
    expect(isCancelled).toBe(true);
  });

  it("T31: takes a refused connection and a body that breaks off for failures", async () => {
    expect(await answerOf(() => Promise.reject(new TypeError("refused 10.1.2.3")))).toEqual({
      ok: false,
      error: "connection",
    });
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    expect(await answerOf(new Response(broken))).toEqual({ ok: false, error: "connection" });
  });
});

describe("askForJson", () => {
  const tools = (fetch: (input: string, init: RequestInit) => Promise<Response>) => ({
    fetch,
    upstreams: productionUpstreams,
  });

  it("puts query and headers on top of the permitted address, escaped, and passes on the status of an answer", async () => {
    const seen: unknown[] = [];
    const answer = await askForJson(
      { url, query: { a: "1&b=2", c: "|" }, headers: { authorization: "OAuth x" }, statuses: [200, 400] },
      tools(async (input, { headers }) => {
        seen.push(input, headers);
        return Response.json({ error: 1 }, { status: 400 });
      }),
    );
    expect(seen).toEqual([
      "https://issuer.example/keys?a=1%26b%3D2&c=%7C",
      { accept: "application/json", "user-agent": `edgepool/${version}`, authorization: "OAuth x" },
    ]);
    expect(answer).toEqual({ ok: true, value: { status: 400, document: { error: 1 } } });
  });

  it("T23: judges the address without the query, so that a long token is no forbidden address", async () => {
    const query = { token: "t".repeat(4096) };
    const fetch = async () => Response.json({});
    expect(await askForJson({ url, query }, tools(fetch))).toMatchObject({ ok: true });
    const answer = await askForJson({ url: new URL("https://127.0.0.1/"), query }, tools(fetch));
    expect(answer).toEqual({ ok: false, error: "forbidden-address" });
  });

  it.each([
    "application/json; charset=utf-8",
    "application/x-amz-json-1.1",
    "application/x-amz-json-1.0",
    "application/problem+json",
    "text/json",
    "text/javascript; charset=UTF-8",
  ])("hands out an answer that calls itself %s", async (type) => {
    const response = new Response("{}", { headers: { "content-type": type } });
    expect(
      await askForJson(
        { url },
        tools(async () => response),
      ),
    ).toMatchObject({ ok: true });
  });

  it.each([
    undefined,
    "",
    "text/plain",
    "text/plain; charset=utf-8",
    "application/octet-stream",
    "binary/octet-stream",
    "text/html",
    "application/x-amz-json",
    "application/x-amz-json-1.1x",
  ])("T25: takes no answer of an API that calls itself %j, unlike a file", async (type) => {
    const response = new Response("{}", type === undefined ? {} : { headers: { "content-type": type } });
    if (type === undefined) response.headers.delete("content-type");
    const answer = await askForJson(
      { url },
      tools(async () => response),
    );
    expect(answer).toEqual({ ok: false, error: "content-type" });
  });

  it("sends a body by POST, and nothing else does", async () => {
    const seen: unknown[] = [];
    const { fetch, upstreams } = tools(async (_, { method, body, redirect }) => {
      seen.push([method, body, redirect]);
      return Response.json({});
    });
    await askForJson({ url, body: "{}" }, { fetch, upstreams });
    await askForJson({ url }, { fetch, upstreams });
    expect(seen).toEqual([
      ["POST", "{}", "manual"],
      [undefined, undefined, "manual"],
    ]);
  });

  it("takes no body of a status that is no answer", async () => {
    const answer = await askForJson(
      { url, statuses: [200, 400] },
      tools(async () => Response.json({}, { status: 401 })),
    );
    expect(answer).toEqual({ ok: false, error: "status 401" });
  });
});
