/**
 * An issuer's keys as one isolate sees them: imported once, kept as long as the issuer's object vouches for them, and
 * asked for again when none of them fits a token. Every fetch is the object's; nothing here opens a connection.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import { spreadLife } from "../domain/renewal.ts";
import type { KeySetAnswer, KeySetRequest } from "./key-set-life.ts";
import type { KeySetFailure } from "./load-key-set.ts";
import { type PublicKey, selectKey } from "./public-keys.ts";
import { type KeyRefusalReason, upstreamTroubleOf } from "../domain/login-refusal.ts";
import type { TellRule } from "../domain/login-rules.ts";
import { quotedName } from "../domain/printable.ts";
import { importVerificationKey, type SignatureAlgorithm } from "../jwt/signature.ts";
import type { IsolateCache } from "../domain/isolate-cache.ts";

export type KeyRequest = {
  /** The issuer that the pool's provider row stands for; never one that a token names (T4). */
  readonly issuer: string;
  readonly algorithm: SignatureAlgorithm;
  /** `kid` of the token's header, for equality alone (T5). */
  readonly kid: string | undefined;
  /** Whether this key made the token's signature. Asked about one key of a set, and never about another one beside it. */
  readonly isSigner: (key: CryptoKey) => boolean | Promise<boolean>;
  /** Told when the answer had to be fetched from the issuer. */
  readonly onFetch?: (() => void) | undefined;
  readonly tell?: TellRule | undefined;
};

/** In the hands of one request: what it begins, it alone waits for. */
export interface IssuerKeys {
  /**
   * Asks for the issuer's keys at once, where none are held, so that the answer comes beside what has to be known before `find`.
   * What it fails with is not told: `find` asks again.
   */
  begin(issuer: string, onFetch?: () => void): void;
  /**
   * The one key that fits and made the signature. What the known set refuses is judged once more by a newer one where the
   * issuer may be asked for it: a key may be new, may have replaced another under the same kid, or have lost its double.
   */
  find(request: KeyRequest): Promise<Result<CryptoKey, KeyRefusalReason>>;
}

/** A key and its imports. A CryptoKey is bound to one algorithm, so an RSA key that names none may have several. */
type IsolateKey = { readonly publicKey: PublicKey; readonly imported: Map<SignatureAlgorithm, CryptoKey> };

export type IssuerEntry =
  | {
      readonly state: "known";
      readonly keys: readonly IsolateKey[];
      readonly fetchedAt: number;
      /** From here on, epoch seconds, the object may have or fetch a newer set. */
      readonly refreshableFrom: number;
      /** Why the issuer failed when it was last asked. */
      readonly failure: KeySetFailure | undefined;
    }
  | { readonly state: "unreachable"; readonly failure: KeySetFailure | undefined };

/** An answer of the issuer's object, and whether that had to be fetched for this very question. */
type Asked = { readonly entry: IssuerEntry; readonly isFetched: boolean };

/** What is needed of an issuer's object. */
export type IssuerStub = { keys(request: KeySetRequest): Promise<KeySetAnswer> };

/**
 * `stubOf` makes a fresh stub each time: one that met an infrastructure error stays broken. `now` in epoch seconds; `random` is
 * uniform in [0, 1).
 */
