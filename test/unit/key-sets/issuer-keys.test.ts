import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { IsolateCache } from "../../../src/domain/isolate-cache.ts";
import { Isolate } from "../../../src/isolate.ts";
import { createIssuerKeys, type IssuerEntry, type IssuerStub } from "../../../src/key-sets/issuer-keys.ts";
import { answerOf, fetchReason, type HeldKeySet, isRenewable } from "../../../src/key-sets/key-set-life.ts";
import { parsePublicKeys } from "../../../src/key-sets/public-keys.ts";
import type { IssuerKeys, KeyRequest } from "../../../src/key-sets/issuer-keys.ts";
import { verifySignature } from "../../../src/jwt/signature.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeSigningKey, type SigningKey } from "../../support/login-tokens.ts";
import { seededRandom } from "../../support/random.ts";

let first: SigningKey;
let second: SigningKey;
let upstream: FakeUpstream;
let issuer: string;
let issuerCount = 0;
let calls: number;
/** Of the spread of lives: at 0 they last as long as they may. */
let chance: number;
let isolate: IssuerKeys;

/** One isolate's view: its own cache, in front of the real object. */
function makeIsolate(): IssuerKeys {
  const stubOf = (name: string) => {
    calls += 1;
    return env.ISSUER_KEYS.getByName(name);
  };
  return createIssuerKeys(
    stubOf,
    new IsolateCache<IssuerEntry>(10),
    () => Date.now() / 1000,
    () => chance,
  );
}

async function find(kid: string | undefined, more: Partial<KeyRequest> = {}, keys = isolate) {
  const found = await keys.find({ issuer, algorithm: "ES256", kid, isSigner: () => true, ...more });
  return found.ok ? "found" : found.error.kind;
}

const TEXT = new TextEncoder().encode("what the issuer has signed");

/** Looks for the key of a token that `signer` has signed, under whatever name. */
async function findSigner(signer: SigningKey, kid: string | undefined) {
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signer.privateKey, TEXT);
  return await find(kid, {
    isSigner: async (key) => await verifySignature("ES256", key, new Uint8Array(signature), TEXT),
  });
}

const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

