/** A short run of the crash test; the long one is `npm run crash-test`. */
import { expect, it } from "vitest";
import { runCrashes } from "./run.ts";

it("nothing acknowledged is lost and no login has two owners, through SIGKILLs in the middle of the work", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  // Repeats this run's choices: npm run crash-test -- --seed.
  console.log(`crash test: seed ${seed}`);
  const report = await runCrashes({ seed, runtimeKills: 5, wholeKills: 1 });
  expect(report.violations).toEqual([]);
  expect(report.counts.answered).toBeGreaterThan(100);
}, 90_000);
