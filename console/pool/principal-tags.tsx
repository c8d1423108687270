/** Which claims of a provider's login tokens become tags of a session in AWS: asked for one provider at a time. */
import { useId, useState } from "preact/hooks";
import { call, type Failure as Fault } from "../api.ts";
import { AsCommand } from "../parts/behind.tsx";
import { Failure } from "../parts/failure.tsx";
import { announce } from "../parts/live.tsx";
import { Empty, Load } from "../parts/shown.tsx";
import { useAllowed } from "../use-allowed.ts";
import { useCall } from "../use-call.ts";
import type { OutputOf } from "../wire.ts";
import type { Pair } from "./draft.ts";
import { Pairs } from "./form.tsx";

type TagMap = OutputOf<"GetPrincipalTagAttributeMap">;

/** What the live service maps where its defaults are chosen. */
const DEFAULTS = "client from aud, and username from sub";

type EditorProps = { readonly map: TagMap; readonly onDone: () => void };

function TagEditor({ map, onDone }: EditorProps) {
  const [usesDefaults, setUsesDefaults] = useState(map.UseDefaults ?? false);
  const [pairs, setPairs] = useState<readonly Pair[]>(
    Object.entries(map.PrincipalTags ?? {}).map(([name, value]) => ({ name, value })),
  );
  const [failure, setFailure] = useState<Fault | null>(null);
  const field = useId();
  const save = async (event: Event) => {
    event.preventDefault();
    const tags = pairs.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), value.trim()]);
    const answer = await call("SetPrincipalTagAttributeMap", {
      IdentityPoolId: map.IdentityPoolId ?? "",
      IdentityProviderName: map.IdentityProviderName ?? "",
      UseDefaults: usesDefaults,
      PrincipalTags: usesDefaults ? {} : Object.fromEntries(tags),
    });
    if (!answer.ok) return setFailure(answer.failure);
    setFailure(null);
    announce("Saved the tags");
    onDone();
  };
  return (
    <form onSubmit={(event) => void save(event)} noValidate>
      <p class="check">
        <input
          id={field}
          type="checkbox"
          checked={usesDefaults}
          onChange={(event) => setUsesDefaults(event.currentTarget.checked)}
        />
        <label htmlFor={field}>The defaults: {DEFAULTS}</label>
      </p>
      {!usesDefaults && <Pairs title="Tags" labels={["Tag", "Claim"]} pairs={pairs} set={setPairs} />}
      {failure !== null && <Failure failure={failure} />}
      <p class="actions">
        <button type="submit">Save the tags</button>
      </p>
    </form>
  );
}

function TagsOf({ identityPoolId, provider }: { identityPoolId: string; provider: string }) {
  const isAllowed = useAllowed();
  const input = { IdentityPoolId: identityPoolId, IdentityProviderName: provider };
  const map = useCall("GetPrincipalTagAttributeMap", input);
  const isMissing = map.answer?.ok === false && map.answer.failure.exception === "ResourceNotFoundException";
  const mayEdit = isAllowed("SetPrincipalTagAttributeMap");
  if (isMissing) {
    return (
      <>
        <Empty>
          <p>No claim of {provider} becomes a tag.</p>
        </Empty>
        {mayEdit && <TagEditor map={input} onDone={map.reload} />}
      </>
    );
  }
  return (
    <Load of={map}>
      {(output) => (
        <>
          <p>
            {output.UseDefaults === true
              ? `The defaults: ${DEFAULTS}.`
              : Object.entries(output.PrincipalTags ?? {})
                  .map(([tag, claim]) => `${tag} from ${claim}`)
                  .join(", ")}
          </p>
          {mayEdit && <TagEditor key={JSON.stringify(output)} map={output} onDone={map.reload} />}
          <AsCommand operation="GetPrincipalTagAttributeMap" input={input} />
        </>
      )}
    </Load>
  );
}

export function PrincipalTags({ identityPoolId, providers }: { identityPoolId: string; providers: readonly string[] }) {
  const [provider, setProvider] = useState("");
  const field = useId();
  return (
    <section aria-labelledby="principal-tags">
      <h2 id="principal-tags">Principal tags</h2>
      <div class="field">
        <label htmlFor={field}>Provider</label>
        <select id={field} value={provider} onChange={(event) => setProvider(event.currentTarget.value)}>
          <option value="">Choose one</option>
          {providers.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {provider !== "" && <TagsOf key={provider} identityPoolId={identityPoolId} provider={provider} />}
    </section>
  );
}
