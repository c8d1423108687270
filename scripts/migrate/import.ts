/** `migrate import FILE`: lines of an export, or of your own in the same form, into the pool here. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { numberFrom, SWITCH } from "../command-line.ts";
import { importFile } from "./support/import-file.ts";
import { refusedIn, type Tally, tallyText } from "./support/import-lines.ts";
import { parseObject } from "./support/link-rows.ts";
import { checkSeal } from "./support/sealed-file.ts";
import { defineStep } from "./support/step.ts";
import { Stop } from "./support/stop.ts";

const DEFAULT_RATE = 20;

const HELP = `Imports the lines of FILE, or of all *.ndjson files of a folder, as \`export\` writes them: whole identities, freed logins that nobody
is to be asked about again, and ids that are deleted for good. A line that is not taken is told with its number and the reason,
and the rest goes on. Goes on where an earlier run ended; a line that is here already changes nothing.
The pool must be here: \`pool --from pool.json\` adopts it from the same export.

  --unchecked    takes a file whose last line is no count and SHA-256, as one of your own
  --rate N       calls a second, of a hundred lines; default ${DEFAULT_RATE}
  --restart      begins anew, and not where an earlier run ended
  --dry-run      checks the files and reads their lines`;

export const importFiles = defineStep({
  name: "import",
  summary: "import identities from files that export wrote",
  call: "FILE --pool ID [--unchecked] [--rate N] [--restart] [--dry-run]",
  help: HELP,
  takesFile: true,
  flags: { unchecked: SWITCH, rate: numberFrom(1, 1000), restart: SWITCH, "dry-run": SWITCH },
  run: async (session, { unchecked, rate = DEFAULT_RATE, restart = false, ...switches }, path) => {
    const files = filesOf(path);
    // Before the first line is sent: half a backup is not to be restored by accident.
    if (unchecked !== true) await checkFiles(files, files[0] !== path);
    let total: Tally = {};
    const refused: string[] = [];
    for (const file of files) {
      const { tally, refusalsFile } = await importFile(session, {
        step: "import",
        file,
        rate,
        isDryRun: switches["dry-run"] === true,
        restarts: restart,
        lineOf: (text) => (isEnd(text) ? null : parseObject(text)),
      });
      total = sumOf(total, tally);
      if (refusedIn(tally) > 0) refused.push(refusalsFile);
    }
    session.answer({ Files: files.length, Tally: total, ...(refused.length > 0 && { Refused: refused }) }, [
      `${files.length} files: ${tallyText(total)}`,
      ...refused.map((file) => `what was not taken: ${file}`),
    ]);
    return refused.length === 0 ? "done" : "incomplete";
  },
});

/** `isWhole`: they must be all files of one export. */
async function checkFiles(files: readonly string[], isWhole: boolean): Promise<void> {
  for (const [index, file] of files.entries()) {
    const part = await checkSeal(file);
    if (!part.ok) throw new Stop(`${file} was not imported: ${part.error}. --unchecked takes it as it is`);
    const { number, isLast } = part.value;
    if (isWhole && (number !== index + 1 || isLast !== (index === files.length - 1))) {
      throw new Stop(
        `nothing was imported: a file of the export is missing beside ${file}. --unchecked takes them as they are`,
      );
    }
  }
}

function isEnd(text: string): boolean {
  return text.startsWith('{"kind":"end"');
}

function filesOf(path: string): readonly string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Stop(`there is no file or folder ${path}`);
  if (!found.isDirectory()) return [path];
  const files = readdirSync(path).filter((name) => name.endsWith(".ndjson"));
  if (files.length === 0) throw new Stop(`${path} has no .ndjson files`);
  return files.toSorted().map((name) => join(path, name));
}

function sumOf(first: Tally, second: Tally): Tally {
  const verdicts = new Set([...Object.keys(first), ...Object.keys(second)]);
  return Object.fromEntries([...verdicts].map((verdict) => [verdict, (first[verdict] ?? 0) + (second[verdict] ?? 0)]));
}
