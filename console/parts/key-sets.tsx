/** The keys of a pool's issuers, as the service holds them: how many, since when, and why there are no newer ones. */
import type { OutputOf } from "../wire.ts";
import { Time } from "./text.tsx";

type KeySet = OutputOf<"Edgepool.CheckIdentityPool">["KeySets"][number];

export function KeySets({ keySets }: { keySets: readonly KeySet[] }) {
  if (keySets.length === 0) return null;
  return (
    <ul class="plain">
      {keySets.map(({ ProviderName, KeyCount, LoadedAt, Failure: reason }) => (
        <li key={ProviderName}>
          <code>{ProviderName}</code>: {KeyCount === 1 ? "1 key" : `${KeyCount} keys`}
          {LoadedAt !== undefined && (
            <>
              , loaded <Time at={LoadedAt} />
            </>
          )}
          {reason !== undefined && `, last asked in vain (${reason})`}
        </li>
      ))}
    </ul>
  );
}
