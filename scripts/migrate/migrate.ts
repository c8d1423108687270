/** `npm run migrate`: moves a live identity pool of Amazon Cognito here, step by step (docs/migrate-from-cognito.md). */
import { check } from "./check.ts";
import { developers } from "./developers.ts";
import { exportPool } from "./export.ts";
import { finish } from "./finish.ts";
import { ids } from "./ids.ts";
import { importFiles } from "./import.ts";
import { links } from "./links.ts";
import { person } from "./person.ts";
import { pool } from "./pool.ts";
import { report } from "./report.ts";
import { source } from "./source.ts";
import { explain } from "./support/explain.ts";
import { DEFAULT_FOLDER, type Memory, openMemory } from "./support/memory.ts";
import { connectCognito, connectEdgepool, type Edgepool, type Party } from "./support/parties.ts";
import type { Order, Session, Step } from "./support/step.ts";

const STEPS: readonly Step[] = [
  check,
  pool,
  ids,
  developers,
  links,
  source,
  report,
  exportPool,
  importFiles,
  person,
  finish,
];

const USAGE = `npm run migrate -- STEP --pool ID [...]

Moves a live identity pool of Amazon Cognito here, without changing one identity id: docs/migrate-from-cognito.md.

${STEPS.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join("\n")}

  STEP --help   what a step does, and its flags

AWS credentials are found as every AWS tool finds them (AWS_PROFILE, AWS_ACCESS_KEY_ID, ...). Edgepool's are EDGEPOOL_ENDPOINT,
EDGEPOOL_ACCESS_KEY_ID and EDGEPOOL_SECRET_ACCESS_KEY. The Region is that of the pool's id. Each step can be run again.

Exit codes: 0 done; 1 stopped, and what was done is kept; 2 the command line is wrong, nothing was done; 3 came to its end, but
something was refused or found, which it has said.`;

const EXIT = { done: 0, stopped: 1, usage: 2, incomplete: 3 } as const;

/** What is given up at the end: open files and connections. */
function sessionOf(
  step: string,
  { identityPoolId, isJson, stateFolder = DEFAULT_FOLDER }: Order,
): Session & { close: () => void } {
  const region = identityPoolId.split(":")[0] ?? "";
  let parties: { cognito?: Party; edgepool?: Edgepool; memory?: Memory } = {};
  return {
    identityPoolId,
    region,
    cognito: () => (parties.cognito ??= connectCognito(region, process.env)),
    edgepool: () => (parties.edgepool ??= connectEdgepool(region, process.env)),
    memory: () =>
      (parties.memory ??= openMemory(stateFolder, identityPoolId, process.env["EDGEPOOL_ENDPOINT"] ?? "", step)),
    say: (line) => void process.stderr.write(`${line}\n`),
    answer: (result, lines) => {
      process.stdout.write(isJson ? `${JSON.stringify(result, null, 2)}\n` : `${lines.join("\n")}\n`);
    },
    close: () => {
      parties.memory?.close();
      parties = {};
    },
  };
}

async function main([name = "", ...words]: readonly string[]): Promise<number> {
  if (["", "help", "--help", "-h"].includes(name)) {
    console.log(USAGE);
    return name === "" ? EXIT.usage : EXIT.done;
  }
  const step = STEPS.find((one) => one.name === name);
  if (step === undefined) {
    console.error(`there is no step ${JSON.stringify(name)}: the steps are ${STEPS.map((one) => one.name).join(", ")}`);
    return EXIT.usage;
  }
  const order = step.parse(words);
  if (!order.ok) {
    console.error(`${order.error}: see "npm run migrate -- ${name} --help"`);
    return EXIT.usage;
  }
  if (order.value === "help") {
    console.log(step.usage);
    return EXIT.done;
  }
  const session = sessionOf(name, order.value);
  try {
    return EXIT[await order.value.run(session)];
  } catch (error) {
    const lines = explain(error);
    if (lines === undefined) throw error;
    for (const line of lines) console.error(line);
    return EXIT.stopped;
  } finally {
    session.close();
  }
}

// Whoever reads the output may have seen enough: `| head`.
process.stdout.on("error", () => process.exit(EXIT.stopped));
process.exitCode = await main(process.argv.slice(2));
