/** One identity: the socket of linking/identity-actor.ts, which decides everything. */
import type { ClientCall } from "../domain/identity.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { Flow } from "../domain/mint-rules.ts";
import type { Traced } from "../domain/trace.ts";
import { IdentityActor } from "../linking/identity-actor.ts";
import type { ChangeReply, GrantReply } from "../linking/identity-calls.ts";
import type { ParseConfig } from "../isolate.ts";
import type { Client } from "./client-limit.ts";
import { ConfiguredObject } from "./configured-object.ts";
import { AS_TEXT, writeGrantReply } from "./grant-reply.ts";
import { identityHostOf, storedIdentity } from "./identity-host.ts";
import { PresentedTokens } from "./presented-tokens.ts";

type Tokens = ReadonlyMap<string, string>;
type Asked = [id: IdentityId, tokens: Tokens, call: ClientCall, form?: typeof AS_TEXT, client?: Client, flow?: Flow];
/** What the method of that name is given, as the actor has it. */
type Given<Name extends Exclude<keyof IdentityActor, "identityPoolId">> = Parameters<IdentityActor[Name]>;

export class IdentityObject extends ConfiguredObject {
  readonly #actor: IdentityActor;

  constructor(ctx: DurableObjectState, env: Env, parse?: ParseConfig) {
    super(ctx, env, parse);
    const stored = storedIdentity(ctx.storage);
    const platform = { ctx: () => this.ctx, env: () => this.env };
    this.#actor = new IdentityActor(identityHostOf(platform, this.config, stored !== null), stored);
  }

  // `form` as in grant-reply.ts. `client` is charged for each question to a provider's API, where one is given. A Worker of the
  // release before says no flow, and knows the basic one alone.
  async grant(...[id, tokens, call, form, client, flow = "basic"]: Asked) {
    const presented = new PresentedTokens(this.env, this.config, tokens, client ?? null);
    const reply: Traced<GrantReply> = presented.traced(await this.#actor.grant(id, presented, call, flow));
    return form === AS_TEXT ? writeGrantReply(reply) : reply;
  }
  async unlink(id: IdentityId, tokens: Tokens, names: readonly string[], client?: Client, callKey?: string | null) {
    const presented = new PresentedTokens(this.env, this.config, tokens, client ?? null);
    const reply: Traced<ChangeReply> = presented.traced(await this.#actor.unlink(id, presented, names, callKey));
    return reply;
  }
  async remove(id: IdentityId, allowedPools: readonly string[] | "*"): Promise<Traced<ChangeReply>> {
    const { identityPoolId } = this.#actor;
    const reply = await this.#actor.remove(id, allowedPools);
    return identityPoolId === null ? reply : { ...reply, trace: { identityPoolId } };
  }

  // The other methods are the actor's own.

  async grantVerified(...given: Given<"grantVerified">) {
    return await this.#actor.grantVerified(...given);
  }
  async link(...given: Given<"link">) {
    return await this.#actor.link(...given);
  }
  createGuest(...given: Given<"createGuest">) {
    return this.#actor.createGuest(...given);
  }
  async unlinkDeveloperUser(...given: Given<"unlinkDeveloperUser">) {
    return await this.#actor.unlinkDeveloperUser(...given);
  }
  async describe() {
    return await this.#actor.describe();
  }
  async developerUsers(...given: Given<"developerUsers">) {
    return await this.#actor.developerUsers(...given);
  }
  freeze(...given: Given<"freeze">) {
    return this.#actor.freeze(...given);
  }
  settle(...given: Given<"settle">) {
    this.#actor.settle(...given);
  }
  async confirmOwner(...given: Given<"confirmOwner">) {
    return await this.#actor.confirmOwner(...given);
  }
  async outcome(...given: Given<"outcome">) {
    return await this.#actor.outcome(...given);
  }
  override async alarm() {
    await this.#actor.alarm();
  }
}
