/** Finds the identity that a login belongs to, and goes there. What is typed is in this form alone: not in the address, not in the log. */
import { useId, useState } from "preact/hooks";
import { call, type Failure as Fault } from "../api.ts";
import { providerNamesOf } from "../provider-names.ts";
import { go } from "../router.ts";
import { usePool } from "../use-pool.ts";
import { Failure } from "./failure.tsx";

export function FindByLogin({ identityPoolId }: { identityPoolId: string }) {
  const pool = usePool(identityPoolId);
  // Names to choose from; any other may be typed, as of a provider that the pool has no more.
  const providers = [...providerNamesOf(pool), pool?.DeveloperProviderName ?? []].flat();
  const [providerName, setProviderName] = useState("");
  const [subject, setSubject] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState<Fault | null>(null);
  const [providerField, subjectField, names] = [useId(), useId(), useId()];
  const find = async (event: Event) => {
    event.preventDefault();
    setIsBusy(true);
    const input = { IdentityPoolId: identityPoolId, ProviderName: providerName, Subject: subject };
    const answer = await call("Edgepool.FindIdentityByLogin", input);
    setIsBusy(false);
    if (answer.ok) return go(`identity/${answer.output.IdentityId}`);
    setFailure(answer.failure);
  };
  const isNobody = failure?.exception === "ResourceNotFoundException";
  return (
    <form class="find" onSubmit={(event) => void find(event)}>
      <div>
        <label htmlFor={providerField}>Provider</label>
        <input
          id={providerField}
          list={names}
          required
          autoComplete="off"
          value={providerName}
          onInput={(event) => setProviderName(event.currentTarget.value)}
        />
        <datalist id={names}>
          {providers.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
      <div>
        <label htmlFor={subjectField}>Subject, or developer's user</label>
        <input
          id={subjectField}
          required
          autoComplete="off"
          spellcheck={false}
          value={subject}
          onInput={(event) => setSubject(event.currentTarget.value)}
        />
      </div>
      <button type="submit" disabled={isBusy}>
        Find by login
      </button>
      {isNobody && (
        <p role="alert">
          Nobody here has this login. The subject is compared letter by letter with the <code>sub</code> of the
          provider's tokens.
        </p>
      )}
      {failure !== null && !isNobody && <Failure failure={failure} />}
    </form>
  );
}
