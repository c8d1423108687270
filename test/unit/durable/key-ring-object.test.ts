import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import {
  KEY_CACHE_LIFE_SECONDS,
  KEY_CACHE_REFRESH_SECONDS,
  PUBLICATION_LEAD_SECONDS,
  RETENTION_SECONDS,
} from "../../../src/keys/key-ring.ts";
import { KeyRingObject } from "../../../src/durable/key-ring-object.ts";
import { KEY_RING_NAME } from "../../../src/durable/stubs.ts";
import { openerOf } from "../../../src/keys/token-signature.ts";
import { unsealSigningKey } from "../../../src/keys/signing-key.ts";

const KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
const OTHER_KEY = "PwBM8DvS5zT2p0NUD+bQrgeSuMKrg1etF795i7Q/h20=";
const DAY_MS = 86_400_000;
// Far in the future, so that no alarm falls due by the platform's own clock.
const START_MS = Date.UTC(2100, 0, 1);

const stub = () => env.KEY_RING.getByName(KEY_RING_NAME);
const inObject = <T>(fn: (object: KeyRingObject, state: DurableObjectState) => T | Promise<T>) =>
  runInDurableObject<KeyRingObject, T>(stub(), fn);

function value<T>(result: { ok: true; value: T } | { ok: false; error: { reason?: string } }): T {
  if (!result.ok) throw new Error(`refused: ${result.error.reason}`);
  return result.value;
}

function reasonOf(result: { ok: boolean; error?: { type: string; message: string; reason?: string } }): string {
  expect(result).toMatchObject({ ok: false, error: { type: "InternalErrorException" } });
  return result.error?.reason ?? "";
}

const signingKid = async () => value(await stub().signingKey()).kid;
const publishedKids = async () => value(await stub().publishedKeys()).keys.map(({ kid }) => kid);
const alarmTime = () => inObject((_, state) => state.storage.getAlarm());
const stored = () => inObject((_, state) => JSON.stringify([...state.storage.kv.list()]));

/** Puts the running object under other settings, as a deployment does. */
async function deploy(settings: Record<string, string>): Promise<void> {
  const config = parseConfig({ ...env, ...settings });
  if (!config.ok) throw new Error(config.error.join("; "));
  await inObject((object) => {
    Object.defineProperty(object, "config", { value: config.value, configurable: true });
  });
}

let log: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  log = [];
  for (const method of ["log", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((...line) => void log.push(line.join(" ")));
  }
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe("the first start", () => {
  it("has a key that signs at once, and its successor published", async () => {
    const key = value(await stub().signingKey());
    expect(key).toMatchObject({
      alg: "RS256",
      refreshAfterSeconds: KEY_CACHE_REFRESH_SECONDS,
      useForSeconds: KEY_CACHE_LIFE_SECONDS,
    });
    expect(key.kid).toMatch(/^[\w-]{16}$/);
    const kids = await publishedKids();
    expect(kids[0]).toBe(key.kid);
    expect(kids).toHaveLength(2);
    expect(await alarmTime()).toBe(START_MS + 90 * DAY_MS);
  });

  it("makes one ring for a hundred concurrent first requests", async () => {
    const generate = vi.spyOn(crypto.subtle, "generateKey");
    // Within the object, so that every one has found no key before the first is made.
    const answers = await inObject((object) =>
      Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? object.signingKey() : object.publishedKeys()))),
    );
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(generate).toHaveBeenCalledTimes(2);
    expect(await publishedKids()).toHaveLength(2);
    expect(log.filter((line) => line.includes("key-ring-changed"))).toHaveLength(2);
  });

  it("publishes keys before anything was signed", async () => {
    const kids = await publishedKids();
    expect(kids).toContain(await signingKid());
  });
});

describe("the reach of a call", () => {
  it("is the four methods and the alarm: what else the prototype had could be called over RPC", () => {
    const names = Object.getOwnPropertyNames(KeyRingObject.prototype).toSorted();
    expect(names).toEqual(["alarm", "constructor", "describe", "publishedKeys", "rotateNow", "signingKey"]);
  });
});

