import { describe, expect, it } from "vitest";
import {
  answered,
  asking,
  type Circuit,
  CLOSED,
  failed,
  FAILURES_TO_OPEN,
  MAX_OPEN_SECONDS,
  MAX_RETRY_AFTER_SECONDS,
  retryAfterSeconds,
  toldToWait,
  unlearned,
} from "../../../src/outbound/circuit.ts";

const NOW = 1_790_000_000;

/** After so many failures in a row at one instant. */
function after(failures: number, circuit = CLOSED): Circuit {
  let current = circuit;
  for (let count = 0; count < failures; count++) current = failed(current, NOW);
  return current;
}

describe("a circuit", () => {
  const open = after(FAILURES_TO_OPEN);
  const told = toldToWait(CLOSED, 60, NOW);
  const probing = asking(open, NOW + 2) ?? CLOSED;

  it.each<[string, Circuit, number, boolean]>([
    ["asks as long as nothing failed", CLOSED, 0, true],
    ["asks on after four failures: they may be chance", after(FAILURES_TO_OPEN - 1), 0, true],
    ["asks nobody after five", open, 0, false],
    ["asks nobody until its time is over", open, 1.9, false],
    ["asks again then", open, 2, true],
    ["asks nobody while the API said to wait, though nothing else failed", told, 59.9, false],
    ["asks again when that time is over", told, 60, true],
    ["asks nobody else while a probe is under way", probing, 2, false],
    ["gives up a probe of which nothing was heard", probing, 8, true],
  ])("%s", (_, circuit, elapsed, asks) => {
    expect(asking(circuit, NOW + elapsed) !== null).toBe(asks);
  });

  it.each<[string, Circuit, Circuit]>([
    ["an answer closes what only failed so far", answered(after(4), NOW), CLOSED],
    ["an answer to the probe closes it", answered(probing, NOW + 2), CLOSED],
    ["an answer to a question from before does not end a wait", answered(told, NOW + 1), told],
    ["failures that were under way when it opened add nothing", after(95, open), open],
    [
      "a failed probe opens it for twice as long",
      failed(probing, NOW + 2),
      { failures: 6, openUntil: NOW + 6, probeUntil: 0 },
    ],
    [
      "one failure after a wait opens it again",
      failed(told, NOW + 60),
      { failures: 2, openUntil: NOW + 62, probeUntil: 0 },
    ],
    ["a probe of which nothing can be learned makes room for the next", unlearned(probing), { ...open, probeUntil: 0 }],
    [
      "a longer wait replaces a shorter one",
      toldToWait(told, 90, NOW),
      { failures: 2, openUntil: NOW + 90, probeUntil: 0 },
    ],
    ["and a shorter one none", toldToWait(told, 1, NOW), { failures: 2, openUntil: NOW + 60, probeUntil: 0 }],
  ])("%s", (_, circuit, expected) => {
    expect(circuit).toEqual(expected);
  });

  it("stays open ever longer, and never longer than half a minute", () => {
    let circuit = open;
    const waits: number[] = [];
    for (let probe = 0; probe < 7; probe++) {
      waits.push(circuit.openUntil - NOW);
      circuit = failed({ ...circuit, openUntil: NOW }, NOW);
    }
    expect(waits).toEqual([2, 4, 8, 16, 30, 30, 30]);
    expect(Math.max(...waits)).toBe(MAX_OPEN_SECONDS);
  });

  it("waits no longer than five minutes, whatever the API says", () => {
    expect(toldToWait(CLOSED, 86_400, NOW).openUntil).toBe(NOW + MAX_RETRY_AFTER_SECONDS);
  });
});

describe("Retry-After", () => {
  const at = (seconds: number) => new Date((NOW + seconds) * 1000).toUTCString();

  it.each<[string | null, number | null]>([
    [null, null],
    ["", null],
    ["30", 30],
    [" 30 ", 30],
    ["0", null],
    ["-1", null],
    ["1.5", null],
    ["1e3", null],
    ["99999999999", null],
    ["9999999999", 9_999_999_999],
    ["soon", null],
    ["2030", 2030],
    [at(90), 90],
    [at(-90), null],
    ["Sunday, 06-Nov-94 08:49:37 GMT", null],
    ["Monday, 21-Sep-26 14:20:40 GMT", 440],
    ["Mon Sep 21 14:20:40 2026", 440],
    ["Mon, 99 Sep 2026 13:07:20 GMT", null],
  ])("%j is %j seconds", (value, seconds) => {
    expect(retryAfterSeconds(value, NOW)).toBe(seconds);
  });
});