beforeAll(async () => {
  [first, second] = await Promise.all([makeSigningKey("ES256", "first"), makeSigningKey("ES256", "second")]);
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  upstream = new FakeUpstream().install();
  issuerCount += 1;
  issuer = `https://isolate-${issuerCount}.example`;
  upstream.serveIssuer(issuer, [first.publicJwk]);
  calls = 0;
  chance = 0;
  isolate = makeIsolate();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("IssuerKeys of an isolate", () => {
  it("asks the object once, and hands out the same verify-only key while it is fresh", async () => {
    const request: KeyRequest = { issuer, algorithm: "ES256", kid: "first", isSigner: () => true };
    const one = await isolate.find(request);
    const two = await isolate.find(request);
    expect(one.ok && two.ok && one.value === two.value).toBe(true);
    expect(one.ok && [one.value.extractable, one.value.usages]).toEqual([false, ["verify"]]);
    expect(calls).toBe(1);
  });

  it("T30: lets a set expire with the object's own freshness, not with one of its own", async () => {
    await find("first");
    elapse(470);
    const late = makeIsolate();
    calls = 0;
    await find("first", {}, late);
    elapse(129);
    await find("first", {}, late);
    expect(calls).toBe(1);
    upstream.serveIssuer(issuer, [second.publicJwk]);
    elapse(1);
    expect(await find("first", {}, late)).toBe("unknown-key");
    expect(await find("second", {}, late)).toBe("found");
  });

  it("lets a fresh set expire at a random moment of its last fifth, and what outlives a failure with that failure", async () => {
    chance = 0.999_999;
    await find("first");
    elapse(480);
    await find("first");
    expect(calls).toBe(1);
    elapse(1);
    await find("first");
    expect(calls).toBe(2);
    upstream.goDown();
    elapse(600);
    await find("first");
    expect(calls).toBe(3);
    elapse(1.9);
    await find("first");
    expect(calls).toBe(3);
  });

  it("finds a key that the issuer has just added, with one call and one refresh", async () => {
    await find("first");
    upstream.serveIssuer(issuer, [first.publicJwk, second.publicJwk]);
    expect(await find("second")).toBe("found");
    expect(calls).toBe(2);
    expect(upstream.fetched).toHaveLength(4);
  });

  it("does not fetch a set again that was fetched for this very token", async () => {
    expect(await find("unknown")).toBe("unknown-key");
    expect(calls).toBe(1);
    expect(upstream.fetched).toHaveLength(2);
  });

  it("T28: answers a flood of unknown kids by itself between two refreshes", async () => {
    await find("first");
    for (let index = 0; index < 50; index += 1) expect(await find(`unknown-${index}`)).toBe("unknown-key");
    expect(calls).toBe(2);
    expect(upstream.fetched).toHaveLength(4);
    expect(await find("first")).toBe("found");
  });

  it("gets the set that another isolate has had refreshed, without a fetch of its own", async () => {
    await find("first");
    const other = makeIsolate();
    await find("first", {}, other);
    upstream.serveIssuer(issuer, [first.publicJwk, second.publicJwk]);
    elapse(30);
    await find("second", {}, other);
    const fetched = upstream.fetched.length;
    expect(await find("second")).toBe("found");
    expect(upstream.fetched).toHaveLength(fetched);
  });

  it("T30: remembers that an issuer is unreachable, for as long as its object does", async () => {
    upstream.goDown();
    expect(await find("first")).toBe("upstream-unreachable");
    elapse(1);
    expect(await find("first")).toBe("upstream-unreachable");
    expect(calls).toBe(1);
    upstream.serveIssuer(issuer, [first.publicJwk]);
    elapse(1);
    expect(await find("first")).toBe("found");
  });

  it("T30: a key of the last good set still verifies while the issuer is down", async () => {
    await find("first");
    upstream.goDown();
    elapse(700);
    expect(await find("first")).toBe("found");
  });

  it("T31: does not call a kid wrong that only the issuer could know, while the issuer is down", async () => {
    await find("first");
    upstream.goDown();
    elapse(60);
    expect(await find("second")).toBe("upstream-unreachable");
    expect(await find("second")).toBe("upstream-unreachable");
    expect(await find("first")).toBe("found");
    expect(calls).toBe(2);
    elapse(30);
    expect(await find("second")).toBe("upstream-unreachable");
    expect(calls).toBe(3);
    elapse(610);
    expect(await find("second")).toBe("upstream-unreachable");
    upstream.serveIssuer(issuer, [first.publicJwk]);
    elapse(30);
    expect(await find("second")).toBe("unknown-key");
  });

  it("finds a new key as soon as the issuer is back, though the set at hand is still fresh", async () => {
    await find("first");
    upstream.goDown();
    elapse(60);
    expect(await find("second")).toBe("upstream-unreachable");
    upstream.serveIssuer(issuer, [first.publicJwk, second.publicJwk]);
    elapse(30);
    expect(await find("second")).toBe("found");
  });

  it.each(["first", undefined])("follows a key that was replaced under the same kid: %s", async (kid) => {
    expect(await findSigner(first, kid)).toBe("found");
    const replacement = { ...second.publicJwk, kid: "first" };
    upstream.serveIssuer(issuer, [replacement]);
    expect(await findSigner(second, kid)).toBe("found");
    expect(await findSigner(first, kid)).toBe("bad-signature");
    expect(calls).toBe(2);
    expect(upstream.fetched).toHaveLength(4);
  });

  it("T28: answers a flood of bad signatures by itself between two refreshes", async () => {
    await find("first");
    for (let index = 0; index < 50; index += 1) expect(await findSigner(second, "first")).toBe("bad-signature");
    expect(calls).toBe(2);
    expect(upstream.fetched).toHaveLength(4);
    elapse(30);
    for (let index = 0; index < 50; index += 1) expect(await findSigner(second, "first")).toBe("bad-signature");
    expect(calls).toBe(3);
    expect(upstream.fetched).toHaveLength(6);
  });

  it("does not fetch a set again that was fetched for this very token, when its signature is bad", async () => {
    expect(await findSigner(second, "first")).toBe("bad-signature");
    expect(calls).toBe(1);
    expect(upstream.fetched).toHaveLength(2);
  });

  it("calls a signature bad even while the issuer is down: its key is known, and is not the signer", async () => {
    await find("first");
    upstream.goDown();
    elapse(60);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await findSigner(second, "first")).toBe("bad-signature");
    expect(await findSigner(first, "first")).toBe("found");
  });

  it("T26: chooses no key where two fit, and takes the one that is left as soon as the issuer has only one", async () => {
    upstream.serveIssuer(issuer, [first.publicJwk, { ...second.publicJwk, kid: "first" }]);
    expect(await findSigner(first, "first")).toBe("ambiguous-key");
    expect(calls).toBe(1);
    expect(await findSigner(first, "first")).toBe("ambiguous-key");
    expect(await findSigner(first, "first")).toBe("ambiguous-key");
    expect(calls).toBe(2);
    upstream.serveIssuer(issuer, [first.publicJwk]);
    elapse(30);
    expect(await findSigner(first, "first")).toBe("found");
    expect(await findSigner(second, "first")).toBe("bad-signature");
  });

  it("T3: imports an RSA key that names no algorithm once for each that is asked for", async () => {
    const rsa = await makeSigningKey("RS256", "rsa");
    const { alg: _, ...anyAlg } = rsa.publicJwk;
    upstream.serveIssuer(issuer, [anyAlg]);
    const found = await Promise.all(
      (["RS256", "PS256", "RS512"] as const).map((algorithm) =>
        isolate.find({ issuer, algorithm, kid: "rsa", isSigner: () => true }),
      ),
    );
    expect(found.map((key) => key.ok && key.value.algorithm.name)).toEqual([
      "RSASSA-PKCS1-v1_5",
      "RSA-PSS",
      "RSASSA-PKCS1-v1_5",
    ]);
  });

  it("reaches the object through the binding", async () => {
    expect(
      await find("first", {}, new Isolate().issuerKeysOf({ issuer: (name) => env.ISSUER_KEYS.getByName(name) })),
    ).toBe("found");
  });
});

it("two thousand isolates that begin in one second do not ask for an issuer's keys together", async () => {
  const isolates = 2000;
  const seconds = 2400;
  const secondsBetweenTokens = 10;
  const random = seededRandom();
  const { kty, crv, x, y } = first.publicJwk;
  const keys = parsePublicKeys({ keys: [{ kty, crv, x, y, kid: "first", use: "sig" }] })?.keys ?? [];
  const asked = Array.from({ length: seconds + secondsBetweenTokens }, () => 0);
  let now = 0;
  let fetched = 0;
  let found = 0;
  // The issuer's object, by its rules: a fetch is over before the next token comes.
  let held: HeldKeySet | undefined;
  const stub: IssuerStub = {
    async keys(request) {
      const at = Math.floor(now);
      asked[at] = (asked[at] ?? 0) + 1;
      const needsFetch = fetchReason({ ...(held && { held }) }, request, now) !== null;
      const before = held;
      if (needsFetch || isRenewable({ ...(held && { held }) }, now)) {
        held = { issuer, keySetUrl: `${issuer}/keys`, keys, fetchedAt: now };
        fetched += 1;
      }
      const answered = needsFetch ? held : before;
      return await Promise.resolve(answerOf({ ...(answered && { held: answered }) }, now));
    },
  };
  const all = Array.from({ length: isolates }, () => ({
    keys: createIssuerKeys(
      () => stub,
      new IsolateCache<IssuerEntry>(10),
      () => now,
      random,
    ),
    phase: random() * secondsBetweenTokens,
  }));
  const inOrder = all.toSorted((a, b) => a.phase - b.phase);
  for (let start = 0; start < seconds; start += secondsBetweenTokens) {
    for (const isolateOfAll of inOrder) {
      now = start + isolateOfAll.phase;
      found += (await find("first", {}, isolateOfAll.keys)) === "found" ? 1 : 0;
    }
  }
  const renewals = asked.slice(secondsBetweenTokens, seconds);
  const mean = renewals.reduce((sum, count) => sum + count, 0) / renewals.length;
  expect(found).toBe((isolates * seconds) / secondsBetweenTokens);
  expect(Math.max(...renewals)).toBeLessThan(10 * mean);
  // For all of them the issuer is asked as seldom as before.
  expect(fetched).toBeLessThan(seconds / 480 + 2);
});
