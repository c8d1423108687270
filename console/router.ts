/** Where the page is: its address's hash. */
import { routeOf } from "./match.ts";
import { storeOf } from "./store.ts";

export const route = storeOf("");

let mayLeave: (() => boolean) | null = null;

/** Asked before another page takes the place of this one; null: nobody needs to be asked. */
export function holdPage(ask: (() => boolean) | null): void {
  mayLeave = ask;
}

/** From now on `route` is what the address says. */
export function startRouter(): void {
  let shown = location.hash;
  const changed = () => {
    if (location.hash === shown) return;
    // The address has changed already: whoever stays gets the old one back.
    if (mayLeave?.() === false) return history.replaceState(null, "", shown);
    shown = location.hash;
    route.set(routeOf(shown));
  };
  addEventListener("hashchange", changed);
  route.set(routeOf(shown));
}

export function go(to: string): void {
  location.hash = to;
}
