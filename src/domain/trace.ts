/** What a call turned out to be about, for the one log line of its request: never a token, a secret or a subject (T46). */
import type { IdentityPoolId } from "./identifiers.ts";

export type Trace = {
  readonly identityPoolId?: IdentityPoolId;
  /** Of the providers that were presented those that the pool has: any other name is the client's text, and could be anything. */
  readonly providerNames?: readonly string[];
  /** How often the call waited for an upstream: a question to a provider's API, or the load of an issuer's key set. */
  readonly upstreamFetches?: number;
};

/** The reply of an object, and what it was about. */
export type Traced<Reply> = Reply & { readonly trace?: Trace };
