/** What ops/grafana-dashboard.json is written from: panels, and the queries of src/metrics with the macros of the Altinity plugin. */
import { COUNT, eachStep, IS_OK, MINTS, most, QUERIES, type Span } from "../src/metrics/queries.ts";
import { COLUMNS } from "../src/metrics/request-point.ts";

/** The plugin puts the step and the time of the dashboard in their place. */
const SPAN: Span = { step: "$timeSeries", within: "$timeFilter" };

type Panel = {
  readonly title: string;
  readonly query: string;
  readonly kind: "timeseries" | "table";
  /** As Grafana names it. */
  readonly unit: string;
};

const IS_UPSTREAM = `${COLUMNS.outcome} = 'ExternalServiceException'`;

export const PANELS: readonly Panel[] = [
  { title: "Tokens", query: QUERIES.tokens(SPAN), kind: "timeseries", unit: "short" },
  { title: "Outcomes", query: QUERIES.outcomes(SPAN), kind: "timeseries", unit: "short" },
  {
    title: "Changes of identities, and tokens without one",
    query: QUERIES.effects(SPAN),
    kind: "timeseries",
    unit: "short",
  },
  { title: "Duration of a warm token", query: QUERIES.durations(SPAN), kind: "timeseries", unit: "ms" },
  { title: "Refusals", query: QUERIES.refusals(SPAN), kind: "table", unit: "short" },
  {
    title: "Providers that could not be asked",
    query: eachStep(SPAN, `${COUNT} AS n`, IS_UPSTREAM, COLUMNS.providers),
    kind: "timeseries",
    unit: "short",
  },
  {
    title: "Throttled",
    query: eachStep(SPAN, `${COUNT} AS n`, `${COLUMNS.outcome} = 'TooManyRequestsException'`, COLUMNS.reason),
    kind: "timeseries",
    unit: "short",
  },
  {
    title: "Tried again for another call in the way",
    query: eachStep(SPAN, `SUM(_sample_interval * ${COLUMNS.weight} * ${COLUMNS.repeats}) AS n`, ""),
    kind: "timeseries",
    unit: "short",
  },
  {
    title: "Data centre",
    query: most(SPAN, [COLUMNS.colo, COLUMNS.outcome], "", 50),
    kind: "table",
    unit: "short",
  },
  {
    title: "Version",
    query: eachStep(SPAN, `${COUNT} AS n`, `${MINTS} AND ${IS_OK}`, COLUMNS.version),
    kind: "timeseries",
    unit: "short",
  },
];

const DATASOURCE = { type: "vertamedia-clickhouse-datasource", uid: "${DS_EDGEPOOL}" };
const [WIDTH, HEIGHT] = [12, 8];

export function dashboardText(): string {
  const dashboard = {
    __inputs: [
      {
        name: "DS_EDGEPOOL",
        label: "Analytics Engine",
        type: "datasource",
        pluginId: DATASOURCE.type,
        pluginName: "Altinity plugin for ClickHouse",
      },
    ],
    title: "Edgepool",
    uid: "edgepool",
    schemaVersion: 39,
    time: { from: "now-24h", to: "now" },
    refresh: "5m",
    panels: PANELS.map(({ title, query, kind, unit }, at) => ({
      id: at + 1,
      title,
      type: kind,
      datasource: DATASOURCE,
      gridPos: { x: (at % 2) * WIDTH, y: Math.floor(at / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
      fieldConfig: { defaults: { unit }, overrides: [] },
      targets: [
        {
          refId: "A",
          datasource: DATASOURCE,
          query,
          format: kind === "table" ? "table" : "time_series",
          dateTimeColDataType: "timestamp",
          dateTimeType: "DATETIME",
          intervalFactor: 1,
        },
      ],
    })),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
