/** Which identity pool: one of those that the key may list, or any other by its id. */
import { useEffect, useId, useState } from "preact/hooks";
import type { Answer } from "../api.ts";
import { lastPoolSeen, rememberPool } from "../last-pool.ts";
import { useCall } from "../use-call.ts";

/** The most that the operation gives at once. */
const ROWS = 60;
const OTHER = "other";

/** What the id of the demo pool of local development ends with. */
const DEMO = ":de300000-0000-4000-8000-0000000de300";

/** Where nothing is chosen yet: the pool last looked at, else the demo pool or the only one; undefined: it has to be asked for. */
function presetOf(answer: Answer<"ListIdentityPools">): string | undefined {
  const last = lastPoolSeen();
  if (!answer.ok) return last;
  const { IdentityPools = [], NextToken } = answer.output;
  const ids = IdentityPools.map(({ IdentityPoolId = "" }) => IdentityPoolId);
  // It may have been deleted since.
  if (last !== undefined && (NextToken !== undefined || ids.includes(last))) return last;
  return ids.find((id) => id.endsWith(DEMO)) ?? (ids.length === 1 ? ids[0] : undefined);
}

/** `onChange` is told by itself what is likely meant, where nothing is chosen yet. */
export function PoolField({ value, onChange }: { value: string; onChange: (identityPoolId: string) => void }) {
  const field = useId();
  const { answer } = useCall("ListIdentityPools", { MaxResults: ROWS });
  const [isOther, setIsOther] = useState(false);
  const pools = answer?.ok === true ? (answer.output.IdentityPools ?? []) : [];
  const isListed = pools.some(({ IdentityPoolId }) => IdentityPoolId === value);
  const isTyped = answer !== null && (pools.length === 0 || isOther || (value !== "" && !isListed));
  useEffect(() => {
    const preset = answer === null || value !== "" || isOther ? undefined : presetOf(answer);
    if (preset !== undefined) onChange(preset);
  }, [answer]);
  const choose = (choice: string) => {
    setIsOther(choice === OTHER);
    if (choice !== OTHER) rememberPool(choice);
    onChange(choice === OTHER ? "" : choice);
  };
  return (
    <div class="field">
      <label htmlFor={field}>Identity pool</label>
      {pools.length > 0 && (
        <select
          id={field}
          required
          value={isTyped ? OTHER : value}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          <option value="" disabled hidden>
            Choose one
          </option>
          {pools.map(({ IdentityPoolId = "", IdentityPoolName = "" }) => (
            <option key={IdentityPoolId} value={IdentityPoolId}>
              {IdentityPoolName} · {IdentityPoolId}
            </option>
          ))}
          <option value={OTHER}>Another, by its id</option>
        </select>
      )}
      {isTyped && (
        <input
          id={pools.length > 0 ? undefined : field}
          aria-label={pools.length > 0 ? "Identity pool id" : undefined}
          value={value}
          required
          pattern="[\w\-]+:[0-9a-f\-]+"
          placeholder="us-east-1:00000000-0000-0000-0000-000000000000"
          autoComplete="off"
          spellcheck={false}
          onInput={(event) => onChange(event.currentTarget.value.trim())}
        />
      )}
    </div>
  );
}
