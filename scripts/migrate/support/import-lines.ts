/** Lines into ImportIdentities, as many at once as it takes, and what became of each. */
import { setTimeout as wait } from "node:timers/promises";
import type { Edgepool, OwnInput } from "./parties.ts";
import { isRefusedInput } from "./explain.ts";
import type { Pace } from "./pace.ts";
import { CallFailed, NoAnswer } from "./stop.ts";

/** As a line of a file has it: the form is that of ImportIdentities (docs/operations.md). */
export type ImportLine = Readonly<Record<string, unknown>>;

export type Verdict = { readonly verdict: string; readonly reason: string };

/** How often each verdict was given. */
export type Tally = Readonly<Record<string, number>>;

/** Verdicts of lines that were not taken. */
const REFUSED: ReadonlySet<string> = new Set(["conflict", "gone", "invalid", "busy"]);

/** Lines of one call, and calls at once. */
const LINES_OF_A_CALL = 100;
const CALLS_AT_ONCE = 4;
export const LINES_AT_ONCE = LINES_OF_A_CALL * CALLS_AT_ONCE;
/** Before each time that a line is sent again which somebody was in the way of; then it is left, and told. */
const BUSY_PAUSES_MS = [1000, 3000, 9000];

/** Where lines go, and how fast. */
export type Importing = {
  readonly edgepool: Edgepool;
  readonly identityPoolId: string;
  readonly pace: Pace;
  readonly pause?: (ms: number) => Promise<unknown>;
};

/** One verdict a line, in their order. At most LINES_AT_ONCE. */
export async function importLines(importing: Importing, lines: readonly ImportLine[]): Promise<readonly Verdict[]> {
  const { pause = wait } = importing;
  let verdicts = await sendLines(importing, lines);
  for (const ms of BUSY_PAUSES_MS) {
    const busy = lines.filter((_, index) => verdicts[index]?.verdict === "busy");
    if (busy.length === 0) break;
    await pause(ms);
    const again = (await sendLines(importing, busy)).values();
    verdicts = verdicts.map((before) => (before.verdict === "busy" ? (again.next().value ?? before) : before));
  }
  return verdicts;
}

async function sendLines(importing: Importing, lines: readonly ImportLine[]): Promise<readonly Verdict[]> {
  const calls = Array.from({ length: Math.ceil(lines.length / LINES_OF_A_CALL) }, (_, index) =>
    lines.slice(index * LINES_OF_A_CALL, (index + 1) * LINES_OF_A_CALL),
  );
  return (await Promise.all(calls.map(async (call) => await importCall(importing, call)))).flat();
}

/** A call that is refused as a whole is sent again in halves, until the one line that it is about is alone. */
async function importCall(importing: Importing, lines: readonly ImportLine[]): Promise<readonly Verdict[]> {
  const { edgepool, identityPoolId, pace } = importing;
  await pace();
  try {
    const input = { IdentityPoolId: identityPoolId, Identities: lines } as OwnInput<"ImportIdentities">;
    const { Results } = await edgepool.call("ImportIdentities", input);
    // A line without a verdict would be lost.
    if (Results.length !== lines.length)
      throw new CallFailed("Edgepool", "ImportIdentities", new NoAnswer("ImportIdentities"));
    return Results.map(({ Verdict, Reason = "" }) => ({ verdict: Verdict, reason: Reason }));
  } catch (error) {
    if (!(error instanceof CallFailed) || !isRefusedInput(error)) throw error;
    if (lines.length === 1) return [{ verdict: "invalid", reason: messageOf(error) }];
    const middle = Math.ceil(lines.length / 2);
    const first = await importCall(importing, lines.slice(0, middle));
    return [...first, ...(await importCall(importing, lines.slice(middle)))];
  }
}

function messageOf({ cause }: CallFailed): string {
  return cause instanceof Error ? cause.message : "";
}

/** What was not taken, each with its place: what names it to its owner. */
export function refusedAmong(
  places: readonly string[],
  verdicts: readonly Verdict[],
): readonly (Verdict & { readonly at: string })[] {
  return places.flatMap((at, index) => {
    const verdict = verdicts[index];
    return verdict !== undefined && REFUSED.has(verdict.verdict) ? [{ at, ...verdict }] : [];
  });
}

export function addTo(tally: Tally, verdicts: readonly Verdict[]): Tally {
  const sum: Record<string, number> = { ...tally };
  for (const { verdict } of verdicts) sum[verdict] = (sum[verdict] ?? 0) + 1;
  return sum;
}

export function refusedIn(tally: Tally): number {
  return [...REFUSED].reduce((sum, verdict) => sum + (tally[verdict] ?? 0), 0);
}

/** As in `3 imported, 1 conflict`. */
export function tallyText(tally: Tally): string {
  const parts = Object.entries(tally).map(([verdict, count]) => `${count} ${verdict}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
