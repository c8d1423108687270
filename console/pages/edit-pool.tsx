/** A pool's settings, changed: first what will be different, then the whole pool in one update, which replaces it. */
import { useState } from "preact/hooks";
import { call, type Failure as Fault } from "../api.ts";
import type { PageProps } from "../pages.ts";
import { AsCommand } from "../parts/behind.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { announce } from "../parts/live.tsx";
import { Load } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Trail } from "../parts/trail.tsx";
import { type Difference, differencesOf, draftOf, problemsOf, settingsOf, withoutSecrets } from "../pool/draft.ts";
import { PoolForm } from "../pool/form.tsx";
import { Problems } from "../pool/problems.tsx";
import { go, holdPage } from "../router.ts";
import { useCall } from "../use-call.ts";
import { useUnsaved } from "../use-unsaved.ts";
import type { OutputOf } from "../wire.ts";

type Pool = OutputOf<"DescribeIdentityPool">;

/** An update replaces whatever is there: so what somebody else has changed since is looked for right before. */
async function save(pool: Pool, input: Pool): Promise<Fault | null> {
  const { IdentityPoolId } = pool;
  const now = await call("DescribeIdentityPool", { IdentityPoolId });
  if (!now.ok) return now.failure;
  if (JSON.stringify(now.output) !== JSON.stringify(pool)) {
    return {
      operation: "UpdateIdentityPool",
      exception: "Not saved",
      message:
        "The pool was changed by somebody else while this page was open. Load it again, and make your change to that.",
      requestId: null,
      retryAfterSeconds: null,
    };
  }
  const answer = await call("UpdateIdentityPool", input);
  return answer.ok ? null : answer.failure;
}

function Differences({ differences }: { differences: readonly Difference[] }) {
  return (
    <Table heads={["Setting", "Before", "After"]}>
      {differences.map(({ setting, before, after }) => (
        <tr key={setting}>
          <th scope="row">{setting}</th>
          <td>{before === "" ? <span class="muted">not there</span> : before}</td>
          <td>{after === "" ? <span class="muted">not there</span> : after}</td>
        </tr>
      ))}
    </Table>
  );
}

function Editor({ pool }: { pool: Pool }) {
  const [draft, setDraft] = useState(() => draftOf(pool));
  const [isReviewed, setIsReviewed] = useState(false);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const [failure, setFailure] = useState<Fault | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const { IdentityPoolId } = pool;
  const input = { IdentityPoolId, ...settingsOf(draft) };
  const shown = withoutSecrets(input);
  const differences = differencesOf(pool, input);
  useUnsaved(differences.length > 0);
  const review = (event: Event) => {
    event.preventDefault();
    const found = problemsOf(draft);
    setProblems(found);
    setIsReviewed(found.length === 0);
  };
  const confirm = async () => {
    setIsBusy(true);
    const fault = await save(pool, input);
    setIsBusy(false);
    setFailure(fault);
    if (fault !== null) return;
    announce("Saved");
    holdPage(null);
    go(`pool/${IdentityPoolId}`);
  };
  if (!isReviewed) {
    return (
      <form onSubmit={review} noValidate>
        <PoolForm draft={draft} change={setDraft} hasDeveloperProvider={pool.DeveloperProviderName !== undefined} />
        <Problems problems={problems} />
        <p class="actions">
          <button type="submit" class="primary">
            Review changes
          </button>
          <a class="button" href={`#pool/${IdentityPoolId}`} onClick={() => holdPage(null)}>
            Cancel
          </a>
        </p>
      </form>
    );
  }
  return (
    <section aria-labelledby="changes">
      <h2 id="changes" tabIndex={-1} ref={(heading) => heading?.focus()}>
        Changes
      </h2>
      {differences.length === 0 ? <p>Nothing is different.</p> : <Differences differences={differences} />}
      {failure !== null && <Failure failure={failure} />}
      <p class="actions">
        <button
          type="button"
          class="primary"
          disabled={isBusy || differences.length === 0}
          onClick={() => void confirm()}
        >
          Save
        </button>
        <button type="button" onClick={() => setIsReviewed(false)}>
          Back
        </button>
      </p>
      <AsCommand operation="UpdateIdentityPool" input={shown} />
      {JSON.stringify(shown) !== JSON.stringify(input) && (
        <p class="hint">The consumer secret is masked in the command: write it in before you run it.</p>
      )}
    </section>
  );
}

export function Page({ params: [identityPoolId = ""] }: PageProps) {
  const pool = useCall("DescribeIdentityPool", { IdentityPoolId: identityPoolId });
  return (
    <>
      <Trail
        steps={[
          ["Identity pools", "#pools"],
          [identityPoolId, `#pool/${identityPoolId}`],
        ]}
      />
      <Heading title="Edit the identity pool" />
      <Load of={pool}>{(output) => <Editor pool={output} />}</Load>
    </>
  );
}
