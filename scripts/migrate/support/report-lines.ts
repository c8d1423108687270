/** GetMigrationReport for the terminal. Pure. */
import type { OwnOutput } from "./parties.ts";
import { sourceLines } from "./source-members.ts";

export type MigrationReport = OwnOutput<"GetMigrationReport">;

export function reportLines(report: MigrationReport): readonly string[] {
  const { Source, AsksToday, Misconfigured } = report;
  const asks = Object.entries(AsksToday).map(([answer, count]) => `${count} ${answer}`);
  const counts: readonly (readonly [string, number | string])[] = [
    ["imported ids", report.Imported],
    ["not claimed yet", report.Unclaimed],
    ["of these, changed within 90 days", report.UnclaimedLately],
    ["adopted with logins", report.Adopted],
    ["adopted as guests", report.GuestsAdopted],
    ["born here", report.BornHere],
    ["Cognito asked today", asks.join(", ")],
    ["named by Cognito, not usable here", report.Barred],
    ["joined by Cognito, kept apart here", report.Conflicts],
  ];
  return [
    ...(Source === undefined ? ["no source"] : sourceLines(Source)),
    "",
    ...counts.map(([what, count]) => `${what.padEnd(36)}${count}`),
    ...Misconfigured.map((what) => `misconfigured: ${what} (docs/troubleshooting.md)`),
  ];
}

/** What is counted is of the day by UTC: shortly after its begin nobody may have come yet. */
export function countedSince(now: Date): string {
  const minutes = now.getUTCHours() * 60 + now.getUTCMinutes();
  return `Counted is since midnight by UTC, ${Math.floor(minutes / 60)} h ${minutes % 60} min ago: who came before that is not seen here.`;
}

export function asksToday({ AsksToday }: MigrationReport): number {
  return Object.values(AsksToday).reduce((sum, count) => sum + count, 0);
}
