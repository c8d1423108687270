/** The page's address is its hash, as `#pool/us-east-1:…/identities`. Pure but for `route` and `go`. */
import { storeOf } from "./store.ts";

/** `path` as in the table of pages: a segment that begins with a colon stands for any. */
export function match(path: string, route: string): readonly string[] | null {
  const [wanted, given] = [path.split("/"), route.split("/")];
  if (wanted.length !== given.length) return null;
  const values: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith(":")) {
      if (value === "") return null;
      values.push(value);
    } else if (segment !== value) return null;
  }
  return values;
}

/** The route that a hash names; each segment as it was before it was written into an address. */
export function routeOf(hash: string): string {
  const route = hash.replace(/^#\/?/, "");
  try {
    return decodeURIComponent(route);
  } catch {
    return route;
  }
}

export const route = storeOf("");

/** From now on `route` is what the address says. */
export function startRouter(): void {
  const changed = () => route.set(routeOf(location.hash));
  addEventListener("hashchange", changed);
  changed();
}

export function go(to: string): void {
  location.hash = to;
}
