/**
 * One structured line for each request: docs/reliability.md lists its members. It names what happened and never what was
 * presented: no token, secret, subject or provider name that no pool has, and an identity only by its hash (T46).
 */
import type { ServiceError } from "../domain/errors.ts";
import type { Hash } from "../domain/digest.ts";
import { type Effect, hashedIdentity, type StsTrace, type Trace } from "../domain/trace.ts";
import type { RequestEvent } from "./events.ts";
import { writeEvent } from "./write.ts";

export type RequestLine = {
  readonly requestId: string;
  readonly operation: string | null;
  readonly status: number;
  readonly error?: ServiceError | undefined;
  readonly durationMs: number;
  readonly about?: RequestTrace;
};

/** What a request turned out to be about. */
type RequestTrace = Omit<
  RequestEvent,
  "message" | "requestId" | "operation" | "status" | "exception" | "reason" | "durationMs"
>;

/** Collects what a request is about: from its input and output, which are judged again here, and from what it notes. */
export class RequestFacts {
  #caller: string | undefined;
  #claimedCaller: string | undefined;
  /** Of the input, a client's word. */
  #namedPool: string | undefined;
  /** Of the objects, or of the answer. */
  readonly #pools = new Set<string>();
  #named: string | undefined;
  #answered: string | undefined;
  readonly #targets = new Set<string>();
  readonly #unprocessed = new Set<string>();
  #providers: readonly string[] | undefined;
  #upstreamFetches = 0;
  #effect: Effect | undefined;
  #repeats = 0;
  #sts: StsTrace | undefined;

  /** Of an input that may be anything: only what has the shape of an id is taken, and nothing else can be written in it. */
  readInput(json: Readonly<Record<string, unknown>>): void {
    this.#namedPool = idIn(json, "IdentityPoolId");
    this.#named = idIn(json, "IdentityId");
    for (const id of listIn(json, "IdentityIdsToDelete")) addId(this.#targets, id);
  }

  readOutput(output: object | undefined): void {
    if (output === undefined) return;
    const pool = idIn(output, "IdentityPoolId");
    if (pool !== undefined) this.#pools.add(pool);
    this.#answered = idIn(output, "IdentityId");
    for (const entry of listIn(output, "UnprocessedIdentityIds"))
      addId(this.#unprocessed, idIn(Object(entry), "IdentityId"));
  }

  note({
    identityPoolId,
    identityIds = [],
    providerNames,
    upstreamFetches = 0,
    effect,
    repeats = 0,
    sts,
  }: Trace): void {
    if (identityPoolId !== undefined) this.#pools.add(identityPoolId);
    for (const identityId of identityIds) addId(this.#targets, identityId);
    if (providerNames !== undefined) this.#providers = [...new Set([...(this.#providers ?? []), ...providerNames])];
    this.#upstreamFetches += upstreamFetches;
    // What became of identities comes first, and then the token that it was done for.
    this.#effect ??= effect;
    this.#repeats += repeats;
    this.#sts = sts ?? this.#sts;
  }

  /** Once the signature is found good. */
  signedBy(accessKeyId: string): void {
    this.#caller = accessKeyId;
  }

  /** A configured access key id that the request only claims to be signed with. */
  claimedBy(accessKeyId: string | undefined): void {
    this.#claimedCaller = accessKeyId;
  }

  async describe(hash: Hash): Promise<RequestTrace> {
    const identity = this.#answered ?? this.#named;
    const other = this.#named === identity ? undefined : this.#named;
    const pools = [...this.#pools].slice(0, MAX_LISTED);
    return {
      caller: this.#caller,
      claimedCaller: this.#claimedCaller,
      pool: pools.length > 1 ? undefined : (pools[0] ?? this.#namedPool),
      pools: pools.length > 1 ? pools : undefined,
      identity: identity && (await hashedIdentity(identity, hash)),
      namedIdentity: other && (await hashedIdentity(other, hash)),
      identities: await hashedList(this.#targets, hash),
      unprocessed: await hashedList(this.#unprocessed, hash),
      providers: this.#providers,
      upstreamFetches: this.#upstreamFetches,
      effect: this.#effect,
      repeats: this.#repeats > 0 ? this.#repeats : undefined,
      role: this.#sts?.role,
      sessionSeconds: this.#sts?.sessionSeconds,
      stsStatus: this.#sts?.status,
      stsMs: this.#sts?.durationMs,
      stsMessage: this.#sts?.message,
    };
  }
}

/** Most identities, or pools, in one line: as many as DeleteIdentities takes. */
const MAX_LISTED = 60;

function addId(ids: Set<string>, id: unknown): void {
  if (typeof id === "string" && MADE_ID.test(id) && ids.size < MAX_LISTED) ids.add(id);
}

async function hashedList(ids: ReadonlySet<string>, hash: Hash): Promise<readonly string[] | undefined> {
  return ids.size === 0 ? undefined : await Promise.all([...ids].map((id) => hashedIdentity(id, hash)));
}

/** Narrower than what the service accepts as an id: all that it makes, and no room for a piece of a token in the wrong member. */
const MADE_ID = /^[a-z0-9-]{1,18}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function memberOf(members: object, name: string): unknown {
  return Object.hasOwn(members, name) ? Reflect.get(members, name) : undefined;
}

function listIn(members: object, name: "IdentityIdsToDelete" | "UnprocessedIdentityIds"): readonly unknown[] {
  const list = memberOf(members, name);
  return Array.isArray(list) ? list.slice(0, MAX_LISTED) : [];
}

function idIn(members: object, name: "IdentityId" | "IdentityPoolId"): string | undefined {
  const text = memberOf(members, name);
  return typeof text === "string" && MADE_ID.test(text) ? text : undefined;
}

export function logRequest({ requestId, operation, status, error, durationMs, about }: RequestLine): void {
  writeEvent({
    message: "request",
    requestId,
    operation,
    status,
    exception: error?.type,
    reason: error?.reason,
    caller: about?.caller,
    claimedCaller: about?.claimedCaller,
    pool: about?.pool,
    pools: about?.pools,
    identity: about?.identity,
    namedIdentity: about?.namedIdentity,
    identities: about?.identities,
    unprocessed: about?.unprocessed,
    providers: about?.providers,
    upstreamFetches: about?.upstreamFetches,
    effect: about?.effect,
    repeats: about?.repeats,
    role: about?.role,
    sessionSeconds: about?.sessionSeconds,
    stsStatus: about?.stsStatus,
    stsMs: about?.stsMs,
    stsMessage: about?.stsMessage,
    durationMs: Math.round(durationMs * 10) / 10,
  });
}

/** A defect, with what an operator needs to find it. */
export function logDefect(requestId: string, operation: string | null, cause: unknown): void {
  const { name, message, stack } = cause instanceof Error ? cause : { name: typeof cause, message: "", stack: "" };
  writeEvent({ message: "defect", requestId, operation, cause: { name, message, stack } });
}
