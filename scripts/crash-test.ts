/** `npm run crash-test`: kills a real Worker in the middle of its work, and judges what clients saw and what is on disk (test/crash). */
import { runCrashes } from "../test/crash/crash-run.ts";
import { numberFrom, runTool, SEED } from "./command-line.ts";

const DEFAULT_KILLS = 40;

const USAGE = `npm run crash-test -- [--kills N] [--seed S]

Kills a real Worker N times in the middle of its work, a fifth of them with every process, and judges everything that
clients saw and all that is on disk.

  --kills N   at least 2; default ${DEFAULT_KILLS}
  --seed S    what clients do and when the kills strike, as far as that can be repeated, 0 to ${SEED.most};
              without it each run takes another, and says which

The exit code is 1 when anything contradicts.`;

async function crash(kills: number, seed: number): Promise<boolean> {
  const wholeKills = Math.max(1, Math.floor(kills / 5));
  console.log(`seed ${seed}: ${kills} kills, ${wholeKills} of them of every process`);
  const startedAt = performance.now();
  const report = await runCrashes({ seed, runtimeKills: kills - wholeKills, wholeKills, onStep: console.log });
  const { violations, counts, deeds, people, identities, leftOpen } = report;
  console.log(
    `${counts.calls} calls in ${Math.round((performance.now() - startedAt) / 1000)} s: ${counts.answered} answered, ` +
      `${counts.refused} refused, ${counts.unknown} of unknown outcome, ${counts.notDelivered} while it was down`,
  );
  console.log(
    `acknowledged: ${Object.entries(deeds)
      .map(([deed, count]) => `${count} ${deed}`)
      .join(", ")}`,
  );
  console.log(
    `${people} people, ${identities} identities on disk; ${leftOpen} transactions and messages cut off and recovered`,
  );
  for (const violation of violations) console.log(`VIOLATION ${violation}`);
  console.log(violations.length === 0 ? "nothing acknowledged was lost, and no login has two owners" : `seed ${seed}`);
  return violations.length === 0;
}

await runTool({
  usage: USAGE,
  flags: { kills: numberFrom(2, 100_000), seed: SEED },
  check: () => null,
  run: async ({ kills = DEFAULT_KILLS, seed = Math.floor(Math.random() * 2 ** 32) }) => await crash(kills, seed),
});
