/** Where the page is: its address's hash. */
import { routeOf } from "./match.ts";
import { storeOf } from "./store.ts";

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
