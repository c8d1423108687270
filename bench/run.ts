/** `npm run bench`: reads the arguments and runs one mode. What each mode does, bench/README.md says. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { cold } from "./cold.ts";
import { growth } from "./growth.ts";
import { instructions } from "./instructions.ts";
import { peers } from "./peers.ts";
import { profile } from "./profile.ts";
import { soak } from "./soak.ts";
import { quick, table } from "./table.ts";
import { withWorkshop, type Workshop } from "./workshop.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    soak: { type: "boolean", default: false },
    cold: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    instructions: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    "peers-in": { type: "string" },
    source: { type: "string", default: join(import.meta.dirname, "..") },
  },
});

function chosenMode(): (workshop: Workshop) => Promise<void> {
  if (values.quick) return quick;
  if (values.growth) return growth;
  if (values.soak) return soak;
  if (values.cold) return cold;
  if (values.profile) return profile;
  if (values.instructions) return instructions;
  const installed = values["peers-in"];
  if (values.peers) return async (workshop) => await peers(workshop, installed && resolve(installed));
  return table;
}

await withWorkshop(resolve(values.source), chosenMode());