describe("rest and restart", () => {
  it("keeps the ring through an eviction with corrupted memory", async () => {
    const before = value(await stub().publishedKeys());
    await inObject((object) => {
      Object.assign(object, { now: () => Number.NaN, ctx: undefined });
    });
    await evictDurableObject(stub());
    expect(value(await stub().publishedKeys())).toEqual(before);
  });

  it("writes nothing while nothing is due", async () => {
    await signingKid();
    const before = await stored();
    const alarm = await alarmTime();
    pass(DAY_MS);
    await signingKid();
    await publishedKids();
    expect(await stored()).toBe(before);
    expect(await alarmTime()).toBe(alarm);
    expect(log.filter((line) => line.includes("key-ring-changed"))).toHaveLength(2);
  });

  it("re-arms an alarm that was lost", async () => {
    await signingKid();
    await inObject((_, state) => state.storage.deleteAlarm());
    await signingKid();
    expect(await alarmTime()).toBe(START_MS + 90 * DAY_MS);
  });

  it.each([
    ["a record of newer code", { version: 2, active: {} }, "unknown version 2"],
    ["a record without a version", {}, "unknown version undefined"],
    ["a damaged record", { version: 1, sealedUnder: "x", next: [{ kid: 7 }], retired: [] }, "next[0].kid"],
    ["a record that is no object", "ring", "record is no object"],
  ])("refuses %s and leaves it as it is", async (_, record, reason) => {
    await inObject((__, state) => state.storage.kv.put("key-ring", record));
    const before = await stored();
    expect(reasonOf(await stub().signingKey())).toContain(reason);
    expect(reasonOf(await stub().publishedKeys())).toContain(reason);
    expect(reasonOf(await stub().rotateNow())).toContain(reason);
    expect(await runDurableObjectAlarm(stub())).toBe(false);
    expect(await stored()).toBe(before);
  });
});

describe("rotation", () => {
  it("happens by alarm, keeps the old key published, and forgets it after the retention", async () => {
    const first = await signingKid();
    const successor = (await publishedKids())[1];
    pass(90 * DAY_MS);
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(await signingKid()).toBe(successor);
    expect(await publishedKids()).toHaveLength(3);
    expect(await publishedKids()).toContain(first);
    expect(await alarmTime()).toBe(Date.now() + RETENTION_SECONDS * 1000);
    pass(RETENTION_SECONDS * 1000);
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(await publishedKids()).not.toContain(first);
    expect(await alarmTime()).toBe(START_MS + 180 * DAY_MS);
  });

  it("happens on a request when the alarm never came", async () => {
    const [, successor] = await publishedKids();
    pass(91 * DAY_MS);
    expect(await signingKid()).toBe(successor);
  });

  it("happens once when the alarm runs twice and together with requests", async () => {
    await signingKid();
    pass(90 * DAY_MS);
    await inObject(async (object) => {
      await Promise.all([object.alarm(), object.signingKey(), object.alarm(), object.publishedKeys()]);
      await object.alarm();
    });
    expect(await publishedKids()).toHaveLength(3);
  });

  it("forgets the private half of a retired key", async () => {
    const { sealed } = value(await stub().signingKey());
    expect(await stored()).toContain(sealed.ciphertext);
    pass(90 * DAY_MS);
    await signingKid();
    expect(await stored()).not.toContain(sealed.ciphertext);
  });

  it.each([0, -60_000, -400 * DAY_MS])("does nothing when the clock moves by %i ms", async (ms) => {
    await signingKid();
    const before = await stored();
    pass(ms);
    await signingKid();
    await inObject((object) => object.alarm());
    expect(await stored()).toBe(before);
  });

  it("does not become a busy loop when the object's clock stands still behind its alarm", async () => {
    await signingKid();
    const standing = Math.floor(Date.now() / 1000);
    pass(95 * DAY_MS);
    await inObject(async (object, state) => {
      Object.assign(object, { now: () => standing });
      await state.storage.deleteAlarm();
      await object.alarm();
    });
    expect(await alarmTime()).toBe(Date.now() + 60_000);
  });
});

