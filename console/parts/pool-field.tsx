/** Which identity pool: one of those that the key may list, or any other by its id. */
import { useEffect, useId, useState } from "preact/hooks";
import { useCall } from "../use-call.ts";

/** The most that the operation gives at once. */
const ROWS = 60;
const OTHER = "other";

/** `onChange` is told the first pool by itself where nothing is chosen yet. */
export function PoolField({ value, onChange }: { value: string; onChange: (identityPoolId: string) => void }) {
  const field = useId();
  const { answer } = useCall("ListIdentityPools", { MaxResults: ROWS });
  const [isOther, setIsOther] = useState(false);
  const pools = answer?.ok === true ? (answer.output.IdentityPools ?? []) : [];
  const [first] = pools;
  const isListed = pools.some(({ IdentityPoolId }) => IdentityPoolId === value);
  const isTyped = answer !== null && (pools.length === 0 || isOther || (value !== "" && !isListed));
  useEffect(() => {
    if (value === "" && !isOther && first?.IdentityPoolId !== undefined) onChange(first.IdentityPoolId);
  }, [first?.IdentityPoolId]);
  const choose = (choice: string) => {
    setIsOther(choice === OTHER);
    onChange(choice === OTHER ? "" : choice);
  };
  return (
    <div class="field">
      <label htmlFor={field}>Identity pool</label>
      {pools.length > 0 && (
        <select id={field} value={isTyped ? OTHER : value} onChange={(event) => choose(event.currentTarget.value)}>
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
