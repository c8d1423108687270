/** `migrate export`: all that the pool here knows of its identities, in files that `import` takes. */
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { numberFrom, SWITCH, TEXT } from "../command-line.ts";
import { makePace } from "./support/pace.ts";
import { type PoolCopy, readPool } from "./support/pool-copy.ts";
import { appendLines, NOTHING_WRITTEN, seal, type Written } from "./support/sealed-file.ts";
import { makeStatus } from "./support/status.ts";
import { defineStep, type Session } from "./support/step.ts";
import { Stop } from "./support/stop.ts";

const DEFAULT_RATE = 20;
const PAGE = 100;
const DEFAULT_LINES_OF_A_FILE = 100_000;

const HELP = `Writes pool.json, with the settings, roles, tags and source of the pool here, and identities-00001.ndjson and so on, one identity,
freed login or deleted id a line. Each file ends with a count and a SHA-256. It has hashes of logins and no subjects, but the
names of developer users, and pool.json has what the pool's settings have: keep both as you keep a backup.
Each line is one identity at one instant, while others go on. Goes on where an earlier run ended.

  --out DIR      the folder; made if it is missing
  --lines N      lines of a file; default ${DEFAULT_LINES_OF_A_FILE}
  --rate N       calls a second, of a hundred lines; default ${DEFAULT_RATE}
  --restart      begins anew, and not where an earlier run ended`;

type Progress = {
  readonly nextToken: string | null;
  /** The number of the file that is being written, from 1. */
  readonly file: number;
  readonly written: Written;
  readonly total: number;
};

const BEGINNING: Progress = { nextToken: null, file: 1, written: NOTHING_WRITTEN, total: 0 };

export const exportPool = defineStep({
  name: "export",
  summary: "write all identities of the pool here into files",
  call: "--pool ID --out DIR [--lines N] [--rate N] [--restart]",
  help: HELP,
  flags: { out: TEXT, lines: numberFrom(100, 10_000_000), rate: numberFrom(1, 1000), restart: SWITCH },
  check: ({ out }) => (out === undefined ? "--out must name the folder" : null),
  run: async (session, { out = "", lines: linesOfAFile = DEFAULT_LINES_OF_A_FILE, rate = DEFAULT_RATE, restart }) => {
    const { identityPoolId } = session;
    const memory = session.memory();
    const key = `export ${resolve(out)}`;
    if (restart === true) memory.forget(key);
    let progress = (memory.progress(key) as Progress | undefined) ?? BEGINNING;
    if (progress === BEGINNING && restart !== true && existsSync(join(out, fileName(1)))) {
      throw new Stop(`${out} holds an export already: choose another folder, or overwrite it with --restart`);
    }
    if (!isThere(out, progress)) {
      throw new Stop(
        `${out} lacks files of the run that was not finished: put them back, or begin anew with --restart`,
      );
    }
    mkdirSync(out, { recursive: true, mode: 0o700 });
    await writePool(session, out);
    if (progress.total > 0) session.say(`going on after ${progress.total} lines`);
    const keep = (changed: Partial<Progress>) => {
      progress = { ...progress, ...changed };
      memory.keep(key, progress);
    };
    // Before the first file is there: a run that is killed from here on is known for what it is.
    keep({});
    const pace = makePace(rate);
    const status = makeStatus("export", { count: progress.total });
    do {
      await pace();
      const { nextToken } = progress;
      const page = await session.edgepool().call("ExportIdentities", {
        IdentityPoolId: identityPoolId,
        MaxResults: PAGE,
        ...(nextToken !== null && { NextToken: nextToken }),
      });
      const written = appendLines(join(out, fileName(progress.file)), progress.written, page.Identities);
      const next = { nextToken: page.NextToken ?? null, total: progress.total + page.Identities.length };
      if (written.lines >= linesOfAFile && next.nextToken !== null) {
        await seal(join(out, fileName(progress.file)), written, { number: progress.file, isLast: false });
        keep({ ...next, file: progress.file + 1, written: NOTHING_WRITTEN });
      } else keep({ ...next, written });
      status.show(progress.total);
    } while (progress.nextToken !== null);
    status.end();
    await seal(join(out, fileName(progress.file)), progress.written, { number: progress.file, isLast: true });
    memory.forget(key);
    session.answer({ Lines: progress.total, Files: progress.file, Folder: out }, [
      `${progress.total} lines in ${progress.file} files of ${out}, and pool.json`,
    ]);
    return "done";
  },
});

/** What an earlier run has written, which is to be gone on with: no part of it may be missing. */
function isThere(out: string, { file, written }: Progress): boolean {
  const sizes = Array.from({ length: file }, (_, index) => {
    return statSync(join(out, fileName(index + 1)), { throwIfNoEntry: false })?.size ?? 0;
  });
  return sizes.every((size, index) => size >= (index + 1 === file ? written.bytes : 1));
}

function fileName(number: number): string {
  return `identities-${String(number).padStart(5, "0")}.ndjson`;
}

async function writePool(session: Session, folder: string): Promise<void> {
  const IdentityPoolId = session.identityPoolId;
  const edgepool = session.edgepool();
  const copy = await readPool(edgepool, IdentityPoolId, (_, error) => {
    throw error;
  });
  const { TokenSeconds } = await edgepool.call("GetTokenLifetime", { IdentityPoolId });
  const { Source } = await edgepool.call("GetMigrationReport", { IdentityPoolId });
  const whole: PoolCopy = { ...copy, TokenSeconds, Source };
  writeFileSync(join(folder, "pool.json"), `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 });
}