describe("a change of TOKEN_ALG", () => {
  it("is a rotation: the old algorithm signs until the new key was published long enough", async () => {
    const before = value(await stub().signingKey());
    await deploy({ TOKEN_ALG: "ES256" });
    expect(value(await stub().signingKey())).toEqual(before);
    const algs = async () => value(await stub().publishedKeys()).keys.map(({ alg }) => alg);
    expect(await algs()).toEqual(["RS256", "RS256", "ES256"]);
    expect(await alarmTime()).toBe(START_MS + PUBLICATION_LEAD_SECONDS * 1000);
    pass(PUBLICATION_LEAD_SECONDS * 1000);
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(value(await stub().signingKey()).alg).toBe("ES256");
    expect(await algs()).toEqual(["ES256", "ES256", "RS256"]);
  });
});

describe("emergency rotation", () => {
  it("drops the active key from the published set at once", async () => {
    const [first, second] = await publishedKids();
    pass(PUBLICATION_LEAD_SECONDS * 1000);
    expect(value(await stub().rotateNow())).toEqual({ kid: second, droppedKids: [first] });
    expect(await signingKid()).toBe(second);
    const kids = await publishedKids();
    expect(kids).toHaveLength(2);
    expect(kids).not.toContain(first);
  });

  it("is refused, with the time to wait, until the successor was published long enough", async () => {
    const before = await publishedKids();
    expect(await stub().rotateNow()).toMatchObject({
      ok: false,
      error: { type: "TooManyRequestsException", retryAfterSeconds: PUBLICATION_LEAD_SECONDS },
    });
    expect(await publishedKids()).toEqual(before);
    expect(value(await stub().rotateNow({ force: true })).kid).toBe(before[1]);
  });

  it("leaves no way back: an eviction right after it finds the key gone", async () => {
    const [first] = await publishedKids();
    value(await stub().rotateNow({ force: true }));
    await evictDurableObject(stub());
    expect(await stored()).not.toContain(first);
  });
});

describe("another KEY_ENCRYPTION_KEY", () => {
  it("refuses to sign, says why, changes nothing, and goes on publishing", async () => {
    const published = await publishedKids();
    const before = await stored();
    await deploy({ KEY_ENCRYPTION_KEY: OTHER_KEY });
    pass(200 * DAY_MS);
    const reason = reasonOf(await stub().signingKey());
    expect(reason).toContain("KEY_ENCRYPTION_KEY");
    expect(reason).not.toContain(OTHER_KEY);
    expect(reasonOf(await stub().rotateNow())).toContain("KEY_ENCRYPTION_KEY");
    expect(await publishedKids()).toEqual(published);
    await inObject((object) => object.alarm());
    expect(log.at(-1)).toContain("key-ring-alarm-failed");
    expect(await alarmTime()).toBe(Date.now() + 600_000);
    expect(await stored()).toBe(before);
  });

  it("is healed by the right key", async () => {
    const kid = await signingKid();
    await deploy({ KEY_ENCRYPTION_KEY: OTHER_KEY });
    reasonOf(await stub().signingKey());
    await deploy({ KEY_ENCRYPTION_KEY: KEY });
    expect(await signingKid()).toBe(kid);
  });

  it("is accepted by force: every key of the old one is dropped", async () => {
    const before = await publishedKids();
    await deploy({ KEY_ENCRYPTION_KEY: OTHER_KEY });
    const rotated = value(await stub().rotateNow({ force: true }));
    expect(rotated.droppedKids).toEqual(before);
    const key = value(await stub().signingKey());
    expect(key.kid).toBe(rotated.kid);
    await expect(unsealSigningKey(key, OTHER_KEY)).resolves.toBeInstanceOf(CryptoKey);
  });
});

