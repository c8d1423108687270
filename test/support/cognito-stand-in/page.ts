/** One page of a list. A token says after which key the next one begins, so that what comes or goes meanwhile shifts nothing. */
import { invalidParameter } from "./cognito-error.ts";

type Page<T> = { readonly items: readonly T[]; readonly next: { readonly NextToken?: string } };

export function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  maxResults: number,
  token: string | undefined,
): Page<T> {
  const sorted = all.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const after = token === undefined ? "" : Buffer.from(token, "base64url").toString();
  if (token !== undefined && after === "") throw invalidParameter("Invalid NextToken.");
  const rest = sorted.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, maxResults);
  const last = items.at(-1);
  const hasMore = rest.length > items.length && last !== undefined;
  return { items, next: hasMore ? { NextToken: Buffer.from(keyOf(last)).toString("base64url") } : {} };
}
