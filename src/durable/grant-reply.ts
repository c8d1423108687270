/**
 * The reply of IdentityObject.grant on its way to the Worker: JSON text. To any reply that is an object RPC adds a pipeline and
 * a disposer, which cost a thirtieth of the whole answer (docs/performance.md).
 */
import type { Traced } from "../domain/trace.ts";
import type { GrantReply } from "../linking/identity-calls.ts";

/** What a Worker says that reads the text. One of a release before does not say it, and is answered with the object. */
export const AS_TEXT = "text";

export function writeGrantReply(reply: Traced<GrantReply>): string {
  return JSON.stringify(reply);
}

/** While a release is rolled out, an object may still run the code before it, which knows of no text. */
export function readGrantReply(reply: string | Traced<GrantReply>): Traced<GrantReply> {
  return typeof reply === "string" ? (JSON.parse(reply) as Traced<GrantReply>) : reply;
}
