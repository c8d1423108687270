/** How much of a list is shown, and the way to the rest. Never a total, which nobody has counted. */
import type { Pages } from "../use-pages.ts";

type PagerProps = { readonly pages: Pages; readonly shown: number; readonly nextToken: string | undefined };

/** At the list's end it keeps the focus, which a button that is really disabled would drop. */
function Turn({ name, turn }: { name: string; turn: (() => void) | undefined }) {
  return (
    <button type="button" aria-disabled={turn === undefined} onClick={turn}>
      {name}
    </button>
  );
}

export function Pager({ pages, shown, nextToken }: PagerProps) {
  const isOnly = pages.token === undefined && nextToken === undefined;
  return (
    <div class="pager">
      <p class="muted" role="status">
        {shown} shown{nextToken === undefined ? "" : ", more exist"}
      </p>
      {!isOnly && (
        <>
          <Turn name="Back" turn={pages.token === undefined ? undefined : pages.back} />
          <Turn name="Next" turn={nextToken === undefined ? undefined : () => pages.next(nextToken)} />
        </>
      )}
    </div>
  );
}
