/**
 * What an issuer's object decides: its key set, fetched once for everybody. It asks its own issuer alone, so that a slow one slows
 * nobody else. Stores nothing before the issuer has answered properly, and nothing for longer than a day after the last answer.
 */
import type { Result } from "../domain/errors.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { type KeptKeySet, readKept, usefulUntil } from "./kept-key-set.ts";
import {
  answerOf,
  failedAgain,
  type FetchReason,
  fetchReason,
  type HeldKeySet,
  isRenewable,
  type KeySetAnswer,
  type KeySetRequest,
  type KeySetState,
  type LoadFailure,
  uselessFrom,
} from "./key-set-life.ts";
import { type KeySource, keySourceOf } from "./key-source.ts";
import type { KeySet, KeySetFailure } from "./load-key-set.ts";

export type KeySetHost = {
  /** The issuer that the object is named by, and answers for. */
  issuer(): string | undefined;
  settings(): { readonly upstreams: UpstreamPolicy; readonly keySources: ReadonlyMap<string, KeySource> };
  /** Asks the issuer, at that address: load-key-set.ts. */
  load(issuer: string, source: KeySource): Promise<Result<KeySet, KeySetFailure>>;
  /** Epoch seconds. */
  now(): number;
  /** What `save` stored last, or whatever else is there. */
  kept(): unknown;
  /** One storage step: the set, and the alarm in epoch seconds; null leaves the alarm as it is. */
  save(keySet: KeptKeySet, wakeAt: number | null): void;
  /** Nothing is left, the alarm excepted. */
  erase(): Promise<void>;
  /** `at` in epoch seconds. */
  setAlarm(at: number): void;
  /** Work that nobody who asked waits for. */
  behindAnswer(work: Promise<void>): void;
  /** The issuer could not be asked, or not made use of. */
  notLoaded(issuer: string, reason: KeySetFailure): void;
};

export class KeySetActor {
  readonly #host: KeySetHost;
  #held: HeldKeySet | undefined;
  // Memory is enough for these two: an eviction costs one more try.
  #failure: LoadFailure | undefined;
  #refreshedAt: number | undefined;
  /** Whether the alarm is set, as far as this life knows: to set it for each set would be one more row written. */
  #isAlarmSet = false;
  /** The one fetch under way. Requests of one object may share it; those of an isolate may not. */
  #fetching: Promise<void> | undefined;

  constructor(host: KeySetHost) {
    this.#host = host;
  }

  /** Never throws for anything that an upstream does. */
  async keys(request: KeySetRequest): Promise<KeySetAnswer> {
    const { issuer } = request;
    if (issuer !== this.#host.issuer()) throw new Error("an issuer's object answers for that issuer alone");
    const state = this.#state(issuer);
    const reason = fetchReason(state, request, this.#host.now());
    if (reason !== null) await this.#fetchOnce(issuer, reason);
    else if (isRenewable(state, this.#host.now())) this.#host.behindAnswer(this.#fetchOnce(issuer, "no-fresh-set"));
    // Decided again on what is held now: the world may have moved during the fetch.
    const answer = answerOf(this.#state(issuer), this.#host.now());
    return reason === null ? answer : { ...answer, isFetched: true };
  }

  /** Erases what is of no more use: pools come and go, and so do the issuers that they name. */
  async alarm(): Promise<void> {
    this.#isAlarmSet = false;
    const until = usefulUntil(this.#host.kept(), this.#host.now());
    if (until !== null) {
      this.#isAlarmSet = true;
      this.#host.setAlarm(until);
      return;
    }
    this.#held = undefined;
    await this.#host.erase();
  }

  #state(issuer: string): KeySetState {
    const { upstreams, keySources } = this.#host.settings();
    this.#held ??= readKept(this.#host.kept(), issuer, keySourceOf(issuer, keySources), upstreams);
    return {
      ...(this.#held === undefined ? {} : { held: this.#held }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.#refreshedAt === undefined ? {} : { refreshedAt: this.#refreshedAt }),
    };
  }

  /** T28: single flight. */
  async #fetchOnce(issuer: string, reason: FetchReason): Promise<void> {
    this.#fetching ??= this.#fetch(issuer, reason).finally(() => (this.#fetching = undefined));
    await this.#fetching;
  }

  async #fetch(issuer: string, reason: FetchReason): Promise<void> {
    const source = keySourceOf(issuer, this.#host.settings().keySources);
    const loaded = await this.#host.load(issuer, source);
    // Only now: who asks during the fetch waits for it, too.
    if (reason === "no-fitting-key") this.#refreshedAt = this.#host.now();
    if (!loaded.ok) {
      this.#failure = failedAgain(this.#failure, loaded.error, this.#host.now());
      this.#host.notLoaded(issuer, loaded.error);
      return;
    }
    const held = { ...loaded.value, fetchedAt: this.#host.now() };
    this.#host.save({ ...held, source: source.address }, this.#isAlarmSet ? null : uselessFrom(held));
    this.#isAlarmSet = true;
    this.#held = held;
    this.#failure = undefined;
  }
}
