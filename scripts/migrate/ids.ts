/**
 * `migrate ids`: the pool's ids, from Cognito's list into the import list. Listed twice, since an entry does not say whether it is
 * disabled: first all, then the enabled ones. What the first list alone has is disabled, or was deleted in between. In the other
 * order an identity that is born between the two would count as disabled.
 */
import { type IdentityDescription, ListIdentitiesCommand } from "@aws-sdk/client-cognito-identity";
import { numberFrom, SWITCH, TEXT } from "../command-line.ts";
import { isRefusedInput } from "./support/explain.ts";
import { idsTable } from "./support/ids-table.ts";
import { addTo, importLines, LINES_AT_ONCE, refusedIn, type Tally, tallyText } from "./support/import-lines.ts";
import { makePace, type Pace } from "./support/pace.ts";
import { requirePool } from "./support/pool-here.ts";
import { keepRefusals } from "./support/refusals.ts";
import { makeStatus } from "./support/status.ts";
import { defineStep, type Ending, type Session } from "./support/step.ts";
import { CallFailed, Stop } from "./support/stop.ts";

/** What is too new for a list and too old for the next one would be missed: clocks of two machines, in seconds. */
const CLOCK_MARGIN_SECONDS = 3600;
/** Below the default quota of ListIdentities, five calls a second. */
const DEFAULT_RATE = 4;
const IMPORT_RATE = 20;
const PAGE = 60;

type Phase = "all" | "enabled" | "import";

const PHASES: Readonly<Record<Phase, string>> = {
  all: "the list of all ids",
  enabled: "the list of enabled ids",
  import: "the import of ids",
};

type Progress = {
  /** Epoch seconds, an hour before it: a later run with --since last begins here. */
  readonly startedAt: number;
  readonly since: number | null;
  readonly phase: Phase;
  readonly nextToken: string | null;
  /** Entries seen in each list, chosen or not. */
  readonly seen: { readonly all: number; readonly enabled: number };
  readonly tally: Tally;
};

type Finished = { readonly startedAt: number; readonly seen: number };

const HELP = `Lists the ids of the pool at Cognito, twice, and imports them: which are there, with the names of their providers and
their dates, and which are disabled. Goes on where an earlier run ended. To run it again harms nothing.

  --since WHEN   imports those alone that were born or changed since: a date as 2026-11-01, or "last" for the begin of
                 the last run that came to its end; the lists are read whole, since Cognito cannot be asked for less
  --rate N       calls of ListIdentities a second; default ${DEFAULT_RATE}, below Cognito's default quota of 5
  --expect N     about how many ids there are, for the time left; default as many as the last run saw
  --restart      begins anew, and not where an earlier run ended
  --dry-run      lists and counts, and imports nothing`;

export const ids = defineStep({
  name: "ids",
  summary: "list the pool's ids at Cognito, and import them",
  call: "--pool ID [--since WHEN] [--rate N] [--expect N] [--restart] [--dry-run]",
  help: HELP,
  flags: {
    since: TEXT,
    rate: numberFrom(1, 1000),
    expect: numberFrom(1, 1_000_000_000),
    restart: SWITCH,
    "dry-run": SWITCH,
  },
  check: ({ since }) =>
    since === undefined || since === "last" || Number.isFinite(Date.parse(since))
      ? null
      : '--since must be a date as 2026-11-01, or "last"',
  run: async (session, { since, rate = DEFAULT_RATE, expect, restart = false, ...switches }) => {
    const pace = makePace(rate);
    const from = sinceOf(session, since);
    if (switches["dry-run"] === true) return await count(session, from, pace);
    await requirePool(session.edgepool(), session.identityPoolId);
    return await listAndImport(session, { from, isSinceGiven: since !== undefined, restart, expect, pace });
  },
});

/** Epoch seconds; null for all. */
function sinceOf(session: Session, since: string | undefined): number | null {
  if (since === undefined) return null;
  if (since !== "last") return Math.floor(Date.parse(since) / 1000);
  const last = session.memory().progress("ids finished") as Finished | undefined;
  if (last === undefined) throw new Stop("no run of ids has come to its end yet: run it without --since first");
  return last.startedAt;
}

async function count(session: Session, since: number | null, pace: Pace): Promise<Ending> {
  const found = { all: 0, enabled: 0 };
  for (const phase of ["all", "enabled"] as const) {
    await eachPage(session, phase, null, pace, (entries) => {
      found[phase] += entries.filter((entry) => isSince(entry, since)).length;
    });
  }
  const disabled = Math.max(0, found.all - found.enabled);
  session.answer({ Found: found.all, Disabled: disabled, Tally: {} }, [
    `${found.all} ids would be imported, ${disabled} of them disabled. Nothing was changed.`,
  ]);
  return "done";
}

type Order = {
  readonly from: number | null;
  readonly isSinceGiven: boolean;
  readonly restart: boolean;
  readonly expect: number | undefined;
  readonly pace: Pace;
};