describe("a change of KEY_ENCRYPTION_KEY", () => {
  const [OLD, NEW] = [
    { KEY_ENCRYPTION_KEY: KEY, KEY_ENCRYPTION_KEY_OTHER: OTHER_KEY },
    { KEY_ENCRYPTION_KEY: OTHER_KEY, KEY_ENCRYPTION_KEY_OTHER: KEY },
  ];

  it("seals the same keys anew, and ends with a ring that the new one alone opens", async () => {
    const [before, published] = [await signingKid(), await publishedKids()];
    const alarm = await alarmTime();
    const atFirst = await stored();
    await deploy(OLD);
    expect(await signingKid()).toBe(before);
    expect(await stored()).toBe(atFirst);
    await deploy(NEW);
    const key = value(await stub().signingKey());
    expect([key.kid, await publishedKids(), await alarmTime()]).toEqual([before, published, alarm]);
    await expect(unsealSigningKey(key, OTHER_KEY)).resolves.toBeInstanceOf(CryptoKey);
    const resealed = await stored();
    // Of the successor as well, which signs one day.
    await deploy({ KEY_ENCRYPTION_KEY: OTHER_KEY, KEY_ENCRYPTION_KEY_OTHER: "" });
    pass(91 * DAY_MS);
    const next = value(await stub().signingKey());
    expect(next.kid).toBe(published[1]);
    await expect(unsealSigningKey(next, OTHER_KEY)).resolves.toBeInstanceOf(CryptoKey);
    expect(resealed).not.toBe(atFirst);
  });

  it("goes back as it came", async () => {
    const before = await signingKid();
    await deploy(NEW);
    expect(await signingKid()).toBe(before);
    await deploy(OLD);
    await expect(unsealSigningKey(value(await stub().signingKey()), KEY)).resolves.toBeInstanceOf(CryptoKey);
    expect(await signingKid()).toBe(before);
  });

  it("tells under which it rests, and DescribeKeyRing takes no step", async () => {
    await signingKid();
    await deploy(NEW);
    const told = await stub().describe();
    expect(told).toMatchObject({ sealedUnderSetting: "KEY_ENCRYPTION_KEY_OTHER" });
    await signingKid();
    expect(await stub().describe()).toMatchObject({ sealedUnderSetting: "KEY_ENCRYPTION_KEY" });
  });

  it("is opened by isolates of either deployment", async () => {
    const key = value(await stub().signingKey());
    expect((await openerOf(KEY, OTHER_KEY)(key)).ok).toBe(true);
    expect((await openerOf(OTHER_KEY, KEY)(key)).ok).toBe(true);
    expect((await openerOf(OTHER_KEY)(key)).ok).toBe(false);
  });

  it("goes on with a ring that cannot be sealed anew, and says so, and tries again", async () => {
    const kid = await signingKid();
    const before = await stored();
    await deploy(NEW);
    vi.spyOn(crypto.subtle, "wrapKey").mockRejectedValue(new Error("no entropy"));
    expect(await signingKid()).toBe(kid);
    expect(log.join("\n")).toContain("key-ring-not-sealed-anew");
    expect([await stored(), await alarmTime()]).toEqual([before, Date.now() + 600_000]);
    vi.restoreAllMocks();
    await inObject((object) => object.alarm());
    expect(await stub().describe()).toMatchObject({ sealedUnderSetting: "KEY_ENCRYPTION_KEY" });
  });

  it("drops one key for an order by force, also while the ring cannot be sealed anew", async () => {
    await signingKid();
    const [active, next] = await publishedKids();
    await deploy(NEW);
    vi.spyOn(crypto.subtle, "wrapKey").mockRejectedValue(new Error("no entropy"));
    expect(value(await stub().rotateNow({ force: true }))).toEqual({ kid: next, droppedKids: [active] });
    expect(await stub().describe()).toMatchObject({ sealedUnderSetting: "KEY_ENCRYPTION_KEY_OTHER" });
    vi.restoreAllMocks();
    const key = value(await stub().signingKey());
    expect(key.kid).toBe(next);
    await expect(unsealSigningKey(key, OTHER_KEY)).resolves.toBeInstanceOf(CryptoKey);
  });

  it("seals once for many calls at once", async () => {
    await signingKid();
    await deploy(NEW);
    const changes = () => log.filter((line) => line.includes("key-ring-changed")).length;
    const before = changes();
    await inObject((object) => Promise.all(Array.from({ length: 20 }, () => object.signingKey())));
    expect(changes()).toBe(before + 1);
  });
});

