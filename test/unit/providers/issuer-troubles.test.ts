/**
 * Every kind of provider with ID tokens against every way in which its issuer can fail: the right exception, the reason in
 * the log, nothing held against the token, and all well again afterwards. On a clock that the test turns.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { FakeUpstream } from "../../support/fake-upstream.ts";
import type { SigningKey } from "../../support/login-tokens.ts";
import {
  ACCESS_TOKENS,
  addressesOf,
  canonicalNameOf,
  elapse,
  keyOf,
  loginIdAt,
  makeKeys,
  now,
  present,
  presentAt,
  PROVIDERS,
  serve,
  STAND_INS,
  startDay,
  tokenOf,
} from "./id-token-logins.ts";

const UNREACHABLE = "ExternalServiceException: The identity provider is not responding.";
const UNUSABLE = "ExternalServiceException: The identity provider's answer could not be used.";
const NOT_VERIFIED = "NotAuthorizedException: Invalid login token. Couldn't verify signed token.";
const NOT_VALID = "NotAuthorizedException: Invalid login token. Not a valid OpenId Connect identity token.";
const WRONG_ISSUER = "NotAuthorizedException: Invalid login token. Issuer doesn't match providerName";
const NOT_SUPPORTED = "NotAuthorizedException: Token is not from a supported provider of this identity pool.";

const NAMED = PROVIDERS.map((provider) => [provider.name, provider] as const);
const DISCOVERED = NAMED.filter(([, provider]) => addressesOf(provider).discovery !== undefined);

let upstream: FakeUpstream;

beforeAll(makeKeys);

beforeEach(() => {
  upstream = startDay();
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const refuse = () => {
  throw new TypeError("connection refused");
};
const typed = (body: BodyInit, type: string) => () => new Response(body, { headers: { "content-type": type } });
const status = (code: number) => () => Response.json({ keys: [] }, { status: code });

const NO_ANSWERS = new Set(["connection", "status 429", "status 500", "status 503"]);
/** What the client is told of an issuer in this trouble, and what the log says. */
function refusalFor(name: string, failure: string): { readonly said: string; readonly reason: string } {
  const isSilent = NO_ANSWERS.has(failure);
  const kind = isSilent ? "upstream-unreachable" : "upstream-unusable";
  return { said: isSilent ? UNREACHABLE : UNUSABLE, reason: `${name}: ${kind} (${failure})` };
}

/** The ways in which one document of an issuer fails, with the reason that the log gives. */
const TROUBLES: readonly (readonly [what: string, reason: string, answer: () => Response])[] = [
  ["is down", "connection", refuse],
  ["answers 404", "status 404", status(404)],
  ["answers 429", "status 429", status(429)],
  ["answers 500", "status 500", status(500)],
  ["answers 503", "status 503", status(503)],
  ["answers with a page", "not-json", typed("<html>", "text/html; charset=utf-8")],
  ["answers with a page that calls itself JSON", "not-json", typed("<html>", "application/json")],
  ["answers with a picture", "not-json", typed(new Uint8Array([0x89, 0x50, 0x4e, 0x47]), "image/png")],
  ["answers without end", "too-large", typed(`{"keys":["${"k".repeat(600_000)}"]}`, "application/json")],
  ["answers half a document", "not-json", typed('{"keys":[', "application/json")],
  ["sends its readers elsewhere", "redirect", () => Response.redirect("https://evil.example/keys", 302)],
];

