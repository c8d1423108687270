/** Lines into ImportIdentities, as many at once as it takes, and what became of each. */
import type { Edgepool, OwnInput } from "./parties.ts";
import { isRefusedInput } from "./explain.ts";
import type { Pace } from "./pace.ts";
import { CallFailed } from "./stop.ts";

/** As a line of a file has it: the form is that of ImportIdentities (docs/operations.md). */
export type ImportLine = Readonly<Record<string, unknown>>;

export type Verdict = { readonly verdict: string; readonly reason: string };

/** How often each verdict was given. */
export type Tally = Readonly<Record<string, number>>;

/** Verdicts of lines that were not taken. */
const REFUSED: ReadonlySet<string> = new Set(["conflict", "gone", "invalid"]);

/** Lines of one call, and calls at once. */
const LINES_OF_A_CALL = 100;
const CALLS_AT_ONCE = 4;
export const LINES_AT_ONCE = LINES_OF_A_CALL * CALLS_AT_ONCE;

/** One verdict a line, in their order. At most LINES_AT_ONCE. */
export async function importLines(
  edgepool: Edgepool,
  identityPoolId: string,
  lines: readonly ImportLine[],
  pace: Pace,
): Promise<readonly Verdict[]> {
  const calls = Array.from({ length: Math.ceil(lines.length / LINES_OF_A_CALL) }, (_, index) =>
    lines.slice(index * LINES_OF_A_CALL, (index + 1) * LINES_OF_A_CALL),
  );
  return (await Promise.all(calls.map(async (call) => await importCall(edgepool, identityPoolId, call, pace)))).flat();
}

/** A call that is refused as a whole is sent again in halves, until the one line that it is about is alone. */
async function importCall(
  edgepool: Edgepool,
  identityPoolId: string,
  lines: readonly ImportLine[],
  pace: Pace,
): Promise<readonly Verdict[]> {
  await pace();
  try {
    const input = { IdentityPoolId: identityPoolId, Identities: lines } as OwnInput<"ImportIdentities">;
    const { Results } = await edgepool.call("ImportIdentities", input);
    return Results.map(({ Verdict, Reason = "" }) => ({ verdict: Verdict, reason: Reason }));
  } catch (error) {
    if (!(error instanceof CallFailed) || !isRefusedInput(error)) throw error;
    if (lines.length === 1) return [{ verdict: "invalid", reason: messageOf(error) }];
    const middle = Math.ceil(lines.length / 2);
    const first = await importCall(edgepool, identityPoolId, lines.slice(0, middle), pace);
    return [...first, ...(await importCall(edgepool, identityPoolId, lines.slice(middle), pace))];
  }
}

function messageOf({ cause }: CallFailed): string {
  return cause instanceof Error ? cause.message : "";
}

export function isRefused({ verdict }: Verdict): boolean {
  return REFUSED.has(verdict);
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
