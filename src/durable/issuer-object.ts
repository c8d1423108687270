/**
 * One upstream issuer: its key set, fetched once for everybody. The only object that calls upstream, and it calls for its
 * own issuer alone, so a slow issuer slows nobody else. Stores nothing before the issuer has answered properly, and nothing
 * for longer than a day after the last answer.
 */
import { retryable } from "cloudflare:durable-objects";
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
} from "../key-sets/key-set-life.ts";
import { discoveryOf, type KeySource, keySourceOf } from "../key-sets/key-source.ts";
import { loadKeySet, permittedUrl } from "../key-sets/load-key-set.ts";
import { parsePublicKeys } from "../key-sets/public-keys.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { ConfiguredObject } from "./configured-object.ts";
import { writeEvent } from "../log/write.ts";

const STORAGE_KEY = "key-set";

export class IssuerObject extends ConfiguredObject {
  static {
    // Safe to run twice, so the runtime may repeat a call that a deployment cut off.
    // oxlint-disable-next-line typescript/unbound-method -- the mark is on the function itself, and nothing calls it here
    retryable(this.prototype.keys);
  }

  // Memory is enough for these two: an eviction costs one more try.
  #failure: LoadFailure | undefined;
  #refreshedAt: number | undefined;
  #held: HeldKeySet | undefined;
  /** Whether the alarm is set, as far as this life knows: to set it for each set would be one more row written. */
  #isAlarmSet = false;
  /** The one fetch under way. Requests of one object may share it; those of an isolate may not. */
  #fetching: Promise<void> | undefined;

  /** Never throws for anything that an upstream does. */
  async keys(request: KeySetRequest): Promise<KeySetAnswer> {
    const { issuer } = request;
    if (issuer !== this.ctx.id.name) throw new Error("an issuer's object answers for that issuer alone");
    const state = this.#state(issuer);
    const reason = fetchReason(state, request, epochSeconds());
    if (reason !== null) await this.#fetchOnce(issuer, reason);
    else if (isRenewable(state, epochSeconds())) this.ctx.waitUntil(this.#fetchOnce(issuer, "no-fresh-set"));
    // Decided again on what is held now: the world may have moved during the fetch.
    const answer = answerOf(this.#state(issuer), epochSeconds());
    return reason === null ? answer : { ...answer, isFetched: true };
  }

  /** T28: single flight. */
  async #fetchOnce(issuer: string, reason: FetchReason): Promise<void> {
    this.#fetching ??= this.#fetch(issuer, reason).finally(() => (this.#fetching = undefined));
    await this.#fetching;
  }

  #state(issuer: string): KeySetState {
    const stored = this.#held === undefined ? this.ctx.storage.kv.get(STORAGE_KEY) : undefined;
    this.#held ??= readStored(stored, issuer, this.#sourceOf(issuer), this.config.upstreams);
    return {
      ...(this.#held === undefined ? {} : { held: this.#held }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.#refreshedAt === undefined ? {} : { refreshedAt: this.#refreshedAt }),
    };
  }

  #sourceOf(issuer: string): KeySource {
    return keySourceOf(issuer, this.config.keySources);
  }

  async #fetch(issuer: string, reason: FetchReason): Promise<void> {
    const source = this.#sourceOf(issuer);
    const tools = { fetch: (url: string, init: RequestInit) => fetch(url, init), upstreams: this.config.upstreams };
    const loaded = await loadKeySet(issuer, tools, source);
    // Only now: who asks during the fetch waits for it, too.
    if (reason === "no-fitting-key") this.#refreshedAt = epochSeconds();
    if (!loaded.ok) {
      this.#failure = failedAgain(this.#failure, loaded.error, epochSeconds());
      writeEvent({ event: "issuer-keys-not-loaded", issuer, reason: loaded.error });
      return;
    }
    const held = { ...loaded.value, fetchedAt: epochSeconds() };
    this.ctx.storage.kv.put(STORAGE_KEY, { ...held, source: source.address });
    this.#held = held;
    this.#failure = undefined;
    if (!this.#isAlarmSet) this.#wakeAt(uselessFrom(held));
  }

  #wakeAt(seconds: number): void {
    this.#isAlarmSet = true;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(seconds * 1000));
  }

  /** Erases what is of no more use: pools come and go, and so do the issuers that they name. */
  override async alarm(): Promise<void> {
    this.#isAlarmSet = false;
    const stored: unknown = this.ctx.storage.kv.get(STORAGE_KEY);
    const fetchedAt: unknown =
      typeof stored === "object" && stored !== null ? Reflect.get(stored, "fetchedAt") : undefined;
    const now = epochSeconds();
    // What was fetched in the future was so by a clock that was wrong.
    if (typeof fetchedAt === "number" && fetchedAt <= now && now < uselessFrom({ fetchedAt })) {
      this.#wakeAt(uselessFrom({ fetchedAt }));
      return;
    }
    this.#held = undefined;
    await this.ctx.storage.deleteAll();
  }
}

/** T29: a stored set counts only if it still says whose it is and came the way that settings and code still have for it. */
function readStored(
  value: unknown,
  issuer: string,
  source: KeySource,
  upstreams: UpstreamPolicy,
): HeldKeySet | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const stored = new Map<string, unknown>(Object.entries(value));
  const [keySetUrl, fetchedAt] = [stored.get("keySetUrl"), stored.get("fetchedAt")];
  if (stored.get("issuer") !== issuer || typeof keySetUrl !== "string" || typeof fetchedAt !== "number")
    return undefined;
  // The first release kept no source: it knew discovery, and the user pools' own addresses.
  const keptFrom = stored.get("source") ?? (source.kind === "keys" ? keySetUrl : discoveryOf(issuer));
  if (keptFrom !== source.address || permittedUrl(keySetUrl, upstreams) === undefined) return undefined;
  const keys = parsePublicKeys(value)?.keys ?? [];
  return keys.length === 0 ? undefined : { issuer, keySetUrl, keys, fetchedAt };
}

function epochSeconds(): number {
  return Date.now() / 1000;
}
