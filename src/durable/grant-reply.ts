/**
 * The reply of IdentityObject.grant on its way to the Worker: JSON text. To any reply that is an object RPC adds a pipeline and
 * a disposer, which cost more than all else of the hottest call there is (docs/performance.md).
 */
import type { Traced } from "../domain/trace.ts";
import type { GrantReply } from "../linking/identity-calls.ts";

export function writeGrantReply(reply: Traced<GrantReply>): string {
  return JSON.stringify(reply);
}

/** Of what `writeGrantReply` wrote in an object of this very Worker, and of nothing else. */
export function readGrantReply(text: string): Traced<GrantReply> {
  return JSON.parse(text) as Traced<GrantReply>;
}
