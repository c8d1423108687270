/**
 * What an issuer's object says of its key set, and how often it asks the issuer (invariants no-outlived-key-set and
 * issuers-are-left-alone). It knows of each load when it truly was, and what it brought.
 */
import type { KeySetAnswer } from "../../src/key-sets/key-set-life.ts";
import type { Network } from "./network.ts";
import type { Life } from "./slots.ts";

type Load = { readonly version: number; readonly atMs: number; readonly fetchedAt: number };
/** What one life of the object has asked of the issuer. */
type Asked = { isUnderWay: boolean; endedAtMs: number; failures: number; early: number };

const FRESH_MS = 600_000;
const DAY_MS = 86_400_000;
/** From this age on a set may be renewed, though nobody needs it yet. */
const RENEWABLE_MS = 480_000;
/** For so long no token has a fresh set fetched anew, once one has. */
const REFRESH_MS = 30_000;
const LONGEST_RETRY_MS = 30_000;

export class KeySetJudge {
  readonly #network: Network;
  readonly #loads: Load[] = [];
  readonly #asked = new WeakMap<Life, Asked>();
  /** Place of the load that was answered last. */
  #newest = -1;

  constructor(network: Network) {
    this.#network = network;
  }

  /** Of the set that was answered last, by the object's clock. */
  get lastFetchedAt(): number | null {
    return this.#loads[this.#newest]?.fetchedAt ?? null;
  }

  /** `storedAt`: `fetchedAt` of the set in the storage. */
  begins(life: Life, storedAt: number | null): void {
    const { nowMs } = this.#network;
    const asked = this.#asked.get(life) ?? { isUnderWay: false, endedAtMs: -Infinity, failures: 0, early: -Infinity };
    this.#asked.set(life, asked);
    if (asked.isUnderWay) this.#violate("issuers-are-left-alone: it is asked twice at once");
    asked.isUnderWay = true;
    if (this.#isClockWrong) return;
    const retryMs = asked.failures === 0 ? 0 : Math.min(LONGEST_RETRY_MS, 1000 * 2 ** asked.failures);
    if (nowMs - asked.endedAtMs < retryMs)
      this.#violate(`issuers-are-left-alone: it failed ${asked.failures} times, and is asked again at once`);
    const stored = this.#loads.findLast(({ fetchedAt }) => fetchedAt === storedAt);
    if (asked.failures > 0 || nowMs - (stored?.atMs ?? -Infinity) >= RENEWABLE_MS) return;
    if (nowMs - asked.early < REFRESH_MS)
      this.#violate("issuers-are-left-alone: a fresh set is fetched anew twice within 30 s");
    asked.early = Infinity;
  }

  ends(life: Life, isFailure: boolean): void {
    const asked = this.#asked.get(life);
    if (asked === undefined) return;
    asked.isUnderWay = false;
    asked.endedAtMs = this.#network.nowMs;
    asked.failures = isFailure ? asked.failures + 1 : 0;
    if (asked.early === Infinity) asked.early = asked.endedAtMs;
  }

  /** `fetchedAt`: what the object's clock says. */
  loaded(version: number, atMs: number, fetchedAt: number): void {
    this.#loads.push({ version, atMs, fetchedAt });
  }

  answered(life: Life, answer: KeySetAnswer, newerThan: number | null): void {
    const { nowMs } = this.#network;
    const latestAgeMs = nowMs - (this.#loads.at(-1)?.atMs ?? -Infinity);
    if (answer.state === "unreachable") {
      // What was loaded last may not have been stored; what was answered was.
      const answeredAgeMs = nowMs - (this.#loads[this.#newest]?.atMs ?? -Infinity);
      if (!this.#isClockWrong && answeredAgeMs < DAY_MS)
        this.#violate(`no-outlived-key-set: no keys are answered, ${answeredAgeMs} ms after a set that was`);
      return;
    }
    const kids = answer.keys.map(({ kid }) => kid).join();
    const place = this.#loads.findLastIndex(
      ({ version, fetchedAt }) => `key${version}` === kids && fetchedAt === answer.fetchedAt,
    );
    const load = this.#loads[place];
    if (load === undefined) return this.#violate(`no-outlived-key-set: ${kids} was never loaded so`);
    if (place < this.#newest)
      this.#violate(`no-outlived-key-set: ${kids} is answered after ${this.#loads[this.#newest]?.version}`);
    this.#newest = Math.max(this.#newest, place);
    const ageMs = nowMs - load.atMs;
    const most = answer.failure === undefined ? FRESH_MS : DAY_MS;
    if (!this.#isClockWrong && ageMs >= most) this.#violate(`no-outlived-key-set: ${kids} is ${ageMs} ms old`);
    const { endedAtMs = -Infinity } = this.#asked.get(life) ?? {};
    const isNewer = newerThan === null || answer.fetchedAt > newerThan;
    if (!this.#isClockWrong && !isNewer && nowMs - endedAtMs >= REFRESH_MS && latestAgeMs >= REFRESH_MS)
      this.#violate("no-outlived-key-set: a key is missing, and nobody asks the issuer for it");
  }

  /** By a clock that was wrong a set may be taken for another age. */
  get #isClockWrong(): boolean {
    const { faults } = this.#network;
    return faults.hasStruck("clock-jump") || faults.hasStruck("clock-stands");
  }

  #violate(words: string): void {
    this.#network.violate(words);
  }
}
