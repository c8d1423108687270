/**
 * Weeks of a key ring in a moment: the real object, isolates with real leases and signatures, and a hundred relying parties
 * whose caches are of every age, through rotations, changes of algorithm, emergency rotations and evictions, with clocks that
 * are wrong and isolates that lose sight of the ring.
 */
import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { compactVerify, decodeProtectedHeader, importJWK } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { JWKS_MAX_AGE_SECONDS, MAX_CLOCK_ERROR_SECONDS, type PublishedKey } from "../../../src/keys/key-ring.ts";
import type { KeyRingObject } from "../../../src/durable/key-ring-object.ts";
import { KEY_RING_NAME } from "../../../src/durable/stubs.ts";
import { signerOver } from "../../support/signing.ts";

const KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
// Far in the future, so that no alarm falls due by the platform's own clock.
const START_MS = Date.UTC(2100, 0, 1);
const TICKS = 600;

const stub = () => env.KEY_RING.getByName(KEY_RING_NAME);
const epochSeconds = () => Date.now() / 1000;

/** Puts the running object under other settings, and on a machine whose clock is wrong, as a deployment does; an eviction puts it back. */
async function deploy(algorithm: string, clockErrorSeconds = 0): Promise<void> {
  // The STS of AWS verifies not every algorithm, and then refuses the settings.
  const config = parseConfig({ ...env, TOKEN_ALG: algorithm, KEY_ROTATION_DAYS: "1", STS_URL: "none" });
  if (!config.ok) throw new Error(config.error.join("; "));
  await runInDurableObject<KeyRingObject, void>(stub(), (object) => {
    Object.defineProperty(object, "config", { value: config.value, configurable: true });
    const now = () => Math.floor(epochSeconds() + clockErrorSeconds);
    Object.defineProperty(object, "now", { value: now, configurable: true });
  });
}

/** mulberry32, so that a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Held = { keys: readonly PublishedKey[]; until: number };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  vi.spyOn(console, "log").mockImplementation(() => {});
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

async function verifies(token: string, { publicJwk, alg, kid }: PublishedKey): Promise<boolean> {
  const key = await importJWK({ ...publicJwk, alg, kid }, alg);
  return await compactVerify(token, key, { algorithms: [alg] }).then(
    () => true,
    () => false,
  );
}

describe("a hundred relying parties that honour max-age", () => {
  it.each([1, 2])("verify every token of a key that was not taken back (seed %i)", async (seed) => {
    const random = randomFrom(seed);
    const pick = <T>(items: readonly T[]): T => {
      const item = items[Math.floor(random() * items.length)];
      if (item === undefined) throw new Error("nothing to choose from");
      return item;
    };
    const clockError = () => Math.floor((2 * random() - 1) * MAX_CLOCK_ERROR_SECONDS);
    let algorithm = "ES256";
    await deploy(algorithm, clockError());
    const isolates = Array.from({ length: 6 }, () => {
      const isolate = { clockErrorSeconds: clockError(), isCutOff: false, signer: signerOver(ring, KEY) };
      function ring() {
        if (isolate.isCutOff) throw new Error("the object cannot be reached");
        return stub();
      }
      return isolate;
    });
    const parties = Array.from({ length: 100 }, (): Held => ({ keys: [], until: 0 }));
    const tokens: { readonly token: string; readonly kid: string; readonly expiresAt: number }[] = [];
    const takenBack = new Set<string>();
    const seen = new Set<string>();
    let verified = 0;

    for (let tick = 0; tick < TICKS; tick++) {
      // Mostly shorter than any cache lives, and at times an hour in which nobody asked.
      const longest = random() < 0.8 ? 240 : 5400;
      vi.setSystemTime(Date.now() + 1000 * (1 + Math.floor(random() * longest)));
      if (random() < 0.1) {
        await evictDurableObject(stub());
        await deploy(algorithm, clockError());
      }
      if (random() < 0.02) await deploy((algorithm = pick(["ES256", "EdDSA"])), clockError());
      const unlucky = pick(isolates);
      unlucky.isCutOff = random() < 0.25;
      if (random() < 0.02) {
        const rotated = await stub().rotateNow();
        if (rotated.ok) for (const kid of rotated.value.droppedKids) takenBack.add(kid);
        else expect(rotated.error.type).toBe("TooManyRequestsException");
      }
      const now = epochSeconds();
      const claims = { sub: "s", aud: "a", amr: ["unauthenticated"], iss: "i", iat: now, exp: now + 600, jti: "j" };
      const signing = pick(isolates);
      const isolateNow = now + signing.clockErrorSeconds;
      const signed = await signing.signer.begin(isolateNow).sign(claims, () => isolateNow);
      // An isolate that has not seen the ring for ten minutes signs nothing any more.
      if (!signed.ok && signing.isCutOff) continue;
      if (!signed.ok) throw new Error(signed.error.reason);
      const kid = decodeProtectedHeader(signed.value).kid ?? "";
      tokens.push({ token: signed.value, kid, expiresAt: now + 86_400 });
      seen.add(kid);
      for (const met of [tokens.at(-1), pick(tokens)]) {
        if (met === undefined || met.expiresAt < now || takenBack.has(met.kid)) continue;
        const party = pick(parties);
        if (now >= party.until) {
          const serving = pick(isolates);
          const published = await serving.signer.publishedKeys(now + serving.clockErrorSeconds);
          if (!published.ok && serving.isCutOff) continue;
          if (!published.ok) throw new Error(published.error.reason);
          party.keys = published.value;
          party.until = now + JWKS_MAX_AGE_SECONDS;
        }
        const key = party.keys.find((one) => one.kid === met.kid);
        expect(key, `seed ${seed}, tick ${tick}`).toBeDefined();
        if (key !== undefined) expect(await verifies(met.token, key)).toBe(true);
        verified += 1;
      }
    }
    expect(verified).toBeGreaterThan(TICKS / 2);
    expect(seen.size).toBeGreaterThan(3);
    expect(takenBack.size).toBeGreaterThan(0);
  });
});

describe("an order to rotate", () => {
  const kids = async () => {
    const published = await stub().publishedKeys();
    return published.ok ? published.value.keys.map(({ kid }) => kid) : [];
  };

  it("T44: that comes again changes nothing, also after an eviction, and is answered as the first one", async () => {
    await deploy("ES256");
    const order = { force: true, orderId: "one" };
    const first = await stub().rotateNow(order);
    const published = await kids();
    expect(await stub().rotateNow(order)).toEqual(first);
    await evictDurableObject(stub());
    await deploy("ES256");
    expect(await stub().rotateNow(order)).toEqual(first);
    expect(await kids()).toEqual(published);
    const second = await stub().rotateNow({ force: true, orderId: "two" });
    expect(second).not.toEqual(first);
    expect(await kids()).not.toEqual(published);
  });

  it("is forgotten when no signature of that time is accepted any more", async () => {
    await deploy("ES256");
    await stub().rotateNow({ force: true, orderId: "one" });
    vi.setSystemTime(Date.now() + 1_800_000);
    await stub().rotateNow({ force: true, orderId: "two" });
    const remembered = await runInDurableObject(stub(), (_, state) =>
      state.storage.kv.get<readonly { orderId: string }[]>("rotations"),
    );
    expect(remembered?.map(({ orderId }) => orderId)).toEqual(["two"]);
  });
});
