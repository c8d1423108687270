/** When to try again what nobody has answered: less and less often, and not everybody at once. Pure. */

/** Seconds between two tries at first, and at most. */
const LEAST_SECONDS = 10;
const MOST_SECONDS = 3600;
/** How far the wait of one is from that of the others: a quarter of it, either way. */
const SPREAD = 0.25;

/**
 * Seconds to wait, 7.5 to 4500, once something has been waiting for `waitedSeconds`: half as long again. `name` decides its
 * place among others that wait as long, so that nothing has to be remembered. A clock that was set back makes it the least.
 */
export function backoffSeconds(waitedSeconds: number, name: string): number {
  const seconds = Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, waitedSeconds / 2));
  return seconds * (1 - SPREAD + 2 * SPREAD * placeOf(name));
}

/** From 0 to 1, evenly over names that differ in any way: FNV-1a. */
function placeOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash / 0x1_0000_0000;
}
