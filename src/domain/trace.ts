/** What a call turned out to be about, for the one log line of its request: never a token, a secret or a subject (T46). */
import { type Hash, sha256Hex } from "./digest.ts";
import type { IdentityId, IdentityPoolId } from "./identifiers.ts";

/**
 * What a call did to identities; `minted`: nothing but a token, or credentials, for one as it was. A repeat is told what the call
 * itself was told.
 */
export type Effect =
  | "created-guest"
  | "created"
  | "linked"
  | "merged"
  | "unlinked"
  | "disabled"
  | "enabled"
  | "deleted"
  | "minted";

export type Trace = {
  readonly identityPoolId?: IdentityPoolId;
  /** The identities that the call is to change, where neither its input nor its output names them one by one. */
  readonly identityIds?: readonly IdentityId[];
  /** Of the providers that were presented those that the pool has: any other name is the client's text, and could be anything. */
  readonly providerNames?: readonly string[] | undefined;
  /** How often the call waited for an upstream: a question to a provider's API, or the load of an issuer's key set. */
  readonly upstreamFetches?: number;
  readonly effect?: Effect | undefined;
  /** How often the call found somebody in its way, and tried again. */
  readonly repeats?: number;
  readonly sts?: StsTrace;
};

/** What the security token service (STS) was asked, and what it said. */
export type StsTrace = {
  /** Name of the role: the last part of its path. */
  readonly role: string;
  /** HTTP status of its last answer; absent where there was none. */
  readonly status?: number | undefined;
  /** Of all questions together. */
  readonly durationMs?: number;
  /** Life of the credentials that it gave. */
  readonly sessionSeconds?: number;
  /** Its own words of a failure, cut, and without anything that looks like a token. */
  readonly message?: string | undefined;
};

/** The reply of an object, and what it was about. */
export type Traced<Reply> = Reply & { readonly trace?: Trace };

/** Hex digits of a hashed identity id: 64 bits tell any two apart, and lead back to no id, which is 122 random bits. */
const HASH_LENGTH = 16;

/** What a log calls an identity: `printf %s IDENTITY-ID | sha256sum | cut -c 1-16`, so that whoever has the id finds its lines. */
export async function hashedIdentity(identityId: string, hash: Hash = sha256Hex): Promise<string> {
  return (await hash(identityId)).slice(0, HASH_LENGTH);
}
