/**
 * One structured line for each request: docs/reliability.md lists its members. It names what happened and never what was
 * presented: no token, secret, subject or provider name that no pool has, and an identity only by its hash (T46).
 */
import type { ServiceError } from "./domain/errors.ts";
import { hashedIdentity, type Trace } from "./domain/trace.ts";

export type RequestLine = {
  readonly requestId: string;
  readonly operation: string | null;
  readonly status: number;
  readonly error?: ServiceError | undefined;
  readonly durationMs: number;
  readonly about?: RequestTrace;
};

/** What a request turned out to be about. */
type RequestTrace = {
  readonly pool: string | undefined;
  /** The identity that was answered, else the one that was named, hashed. */
  readonly identity: string | undefined;
  /** The identity that was named, hashed, where another one was answered. */
  readonly namedIdentity: string | undefined;
  readonly providers: readonly string[] | undefined;
  readonly upstreamFetches: number;
};

/** Collects what a request is about: from its input and output, which are judged again here, and from what it notes. */
export class RequestFacts {
  #pool: string | undefined;
  #named: string | undefined;
  #answered: string | undefined;
  #providers: readonly string[] | undefined;
  #upstreamFetches = 0;

  /** Of an input that may be anything: only what has the shape of an id is taken, and nothing else can be written in it. */
  readInput(json: Readonly<Record<string, unknown>>): void {
    this.#pool = idIn(json, "IdentityPoolId");
    this.#named = idIn(json, "IdentityId");
  }

  readOutput(output: object | undefined): void {
    if (output === undefined) return;
    this.#pool ??= idIn(output, "IdentityPoolId");
    this.#answered = idIn(output, "IdentityId");
  }

  note({ identityPoolId, providerNames, upstreamFetches = 0 }: Trace): void {
    this.#pool ??= identityPoolId;
    this.#providers = providerNames ?? this.#providers;
    this.#upstreamFetches += upstreamFetches;
  }

  async describe(): Promise<RequestTrace> {
    const identity = this.#answered ?? this.#named;
    const other = this.#named === identity ? undefined : this.#named;
    return {
      pool: this.#pool,
      identity: identity && (await hashedIdentity(identity)),
      namedIdentity: other && (await hashedIdentity(other)),
      providers: this.#providers,
      upstreamFetches: this.#upstreamFetches,
    };
  }
}

/** Narrower than what the service accepts as an id: all that it makes, and no room for a piece of a token in the wrong member. */
const MADE_ID = /^[a-z0-9-]{1,18}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function idIn(members: object, name: "IdentityId" | "IdentityPoolId"): string | undefined {
  const text: unknown = Object.hasOwn(members, name) ? Reflect.get(members, name) : undefined;
  return typeof text === "string" && MADE_ID.test(text) ? text : undefined;
}

export function logRequest({ requestId, operation, status, error, durationMs, about }: RequestLine): void {
  // What is undefined is not written.
  const line = {
    message: "request",
    requestId,
    operation,
    status,
    exception: error?.type,
    reason: error?.reason,
    pool: about?.pool,
    identity: about?.identity,
    namedIdentity: about?.namedIdentity,
    providers: about?.providers,
    upstreamFetches: about?.upstreamFetches,
    durationMs: Math.round(durationMs * 10) / 10,
  };
  console.log(JSON.stringify(line));
}

/** A defect, with what an operator needs to find it. */
export function logDefect(requestId: string, operation: string | null, cause: unknown): void {
  const { name, message, stack } = cause instanceof Error ? cause : { name: typeof cause, message: "", stack: "" };
  console.error(JSON.stringify({ message: "defect", requestId, operation, cause: { name, message, stack } }));
}
