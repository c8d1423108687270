import { describe, expect, it } from "vitest";
import {
  advance,
  dropActive,
  EMPTY_RING,
  type FreshKey,
  JWKS_MAX_AGE_SECONDS,
  KEY_CACHE_LIFE_SECONDS,
  KEY_CACHE_REFRESH_SECONDS,
  type KeyRing,
  type KeyRingSettings,
  PUBLICATION_LEAD_SECONDS,
  publishedKeysOf,
  RETENTION_SECONDS,
} from "../../../src/keys/key-ring.ts";
import { LONGEST_TOKEN_LIFETIME_SECONDS } from "../../../src/domain/grant.ts";
import type { TokenAlgorithm } from "../../../src/domain/token-algorithm.ts";

const T0 = 1_800_000_000;
const DAY = 86_400;
const settings: KeyRingSettings = { algorithm: "RS256", rotationSeconds: 90 * DAY };

function key(kid: string, alg: TokenAlgorithm = "RS256"): FreshKey {
  const publicJwk = { kty: "OKP", crv: "Ed25519", x: `public-${kid}` } as const;
  return { kid, alg, publicJwk, sealed: { iv: "iv", ciphertext: `sealed-${kid}` } };
}

let made = 0;

/** Runs the ring as its object does: takes every step, and supplies each key that is wanted. */
function run(ring: KeyRing, now: number, using: KeyRingSettings = settings): KeyRing {
  let step = advance(ring, now, using);
  while (step.wanted !== undefined) step = advance(step.ring, now, using, key(`k${++made}`, step.wanted));
  return step.ring;
}

const kidsOf = (ring: KeyRing) => publishedKeysOf(ring).map((published) => published.kid);
const started = (now = T0) => run(EMPTY_RING, now);

describe("the first start", () => {
  it("wants a key, lets it sign at once, then publishes a successor", () => {
    const empty = advance(EMPTY_RING, T0, settings);
    expect(empty).toEqual({ ring: EMPTY_RING, wanted: "RS256" });
    const first = advance(empty.ring, T0, settings, key("a"));
    expect(first.ring.active).toMatchObject({ kid: "a", publishedAt: T0, activatedAt: T0 });
    expect(first.wanted).toBe("RS256");
    const second = advance(first.ring, T0, settings, key("b"));
    expect(second.ring.next).toMatchObject([{ kid: "b", publishedAt: T0 }]);
    expect(second.wanted).toBeUndefined();
    expect(second.wakeAt).toBe(T0 + 90 * DAY);
  });

  it("changes nothing, not even the object, when nothing is due", () => {
    const ring = started();
    expect(advance(ring, T0 + DAY, settings).ring).toBe(ring);
  });

  it("does not take a key that is no longer wanted, is of another algorithm, or is in the ring already", () => {
    const ring = started();
    expect(advance(ring, T0, settings, key("late")).ring).toBe(ring);
    expect(advance(EMPTY_RING, T0, settings, key("other", "ES256")).ring).toBe(EMPTY_RING);
    const half = advance(EMPTY_RING, T0, settings, key("a")).ring;
    expect(advance(half, T0, settings, key("a")).ring).toBe(half);
  });
});

