// The two objects that keep keys, with every blow at each of their waits, which are fetches and Web Crypto: an issuer's key
// set is stored whole or not at all, and no key of the ring that was told to anybody is lost.
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { publishedKeysOf } from "../../../src/keys/key-ring.ts";
import { KEY_RING_NAME } from "../../../src/durable/stubs.ts";
import { decodeKeyRingRecord } from "../../../src/keys/key-ring-record.ts";
import { type Scene, silence, strikeEveryWait } from "../../support/every-wait.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeSigningKey } from "../../support/login-tokens.ts";
import { storedIn } from "../../support/objects.ts";
import { alarmOf, evict, keep, putBack, unlessCrashed } from "../../support/scene.ts";

const DAY_MS = 86_400_000;

// Of all algorithms one whose keys are made in no time. An isolate reads its settings once.
Object.assign(env, { TOKEN_ALG: "ES256" });

beforeEach(() => {
  // Far in the future, so that no alarm falls due by the platform's own clock.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1) });
  silence();
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  await reset();
});

describe("an issuer's keys", () => {
  const issuer = "https://issuer.example";
  const stub = () => env.ISSUER_KEYS.getByName(issuer);

  it.each([
    ["first fetch", 0],
    ["fetch when its set is old", 600],
  ])("%s: whatever falls on whichever wait, it is whole", async (_, age) => {
    const upstream = new FakeUpstream().install();
    const [old, fresh] = [await makeSigningKey("ES256", "old"), await makeSigningKey("ES256", "fresh")];
    upstream.serveIssuer(issuer, [old.publicJwk]);
    const ask = async () => {
      const answer = await stub().keys({ issuer });
      return answer.state === "known" ? answer.keys.map(({ kid }) => kid) : answer.state;
    };
    if (age > 0) await ask();
    const kept = await keep(stub);
    const start = Date.now() + age * 1000;
    upstream.serveIssuer(issuer, [fresh.publicJwk]);
    const scene: Scene = {
      async begin() {
        vi.setSystemTime(start);
        upstream.install();
        await putBack(kept);
      },
      subject: stub,
      call: ask,
      ownsGlobals: true,
      rest: async () => {},
      async observe() {
        await evict(stub);
        return [...(await storedIn(stub())).entries].map(([key, set]) => [key, Object(set).keys[0].kid]);
      },
    };
    const waits = await strikeEveryWait(scene);
    expect(waits.filter((name) => name === "fetch")).toHaveLength(2);
  });
});

describe("the key ring", () => {
  const stub = () => env.KEY_RING.getByName(KEY_RING_NAME);
  let told: string[];

  async function sceneOf(call: () => Promise<unknown>): Promise<Scene> {
    const kept = await keep(stub);
    const start = Date.now();
    return {
      async begin() {
        vi.setSystemTime(start);
        told = [];
        await putBack(kept);
      },
      subject: stub,
      call,
      ownsGlobals: true,
      // Whatever was left half done, the next request does.
      async rest() {
        if ((await stub().publishedKeys().catch(unlessCrashed)) === null) await stub().publishedKeys();
      },
      async observe() {
        await evict(stub);
        const { entries, alarm } = await storedIn(stub());
        const decoded = decodeKeyRingRecord(entries.get("key-ring"));
        if (!decoded.ok) return { stored: entries.size };
        const { active, next, retired } = decoded.value.ring;
        const kids = new Set(publishedKeysOf(decoded.value.ring).map(({ kid }) => kid));
        const counts = { next: next.length, retired: retired.length };
        // The key that a caller was told to sign with stays published.
        return {
          alg: active?.alg,
          ...counts,
          hasAlarm: alarm !== null,
          isKept: told.every((kid) => kids.has(kid)),
        };
      },
    };
  }

  async function sign(): Promise<boolean> {
    const key = await stub().signingKey();
    if (key.ok) told.push(key.value.kid);
    return key.ok;
  }

  it.each([
    ["its first start", async () => await sceneOf(sign)],
    [
      "a rotation that is due",
      async () => {
        await stub().signingKey();
        vi.setSystemTime(Date.now() + 90 * DAY_MS);
        return await sceneOf(sign);
      },
    ],
    [
      "the alarm of a rotation that is due",
      async () => {
        await stub().signingKey();
        vi.setSystemTime(Date.now() + 90 * DAY_MS);
        return await sceneOf(alarmOf(stub));
      },
    ],
    [
      "an emergency rotation",
      async () => {
        await stub().signingKey();
        vi.setSystemTime(Date.now() + DAY_MS);
        return await sceneOf(async () => {
          const rotated = await stub().rotateNow({ orderId: "the order" });
          if (!rotated.ok) return rotated.error.type;
          told.push(rotated.value.kid);
          return rotated.value.droppedKids.length;
        });
      },
    ],
  ])("%s: whatever falls on whichever wait, it is whole", async (_, make) => {
    const waits = await strikeEveryWait(await make());
    expect(waits).toEqual(expect.arrayContaining(["crypto.generateKey", "crypto.wrapKey", "storage.setAlarm"]));
  });
});
