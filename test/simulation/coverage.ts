/**
 * How often each fault point F1 to F25 was really hit, as opposed to drawn: a point that no schedule reaches proves
 * nothing. Docs/reliability.md says what each is; the test holds that every one is hit.
 */

export const FAULT_POINTS = [
  "F1 an object dies before a reservation is stored",
  "F1 an object dies after a reservation is stored",
  "F2 a coordinator dies with all logins reserved and nothing committed",
  "F3 a coordinator dies after the commit, before the first confirmation",
  "F3 a coordinator dies after the commit, between two confirmations",
  "F4 what was done is not answered, and the client asks again",
  "F5 a request is lost",
  "F5 a reply is lost",
  "F5 a message is delivered twice",
  "F5 a message overtakes another",
  "F5 a request is late",
  "F5 a reply is late",
  "F6 an identity is evicted at an await",
  "F6 a login is evicted at an await",
  "F6 a pool is evicted at an await",
  "F6 a directory is evicted at an await",
  "F6 a key ring is evicted at an await",
  "F6 an issuer's object is evicted at an await",
  "F7 an alarm runs twice",
  "F7 an alarm is late",
  "F7 an alarm runs together with a request",
  "F7 an alarm meets a failing storage",
  "F8 an identity's storage throws",
  "F8 a login's storage throws",
  "F8 a pool's storage throws",
  "F8 a directory's storage throws",
  "F8 a key ring's storage throws",
  "F8 an issuer's storage throws",
  "F8 a limiter's storage throws",
  "F9 an issuer fails after the first login was verified",
  "F10 a clock jumps",
  "F10 a clock stands still",
  "F11 the active key changes between choosing and signing",
  "F11 the key set is read before, in and after a rotation",
  "F11 an isolate signs with a key that was dropped",
  "F11 an order to rotate comes again after it was carried out",
  "F12 older code wakes on what newer code stored",
  "F12 newer code wakes on what older code stored",
  "F13 a pool is deleted between verification and commit",
  "F13 an isolate goes by what a pool is no more",
  "F14 a login is unlinked while a request links it",
  "F15 an identity is deleted while a mint waits",
  "F16 a limiter is lost after a draw",
  "F17 two isolates sign with different keys",
  "F17 two isolates publish different key sets",
  "F18 a client goes away in mid-request",
  "F19 the source throttles",
  "F19 the source fails",
  "F19 the source answers junk",
  "F20 what the source has done is not answered",
  "F21 an old app links at the source what is not known here yet",
  "F22 the source is changed while it is asked",
  "F23 an identity is deleted while the source is asked",
  "F24 an import tells of what was deleted here",
  "F24 an import tells otherwise than it is here",
  "F25 a key is sealed anew",
  "F25 an isolate opens by the other key encryption key",
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

export type Hits = ReadonlyMap<FaultPoint, number>;

export class Coverage {
  readonly #hits = new Map<FaultPoint, number>();

  hit(point: FaultPoint): void {
    this.#hits.set(point, (this.#hits.get(point) ?? 0) + 1);
  }

  get hits(): Hits {
    return this.#hits;
  }
}

/** The hits of many schedules, in the order of the list, those that were never hit among them. */
export function totalOf(all: Iterable<Hits>): Hits {
  const total = new Map<FaultPoint, number>(FAULT_POINTS.map((point) => [point, 0]));
  for (const hits of all) for (const [point, count] of hits) total.set(point, (total.get(point) ?? 0) + count);
  return total;
}