describe("rotation by age", () => {
  it.each([
    ["a second before the interval ends", 90 * DAY - 1, false],
    ["when the interval ends", 90 * DAY, true],
    ["long after, when nobody looked in between", 400 * DAY, true],
  ])("%s", (_, elapsed, rotates) => {
    const ring = started();
    const after = advance(ring, T0 + elapsed, settings).ring;
    expect(after.active?.kid === ring.next[0]?.kid).toBe(rotates);
    expect(after.retired.map((retired) => retired.kid)).toEqual(rotates ? [ring.active?.kid] : []);
  });

  it("waits for the publication of the successor however overdue the active key is", () => {
    const half = advance(EMPTY_RING, T0, settings, key("a")).ring;
    const late = T0 + 200 * DAY;
    const ring = advance(half, late, settings, key("b"));
    expect(ring.ring.active?.kid).toBe("a");
    expect(ring.wakeAt).toBe(late + PUBLICATION_LEAD_SECONDS);
    expect(advance(ring.ring, late + PUBLICATION_LEAD_SECONDS - 1, settings).ring.active?.kid).toBe("a");
    expect(advance(ring.ring, late + PUBLICATION_LEAD_SECONDS, settings).ring.active?.kid).toBe("b");
  });

  it("keeps a demoted key published for the retention to the second, without its private half", () => {
    const ring = started();
    const rotated = run(ring, T0 + 90 * DAY);
    const demoted = ring.active?.kid;
    expect(JSON.stringify(rotated.retired)).not.toContain("sealed");
    expect(kidsOf(run(rotated, T0 + 90 * DAY + RETENTION_SECONDS - 1))).toContain(demoted);
    expect(kidsOf(run(rotated, T0 + 90 * DAY + RETENTION_SECONDS))).not.toContain(demoted);
  });

  it("wakes for the retention first, then for the next rotation", () => {
    const rotated = run(started(), T0 + 90 * DAY);
    expect(advance(rotated, T0 + 90 * DAY, settings).wakeAt).toBe(T0 + 90 * DAY + RETENTION_SECONDS);
    const later = T0 + 90 * DAY + RETENTION_SECONDS;
    expect(advance(run(rotated, later), later, settings).wakeAt).toBe(T0 + 180 * DAY);
  });

  it("promises what its constants are made of", () => {
    // Isolate cache, then relying-party cache; with a clock wrong by five minutes at either reading.
    expect(PUBLICATION_LEAD_SECONDS).toBeGreaterThanOrEqual(KEY_CACHE_LIFE_SECONDS + JWKS_MAX_AGE_SECONDS + 600);
    expect(RETENTION_SECONDS).toBeGreaterThanOrEqual(
      KEY_CACHE_LIFE_SECONDS + LONGEST_TOKEN_LIFETIME_SECONDS + JWKS_MAX_AGE_SECONDS + 1200,
    );
    // The shortest rotation interval leaves time for a publication.
    expect(PUBLICATION_LEAD_SECONDS).toBeLessThan(DAY);
    expect(KEY_CACHE_REFRESH_SECONDS).toBeLessThan(KEY_CACHE_LIFE_SECONDS);
    expect(JWKS_MAX_AGE_SECONDS).toBeLessThanOrEqual(300);
  });
});

describe("a clock that is wrong", () => {
  const rotated = run(started(), T0 + 90 * DAY);

  it.each([
    ["stands still", T0 + 90 * DAY],
    ["is set back a minute", T0 + 90 * DAY - 60],
    ["is set back a year", T0 - 275 * DAY],
    ["is at zero", 0],
  ])("changes nothing when it %s", (_, now) => {
    const step = advance(rotated, now, settings);
    expect(step.ring).toBe(rotated);
    expect(step.wanted).toBeUndefined();
  });

  it("never shortens a retention by having been set back between activation and demotion", () => {
    const es256 = { ...settings, algorithm: "ES256" } as const;
    const back = T0 - 10 * DAY;
    const ring = run(started(), back, es256);
    const changed = run(ring, back + PUBLICATION_LEAD_SECONDS, es256);
    expect(changed.active?.alg).toBe("ES256");
    expect(changed.retired).toMatchObject([{ kid: ring.active?.kid, retiredAt: T0 }]);
    expect(kidsOf(run(changed, T0 + RETENTION_SECONDS - 1, es256))).toContain(ring.active?.kid);
  });

  it("keeps every published key when it leaps forward by less than the allowance and returns", () => {
    const leapt = run(rotated, T0 + 90 * DAY + 300);
    expect(kidsOf(run(leapt, T0 + 90 * DAY + 1))).toEqual(kidsOf(rotated));
  });
});