export function createIssuerKeys(
  stubOf: (issuer: string) => IssuerStub,
  cache: IsolateCache<IssuerEntry>,
  now: () => number,
  random: () => number,
): IssuerKeys {
  const begun = new Map<string, Promise<Asked | null>>();

  async function ask(request: KeySetRequest, onFetch: (() => void) | undefined): Promise<Asked> {
    const answer = await stubOf(request.issuer).keys(request);
    const isFetched = answer.isFetched === true;
    if (isFetched) onFetch?.();
    const answeredAt = now();
    if (answer.state === "unreachable") {
      const entry = { state: answer.state, failure: answer.failure } as const;
      cache.set(request.issuer, entry, answeredAt, answer.retryAfterSeconds);
      return { entry, isFetched };
    }
    const entry = {
      state: answer.state,
      keys: answer.keys.map((publicKey) => ({ publicKey, imported: new Map<SignatureAlgorithm, CryptoKey>() })),
      fetchedAt: answer.fetchedAt,
      refreshableFrom: answeredAt + answer.refreshableAfterSeconds,
      failure: answer.failure,
    };
    // T30: the object's own freshness, which ends for all isolates at once, and not one that starts anew in each. What a
    // failure keeps alive ends with that one.
    const { freshForSeconds, failure } = answer;
    const lifeSeconds = failure === undefined ? spreadLife(freshForSeconds, random()) : freshForSeconds;
    cache.set(request.issuer, entry, answeredAt, lifeSeconds);
    return { entry, isFetched };
  }

  async function held(issuer: string, onFetch: (() => void) | undefined): Promise<Asked> {
    const ahead = begun.get(issuer);
    const begunFor = ahead === undefined ? null : await ahead;
    if (begunFor !== null) return begunFor;
    const entry = cache.get(issuer, now());
    return entry === undefined ? await ask({ issuer }, onFetch) : { entry, isFetched: false };
  }

  return {
    begin(issuer, onFetch) {
      if (begun.has(issuer) || cache.get(issuer, now()) !== undefined) return;
      begun.set(
        issuer,
        ask({ issuer }, onFetch).catch(() => null),
      );
    },
    async find(request): Promise<Result<CryptoKey, KeyRefusalReason>> {
      const { issuer, onFetch } = request;
      const { entry, isFetched } = await held(issuer, onFetch);
      const found = await findIn(entry, request);
      // What was fetched for this very question would be no other a moment later. T28: until the object may refresh again,
      // every token that no key fits is answered here, without a call.
      if (found.ok || entry.state === "unreachable" || isFetched || now() < entry.refreshableFrom) return found;
      const newer = await ask({ issuer, newerThan: entry.fetchedAt }, onFetch);
      return await findIn(newer.entry, request);
    },
  };
}

async function findIn(
  entry: IssuerEntry,
  { issuer, algorithm, kid, isSigner, tell }: KeyRequest,
): Promise<Result<CryptoKey, KeyRefusalReason>> {
  tell?.("issuer-keys", `the keys of ${issuer} are known`, loadedText(entry));
  if (entry.state === "unreachable") return err(upstreamTroubleOf(entry.failure));
  tell?.("signing-key", `one key for ${algorithm} with the kid of the token: ${kidsText(entry.keys)}`, kid);
  const selected = selectKey(entry.keys, algorithm, kid);
  if (!selected.ok) {
    // T31: while the issuer is down, nobody knows whether it has added a key, so the token is not called wrong.
    const isOpen = selected.error.kind === "unknown-key" && entry.failure !== undefined;
    return isOpen ? err(upstreamTroubleOf(entry.failure)) : selected;
  }
  tell?.("signature", "made by that key");
  const key = selected.value.imported.get(algorithm) ?? (await importKey(selected.value, algorithm));
  return (await isSigner(key)) ? ok(key) : err({ kind: "bad-signature" });
}

function loadedText(entry: IssuerEntry): string {
  if (entry.state === "known") return entry.keys.length === 1 ? "1 key" : `${entry.keys.length} keys`;
  return entry.failure ?? "not asked again yet";
}

/** Most kids of a set that an explanation names. */
const MAX_NAMED_KIDS = 20;

/** Published by their issuer, and so no secret. */
function kidsText(keys: readonly IsolateKey[]): string {
  const kids = keys
    .slice(0, MAX_NAMED_KIDS)
    .map(({ publicKey: { kid } }) => (kid === undefined ? "(none)" : quotedName(kid)));
  return [...kids, ...(keys.length > MAX_NAMED_KIDS ? ["…"] : [])].join(", ");
}

/** Two requests may import the same key at once: that is cheaper than one that waits for another. */
async function importKey({ publicKey, imported }: IsolateKey, algorithm: SignatureAlgorithm): Promise<CryptoKey> {
  const key = await importVerificationKey(publicKey, algorithm);
  imported.set(algorithm, key);
  return key;
}
