/** Where a pool's users come from while it takes over one at Cognito, and how far they have come. */
import { useState } from "preact/hooks";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Id } from "../parts/text.tsx";
import { useCall } from "../use-call.ts";
import type { OutputOf } from "../wire.ts";

const OPERATION = "Edgepool.GetMigrationReport";

type Report = OutputOf<typeof OPERATION>;

function Source({ source }: { source: NonNullable<Report["Source"]> }) {
  return (
    <dl class="facts">
      <div>
        <dt>Source</dt>
        <dd>
          <Id id={source.IdentityPoolId} what="id of the pool at Cognito" />
        </dd>
      </div>
      <div>
        <dt>Proof</dt>
        <dd>{source.Proof === "Credentials" ? "credentials, and then GetId" : "an OpenID token"}</dd>
      </div>
      <div>
        <dt>New guests</dt>
        <dd>{source.Guests === "Local" ? "are born here" : "are born at Cognito"}</dd>
      </div>
      <div>
        <dt>Unknown ids</dt>
        <dd>{source.UnknownIds === "Imported" ? "are asked about where they were imported" : "are asked about"}</dd>
      </div>
      <div>
        <dt>Asked about</dt>
        <dd>{source.Providers.join(", ")}</dd>
      </div>
    </dl>
  );
}

function rowsOf({ AsksToday, ...report }: Report): readonly (readonly [what: string, count: number])[] {
  return [
    ["Ids imported", report.Imported],
    ["Imported, not seen yet", report.Unclaimed],
    ["Of these changed at Cognito within 90 days", report.UnclaimedLately],
    ["Users who have come over", report.Adopted],
    ["Guests who have come over", report.GuestsAdopted],
    ["Born here", report.BornHere],
    ["Named by Cognito, and not usable here", report.Barred],
    ["Joined at Cognito, and kept apart here", report.Conflicts],
    ["Asked today, and answered", AsksToday.ok],
    ["Asked today, and not known there", AsksToday.notFound],
    ["Held back today by a rate", AsksToday.throttled],
    ["Asked today, and failed", AsksToday.failed],
  ];
}

function Counted({ report }: { report: Report }) {
  const { Source: source, Misconfigured } = report;
  if (source === undefined && report.Imported === 0 && report.Adopted === 0 && report.GuestsAdopted === 0) {
    return (
      <Empty>
        <p>
          This pool takes over none. <code>npm run migrate -- check</code> is the first step.
        </p>
      </Empty>
    );
  }
  return (
    <>
      {source === undefined ? <p class="muted">It has no source any more.</p> : <Source source={source} />}
      {Misconfigured.length > 0 && (
        <div class="notice">
          <p>
            <strong>To be mended</strong>
          </p>
          <ul>
            {Misconfigured.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </div>
      )}
      <Table heads={["What", "How many"]} kind="counted" caption="How far the users have come">
        {rowsOf(report).map(([what, count]) => (
          <tr key={what}>
            <td>{what}</td>
            <td class="number">{count.toLocaleString("en")}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Counting({ identityPoolId }: { identityPoolId: string }) {
  const asked = useCall(OPERATION, { IdentityPoolId: identityPoolId });
  return (
    <Load of={asked}>
      {(report) => (
        <>
          <Counted report={report} />
          <p class="actions">
            <button type="button" onClick={asked.reload}>
              Count again
            </button>
          </p>
          <AsJson value={report} />
          <AsCommand operation={OPERATION} input={asked.input} />
        </>
      )}
    </Load>
  );
}

/** Counted when somebody asks: that takes as long as the pool has identities. */
export function Migration({ identityPoolId }: { identityPoolId: string }) {
  const [isAsked, setIsAsked] = useState(false);
  return (
    <section aria-labelledby="migration">
      <h2 id="migration">Migration from Cognito</h2>
      {isAsked ? (
        <Counting identityPoolId={identityPoolId} />
      ) : (
        <p class="actions">
          <button type="button" onClick={() => setIsAsked(true)}>
            Show source and report
          </button>
        </p>
      )}
    </section>
  );
}
