import { describe, expect, it } from "vitest";
import { err, ok } from "../../../src/domain/errors.ts";
import type { TokenAlgorithm } from "../../../src/domain/token-algorithm.ts";
import {
  advance,
  EMPTY_RING,
  type FreshKey,
  type KeyRing,
  type KeyRingSettings,
  PUBLICATION_LEAD_SECONDS,
  RETENTION_SECONDS,
} from "../../../src/keys/key-ring.ts";
import { type KeyRingReport, reportOf } from "../../../src/keys/key-ring-report.ts";

const T0 = 1_800_000_000;
const DAY = 86_400;
const HOUR = 3600;
const settings: KeyRingSettings = { algorithm: "RS256", rotationSeconds: 90 * DAY };

let made = 0;

function fresh(alg: TokenAlgorithm): FreshKey {
  const publicJwk = { kty: "OKP", crv: "Ed25519", x: "x" } as const;
  return { kid: `k${++made}`, alg, publicJwk, sealed: { iv: "iv", ciphertext: "sealed" } };
}

/** The ring as its object brings it up to date. */
function run(ring: KeyRing, now: number, using = settings): KeyRing {
  let step = advance(ring, now, using);
  while (step.wanted !== undefined) step = advance(step.ring, now, using, fresh(step.wanted));
  return step.ring;
}

const NAMES = { own: "now", other: null };
const report = (ring: KeyRing, now: number, using = settings): KeyRingReport =>
  reportOf(ok({ sealedUnder: "now", ring }), using, NAMES, now);
const codesOf = ({ findings }: KeyRingReport) => findings.map(({ level, code }) => `${level} ${code}`);

describe("the keys of a ring", () => {
  it("are one that signs and one that follows, each with what is behind it and before it", () => {
    const ring = run(EMPTY_RING, T0);
    const [active, next] = [ring.active?.kid, ring.next[0]?.kid];
    const handover = T0 + 90 * DAY;
    expect(report(ring, T0 + DAY)).toEqual({
      keys: [
        { kid: active, alg: "RS256", state: "active", publishedAt: T0, activatedAt: T0, retiresAt: handover },
        { kid: next, alg: "RS256", state: "next", publishedAt: T0, activatesAt: handover },
      ],
      nextStepAt: handover,
      sealedUnder: "now",
      sealedUnderSetting: "KEY_ENCRYPTION_KEY",
      findings: [],
    });
  });

  it("are retired ones, too, until they leave the key set", () => {
    const first = run(EMPTY_RING, T0);
    const ring = run(first, T0 + 90 * DAY);
    const leavesAt = T0 + 90 * DAY + RETENTION_SECONDS;
    const { keys, nextStepAt } = report(ring, T0 + 90 * DAY);
    expect(keys.map(({ state }) => state)).toEqual(["active", "next", "retired"]);
    expect(keys[2]).toEqual({
      kid: first.active?.kid,
      alg: "RS256",
      state: "retired",
      retiredAt: T0 + 90 * DAY,
      leavesAt,
    });
    expect(nextStepAt).toBe(leavesAt);
  });

  it("change with the algorithm as soon as the new one has been published long enough; the old next one never signs", () => {
    const using: KeyRingSettings = { ...settings, algorithm: "ES256" };
    const ring = run(run(EMPTY_RING, T0), T0 + DAY, using);
    const handover = T0 + DAY + PUBLICATION_LEAD_SECONDS;
    const { keys } = report(ring, T0 + DAY, using);
    expect(keys.map(({ alg, state, retiresAt, activatesAt }) => [alg, state, retiresAt ?? activatesAt])).toEqual([
      ["RS256", "active", handover],
      ["RS256", "next", undefined],
      ["ES256", "next", handover],
    ]);
  });

  it("show no key material, sealed or not", () => {
    expect(JSON.stringify(report(run(EMPTY_RING, T0), T0))).not.toMatch(/sealed"|publicJwk|Ed25519/);
  });
});

describe("what is found of a ring", () => {
  const ring = run(EMPTY_RING, T0);
  const handover = T0 + 90 * DAY;

  it.each<[string, KeyRingReport, readonly string[]]>([
    ["nothing while all goes by its dates", report(ring, handover), []],
    ["nothing of a step that was due within the hour", report(ring, handover + HOUR), []],
    ["a step that is late", report(ring, handover + HOUR + 1), ["error rotation-late"]],
    [
      "another key encryption key",
      reportOf(ok({ sealedUnder: "before", ring }), settings, NAMES, T0),
      ["error sealed-under-another-key"],
    ],
    [
      "the other one of a change, which is no error",
      reportOf(ok({ sealedUnder: "before", ring }), settings, { own: "now", other: "before" }, T0),
      ["advice to-be-sealed-anew"],
    ],
    [
      "that a change is under way",
      reportOf(ok({ sealedUnder: "now", ring }), settings, { own: "now", other: "after" }, T0),
      ["advice key-change-under-way"],
    ],
    ["no successor", report({ ...ring, next: [] }, T0), ["warning no-successor"]],
    ["no key that signs", report(EMPTY_RING, T0), ["error no-active-key", "warning no-successor"]],
    ["that there is no ring yet", reportOf(ok(undefined), settings, NAMES, T0), ["advice no-key-yet"]],
    [
      "a ring that cannot be read",
      reportOf(err({ reason: "active is no object" }), settings, NAMES, T0),
      ["error key-ring-unreadable"],
    ],
  ])("%s", (_, reported, codes) => {
    expect(codesOf(reported)).toEqual(codes);
  });

  it("says under which key the ring rests, also where it is not the one that is set", () => {
    expect(reportOf(ok({ sealedUnder: "before", ring }), settings, NAMES, T0).sealedUnder).toBe("before");
    const other = reportOf(ok({ sealedUnder: "before", ring }), settings, { own: "now", other: "before" }, T0);
    expect(other).toMatchObject({ sealedUnder: "before", sealedUnderSetting: "KEY_ENCRYPTION_KEY_OTHER" });
    expect(reportOf(err({ reason: "x is no text" }), settings, NAMES, T0)).toMatchObject({
      keys: [],
      findings: [{ message: expect.stringContaining("x is no text") }],
    });
  });
});
