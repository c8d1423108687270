import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadKeySet } from "../../../src/upstream/load-key-set.ts";
import { productionUpstreams } from "../../../src/upstream/upstream-policy.ts";
import { base64url, makeSigningKey, type SigningKey } from "../../support/login-tokens.ts";

const issuer = "https://issuer.example/tenant";
const discoveryUrl = `${issuer}/.well-known/openid-configuration`;
const keySetUrl = "https://keys.example/jwks";
const failure = (error: string) => ({ ok: false, error });

let key: SigningKey;
let documents: Map<string, unknown>;
let fetched: string[];

function load(of = issuer) {
  const fetch = async (url: string) => {
    fetched.push(url);
    return documents.has(url) ? Response.json(documents.get(url)) : new Response(null, { status: 404 });
  };
  return loadKeySet(of, { fetch, upstreams: productionUpstreams });
}

beforeAll(async () => {
  key = await makeSigningKey("ES256", "k");
});

beforeEach(() => {
  fetched = [];
  documents = new Map<string, unknown>([
    [discoveryUrl, { issuer, jwks_uri: keySetUrl, token_endpoint: "https://issuer.example/token" }],
    [keySetUrl, { keys: [key.publicJwk] }],
  ]);
});

describe("loadKeySet", () => {
  it("T29: finds the keys by discovery, also on another host, and says where they came from", async () => {
    const { kty, crv, x, y } = key.publicJwk;
    expect(await load()).toEqual({
      ok: true,
      value: { issuer, keySetUrl, keys: [{ kty, crv, x, y, kid: "k", alg: "ES256" }] },
    });
    expect(fetched).toEqual([discoveryUrl, keySetUrl]);
  });

  it("takes a terminating slash off before the suffix, and leaves it in the issuer", async () => {
    documents.set("https://slash.example/.well-known/openid-configuration", {
      issuer: "https://slash.example/",
      jwks_uri: keySetUrl,
    });
    expect(await load("https://slash.example/")).toMatchObject({ ok: true });
  });

  it("asks a user pool for its keys without discovery", async () => {
    const userPool = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";
    documents.set(`${userPool}/.well-known/jwks.json`, { keys: [key.publicJwk] });
    expect(await load(userPool)).toMatchObject({ ok: true });
    expect(fetched).toEqual([`${userPool}/.well-known/jwks.json`]);
  });

  it.each([
    "https://issuer.example/tenant/",
    "https://issuer.example",
    "https://ISSUER.example/tenant",
    "http://issuer.example/tenant",
    "issuer.example/tenant",
    "https://evil.example",
    undefined,
    null,
    [issuer],
  ])("T24: refuses a discovery document for issuer %j", async (named) => {
    documents.set(discoveryUrl, { issuer: named, jwks_uri: keySetUrl });
    expect(await load()).toEqual(failure("issuer-mismatch"));
    expect(fetched).toEqual([discoveryUrl]);
  });

  it.each([
    "http://keys.example/jwks",
    "https://127.0.0.1/jwks",
    "https://[::1]/jwks",
    "https://metadata.internal/jwks",
    "https://user:password@keys.example/jwks",
    "https://keys.example/jwks#x",
    "/jwks",
    "//keys.example/jwks",
    "data:application/json,{}",
    "",
    `https://keys.example/${"j".repeat(2048)}`,
  ])("T23 and T24: never fetches the jwks_uri %j", async (jwksUri) => {
    documents.set(discoveryUrl, { issuer, jwks_uri: jwksUri });
    expect(await load()).toEqual(failure("forbidden-address"));
    expect(fetched).toEqual([discoveryUrl]);
  });

  it.each([{ issuer }, { issuer, jwks_uri: 1 }, { issuer, jwks_uri: [keySetUrl] }])(
    "refuses the discovery document %j",
    async (document) => {
      documents.set(discoveryUrl, document);
      expect(await load()).toEqual(failure("not-discovery"));
    },
  );

  it.each(["text", null, 1])("refuses %j in place of a discovery document", async (document) => {
    documents.set(discoveryUrl, document);
    expect(await load()).toEqual(failure("not-discovery"));
  });

  it("T31: tells a missing document as a failure", async () => {
    documents.delete(keySetUrl);
    expect(await load()).toEqual(failure("status 404"));
    documents.delete(discoveryUrl);
    expect(await load()).toEqual(failure("status 404"));
  });

  it.each([{}, [], { keys: null }, "keys"])("T29: refuses %j in place of a key set", async (document) => {
    documents.set(keySetUrl, document);
    expect(await load()).toEqual(failure("not-key-set"));
  });

  it("T13 and T29: refuses a set without one usable key, and skips a point off its curve", async () => {
    const offCurve = { ...key.publicJwk, y: key.publicJwk.x };
    const privateKey = { ...key.publicJwk, d: key.privateJwk.d };
    for (const keys of [[], [offCurve]]) {
      documents.set(keySetUrl, { keys });
      expect(await load()).toEqual(failure("no-usable-key"));
    }
    // T26: told apart, since it is worth an alarm.
    for (const keys of [[privateKey], [{ kty: "oct", k: base64url("secret") }]]) {
      documents.set(keySetUrl, { keys });
      expect(await load()).toEqual(failure("only-leaked-keys"));
    }
    const good = await makeSigningKey("ES256", "good");
    documents.set(keySetUrl, { keys: [offCurve, privateKey, good.publicJwk] });
    expect(await load()).toMatchObject({ ok: true, value: { keys: [{ kid: "good" }] } });
  });
});

