/** A new identity pool. */
import { useState } from "preact/hooks";
import { call, type Failure as Fault } from "../api.ts";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { announce } from "../parts/live.tsx";
import { Trail } from "../parts/trail.tsx";
import { EMPTY_DRAFT, problemsOf, settingsOf } from "../pool/draft.ts";
import { PoolForm } from "../pool/form.tsx";
import { Problems } from "../pool/problems.tsx";
import { go, holdPage } from "../router.ts";
import { useUnsaved } from "../use-unsaved.ts";

export function Page() {
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const [failure, setFailure] = useState<Fault | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  useUnsaved(draft !== EMPTY_DRAFT);
  const create = async (event: Event) => {
    event.preventDefault();
    const found = problemsOf(draft);
    setProblems(found);
    if (found.length > 0) return;
    setIsBusy(true);
    const answer = await call("CreateIdentityPool", settingsOf(draft));
    setIsBusy(false);
    if (!answer.ok) return setFailure(answer.failure);
    holdPage(null);
    announce(`Made the identity pool ${answer.output.IdentityPoolName}`);
    go(`pool/${answer.output.IdentityPoolId}`);
  };
  return (
    <>
      <Trail steps={[["Identity pools", "#pools"]]} />
      <Heading title="New identity pool" />
      <form onSubmit={(event) => void create(event)} noValidate>
        <PoolForm draft={draft} change={setDraft} hasDeveloperProvider={false} />
        <Problems problems={problems} />
        {failure !== null && <Failure failure={failure} />}
        <p class="actions">
          <button type="submit" class="primary" disabled={isBusy}>
            Create
          </button>
          <a class="button" href="#pools" onClick={() => holdPage(null)}>
            Cancel
          </a>
        </p>
      </form>
    </>
  );
}
