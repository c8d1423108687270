import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeySource } from "../../../src/key-sets/key-source.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { storedIn, until } from "../../support/objects.ts";
import { makeSigningKey, type SigningKey } from "../../support/login-tokens.ts";

let first: SigningKey;
let second: SigningKey;
let upstream: FakeUpstream;
let issuer: string;
let issuerCount = 0;

const stub = () => env.ISSUER_KEYS.getByName(issuer);
const ask = (more: { newerThan?: number } = {}) => stub().keys({ issuer, ...more });
const kidsOf = (answer: Awaited<ReturnType<typeof ask>>) =>
  answer.state === "known" ? answer.keys.map(({ kid }) => kid) : answer.state;
const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const storedOf = () => runInDurableObject(stub(), (_, state) => [...state.storage.kv.list()]);

beforeAll(async () => {
  [first, second] = await Promise.all([makeSigningKey("ES256", "first"), makeSigningKey("ES256", "second")]);
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  upstream = new FakeUpstream().install();
  issuerCount += 1;
  issuer = `https://issuer-${issuerCount}.example`;
  upstream.serveIssuer(issuer, [first.publicJwk]);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("IssuerObject", () => {
  it("fetches discovery and key set once, and answers from memory while they are fresh", async () => {
    expect(await ask()).toMatchObject({ state: "known", freshForSeconds: 600, refreshableAfterSeconds: 0 });
    elapse(479);
    expect(await ask()).toMatchObject({ state: "known", freshForSeconds: 121 });
    expect(upstream.fetched).toEqual([`${issuer}/.well-known/openid-configuration`, `${issuer}/keys`]);
  });

  it("fetches a set of the last fifth of its life behind the answer, once for all who ask", async () => {
    await ask();
    upstream.serveIssuer(issuer, [second.publicJwk]);
    elapse(480);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
    // Whoever comes after the fetch has its set; nobody waits for it.
    expect(kidsOf(answers[0] ?? (await ask()))).toEqual(["first"]);
    await until(async () => String(kidsOf(await ask())) === "second");
    expect(await ask()).toMatchObject({ freshForSeconds: 600 });
    expect(upstream.fetched).toHaveLength(4);
  });

  it("goes on with a set that could not be fetched anew behind an answer, and leaves the issuer alone for a while", async () => {
    await ask();
    upstream.goDown();
    elapse(480);
    await ask();
    await until(async () => (await ask()).failure !== undefined);
    const fetched = upstream.fetched.length;
    elapse(1);
    expect(await ask()).toMatchObject({ state: "known", freshForSeconds: 119 });
    expect(upstream.fetched).toHaveLength(fetched);
  });

  it("T30: fetches again after ten minutes, and then refuses a key that the issuer has removed", async () => {
    await ask();
    upstream.serveIssuer(issuer, [second.publicJwk]);
    elapse(600);
    expect(kidsOf(await ask())).toEqual(["second"]);
  });

  it("T28: a stampede costs one fetch", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(answers.every((answer) => answer.state === "known")).toBe(true);
    expect(upstream.fetched).toHaveLength(2);
  });

  it("T28: looks for a missing key at once, and then at most once in 30 seconds, however many ask", async () => {
    const rotate = (...keys: SigningKey[]) =>
      upstream.serveIssuer(
        issuer,
        keys.map(({ publicJwk }) => publicJwk),
      );
    const fetchedAtOf = (answer: Awaited<ReturnType<typeof ask>>) => (answer.state === "known" ? answer.fetchedAt : 0);
    const newerThan = fetchedAtOf(await ask());
    rotate(first, second);
    elapse(1);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask({ newerThan })));
    expect(answers.map(kidsOf)).toEqual(Array.from({ length: 20 }, () => ["first", "second"]));
    expect(upstream.fetched).toHaveLength(4);
    rotate(second);
    const again = fetchedAtOf(await ask());
    elapse(29);
    expect(kidsOf(await ask({ newerThan: again }))).toEqual(["first", "second"]);
    expect(upstream.fetched).toHaveLength(4);
    elapse(1);
    expect(kidsOf(await ask({ newerThan: again }))).toEqual(["second"]);
    expect(upstream.fetched).toHaveLength(6);
    elapse(60);
    await ask({ newerThan: again });
    expect(upstream.fetched).toHaveLength(6);
  });

  it("T30: serves the last good set for a day of outage, asking ever less often, and then nothing", async () => {
    await ask();
    upstream.goDown();
    elapse(600);
    expect(await ask()).toMatchObject({ state: "known", freshForSeconds: 2, failure: "connection" });
    for (const wait of [2, 4, 8, 16]) {
      elapse(wait);
      await ask();
    }
    const fetched = upstream.fetched.length;
    elapse(29);
    expect(kidsOf(await ask())).toEqual(["first"]);
    expect(upstream.fetched).toHaveLength(fetched);
    elapse(1);
    expect(kidsOf(await ask())).toEqual(["first"]);
    expect(upstream.fetched).toHaveLength(fetched + 1);
    elapse(86_400 - 690);
    expect(kidsOf(await ask())).toEqual(["first"]);
    elapse(60);
    expect(await ask()).toMatchObject({ state: "unreachable", retryAfterSeconds: 30 });
  });

  it("T30: serves the stale set after an eviction in the middle of an outage", async () => {
    await ask();
    upstream.goDown();
    elapse(3600);
    await evictDurableObject(stub());
    expect(kidsOf(await ask())).toEqual(["first"]);
  });

  it("recovers two seconds after a first failure, and begins anew after that", async () => {
    for (let index = 0; index < 2; index += 1) {
      upstream.goDown();
      elapse(600);
      await ask();
      upstream.serveIssuer(issuer, [second.publicJwk]);
      elapse(1);
      expect(kidsOf(await ask())).not.toContain("second");
      elapse(1);
      expect(kidsOf(await ask())).toEqual(["second"]);
      upstream.serveIssuer(issuer, [first.publicJwk]);
      elapse(600);
      expect(kidsOf(await ask())).toEqual(["first"]);
    }
  });

  it("recovers 30 seconds after the last of many failures, and says what they were", async () => {
    upstream.goDown();
    for (const wait of [2, 4, 8, 16]) {
      expect(await ask()).toMatchObject({ state: "unreachable", retryAfterSeconds: wait });
      elapse(wait);
    }
    expect(await ask()).toMatchObject({ state: "unreachable", retryAfterSeconds: 30 });
    upstream.serveIssuer(issuer, [first.publicJwk]);
    elapse(29);
    expect(await ask()).toEqual({ state: "unreachable", retryAfterSeconds: 1, failure: "connection" });
    elapse(1);
    expect(kidsOf(await ask())).toEqual(["first"]);
  });

  it("stores nothing for an issuer that never answered properly", async () => {
    upstream.serve(`${issuer}/keys`, () => new Response("<html>"));
    expect(await ask()).toMatchObject({ state: "unreachable" });
    expect(await storedOf()).toEqual([]);
  });

  it.each([
    ["an empty set", () => Response.json({ keys: [] })],
    ["a set of private keys", () => Response.json({ keys: [first.privateJwk] })],
    ["HTML", () => new Response("<html>")],
    ["a redirect", () => Response.redirect("https://evil.example/keys", 302)],
    ["an error", () => new Response("no", { status: 503 })],
  ])("T29: %s never replaces the last good set", async (_, answer) => {
    await ask();
    upstream.serve(`${issuer}/keys`, answer);
    elapse(600);
    expect(kidsOf(await ask())).toEqual(["first"]);
    expect(JSON.stringify(await storedOf())).toContain('"kid":"first"');
    expect(upstream.fetched.filter((url) => url.includes("evil"))).toEqual([]);
  });

  it("T26: stores and hands out public members alone", async () => {
    const entry = { ...first.publicJwk, x5c: ["MII"], note: "s3cret" };
    upstream.serveIssuer(issuer, [entry, { ...second.publicJwk, d: second.privateJwk.d }]);
    const answer = await ask();
    expect(kidsOf(answer)).toEqual(["first"]);
    const seen = JSON.stringify([answer, await storedOf()]);
    expect(seen).not.toMatch(/s3cret|MII|"second"/);
    expect(seen).not.toContain(second.privateJwk.d);
  });

  it.each([
    ["another issuer", { issuer: "https://evil.example" }],
    ["an address that is not permitted", { keySetUrl: "https://127.0.0.1/keys" }],
    ["no address", { keySetUrl: undefined }],
    ["no date", { fetchedAt: "now" }],
    ["another way to its keys", { source: "https://keys.example/set" }],
    ["no keys", { keys: [] }],
    ["keys that are no keys", { keys: [{ kty: "oct", k: "AA" }] }],
  ])("T29: takes a stored set with %s for none", async (_, change) => {
    await ask();
    await runInDurableObject(stub(), (__, state) => {
      const stored = state.storage.kv.get<object>("key-set");
      state.storage.kv.put("key-set", { ...stored, ...change });
    });
    await evictDurableObject(stub());
    upstream.goDown();
    expect(await ask()).toMatchObject({ state: "unreachable" });
  });

  it("T29: follows a setting that says anew where the keys are, and does not serve what it had from elsewhere", async () => {
    const address = "https://keys.example/set?tenant=1";
    upstream.serve(address, () => Response.json({ keys: [second.publicJwk] }));
    /** As after a deployment: the object begins anew, with what is stored and with the settings of that day. */
    const deploy = async (entries: readonly [string, KeySource][]) => {
      await evictDurableObject(stub());
      await runInDurableObject(stub(), (instance) => {
        const config = { ...Object(Reflect.get(instance, "config")), keySources: new Map(entries) };
        Reflect.set(instance, "config", config);
      });
    };
    expect(kidsOf(await ask())).toEqual(["first"]);
    await deploy([[issuer, { kind: "keys", address }]]);
    expect(kidsOf(await ask())).toEqual(["second"]);
    expect(upstream.fetched.slice(2)).toEqual([address]);
    // T29: what the first release kept without a source was found by discovery, and that is not where it is looked for now.
    await runInDurableObject(stub(), (_, { storage }) => {
      const stored = storage.kv.get<object>("key-set");
      storage.kv.put("key-set", { ...stored, source: undefined, keySetUrl: `${issuer}/keys`, keys: [first.publicJwk] });
    });
    await deploy([[issuer, { kind: "keys", address }]]);
    expect(kidsOf(await ask())).toEqual(["second"]);
    expect(upstream.fetched.slice(3)).toEqual([address]);
    await deploy([[issuer, { kind: "keys", address }]]);
    expect(kidsOf(await ask())).toEqual(["second"]);
    expect(upstream.fetched).toHaveLength(4);
    upstream.goDown();
    await deploy([]);
    expect(await ask()).toMatchObject({ state: "unreachable" });
  });

  it("T29: answers for the issuer that it is named by, and for no other", async () => {
    await runInDurableObject(stub(), async (object) => {
      await expect(object.keys({ issuer: "https://evil.example" })).rejects.toThrow(/that issuer alone/);
    });
    expect(upstream.fetched).toEqual([]);
  });

  describe("its record", () => {
    const DAY = 86_400;
    const alarmOf = async () => (await storedIn(stub())).alarm;

    beforeEach(() => {
      // Far ahead of the platform's clock, so that no alarm fires but those that a test runs.
      elapse(30 * DAY);
    });

    it("is erased a day after the issuer was last asked for, and nothing is left of it", async () => {
      await ask();
      const fetchedMs = Date.now();
      expect(await alarmOf()).toBe(fetchedMs + DAY * 1000);
      elapse(DAY);
      expect(await runDurableObjectAlarm(stub())).toBe(true);
      const { entries, alarm } = await storedIn(stub());
      expect([[...entries], alarm]).toEqual([[], null]);
      upstream.goDown();
      expect(await ask()).toMatchObject({ state: "unreachable" });
    });

    it("stays while the issuer is asked for, at the price of one row a day", async () => {
      await ask();
      const armed = await alarmOf();
      const written = (await storedIn(stub())).rowsWritten;
      elapse(12 * 3600);
      await ask();
      expect(await alarmOf()).toBe(armed);
      expect((await storedIn(stub())).rowsWritten - written).toBe(1);
      elapse(12 * 3600);
      expect(await runDurableObjectAlarm(stub())).toBe(true);
      expect(await alarmOf()).toBe(Number(armed) + 12 * 3600 * 1000);
      upstream.goDown();
      elapse(600);
      expect(kidsOf(await ask())).toEqual(["first"]);
      elapse(12 * 3600);
      expect(await runDurableObjectAlarm(stub())).toBe(true);
      expect((await storedIn(stub())).entries.size).toBe(0);
      expect(await runDurableObjectAlarm(stub())).toBe(false);
    });

    it("T30: serves an outage to the last moment, whenever the alarm comes, and how often", async () => {
      await ask();
      upstream.goDown();
      for (const wait of [3600, 12 * 3600, 10 * 3600]) {
        elapse(wait);
        await runInDurableObject(stub(), async (object) => {
          await object.alarm();
          await object.alarm();
        });
        expect(kidsOf(await ask())).toEqual(["first"]);
      }
      elapse(3600);
      await runDurableObjectAlarm(stub());
      expect(await ask()).toMatchObject({ state: "unreachable" });
    });

    it("is a new one when the issuer is asked for while it is erased", async () => {
      await ask();
      elapse(DAY);
      const [answer] = await Promise.all([ask(), runDurableObjectAlarm(stub())]);
      expect(kidsOf(answer)).toEqual(["first"]);
      expect(kidsOf(await ask())).toEqual(["first"]);
      const { entries, alarm } = await storedIn(stub());
      // Whatever came first: what is stored has an alarm that looks after it.
      expect(entries.size === 0 || alarm !== null).toBe(true);
    });

    it.each([
      ["of a clock that was wrong", { fetchedAt: 9e12 }],
      ["that nobody can read", { fetchedAt: "now" }],
    ])("is erased, too, when it is one %s", async (_, change) => {
      await ask();
      await runInDurableObject(stub(), (__, state) => {
        const stored = state.storage.kv.get<object>("key-set");
        state.storage.kv.put("key-set", { ...stored, ...change });
      });
      await runDurableObjectAlarm(stub());
      expect((await storedIn(stub())).entries.size).toBe(0);
    });
  });

  it("an issuer that stands still delays no other", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    upstream.serve(`${issuer}/.well-known/openid-configuration`, () => promise);
    const slow = ask();
    const other = "https://quick.example";
    upstream.serveIssuer(other, [second.publicJwk]);
    expect(await env.ISSUER_KEYS.getByName(other).keys({ issuer: other })).toMatchObject({
      state: "known",
    });
    resolve(new Response(null, { status: 500 }));
    expect(await slow).toMatchObject({ state: "unreachable" });
  });

  it("fetches with the platform's own fetch, which takes every option that is asked of it", async () => {
    vi.unstubAllGlobals();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await ask()).toMatchObject({ state: "unreachable" });
    // The test network answers each request with an error; an option that the platform refused would be a "connection".
    expect(warn.mock.calls).toEqual([
      [JSON.stringify({ event: "issuer-keys-not-loaded", issuer, reason: "status 599" })],
    ]);
    vi.restoreAllMocks();
  });

  it("T46: logs the issuer and the cause of a failure, and alarms on a leaked private key", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    upstream.serveIssuer(issuer, [first.publicJwk, { ...second.publicJwk, d: second.privateJwk.d }]);
    await ask();
    expect(error.mock.calls).toEqual([[JSON.stringify({ event: "issuer-publishes-private-keys", issuer, count: 1 })]]);
    upstream.goDown();
    elapse(600);
    await ask();
    expect(warn.mock.calls).toEqual([
      [JSON.stringify({ event: "issuer-keys-not-loaded", issuer, reason: "connection" })],
    ]);
    vi.restoreAllMocks();
  });
});
