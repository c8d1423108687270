/** Whether all is well: what the checks of the service and of its identity pools find, and how the service is set up. */
import { useEffect, useState } from "preact/hooks";
import { type Answer, call } from "../api.ts";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Failure } from "../parts/failure.tsx";
import { Findings } from "../parts/findings.tsx";
import { Heading } from "../parts/heading.tsx";
import { KeySets } from "../parts/key-sets.tsx";
import { announce } from "../parts/live.tsx";
import { Load } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";
import type { OutputOf } from "../wire.ts";

type Service = OutputOf<"Edgepool.DescribeService">;
type Pool = NonNullable<OutputOf<"ListIdentityPools">["IdentityPools"]>[number];

/** The most that the service lists at once. */
const POOLS = 60;

/** A difference of clocks that signatures forgive, in seconds, and that is worth a word all the same. */
const NOTABLE_SECONDS = 30;

function clockWords(time: number): string {
  const ahead = Math.round(time - Date.now() / 1000);
  if (Math.abs(ahead) < NOTABLE_SECONDS) return "as this machine's";
  return `${Math.abs(ahead)} seconds ${ahead > 0 ? "ahead of" : "behind"} this machine's`;
}

function Facts({ service }: { service: Service }) {
  const { Version, Issuer, Region, Time, Local } = service;
  return (
    <dl class="facts">
      <div>
        <dt>Release</dt>
        <dd>
          {Version}
          {Local && ", in local development"}
        </dd>
      </div>
      <div>
        <dt>Issuer of the tokens</dt>
        <dd>
          <code>{Issuer}</code>
        </dd>
      </div>
      <div>
        <dt>Region</dt>
        <dd>
          <code>{Region}</code>
        </dd>
      </div>
      <div>
        <dt>Clock</dt>
        <dd>{clockWords(Time)}</dd>
      </div>
    </dl>
  );
}

function Rights({ caller }: { caller: Service["Caller"] }) {
  const { AccessKeyId, AllowedOperations, AllowedPools, AllowedRoles } = caller;
  const listed = (names: readonly string[], all: string) =>
    names.length === 1 && names[0] === "*" ? all : names.length === 0 ? "none" : <code>{names.join(", ")}</code>;
  return (
    <dl class="facts">
      <div>
        <dt>Key</dt>
        <dd>
          <code>{AccessKeyId}</code>
        </dd>
      </div>
      <div>
        <dt>Operations</dt>
        <dd>
          <details>
            <summary>
              {AllowedOperations.length === 1 ? "1 signed operation" : `${AllowedOperations.length} signed operations`}
            </summary>
            {AllowedOperations.join(", ")}
          </details>
        </dd>
      </div>
      <div>
        <dt>Identity pools</dt>
        <dd>{listed(AllowedPools, "all")}</dd>
      </div>
      <div>
        <dt>Roles it may set</dt>
        <dd>{listed(AllowedRoles, "all")}</dd>
      </div>
    </dl>
  );
}

/** Settings, secrets and bindings: three kinds of a name, and what is known of each. */
function Setup({ service: { Settings, Secrets, Bindings } }: { service: Service }) {
  return (
    <Table heads={["Name", "Value", "From"]} caption="Settings, secrets and bindings" isFocusable>
      {Settings.map(({ Name, Value, IsDefault }) => (
        <tr key={Name}>
          <td>
            <code>{Name}</code>
          </td>
          <td class="value">
            <code>{Value}</code>
          </td>
          <td class={IsDefault ? "muted" : ""}>{IsDefault ? "default" : "set"}</td>
        </tr>
      ))}
      {Secrets.map(({ Name, IsSet }) => (
        <tr key={Name}>
          <td>
            <code>{Name}</code>
          </td>
          <td class="muted">secret</td>
          <td class={IsSet ? "steps" : "steps muted"}>{IsSet ? "set" : "not set"}</td>
        </tr>
      ))}
      {Bindings.map(({ Name, IsBound }) => (
        <tr key={Name}>
          <td>
            <code>{Name}</code>
          </td>
          <td class="muted">binding</td>
          <td class={IsBound ? "steps" : "steps muted"}>{IsBound ? "bound" : "not bound"}</td>
        </tr>
      ))}
    </Table>
  );
}

