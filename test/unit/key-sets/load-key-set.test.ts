import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeySource } from "../../../src/key-sets/key-source.ts";
import { loadKeySet } from "../../../src/key-sets/load-key-set.ts";
import { productionUpstreams, type UpstreamPolicy } from "../../../src/outbound/upstream-policy.ts";
import { base64url, makeSigningKey, type SigningKey } from "../../support/login-tokens.ts";

const issuer = "https://issuer.example/tenant";
const discoveryUrl = `${issuer}/.well-known/openid-configuration`;
const keySetUrl = "https://keys.example/jwks";
const failure = (error: string) => ({ ok: false, error });

let key: SigningKey;
let documents: Map<string, unknown>;
let fetched: string[];

function load(of = issuer, source?: KeySource, upstreams = productionUpstreams) {
  const fetch = async (url: string) => {
    fetched.push(url);
    const document = documents.get(url);
    if (document instanceof Response) return document.clone();
    return document === undefined ? new Response(null, { status: 404 }) : Response.json(document);
  };
  return loadKeySet(of, { fetch, upstreams }, source);
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

  it("T24: takes a document whose issuer has a slash at its end, or has none", async () => {
    for (const named of ["https://slash.example/", "https://slash.example"]) {
      documents.set("https://slash.example/.well-known/openid-configuration", { issuer: named, jwks_uri: keySetUrl });
      expect(await load("https://slash.example")).toMatchObject({ ok: true });
    }
  });

  it.each<readonly [issuer: string, address: string]>([
    ["https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs"],
    ["https://appleid.apple.com", "https://appleid.apple.com/auth/keys"],
    ["https://www.facebook.com", "https://www.facebook.com/.well-known/oauth/openid/jwks/"],
    ...["cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123", "cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A"]
      .flatMap((pool) => [`https://${pool}`, `https://issuer-${pool}`])
      .map((pool) => [pool, `${pool}/.well-known/jwks.json`] as const),
  ])("finds the keys of %s at an address that is known, whatever its discovery says", async (of, address) => {
    // As Apple's in June 2025.
    const lie = { issuer: "https://account.apple.com", jwks_uri: "https://evil.example/keys" };
    documents.set(`${of}/.well-known/openid-configuration`, lie);
    documents.set(address, { keys: [key.publicJwk] });
    expect(await load(of)).toMatchObject({ ok: true, value: { issuer: of, keySetUrl: address } });
    documents.delete(address);
    expect(await load(of)).toEqual(failure("status 404"));
    expect(fetched).toEqual([address, address]);
  });

  it("goes where settings say that an issuer's keys are, or its discovery document", async () => {
    const keys = { kind: "keys", address: `${keySetUrl}?tenant=1` } as const;
    documents.set(keys.address, { keys: [key.publicJwk] });
    expect(await load(issuer, keys)).toMatchObject({ ok: true, value: { keySetUrl: keys.address } });
    expect(fetched).toEqual([keys.address]);
    const discovery = { kind: "discovery", address: `${discoveryUrl}?appid=1` } as const;
    documents.set(discovery.address, { issuer, jwks_uri: keys.address });
    expect(await load(issuer, discovery)).toMatchObject({ ok: true, value: { keySetUrl: keys.address } });
    expect(fetched.slice(1)).toEqual([discovery.address, keys.address]);
    // T24: that document, too, has to be the issuer's own.
    documents.set(discovery.address, { issuer: "https://issuer.example", jwks_uri: keys.address });
    expect(await load(issuer, discovery)).toEqual(failure("issuer-mismatch"));
    documents.delete(keys.address);
    expect(await load(issuer, keys)).toEqual(failure("status 404"));
  });

  it("asks whoever stands in for a known issuer at the known address, and by discovery where that one has nothing", async () => {
    const apple = "https://appleid.apple.com";
    const upstreams: UpstreamPolicy = {
      ...productionUpstreams,
      locate: (url) => new URL(url.href.replace(apple, "http://127.0.0.1:1/apple")),
    };
    documents.set("http://127.0.0.1:1/apple/.well-known/openid-configuration", {
      issuer: apple,
      jwks_uri: `${apple}/keys`,
    });
    documents.set("http://127.0.0.1:1/apple/keys", { keys: [key.publicJwk] });
    expect(await load(apple, undefined, upstreams)).toMatchObject({ ok: true });
    documents.set("http://127.0.0.1:1/apple/auth/keys", { keys: [key.publicJwk] });
    fetched = [];
    expect(await load(apple, undefined, upstreams)).toMatchObject({ ok: true });
    expect(fetched).toEqual(["http://127.0.0.1:1/apple/auth/keys"]);
    // What stands in for the issuer alone keeps the service away from the real keys.
    const google = "https://accounts.google.com";
    const elsewhere = { ...upstreams, locate: (url: URL) => new URL(url.href.replace(google, "http://127.0.0.1:1/g")) };
    fetched = [];
    expect(await load(google, undefined, elsewhere)).toEqual(failure("status 404"));
    expect(fetched).toEqual(["http://127.0.0.1:1/g/.well-known/openid-configuration"]);
  });

  it("T24: follows a discovery document that moved within its origin, and no key set", async () => {
    const moved = "https://issuer.example/moved";
    documents.set(discoveryUrl, Response.redirect(moved, 301));
    documents.set(moved, { issuer, jwks_uri: keySetUrl });
    expect(await load()).toMatchObject({ ok: true });
    expect(fetched).toEqual([discoveryUrl, moved, keySetUrl]);
    documents.set(keySetUrl, Response.redirect("https://keys.example/moved", 301));
    expect(await load()).toEqual(failure("redirect"));
    expect(fetched).not.toContain("https://keys.example/moved");
    documents.set(discoveryUrl, Response.redirect("https://evil.example/moved", 301));
    expect(await load()).toEqual(failure("redirect"));
    expect(fetched).not.toContain("https://evil.example/moved");
  });

  it.each([
    "https://issuer.example/tenant//",
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
