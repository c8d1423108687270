/** How much of a list is shown, and the way to the rest. Never a total, which nobody has counted. */
import type { Pages } from "../use-pages.ts";

type PagerProps = { readonly pages: Pages; readonly shown: number; readonly nextToken: string | undefined };

export function Pager({ pages, shown, nextToken }: PagerProps) {
  const isOnly = pages.token === undefined && nextToken === undefined;
  return (
    <div class="pager">
      <p class="muted" role="status">
        {shown} shown{nextToken === undefined ? "" : ", more exist"}
      </p>
      {!isOnly && (
        <>
          <button type="button" disabled={pages.token === undefined} onClick={pages.back}>
            Back
          </button>
          <button
            type="button"
            disabled={nextToken === undefined}
            onClick={() => nextToken !== undefined && pages.next(nextToken)}
          >
            Next
          </button>
        </>
      )}
    </div>
  );
}