describe("a change of algorithm", () => {
  const toEs256 = { ...settings, algorithm: "ES256" } as const;
  const change = T0 + 10 * DAY;

  it("publishes the new key at once, and signs with the old one until the lead is over", () => {
    const ring = started();
    const changed = run(ring, change, toEs256);
    expect(changed.active).toEqual(ring.active);
    expect(changed.next.map(({ alg }) => alg)).toEqual(["RS256", "ES256"]);
    expect(advance(changed, change, toEs256).wakeAt).toBe(change + PUBLICATION_LEAD_SECONDS);
    expect(run(changed, change + PUBLICATION_LEAD_SECONDS - 1, toEs256).active?.alg).toBe("RS256");
    const done = run(changed, change + PUBLICATION_LEAD_SECONDS, toEs256);
    expect(done.active?.alg).toBe("ES256");
    expect(done.retired.map(({ kid }) => kid)).toEqual([ring.active?.kid]);
    expect(done.next.map(({ alg }) => alg)).toEqual(["ES256"]);
  });

  it("that is taken back before it took effect costs nothing but the unused key", () => {
    const ring = started();
    const changed = run(ring, change, toEs256);
    const back = run(changed, change + 60, settings);
    expect(back.active).toEqual(ring.active);
    expect(kidsOf(back)).toEqual(kidsOf(ring));
  });

  it("that flaps never lets a key sign early nor drops one that signed", () => {
    let ring = started();
    const signed = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const now = T0 + i * 800;
      const algorithm = (["RS256", "ES256", "EdDSA"] as const)[Math.floor(i / 3) % 3] ?? "RS256";
      ring = run(ring, now, { ...settings, algorithm });
      const active = ring.active;
      if (active === undefined) throw new Error("no active key");
      expect(active.publishedAt === T0 || now >= active.publishedAt + PUBLICATION_LEAD_SECONDS).toBe(true);
      signed.set(active.kid, now);
      for (const [kid, lastSigned] of signed) {
        if (now < lastSigned + RETENTION_SECONDS) expect(kidsOf(ring)).toContain(kid);
      }
      expect(ring.next.length).toBeLessThanOrEqual(3);
    }
    expect(signed.size).toBeGreaterThan(10);
  });
});

describe("emergency rotation", () => {
  it("drops the active key at once and signs with the published one", () => {
    const ring = started();
    const now = T0 + PUBLICATION_LEAD_SECONDS;
    const dropped = dropActive(ring, now, settings, false);
    if (!dropped.ok) throw new Error("refused");
    expect(dropped.value.active).toMatchObject({ kid: ring.next[0]?.kid, activatedAt: now });
    expect(kidsOf(dropped.value)).not.toContain(ring.active?.kid);
    expect(kidsOf(run(dropped.value, now))).toHaveLength(2);
  });

  it("is refused with the time to wait while the successor is too young, so that a repeated call does no harm", () => {
    const ring = started();
    expect(dropActive(ring, T0 + 60, settings, false)).toEqual({
      ok: false,
      error: { retryAfterSeconds: PUBLICATION_LEAD_SECONDS - 60 },
    });
  });

  it("by force takes the key that has been published longest", () => {
    const ring = started();
    const dropped = dropActive(ring, T0 + 60, settings, true);
    expect(dropped.ok && dropped.value.active?.kid).toBe(ring.next[0]?.kid);
  });

  it("by force without any successor leaves a ring whose next key signs at once, and keeps the retired ones", () => {
    const rotated = run(started(), T0 + 90 * DAY);
    const bare = { ...rotated, next: [] };
    const dropped = dropActive(bare, T0 + 90 * DAY, settings, true);
    if (!dropped.ok) throw new Error("refused");
    expect(dropped.value.active).toBeUndefined();
    const again = run(dropped.value, T0 + 90 * DAY);
    expect(again.active?.activatedAt).toBe(T0 + 90 * DAY);
    expect(again.retired).toEqual(rotated.retired);
  });

  it("while the algorithm changes takes the old algorithm's successor rather than one that nobody could know", () => {
    const es256 = { ...settings, algorithm: "ES256" } as const;
    const ring = started();
    const now = T0 + DAY;
    const changed = run(ring, now, es256);
    const dropped = dropActive(changed, now, es256, false);
    if (!dropped.ok) throw new Error("refused");
    expect(dropped.value.active?.kid).toBe(ring.next[0]?.kid);
    expect(dropped.value.next.map(({ alg }) => alg)).toEqual(["ES256"]);
    expect(run(dropped.value, now + PUBLICATION_LEAD_SECONDS, es256).active?.alg).toBe("ES256");
  });
});

