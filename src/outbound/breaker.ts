/**
 * Which providers' APIs are in trouble, as this isolate has seen it: the circuits of circuit.ts, by API, and where a provider
 * counts by its caller, by that caller, so that one app's or one user's quota is nobody else's trouble. Why not for all
 * isolates together: docs/adr/0032-a-breaker-in-each-isolate.md.
 */
import type { IsolateCache } from "../domain/isolate-cache.ts";
import { answered, asking, type Circuit, CLOSED, failed, toldToWait, unlearned } from "./circuit.ts";

/** What became of a question. */
export type QuestionOutcome =
  /** The API works, whatever it said. */
  | { readonly kind: "answered" }
  /** 5xx, no connection, or no answer in time. */
  | { readonly kind: "failed" }
  /** The API's own word when to come again, in seconds. */
  | { readonly kind: "told-to-wait"; readonly seconds: number }
  /** The caller has asked too much. */
  | { readonly kind: "throttled" }
  /** Nothing can be learned of it. */
  | { readonly kind: "unknown" };

/** Who is asked, and by whom. */
export type Route = {
  /** Origin of the API. */
  readonly api: string;
  /** Whose quota the question spends, where it is not that of this service as a whole. Never logged: it may be a user's token. */
  readonly caller?: string;
};

export type Breaker = {
  /** Whether a question may be asked now. Asks nobody, and takes the place of no probe. */
  permits(route: Route, now: number): boolean;
  /** Begins a question; false when none may be asked, which then is no question. */
  begin(route: Route, now: number): boolean;
  /** Ends it. The seconds that nobody will ask because of it, or null. */
  end(route: Route, outcome: QuestionOutcome, now: number): number | null;
};

/** A circuit that nothing was heard of for so long after it was open is forgotten: one failure an hour is no trouble. */
const MEMORY_SECONDS = 60;

/** Those in trouble: by API, and by API and caller. */
export type Circuits = { readonly apis: IsolateCache<Circuit>; readonly callers: IsolateCache<Circuit> };

export function createBreaker({ apis, callers }: Circuits): Breaker {
  const circuitsOf = ({ api, caller }: Route) => [
    { cache: apis, key: api },
    ...(caller === undefined ? [] : [{ cache: callers, key: JSON.stringify([api, caller]) }]),
  ];
  const read = (cache: IsolateCache<Circuit>, key: string, now: number) => cache.get(key, now) ?? CLOSED;
  const write = (cache: IsolateCache<Circuit>, key: string, circuit: Circuit, now: number) => {
    if (circuit === CLOSED) cache.delete(key);
    else cache.set(key, circuit, now, Math.max(0, circuit.openUntil - now) + MEMORY_SECONDS);
  };
  const permits = (route: Route, now: number) =>
    circuitsOf(route).every(({ cache, key }) => asking(read(cache, key, now), now) !== null);

  return {
    permits,
    begin(route, now) {
      if (!permits(route, now)) return false;
      for (const { cache, key } of circuitsOf(route)) {
        const circuit = read(cache, key, now);
        const begun = asking(circuit, now) ?? circuit;
        if (begun !== circuit) write(cache, key, begun, now);
      }
      return true;
    },
    end(route, outcome, now) {
      const own = route.caller === undefined ? apis : callers;
      let pause: number | null = null;
      for (const { cache, key } of circuitsOf(route)) {
        const before = read(cache, key, now);
        const after = next(before, outcome, now, cache === own, cache === apis);
        if (after === before) continue;
        write(cache, key, after, now);
        if (after.openUntil > before.openUntil) pause = Math.ceil(after.openUntil - now);
      }
      return pause;
    },
  };
}

/** `isOwn`: the circuit is that of whose quota was spent. `isApi`: it is that of the API. */
function next(circuit: Circuit, outcome: QuestionOutcome, now: number, isOwn: boolean, isApi: boolean): Circuit {
  switch (outcome.kind) {
    case "answered":
      return answered(circuit, now);
    case "failed":
      return isApi ? failed(circuit, now) : unlearned(circuit);
    case "told-to-wait":
      return isApi ? toldToWait(circuit, outcome.seconds, now) : unlearned(circuit);
    case "throttled":
      // Of one caller alone it says that the API works.
      return isOwn ? failed(circuit, now) : answered(circuit, now);
    case "unknown":
      return unlearned(circuit);
  }
}