describe("private keys (invariant private-keys-stay)", () => {
  /** What the seal hides, in every form that could be searched for. */
  async function secretsOf(key: { kid: string; alg: string; sealed: { iv: string; ciphertext: string } }) {
    const fromBase64Url = (text: string) => Uint8Array.fromBase64(text, { alphabet: "base64url" });
    const kek = await crypto.subtle.importKey("raw", Uint8Array.fromBase64(KEY), "AES-GCM", false, ["decrypt"]);
    const additionalData = new TextEncoder().encode(JSON.stringify(["edgepool signing key", key.kid, key.alg]));
    const pkcs8 = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: fromBase64Url(key.sealed.iv), additionalData },
      kek,
      fromBase64Url(key.sealed.ciphertext),
    );
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const opened = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
    const jwk = await crypto.subtle.exportKey("jwk", opened);
    if (jwk instanceof ArrayBuffer) throw new Error("no JWK");
    const { d, p, q, dp, dq, qi } = jwk;
    const members = [d, p, q, dp, dq, qi].map((member) => fromBase64Url(member ?? ""));
    return [new Uint8Array(pkcs8), ...members].flatMap((bytes) => [
      bytes.toBase64().slice(0, 40),
      bytes.toBase64({ alphabet: "base64url" }).slice(0, 40),
      bytes.toHex().slice(0, 60),
      bytes.slice(0, 20).join(","),
    ]);
  }

  it("are nowhere in storage, answers or the log in the clear", async () => {
    const key = value(await stub().signingKey());
    type Sealed = Parameters<typeof secretsOf>[0];
    const record = await inObject((_, state) =>
      state.storage.kv.get<{ active: Sealed; next: readonly Sealed[] }>("key-ring"),
    );
    const sealed = record === undefined ? [] : [record.active, ...record.next];
    // The one that signs, and the one that does not yet.
    expect(sealed).toHaveLength(2);
    const secrets = (await Promise.all(sealed.map(secretsOf))).flat();
    expect(secrets.every((secret) => secret.length >= 40)).toBe(true);
    const seen = [
      await stored(),
      JSON.stringify(await stub().signingKey()),
      JSON.stringify(await stub().publishedKeys()),
      JSON.stringify(await stub().rotateNow({ force: true })),
      ...log,
    ].join("\n");
    for (const secret of secrets) expect(seen).not.toContain(secret);
    expect(seen).not.toContain(KEY);
    // The search would have found them: it finds what is not secret.
    expect(seen).toContain(key.sealed.ciphertext);
  });

  it("are not in the published set even sealed", async () => {
    const { sealed } = value(await stub().signingKey());
    const published = JSON.stringify(await stub().publishedKeys());
    expect(published).not.toContain(sealed.ciphertext);
    for (const member of ["sealed", '"d"', '"p"', '"q"', '"k"']) expect(published).not.toContain(member);
  });

  it("cannot be exported once opened, nor opened with another key, kid or algorithm", async () => {
    const key = value(await stub().signingKey());
    const opened = await unsealSigningKey(key, KEY);
    expect(opened.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("pkcs8", opened)).rejects.toThrow();
    await expect(unsealSigningKey(key, OTHER_KEY)).rejects.toThrow();
    await expect(unsealSigningKey({ ...key, kid: "another" }, KEY)).rejects.toThrow();
    await expect(unsealSigningKey({ ...key, alg: "RS512" }, KEY)).rejects.toThrow();
  });
});