async function listAndImport(session: Session, { from, isSinceGiven, restart, expect, pace }: Order): Promise<Ending> {
  const memory = session.memory();
  const table = idsTable(memory);
  if (restart) memory.forget("ids");
  const before = memory.progress("ids") as Progress | undefined;
  if (before !== undefined && isSinceGiven && before.since !== from) {
    throw new Stop(
      "an earlier run with another --since was not finished: go on without --since, or begin anew with --restart",
    );
  }
  let progress: Progress = before ?? {
    startedAt: Math.floor(Date.now() / 1000) - CLOCK_MARGIN_SECONDS,
    since: from,
    phase: "all",
    nextToken: null,
    seen: { all: 0, enabled: 0 },
    tally: {},
  };
  if (before !== undefined) session.say(`going on with an earlier run, at ${PHASES[before.phase]}`);
  const keep = (changed: Partial<Progress>) => {
    progress = { ...progress, ...changed };
    memory.keep("ids", progress);
  };
  const expected = expect ?? (memory.progress("ids finished") as Finished | undefined)?.seen;

  for (const [phase, next] of LISTS) {
    if (progress.phase !== phase) continue;
    const total = phase === "all" ? expected : progress.seen.all;
    const shareOf = (seen: number) => (total === undefined ? undefined : Math.min(1, seen / Math.max(total, 1)));
    const seenBefore = progress.seen[phase];
    const status = makeStatus(PHASES[phase], {
      count: seenBefore,
      share: shareOf(seenBefore) ?? 0,
    });
    await eachPage(session, phase, progress.nextToken, pace, (entries, nextToken) => {
      const chosen = entries.filter((entry) => isSince(entry, progress.since));
      memory.together(() => {
        if (phase === "all") table.list(chosen);
        else table.enable(chosen);
        const seen = { ...progress.seen, [phase]: progress.seen[phase] + entries.length };
        keep(nextToken === null ? { phase: next, nextToken, seen } : { nextToken, seen });
      });
      status.show(progress.seen[phase], shareOf(progress.seen[phase]));
    });
    status.end();
  }
  return await importListed(session, progress, keep);
}

const LISTS = [
  ["all", "enabled"],
  ["enabled", "import"],
] as const satisfies readonly (readonly [Phase, Phase])[];

/** `take` is told the place of the next page; null behind the last one. */
async function eachPage(
  session: Session,
  phase: "all" | "enabled",
  start: string | null,
  pace: Pace,
  take: (entries: readonly IdentityDescription[], nextToken: string | null) => void,
): Promise<void> {
  let nextToken = start;
  do {
    await pace();
    const page = await listPage(session, phase === "enabled", nextToken);
    nextToken = page.NextToken ?? null;
    take(page.Identities ?? [], nextToken);
  } while (nextToken !== null);
}

async function listPage(session: Session, HideDisabled: boolean, nextToken: string | null) {
  const input = { IdentityPoolId: session.identityPoolId, MaxResults: PAGE, HideDisabled };
  const more = nextToken === null ? {} : { NextToken: nextToken };
  try {
    return await session.cognito().send(new ListIdentitiesCommand({ ...input, ...more }));
  } catch (error) {
    if (nextToken === null || !(error instanceof CallFailed) || !isRefusedInput(error)) throw error;
    throw new Stop("Cognito does not take the place any more where the list was left: begin it anew with --restart");
  }
}

/** An entry without dates is always one of them. */
function isSince({ CreationDate, LastModifiedDate }: IdentityDescription, since: number | null): boolean {
  const changed = LastModifiedDate ?? CreationDate;
  return since === null || changed === undefined || changed.getTime() / 1000 >= since;
}

async function importListed(
  session: Session,
  listed: Progress,
  keep: (changed: Partial<Progress>) => void,
): Promise<Ending> {
  const memory = session.memory();
  const table = idsTable(memory);
  const { identityPoolId } = session;
  const importing = { edgepool: session.edgepool(), identityPoolId, pace: makePace(IMPORT_RATE) };
  let { tally } = listed;
  const done = Object.values(tally).reduce((sum, one) => sum + one, 0);
  const total = done + table.counts().unimported;
  const refusals = keepRefusals(memory.fileOf("ids.refused.ndjson"), done === 0, session.say);
  const status = makeStatus(PHASES.import, { count: done, share: done / Math.max(total, 1) });
  let sent = done;
  for (;;) {
    const lines = table.unimported(LINES_AT_ONCE);
    if (lines.length === 0) break;
    const verdicts = await importLines(importing, lines);
    const identityIds = lines.map((line) => String(line["identityId"]));
    refusals.note(identityIds, verdicts);
    tally = addTo(tally, verdicts);
    memory.together(() => {
      table.markImported(identityIds);
      keep({ tally });
    });
    sent += lines.length;
    status.show(sent, sent / total);
  }
  status.end();
  memory.together(() => {
    memory.keep("ids finished", { startedAt: listed.startedAt, seen: listed.seen.all } satisfies Finished);
    memory.forget("ids");
  });
  const refused = refusedIn(tally);
  session.answer({ Seen: listed.seen.all, Tally: tally, ...(refused > 0 && { Refused: refusals.file }) }, [
    `${listed.seen.all} ids at Cognito; of those to import: ${tallyText(tally)}`,
    ...(refused > 0 ? [`what was not taken: ${refusals.file}`] : []),
  ]);
  return refused > 0 ? "incomplete" : "done";
}
