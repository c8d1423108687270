/** The setup checker for one pool: on demand, since it asks providers for their keys. */
import { useState } from "preact/hooks";
import { AsCommand, AsJson } from "../parts/behind.tsx";
import { Findings } from "../parts/findings.tsx";
import { Load } from "../parts/shown.tsx";
import { useCall } from "../use-call.ts";

function Checked({ identityPoolId }: { identityPoolId: string }) {
  const check = useCall("Edgepool.CheckIdentityPool", { IdentityPoolId: identityPoolId });
  return (
    <Load of={check}>
      {(output) => (
        <>
          <div role="status">
            <Findings findings={output.Findings} />
          </div>
          <AsJson value={output} />
          <AsCommand operation="Edgepool.CheckIdentityPool" input={check.input} />
        </>
      )}
    </Load>
  );
}

export function PoolCheck({ identityPoolId }: { identityPoolId: string }) {
  const [turn, setTurn] = useState(0);
  return (
    <section aria-labelledby="setup">
      <h2 id="setup">Setup</h2>
      <p>
        <button type="button" onClick={() => setTurn(turn + 1)}>
          {turn === 0 ? "Check this pool" : "Check again"}
        </button>
      </p>
      {turn > 0 && <Checked key={turn} identityPoolId={identityPoolId} />}
    </section>
  );
}
