/**
 * The audit: one line of one form for each signed call, and for each change of an identity, a pool or the key ring (docs/audit.md).
 * What a request's line says of itself it says, too, so that whoever keeps the audit alone needs no other line.
 */
import type { Effect } from "../domain/trace.ts";
import type { RequestLine } from "./request-line.ts";
import { writeEvent } from "./write.ts";

/** Whoever has no key: by login tokens, or by the id of a guest. */
const CLIENT = "client";
/** What a token does to its identity. */
const NO_CHANGE: ReadonlySet<Effect | undefined> = new Set([undefined, "minted"]);

/** Nothing of a public call that changed nothing: that is traffic, and has its request's line. */
export function auditRequest({ requestId, operation, error, about }: RequestLine): void {
  const { caller, effect } = about ?? {};
  if (operation === null || (caller === undefined && (error !== undefined || NO_CHANGE.has(effect)))) return;
  writeEvent({
    event: "audit",
    what: operation,
    who: caller ?? CLIENT,
    outcome: error?.type ?? "done",
    reason: error?.reason,
    requestId,
    effect,
    pool: about?.pool,
    pools: about?.pools,
    identity: about?.identity,
    namedIdentity: about?.namedIdentity,
    identities: about?.identities,
    unprocessed: about?.unprocessed,
    providers: about?.providers,
  });
}
