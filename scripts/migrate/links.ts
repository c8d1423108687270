/** `migrate links FILE`: the customer's own table of users, adopted at once by the operator's word. */
import { closeSync, openSync, readSync } from "node:fs";
import { numberFrom, SWITCH } from "../command-line.ts";
import { importFile } from "./support/import-file.ts";
import { refusedIn, tallyText } from "./support/import-lines.ts";
import { COLUMNS, formOf, linkLine, type RowForm } from "./support/link-rows.ts";
import { defineStep } from "./support/step.ts";
import { Stop } from "./support/stop.ts";

export const DEFAULT_RATE = 20;

const HELP = `Imports which login is whose from a table of your own, for users who are not to wait for their next sign-in. FILE is NDJSON,
one object a line, or CSV with a first line that names its columns: ${COLUMNS.join(", ")}.

  {"identityId":"us-east-1:...","providerName":"accounts.google.com","subject":"1098..."}

The table is believed: whoever signs in with that login gets that identity. The subject is hashed and dropped. Goes on where an
earlier run ended.

  --rate N       calls a second, of a hundred lines; default ${DEFAULT_RATE}
  --restart      begins anew, and not where an earlier run ended
  --dry-run      reads the file and says which lines are none`;

export const links = defineStep({
  name: "links",
  summary: "import your own table of who has which login",
  call: "FILE --pool ID [--rate N] [--restart] [--dry-run]",
  help: HELP,
  takesFile: true,
  flags: { rate: numberFrom(1, 1000), restart: SWITCH, "dry-run": SWITCH },
  run: async (session, { rate = DEFAULT_RATE, restart = false, ...switches }, file) => {
    const { form, header } = formOfFile(file);
    const isDryRun = switches["dry-run"] === true;
    const { tally, refusalsFile } = await importFile(session, {
      step: "links",
      file,
      rate,
      isDryRun,
      restarts: restart,
      lineOf: (text) => (text === header ? null : linkLine(form, text)),
    });
    const refused = refusedIn(tally);
    session.answer({ Tally: tally, ...(refused > 0 && { Refused: refusalsFile }) }, [
      `${file}: ${tallyText(tally)}`,
      ...(refused > 0 ? [`what was not taken: ${refusalsFile}`] : []),
    ]);
    return refused > 0 ? "incomplete" : "done";
  },
});

/** A first line is far shorter than this, in bytes. */
const HEAD_BYTES = 4096;

function formOfFile(file: string): { readonly form: RowForm; readonly header: string | null } {
  const head = Buffer.alloc(HEAD_BYTES);
  let read: number;
  try {
    const opened = openSync(file, "r");
    read = readSync(opened, head);
    closeSync(opened);
  } catch (error) {
    throw new Stop(`${file} cannot be read: ${error instanceof Error ? error.message : ""}`);
  }
  const lines = head
    .subarray(0, read)
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/);
  const first = lines.find((line: string) => line.trim() !== "") ?? "";
  const form = formOf(first);
  if (!form.ok) throw new Stop(`${file}: ${form.error}`);
  return { form: form.value, header: form.value.kind === "csv" ? first : null };
}
