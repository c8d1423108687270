/** How much there is to do, how much of it is refused, and how long it takes: GetMetrics, of all pools or of one. */
import { useId, useState } from "preact/hooks";
import { useAllowedPools } from "../use-allowed.ts";
import type { InputOf, OutputOf } from "../wire.ts";
import { type Span, valuesOf } from "../chart.ts";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Chart, type Line } from "../parts/chart.tsx";
import { Heading } from "../parts/heading.tsx";
import { Empty, Load, Loading } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { service } from "../service.ts";
import { useCall } from "../use-call.ts";

const OPERATION = "Edgepool.GetMetrics";
type Metrics = OutputOf<typeof OPERATION>;
type Kind = Metrics["Series"][number]["Kind"];

const RANGES = [
  ["1h", "1 hour"],
  ["24h", "24 hours"],
  ["7d", "7 days"],
] as const;
/** The most that the service lists at once. */
const POOLS = 60;
/** More lines than these nobody can tell apart. */
const MAX_LINES = 6;

/** The lines of a kind, those with the most first. */
function linesOf({ Series }: Metrics, span: Span, kind: Kind, without: readonly string[] = []): readonly Line[] {
  const lines = Series.filter(
    ({ Kind: one, Name, Points }) => one === kind && !without.includes(Name) && Points.length > 0,
  );
  return lines
    .map(({ Name, Points }) => ({ name: Name, values: valuesOf(span, Points) }))
    .toSorted((a, b) => total(b) - total(a))
    .slice(0, MAX_LINES);
}

function total({ values }: Line): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function Choices({
  input,
  choose,
  isForAll,
}: {
  input: InputOf<typeof OPERATION>;
  choose: (next: InputOf<typeof OPERATION>) => void;
  /** Whether all pools together may be chosen. */
  isForAll: boolean;
}) {
  const { answer } = useCall("ListIdentityPools", { MaxResults: POOLS });
  const [range, pool] = [useId(), useId()];
  const pools = answer?.ok === true ? (answer.output.IdentityPools ?? []) : [];
  const { IdentityPoolId = "", Range } = input;
  return (
    <div class="choices">
      <div>
        <label htmlFor={range}>Time</label>
        <select
          id={range}
          value={Range}
          onChange={({ currentTarget }) => {
            const chosen = RANGES.find(([name]) => name === currentTarget.value)?.[0] ?? "24h";
            choose({ ...input, Range: chosen });
          }}
        >
          {RANGES.map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label htmlFor={pool}>Identity pool</label>
        <select
          id={pool}
          value={IdentityPoolId}
          onChange={({ currentTarget: { value } }) =>
            choose(value === "" ? { Range } : { Range, IdentityPoolId: value })
          }
        >
          {isForAll && <option value="">All</option>}
          {pools.map(({ IdentityPoolId: id = "", IdentityPoolName = "" }) => (
            <option key={id} value={id}>
              {IdentityPoolName} · {id}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

/** `missing` are the service's own words. */
function NotSetUp({ missing }: { missing: string }) {
  return (
    <div class="setup">
      <p>{missing} Four steps, once for a deployment:</p>
      <ol>
        <li>
          Uncomment the five lines from <code>[[analytics_engine_datasets]]</code> on in <code>wrangler.toml</code>.
          Each request then has a point in Workers Analytics Engine, which has to be switched on for the account.
        </li>
        <li>
          Set <code>ANALYTICS_ACCOUNT</code> there to the id of the Cloudflare account.
        </li>
        <li>
          <code>npx wrangler secret put ANALYTICS_TOKEN</code>: an API token with the one permission Account Analytics:
          Read.
        </li>
        <li>
          <code>npm run deploy</code>. The first numbers come with the next requests.
        </li>
      </ol>
      {service.get()?.local === true && (
        <p class="muted">On this machine, under npm start, there are none: Analytics Engine is Cloudflare's.</p>
      )}
    </div>
  );
}

function Refusals({ rows }: { rows: Metrics["Refusals"] }) {
  if (rows.length === 0) return null;
  return (
    <>
      <h2>Why calls were refused</h2>
      <Table heads={["Exception", "Reason", "Calls"]} kind="stacked">
        {rows.map(({ Exception, Reason, Count }) => (
          <tr key={`${Exception} ${Reason}`}>
            <td>{Exception}</td>
            <td data-label="Reason">{Reason}</td>
            <td data-label="Calls">{Count.toLocaleString("en")}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Charts({ metrics }: { metrics: Metrics }) {
  const span: Span = { from: metrics.From, to: metrics.To, stepSeconds: metrics.StepSeconds };
  const each = `in ${metrics.StepSeconds < 3600 ? `${metrics.StepSeconds / 60} min` : `${metrics.StepSeconds / 3600} h`}`;
  if (metrics.Series.every(({ Points }) => Points.length === 0)) {
    return (
      <Empty>
        <p>
          No request in this time, or none that has a point: the binding ANALYTICS and the setting METRICS decide that.
        </p>
      </Empty>
    );
  }
  return (
    <div class="charts">
      <Chart title="Tokens" span={span} lines={linesOf(metrics, span, "tokens")} unit={each} isCount />
      <Chart title="Refused calls" span={span} lines={linesOf(metrics, span, "outcomes", ["ok"])} unit={each} isCount />
      <Chart
        title="Changes of identities"
        span={span}
        lines={linesOf(metrics, span, "effects", ["minted"])}
        unit={each}
        isCount
      />
      <Chart
        title="Duration of a warm token"
        span={span}
        lines={linesOf(metrics, span, "durations")}
        unit="ms"
        isCount={false}
      />
    </div>
  );
}

/** A key of some pools begins with its first: the numbers of all are not for it. */
function Asked({ pools }: { pools: readonly string[] | "*" }) {
  const first = pools === "*" ? undefined : pools[0];
  const [input, setInput] = useState<InputOf<typeof OPERATION>>({
    Range: "24h",
    ...(first !== undefined && { IdentityPoolId: first }),
  });
  const metrics = useCall(OPERATION, input);
  const failure = metrics.answer?.ok === false ? metrics.answer.failure : null;
  const isSetUp = failure?.exception !== "ResourceNotFoundException";
  return (
    <>
      <div class="top">
        <Heading title="Metrics" />
        {isSetUp && (
          <button type="button" onClick={metrics.reload}>
            Load again
          </button>
        )}
      </div>
      {isSetUp ? (
        <>
          <Choices input={input} choose={setInput} isForAll={pools === "*"} />
          <Load of={metrics}>
            {(output) => (
              <>
                <Charts metrics={output} />
                <Refusals rows={output.Refusals} />
                <AsJson value={output} />
                <AsCommand operation={OPERATION} input={input} />
              </>
            )}
          </Load>
        </>
      ) : (
        <NotSetUp missing={failure?.message ?? ""} />
      )}
    </>
  );
}

export function Page() {
  const pools = useAllowedPools();
  return pools === null ? <Loading /> : <Asked pools={pools} />;
}