describe.each(NAMED)("%s", (spelling, provider) => {
  const { issuer, discovery, keySet } = addressesOf(provider);
  const name = canonicalNameOf(provider);

  /** Refused for the issuer's trouble, which the log explains; and good again two seconds after the failure. */
  async function expectTrouble(reason: string): Promise<void> {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await presentAt(provider)).toEqual(refusalFor(name, reason));
    const line = { event: "issuer-keys-not-loaded", issuer: `https://${name}`, reason };
    expect(warn.mock.calls).toEqual([[JSON.stringify(line)]]);
    serve(upstream, provider, [keyOf(provider).publicJwk]);
    elapse(2);
    expect(await presentAt(provider)).toEqual({ said: "user-1" });
    expect(upstream.fetched.filter((url) => url.includes("evil"))).toEqual([]);
  }

  it.each(TROUBLES)("T31: verifies nothing, and blames no token, when its key set %s", async (_, reason, answer) => {
    upstream.serve(keySet, answer);
    await expectTrouble(reason);
  });

  it.each(["text/html", "text/plain; charset=utf-8", "application/octet-stream", ""])(
    "is as good as ever when it calls its documents %j",
    async (type) => {
      const retyped = (document: unknown) => typed(JSON.stringify(document), type);
      if (discovery !== undefined) upstream.serve(discovery, retyped({ issuer, jwks_uri: keySet }));
      upstream.serve(keySet, retyped({ keys: [keyOf(provider).publicJwk] }));
      expect(await presentAt(provider)).toEqual({ said: "user-1" });
    },
  );

  it.each([
    ["private keys", "only-leaked-keys", (key: SigningKey) => ({ ...key.publicJwk, d: "AAAA" })],
    ["a symmetric key", "only-leaked-keys", () => ({ kty: "oct", kid: "first", alg: "HS256", k: "AAAA" })],
    ["keys for encryption", "no-usable-key", (key: SigningKey) => ({ ...key.publicJwk, use: "enc" })],
  ])("T26: verifies nothing by %s in its set", async (_, reason, entryOf) => {
    const alarm = vi.spyOn(console, "error").mockImplementation(() => undefined);
    upstream.serve(keySet, () => Response.json({ keys: [entryOf(keyOf(provider))] }));
    await expectTrouble(reason);
    expect(alarm).toHaveBeenCalledTimes(reason === "only-leaked-keys" ? 1 : 0);
  });

  it("T26: does not choose between two keys of one kid", async () => {
    const [first, second] = [keyOf(provider), keyOf(provider, 1)];
    serve(upstream, provider, [first.publicJwk, { ...second.publicJwk, kid: first.kid }]);
    expect(await presentAt(provider)).toEqual({
      said: NOT_VERIFIED,
      reason: `${name}: ambiguous-key`,
    });
    serve(upstream, provider, [first.publicJwk]);
    expect(await presentAt(provider)).toEqual({ said: "user-1" });
  });

  it("follows a key that was replaced under the same kid, and then takes no token of the old one", async () => {
    const [first, other] = [keyOf(provider), keyOf(provider, 1)];
    const second = { ...other, kid: first.kid, publicJwk: { ...other.publicJwk, kid: first.kid } };
    expect(await presentAt(provider)).toEqual({ said: "user-1" });
    serve(upstream, provider, [second.publicJwk]);
    expect(await presentAt(provider, {}, second)).toEqual({ said: "user-1" });
    expect(await presentAt(provider, {}, first)).toMatchObject({
      said: NOT_VERIFIED,
      reason: `${name}: bad-signature`,
    });
  });

  it("follows a rotation of its keys at once, and then takes no token of the old one", async () => {
    const [first, second] = [keyOf(provider), keyOf(provider, 1)];
    expect(await presentAt(provider)).toEqual({ said: "user-1" });
    serve(upstream, provider, [second.publicJwk]);
    expect(await presentAt(provider, {}, second)).toEqual({ said: "user-1" });
    expect(await presentAt(provider, {}, first)).toMatchObject({ said: NOT_VERIFIED, reason: `${name}: unknown-key` });
    // T28: another one so soon has to wait for half a minute.
    serve(upstream, provider, [first.publicJwk]);
    elapse(29);
    expect(await presentAt(provider, {}, first)).toMatchObject({ said: NOT_VERIFIED, reason: `${name}: unknown-key` });
    elapse(1);
    expect(await presentAt(provider, {}, first)).toEqual({ said: "user-1" });
  });

  it("goes on with the keys that are there while it is down, and blames no token for one that is not", async () => {
    expect(await presentAt(provider)).toEqual({ said: "user-1" });
    upstream.goDown();
    elapse(3600);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await presentAt(provider)).toEqual({ said: "user-1" });
    expect(await presentAt(provider, {}, keyOf(provider, 1))).toMatchObject({
      said: UNREACHABLE,
    });
  });

  it("may have a clock that is a minute wrong, in both directions, and no more", async () => {
    for (const claims of [{ exp: now() - 59 }, { iat: now() + 60 }, { nbf: now() + 60 }]) {
      expect(await presentAt(provider, claims)).toEqual({ said: "user-1" });
    }
    expect(await presentAt(provider, { exp: now() - 60 })).toMatchObject({
      said: `NotAuthorizedException: Invalid login token. Token expired: ${now()} >= ${now() - 60}`,
    });
    for (const claims of [{ iat: now() + 61 }, { nbf: now() + 61 }]) {
      expect(await presentAt(provider, claims)).toEqual({
        said: `NotAuthorizedException: Invalid login token. Token is not yet valid: ${now()} < ${now() + 61}`,
        reason: `${name}: not-yet-valid (${Object.keys(claims).join()})`,
      });
    }
  });

  it("T16: is one provider with a slash at the end and without, in its key and in its tokens", async () => {
    const ids = new Set<string>();
    for (const key of [name, `${name}/`]) {
      for (const iss of [`https://${name}`, `https://${name}/`]) {
        ids.add(await loginIdAt(key, await tokenOf(provider, { iss })));
      }
    }
    expect(ids).toEqual(new Set([await loginIdAt(spelling, await tokenOf(provider))]));
  });

  it("T16: is no other spelling of its issuer, with two slashes or in letters that look alike", async () => {
    // Two Cyrillic letters, and the full stop of another script.
    const alike = [issuer.replace("e", "е"), issuer.replace("a", "а"), issuer.replace(".", "。")];
    for (const iss of [`https://${name}//`, ...alike]) {
      expect(iss).not.toBe(issuer);
      expect(await presentAt(provider, { iss })).toMatchObject({ said: WRONG_ISSUER });
      // T40: nor does a login key in that spelling stand for it, with an `iss` to match or without.
      const other = iss.slice("https://".length);
      expect(await present(other, await tokenOf(provider, { iss }))).toMatchObject({ said: NOT_SUPPORTED });
      expect(await present(other, await tokenOf(provider))).toMatchObject({ said: WRONG_ISSUER });
    }
    expect(upstream.fetched).toEqual([]);
  });

  it("invariant issuers-are-apart: slows and breaks no other provider while it does not answer", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const answer = () => promise.then(() => new Response("busy", { status: 503 }));
    for (const address of [discovery, keySet]) if (address !== undefined) upstream.serve(address, answer);
    let isAnswered = false;
    const hanging = presentAt(provider).finally(() => (isAnswered = true));
    const others = PROVIDERS.filter((other) => other !== provider).map(async (other) => await presentAt(other));
    const accessTokens = ACCESS_TOKENS.map(async ([other, , token]) => await present(other, token));
    for (const other of await Promise.all([...others, ...accessTokens])) expect(other).toEqual({ said: "user-1" });
    expect(isAnswered).toBe(false);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    resolve();
    expect(await hanging).toMatchObject({ said: UNREACHABLE });
  });
});

