/** A short run of the crash test; the long one is `npm run crash-test`. */
import { expect, it } from "vitest";
import { runCrashes } from "./crash-run.ts";

it("nothing acknowledged is lost and no login has two owners, through SIGKILLs in the middle of the work", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  // Repeats this run's choices: npm run crash-test -- --seed.
  console.log(`crash test: seed ${seed}`);
  const report = await runCrashes({ seed, runtimeKills: 5, wholeKills: 1 });
  expect(report.violations).toEqual([]);
  // What was judged did happen: everything that a client can do was acknowledged, and every kill met a runtime of its own.
  expect(report.counts.answered).toBeGreaterThan(100);
  expect(Object.entries(report.deeds).filter(([, count]) => count === 0)).toEqual([]);
  expect(report.kills).toBe(6);
});
