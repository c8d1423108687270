/**
 * What an identity's object is asked with login tokens, and the reply of its `grant` on the way to the Worker: JSON text. To any reply
 * that is an object RPC adds a pipeline and a disposer, which cost a thirtieth of the whole answer (docs/performance.md).
 */
import type { ClientCall } from "../domain/identity.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { Flow } from "../domain/mint-rules.ts";
import type { Traced } from "../domain/trace.ts";
import type { ClientAddress } from "../limits/client-limit.ts";
import type { GrantReply } from "../linking/identity-calls.ts";

/** What a Worker says that reads the text. One of a release before does not say it, and is answered with the object. */
export const AS_TEXT = "text";

type Tokens = ReadonlyMap<string, string>;

/**
 * `form`: how the reply is wanted. `client` is charged for each question to a provider's API, where one is given. A Worker of the
 * release before says no flow, and knows the basic one alone. `customRoleArn` is for the enhanced flow.
 */
export type GrantQuestion = [
  id: IdentityId,
  tokens: Tokens,
  call: ClientCall,
  form?: typeof AS_TEXT,
  client?: ClientAddress,
  flow?: Flow,
  customRoleArn?: string,
];

/** `client` as above; `callKey` as in linking/removal.ts. */
export type UnlinkQuestion = [
  id: IdentityId,
  tokens: Tokens,
  names: readonly string[],
  client?: ClientAddress,
  callKey?: string | null,
];

export function writeGrantReply(reply: Traced<GrantReply>): string {
  return JSON.stringify(reply);
}

/** While a release is rolled out, an object may still run the code before it, which knows of no text. */
export function readGrantReply(reply: string | Traced<GrantReply>): Traced<GrantReply> {
  return typeof reply === "string" ? (JSON.parse(reply) as Traced<GrantReply>) : reply;
}