describe.each(DISCOVERED)("the discovery document of %s", (_, provider) => {
  const { issuer, discovery = "", keySet } = addressesOf(provider);
  const name = canonicalNameOf(provider);

  it.each([
    ...TROUBLES,
    ["is another issuer's", "issuer-mismatch", () => Response.json({ issuer: "https://x.example", jwks_uri: keySet })],
    ["has two slashes", "issuer-mismatch", () => Response.json({ issuer: `https://${name}//`, jwks_uri: keySet })],
    ["names no key set", "not-discovery", () => Response.json({ issuer })],
    [
      "names a key set in plain text",
      "forbidden-address",
      () => Response.json({ issuer, jwks_uri: keySet.replace("https:", "http:") }),
    ],
  ] as const)("T24: stops every login when it %s", async (__, reason, answer) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    upstream.serve(discovery, answer);
    expect(await presentAt(provider)).toEqual(refusalFor(name, reason));
    const line = { event: "issuer-keys-not-loaded", issuer: `https://${name}`, reason };
    expect(warn.mock.calls).toEqual([[JSON.stringify(line)]]);
    expect(upstream.fetched).toEqual([discovery]);
  });

  it("T24: may name the issuer with a slash at its end and without, whatever the tokens do", async () => {
    for (const named of [`https://${name}`, `https://${name}/`]) {
      upstream = startDay();
      upstream.serve(discovery, () => Response.json({ issuer: named, jwks_uri: keySet }));
      for (const iss of [`https://${name}`, `https://${name}/`]) {
        expect(await presentAt(provider, { iss })).toEqual({ said: "user-1" });
      }
    }
  });
});

it.each([
  ["graph.facebook.com", "graph.facebook.com"],
  ["www.amazon.com", "api.amazon.com"],
  ["api.twitter.com", "api.twitter.com"],
])(
  "invariant issuers-are-apart: %s slows and breaks no other provider while it does not answer",
  async (name, host) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const standIns = new Map(STAND_INS).set(host, () => promise.then(() => new Response("busy", { status: 503 })));
    let isAnswered = false;
    const hanging = ACCESS_TOKENS.filter(([other]) => other === name).map(async ([, , token]) => {
      return await present(name, token, standIns).finally(() => (isAnswered = true));
    });
    const others = PROVIDERS.map(async (provider) => await presentAt(provider));
    const accessTokens = ACCESS_TOKENS.filter(([other]) => other !== name).map(async ([other, , token]) => {
      return await present(other, token, standIns);
    });
    for (const other of await Promise.all([...others, ...accessTokens])) expect(other).toEqual({ said: "user-1" });
    expect([hanging.length, isAnswered]).toEqual([1, false]);
    resolve();
    expect(await hanging[0]).toMatchObject({ said: UNREACHABLE, reason: `${name}: upstream-unreachable (status 503)` });
  },
);

it("T40: a look-alike of a provider with access tokens is nobody, and is not asked", async () => {
  const asked = new Map([...STAND_INS.keys()].map((host) => [host, () => Promise.reject(new Error(host))]));
  for (const [name, , token] of ACCESS_TOKENS) {
    for (const other of [name.replace("a", "а"), name.replace(".", "。"), name.toUpperCase(), `${name}.`, `${name}/`]) {
      expect(await present(other, token, asked)).toMatchObject({ said: NOT_VALID });
    }
  }
  expect(upstream.fetched).toEqual([]);
});