describe("what the log says of a key set", () => {
  /** The lines of one load, by the method that wrote them. */
  async function logOf(keys: readonly unknown[]) {
    const lines: unknown[] = [];
    for (const level of ["error", "warn"] as const) {
      vi.spyOn(console, level).mockImplementation((line: string) => lines.push([level, JSON.parse(line)]));
    }
    documents.set(keySetUrl, { keys });
    await load();
    vi.restoreAllMocks();
    return lines;
  }
  const numbered = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...key.publicJwk, kid: `${index}` }));

  it("is nothing while it is in order, twins of one key included", async () => {
    const { alg: _, ...anyAlg } = key.publicJwk;
    expect(await logOf([key.publicJwk, anyAlg, { ...key.publicJwk, d: null, x5c: ["MII"] }])).toEqual([]);
    expect(await logOf(numbered(100))).toEqual([]);
  });

  it("T26: tells of private halves, also of a set that has nothing else", async () => {
    const leaked = [{ ...key.publicJwk, d: "AAAA" }];
    const line = ["error", { event: "issuer-publishes-private-keys", issuer, count: 1 }];
    expect(await logOf(leaked)).toEqual([line]);
    expect(await logOf([...leaked, (await makeSigningKey("ES256", "good")).publicJwk])).toEqual([line]);
  });

  it("T25: tells of keys beyond the hundredth, which nobody reads, also where none before them is of use", async () => {
    const line = ["warn", { event: "issuer-publishes-too-many-keys", issuer, unread: 1 }];
    expect(await logOf(numbered(101))).toEqual([line]);
    expect(await logOf([...Array.from({ length: 100 }, () => ({})), key.publicJwk])).toEqual([line]);
  });

  it("T26: tells of different keys under one kid", async () => {
    const other = { ...(await makeSigningKey("ES256", "k")).publicJwk };
    const line = ["warn", { event: "issuer-publishes-ambiguous-kids", issuer, count: 1 }];
    expect(await logOf([key.publicJwk, other])).toEqual([line]);
    // A key that verifies nothing makes no other doubtful.
    expect(await logOf([key.publicJwk, { ...other, y: other.x }])).toEqual([]);
  });
});

describe("a slow issuer", () => {
  const DEADLINE_MS = 5000;
  /** Of each kind: the address of its keys, by discovery or fixed. */
  const KINDS = [
    "https://accounts.google.com",
    "https://appleid.apple.com",
    "https://www.facebook.com",
    "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123",
    issuer,
    "https://slash.example/",
  ];
  const discoveryOf = (of: string) => `${of.replace(/\/$/, "")}/.well-known/openid-configuration`;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  });
  afterEach(() => vi.useRealTimers());

  /** How it ended, and after how many milliseconds, when each document takes as long as `delayOf` says. */
  async function loadLate(of: string, delayOf: (url: string) => number) {
    const fetch = async (url: string) => {
      await new Promise((resolve) => setTimeout(resolve, delayOf(url)));
      return Response.json(url === discoveryOf(of) ? { issuer: of, jwks_uri: keySetUrl } : { keys: [key.publicJwk] });
    };
    const startedAt = performance.now();
    const pending = loadKeySet(of, { fetch, upstreams: productionUpstreams }).then((result) => ({
      ended: result.ok ? "loaded" : result.error,
      afterMs: performance.now() - startedAt,
    }));
    await vi.advanceTimersByTimeAsync(20_000);
    return await pending;
  }

  it.each(KINDS)("T25: is given up after five seconds: %s", async (of) => {
    const ended = { ended: "deadline", afterMs: DEADLINE_MS };
    expect(await loadLate(of, () => 60_000)).toMatchObject(ended);
    expect(await loadLate(of, (url) => (url === discoveryOf(of) ? 0 : 60_000))).toMatchObject(ended);
    expect(await loadLate(of, () => 2000)).toMatchObject({ ended: "loaded" });
  });

  it("T25: two slow documents do not make two deadlines", async () => {
    expect(await loadLate(issuer, () => 3000)).toMatchObject({ ended: "deadline", afterMs: DEADLINE_MS });
  });
});