describe("publishedKeysOf", () => {
  it("names every key once, the signing one first, and holds nothing sealed", () => {
    const ring = run(started(), T0 + 90 * DAY);
    const published = publishedKeysOf(ring);
    expect(published[0]?.kid).toBe(ring.active?.kid);
    expect(new Set(published.map(({ kid }) => kid)).size).toBe(3);
    for (const one of published) expect(Object.keys(one).toSorted()).toEqual(["alg", "kid", "publicJwk"]);
  });
});

/** mulberry32: a seeded source, so that a failing run can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("a hundred relying parties that honour max-age", () => {
  it.each([1, 2, 3, 4, 5])("verify every token through rotations and changes of algorithm (seed %i)", (seed) => {
    const random = randomFrom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const ringAt = { ring: EMPTY_RING, settings: { ...settings, rotationSeconds: DAY } as KeyRingSettings };
    let now = T0;
    // Every clock may be wrong by the allowance: the ring's changes with each reading, the others' are fixed.
    const error = () => below(601) - 300;
    const settle = () => (ringAt.ring = run(ringAt.ring, now + error(), ringAt.settings));
    settle();

    type Held = { kids: readonly string[]; until: number };
    // Isolates hold the key and the set as long as they may at all, as if the ring could hardly be reached.
    const isolates = Array.from({ length: 8 }, () => ({
      offset: error(),
      signing: { kid: "", until: 0 },
      published: { kids: [], until: 0 } as Held,
    }));
    const parties = Array.from({ length: 100 }, () => ({ offset: error(), cache: { kids: [], until: 0 } as Held }));
    const tokens: { kid: string; exp: number }[] = [];
    let verified = 0;

    for (let tick = 0; tick < 3_000; tick++) {
      now += 1 + below(400);
      if (random() < 0.3) settle();
      if (random() < 0.003) {
        const algorithm = (["RS256", "RS512", "ES256", "EdDSA"] as const)[below(4)] ?? "RS256";
        ringAt.settings = { ...ringAt.settings, algorithm };
        settle();
      }
      const isolate = isolates[below(isolates.length)];
      const party = parties[below(parties.length)];
      if (isolate === undefined || party === undefined) throw new Error("unreachable");
      if (now >= isolate.signing.until) {
        settle();
        isolate.signing = { kid: ringAt.ring.active?.kid ?? "", until: now + KEY_CACHE_LIFE_SECONDS };
      }
      // A token by this isolate's clock, of the longest life or of the usual one.
      tokens.push({ kid: isolate.signing.kid, exp: now + isolate.offset + (random() < 0.5 ? DAY : 600) });
      // The party meets this token, or an old one that it still takes for living.
      for (const token of [tokens.at(-1), tokens[below(tokens.length)]]) {
        if (token === undefined || token.exp + JWKS_MAX_AGE_SECONDS <= now + party.offset) continue;
        if (now >= party.cache.until) {
          const server = isolates[below(isolates.length)];
          if (server === undefined) throw new Error("unreachable");
          if (now >= server.published.until) {
            settle();
            server.published = { kids: kidsOf(ringAt.ring), until: now + KEY_CACHE_LIFE_SECONDS };
          }
          party.cache = { kids: server.published.kids, until: now + JWKS_MAX_AGE_SECONDS };
        }
        expect(party.cache.kids, `seed ${seed}, tick ${tick}`).toContain(token.kid);
        verified++;
      }
    }
    expect(verified).toBeGreaterThan(3_000);
    expect(new Set(tokens.map((token) => token.kid)).size).toBeGreaterThan(5);
  });
});
