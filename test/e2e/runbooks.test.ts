/** The conditions of the runbooks and the dashboard's queries, run over points for which they must fire, and points for which not. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { dashboardText, PANELS } from "../../scripts/dashboard-text.ts";
import { makeSqlApi, type StoredPoint, storedPoint } from "../support/sql-api.ts";

const ROOT = join(import.meta.dirname, "../..");
const POOL = "us-east-1:00000000-0000-4000-8000-00000000000a";
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const NOW = 1_800_000_000;

const runbooks = join(ROOT, "docs/runbooks");
const pages = readdirSync(runbooks).filter((name) => name !== "README.md");
const textOf = (page: string) => readFileSync(join(runbooks, page), "utf8");

/** The one query of a page. */
function conditionOf(page: string): string {
  const [, query = ""] = /^```sql\n([^]*?)^```$/m.exec(textOf(page)) ?? [];
  return query.trim();
}

function times(
  count: number,
  ago: number,
  more: Partial<Parameters<typeof storedPoint>[0]> = {},
): readonly StoredPoint[] {
  return Array.from({ length: count }, () => storedPoint({ at: NOW - ago, pool: POOL, ...more }));
}

const run = (query: string, points: readonly StoredPoint[]) => makeSqlApi(points, NOW).run(query);
const ours = { refused: ["InternalErrorException", "defect"] } as const;
const upstream = {
  refused: ["ExternalServiceException", "accounts.google.com: upstream-unreachable (deadline)"],
} as const;
const guest = { operation: "GetId", effect: "created-guest" } as const;
const expired = { refused: ["NotAuthorizedException", "accounts.google.com: expired"] } as const;
const late = { refused: ["NotAuthorizedException", "www.amazon.com: expired"] } as const;

type Rehearsal = {
  readonly page: string;
  readonly quiet: readonly StoredPoint[];
  readonly alarming: readonly StoredPoint[];
  /** Whether a row wakes somebody, as the page says. */
  readonly fires: (row: Readonly<Record<string, unknown>>) => boolean;
};

const REHEARSALS: readonly Rehearsal[] = [
  {
    page: "errors.md",
    quiet: [
      ...times(1000, MINUTE, { effect: "minted" }),
      ...times(6, MINUTE, ours),
      ...times(500, MINUTE, expired),
      ...times(500, 2 * HOUR, ours),
      ...times(500, MINUTE, { ...ours, operation: "ListIdentities" }),
    ],
    alarming: [
      ...times(1000, MINUTE, { effect: "minted" }),
      ...times(4, MINUTE, ours),
      ...times(4, MINUTE, { refused: ["TooManyRequestsException", "contended"] }),
    ],
    fires: ({ burn }) => Number(burn) > 14,
  },
  {
    page: "slow-tokens.md",
    quiet: [...times(200, MINUTE, { effect: "minted", ms: 20 }), ...times(9, MINUTE, { effect: "linked", ms: 900 })],
    alarming: [...times(95, MINUTE, { effect: "minted", ms: 20 }), ...times(5, MINUTE, { effect: "minted", ms: 400 })],
    fires: ({ p99 }) => Number(p99) > 300,
  },
  {
    page: "issuer-down.md",
    quiet: [...times(20, MINUTE, upstream), ...times(90, 11 * MINUTE, upstream), ...times(90, MINUTE, expired)],
    alarming: times(21, MINUTE, upstream),
    fires: ({ n }) => Number(n) > 20,
  },
  {
    page: "guest-flood.md",
    quiet: [...times(200, MINUTE, guest), ...times(20, 7 * DAY + MINUTE, guest), ...times(900, 3 * DAY, guest)],
    alarming: [...times(201, MINUTE, guest), ...times(20, 7 * DAY + MINUTE, guest)],
    fires: ({ lately, before }) => Number(lately) > 100 && Number(lately) > 10 * Number(before),
  },
  {
    page: "refusals-jump.md",
    quiet: [...times(60, MINUTE, expired), ...times(60, 30 * MINUTE, expired), ...times(50, MINUTE, late)],
    alarming: [...times(60, MINUTE, expired), ...times(60, 30 * MINUTE, expired), ...times(51, MINUTE, late)],
    fires: ({ lately, before }) => Number(lately) > 50 && Number(lately) > 5 * Number(before),
  },
];

describe("the condition of a runbook", () => {
  it.each(REHEARSALS)("$page fires for what it is about, and for nothing else", ({ page, quiet, alarming, fires }) => {
    const query = conditionOf(page);
    const firing = (points: readonly StoredPoint[]) => run(query, points).filter(fires).length;
    expect([firing([]), firing(quiet), firing(alarming)]).toEqual([0, 0, 1]);
  });

  it("is rehearsed wherever it is a query", () => {
    const withQuery = pages.filter((page) => textOf(page).includes("```sql"));
    expect(withQuery.toSorted()).toEqual(REHEARSALS.map(({ page }) => page).toSorted());
  });

  it("stands in the list of runbooks, and says what to do first and where it was rehearsed", () => {
    const list = textOf("README.md");
    for (const page of pages) {
      expect([page, list.includes(`](${page})`)]).toEqual([page, true]);
      for (const part of ["**Condition.**", "**First step.**", "**Rehearsed** by `test/"]) {
        expect([page, textOf(page).includes(part)]).toEqual([page, true]);
      }
    }
  });
});

describe("the dashboard", () => {
  const points = [...times(3, MINUTE, { effect: "minted" }), ...times(2, MINUTE, upstream)];
  const [step, within] = [
    "(intDiv(toUInt32(timestamp), 60) * 60) * 1000",
    `timestamp >= ${NOW - HOUR} AND timestamp <= ${NOW}`,
  ];

  test("is what its queries say: npm run dashboard", () => {
    expect(readFileSync(join(ROOT, "ops/grafana-dashboard.json"), "utf8")).toBe(dashboardText());
  });

  it.each(PANELS)("$title can be asked, and has rows", ({ title, query }) => {
    const rows = run(query.replace("$timeSeries", step).replace("$timeFilter", within), points);
    expect([title, rows.length > 0 || title === "Throttled"]).toEqual([title, true]);
  });
});