type Checked = { readonly pool: Pool; readonly answer: Answer<"Edgepool.CheckIdentityPool"> };

/** One pool after the other: each check may load key sets, which the service does for everybody once. */
async function checkEach(
  pools: readonly Pool[],
  signal: AbortSignal,
  found: (checked: Checked) => void,
): Promise<void> {
  for (const pool of pools) {
    const answer = await call("Edgepool.CheckIdentityPool", { IdentityPoolId: pool.IdentityPoolId ?? "" }, { signal });
    found({ pool, answer });
  }
}

function PoolChecks({ pools }: { pools: readonly Pool[] }) {
  const [checked, setChecked] = useState<readonly Checked[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    setChecked([]);
    checkEach(pools, controller.signal, (one) => setChecked((list) => [...list, one]))
      .then(() => announce(pools.length === 1 ? "1 identity pool checked" : `${pools.length} identity pools checked`))
      // What has been aborted is of no interest to anybody.
      .catch(() => {});
    return () => controller.abort();
  }, [pools]);
  return (
    <>
      {checked.length < pools.length && (
        <p role="status">
          Checks {checked.length + 1} of {pools.length}
        </p>
      )}
      {checked.map(({ pool: { IdentityPoolId = "", IdentityPoolName = "" }, answer }) => (
        <section key={IdentityPoolId}>
          <h3>
            <a href={`#pool/${IdentityPoolId}`}>{IdentityPoolName}</a>
          </h3>
          {answer.ok ? (
            <>
              <Findings findings={answer.output.Findings} nothing="All is well." />
              <KeySets keySets={answer.output.KeySets} />
            </>
          ) : (
            <Failure failure={answer.failure} />
          )}
        </section>
      ))}
    </>
  );
}

function Pools() {
  const listed = useCall("ListIdentityPools", { MaxResults: POOLS });
  return (
    <Load of={listed}>
      {({ IdentityPools = [], NextToken }) => (
        <>
          {IdentityPools.length === 0 ? (
            <p class="muted">No identity pool yet.</p>
          ) : (
            <PoolChecks pools={IdentityPools} />
          )}
          {NextToken !== undefined && <p class="muted">The first {POOLS} are checked, more exist.</p>}
        </>
      )}
    </Load>
  );
}

/** What no setting tells: an object, a token and the key ring, tried while the page waits. */
function Trial() {
  const tried = useCall("Edgepool.CheckService", {});
  return (
    <Load of={tried}>
      {({ Findings: findings }) => <Findings findings={findings} nothing="Tokens were tried, and work." />}
    </Load>
  );
}

/** For a key that may look and not try. */
function Ring() {
  const ring = useCall("Edgepool.DescribeKeyRing", {});
  return (
    <Load of={ring}>
      {({ Findings: findings }) => <Findings findings={findings} nothing="All is well with the signing keys." />}
    </Load>
  );
}

function Checks({ service }: { service: Service }) {
  const isAllowed = useAllowed();
  return (
    <>
      <h2>The service</h2>
      <Findings findings={service.Findings} nothing="All is well with the settings." />
      {isAllowed("Edgepool.CheckService") ? <Trial /> : isAllowed("Edgepool.DescribeKeyRing") && <Ring />}
      <Facts service={service} />
      {isAllowed("Edgepool.CheckIdentityPool") && isAllowed("ListIdentityPools") && (
        <>
          <h2>Identity pools</h2>
          <Pools />
        </>
      )}
      <h2>This key</h2>
      <Rights caller={service.Caller} />
      <h2>Settings and bindings</h2>
      <Setup service={service} />
    </>
  );
}

export function Page() {
  const asked = useCall("Edgepool.DescribeService", {});
  const [turn, setTurn] = useState(0);
  const again = () => {
    asked.reload();
    setTurn((count) => count + 1);
  };
  return (
    <>
      <div class="top">
        <Heading title="Health" />
        <button type="button" onClick={again}>
          Run again
        </button>
      </div>
      <Load of={asked}>
        {(service) => (
          <>
            <Checks key={turn} service={service} />
            <AsJson value={service} />
            <AsCommand operation="Edgepool.DescribeService" input={{}} />
          </>
        )}
      </Load>
    </>
  );
}
