/** A file into ImportIdentities, line by line: goes on where an earlier run ended, and past each line that is not taken. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { Result } from "../../../src/domain/errors.ts";
import { BEGINNING, type FileLine, fileLines, MAX_LINE_BYTES, type Place } from "./file-lines.ts";
import { addTo, type ImportLine, importLines, LINES_AT_ONCE, type Tally, type Verdict } from "./import-lines.ts";
import { makePace } from "./pace.ts";
import { keepRefusals, type Refusals } from "./refusals.ts";
import { makeStatus } from "./status.ts";
import type { Session } from "./step.ts";
import { Stop } from "./stop.ts";

export type FileOrder = {
  /** Its progress is kept under this name, and the path of the file. */
  readonly step: string;
  readonly file: string;
  /** Calls a second. */
  readonly rate: number;
  /** Reads and judges each line, and sends none. */
  readonly isDryRun: boolean;
  readonly restarts: boolean;
  /** Null for a line that is nothing to import. */
  readonly lineOf: (text: string) => Result<ImportLine, string> | null;
};

type Progress = Place & { readonly size: number; readonly modifiedMs: number; readonly tally: Tally };

export type FileReport = { readonly tally: Tally; readonly refusalsFile: string };

export async function importFile(session: Session, order: FileOrder): Promise<FileReport> {
  const { file, isDryRun } = order;
  const memory = session.memory();
  const path = resolve(file);
  const key = `${order.step} ${path}`;
  if (order.restarts && !isDryRun) memory.forget(key);
  const { size, mtimeMs: modifiedMs } = statOf(file);
  const before = isDryRun ? undefined : (memory.progress(key) as Progress | undefined);
  const hasChanged = before !== undefined && (before.size !== size || before.modifiedMs !== modifiedMs);
  const isFinished = before !== undefined && before.offset >= before.size;
  if (hasChanged && !isFinished) {
    throw new Stop(`${file} has changed since a part of it was imported: --restart begins anew, which harms nothing`);
  }
  // Each file has its own, and so has a rehearsal: a run takes nothing away that another has kept.
  const name = basename(file);
  const own = `${name}.${createHash("sha256").update(path).digest("hex").slice(0, 8)}`;
  const refusalsFile = memory.fileOf(`${order.step}.${own}.${isDryRun ? "rehearsed" : "refused"}.ndjson`);
  if (isFinished && !hasChanged) {
    session.say(`${file} was imported to its end by an earlier run, and is as it was: --restart imports it again`);
    return { tally: before.tally, refusalsFile };
  }
  if (hasChanged) session.say(`${file} has changed since it was imported: all of it is imported again`);
  const start: Place & { readonly tally: Tally } =
    before === undefined || hasChanged ? { ...BEGINNING, tally: {} } : before;
  let { offset, line, tally } = start;
  if (offset > 0) session.say(`${file}: going on after line ${line}`);
  const refusals = keepRefusals(refusalsFile, offset === 0, (text) => session.say(`${name}, ${text}`));
  const status = makeStatus(file, { count: line, share: offset / size });
  const pace = makePace(order.rate);
  for await (const group of groupsOf(fileLines(file, { offset, line }))) {
    const verdicts = await judge(order, group, refusals, async (lines) => {
      return isDryRun
        ? lines.map(() => WOULD_BE_SENT)
        : await importLines({ edgepool: session.edgepool(), identityPoolId: session.identityPoolId, pace }, lines);
    });
    tally = addTo(tally, verdicts);
    const last = group.at(-1);
    if (last !== undefined) ({ end: offset, number: line } = last);
    if (!isDryRun) memory.keep(key, { offset, line, size, modifiedMs, tally } satisfies Progress);
    status.show(line, offset / size);
  }
  status.end();
  return { tally, refusalsFile: refusals.file };
}

const WOULD_BE_SENT: Verdict = { verdict: "would be sent", reason: "" };

/** What is no line at all is refused here; the rest is the service's to judge. The verdicts are in no order. */
async function judge(
  { lineOf }: FileOrder,
  group: readonly FileLine[],
  refusals: Refusals,
  send: (lines: readonly ImportLine[]) => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> {
  const good: { at: string; line: ImportLine }[] = [];
  const bad: { at: string; verdict: Verdict }[] = [];
  for (const { number, text } of group) {
    const at = `line ${number}`;
    const parsed = text === undefined ? TOO_LONG : text.trim() === "" ? null : lineOf(text);
    if (parsed === null) continue;
    if (!parsed.ok) bad.push({ at, verdict: { verdict: "invalid", reason: parsed.error } });
    else good.push({ at, line: parsed.value });
  }
  const verdicts = good.length === 0 ? [] : await send(good.map(({ line }) => line));
  refusals.note(
    good.map(({ at }) => at),
    verdicts,
  );
  refusals.note(
    bad.map(({ at }) => at),
    bad.map(({ verdict }) => verdict),
  );
  return [...verdicts, ...bad.map(({ verdict }) => verdict)];
}

const TOO_LONG: Result<never, string> = { ok: false, error: `longer than ${MAX_LINE_BYTES} bytes` };

async function* groupsOf(lines: AsyncIterable<FileLine>): AsyncGenerator<readonly FileLine[]> {
  let group: FileLine[] = [];
  for await (const line of lines) {
    group.push(line);
    if (group.length < LINES_AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function statOf(file: string): { readonly size: number; readonly mtimeMs: number } {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile()) throw new Stop(`there is no file ${file}`);
  return found;
}
