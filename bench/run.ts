/** `npm run bench`: reads the arguments and runs one mode. What each mode does, bench/README.md says. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { clashAmong, type Flags, runTool, SWITCH, TEXT } from "../scripts/command-line.ts";
import { cold } from "./cold.ts";
import { growth } from "./growth.ts";
import { importList } from "./import.ts";
import { instructions } from "./instructions.ts";
import { peers } from "./peers.ts";
import { profile } from "./profile.ts";
import { soak } from "./soak.ts";
import { quick, table } from "./table.ts";
import { withWorkshop, type Workshop } from "./workshop.ts";

const USAGE = `npm run bench -- [MODE] [--source DIR]

Measures what the service costs, beside the least that it could cost. Linux only; bench/README.md says how.

  without a mode    the table: every scenario, four algorithms, 1, 16 and 64 connections; 17 minutes
  --quick           the hot path, RS256 and ES256, 16 connections; about a minute
  --cold            an identity whose object is not in memory
  --growth          up to 100,000 identities made, 1,000,000 listed, 1 to 20 logins
  --most N          with --growth: no more identities than that, 1,000 at least
  --import          an import list of 100,000 identities, and its export; two minutes
  --soak            memory over 60 s at 64 connections
  --peers           other things that answer a sign-in with a token
  --peers-in DIR    with --peers: the folder that they are installed in, or are already
  --profile         where the CPU time of the hot path goes
  --instructions    instructions of an answer, counted by Valgrind, which has to be installed; 4 minutes
  --source DIR      another checkout to measure`;

const MODES = ["quick", "growth", "import", "soak", "cold", "profile", "instructions", "peers"] as const;
const FLAGS = {
  quick: SWITCH,
  cold: SWITCH,
  growth: SWITCH,
  most: TEXT,
  import: SWITCH,
  soak: SWITCH,
  peers: SWITCH,
  "peers-in": TEXT,
  profile: SWITCH,
  instructions: SWITCH,
  source: TEXT,
} as const;

function chosenMode(flags: Flags<typeof FLAGS>): (workshop: Workshop) => Promise<void> {
  const installed = flags["peers-in"];
  switch (MODES.find((mode) => flags[mode] === true)) {
    case "quick":
      return quick;
    case "growth":
      return async (workshop) => await growth(workshop, Number(flags.most ?? Number.POSITIVE_INFINITY));
    case "import":
      return importList;
    case "soak":
      return soak;
    case "cold":
      return cold;
    case "profile":
      return profile;
    case "instructions":
      return instructions;
    case "peers":
      return async (workshop) => await peers(workshop, installed && resolve(installed));
    case undefined:
      return table;
  }
}

function faultOf(flags: Flags<typeof FLAGS>): string | null {
  const clash = clashAmong(flags, MODES);
  if (clash !== null) return clash;
  if (flags["peers-in"] !== undefined && flags.peers === undefined) return "--peers-in is for --peers";
  if (flags.most !== undefined && flags.growth === undefined) return "--most is for --growth";
  if (flags.most !== undefined && !(Number(flags.most) >= 1000)) return "--most is a number, 1000 at least";
  const { source } = flags;
  if (source === undefined || existsSync(join(resolve(source), "wrangler.toml"))) return null;
  return `--source must be a checkout of this project, and ${JSON.stringify(source)} is none`;
}

await runTool({
  usage: USAGE,
  flags: FLAGS,
  check: faultOf,
  run: async (flags) => {
    await withWorkshop(resolve(flags.source ?? join(import.meta.dirname, "..")), chosenMode(flags));
    return true;
  },
});
