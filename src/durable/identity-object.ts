/** One identity: the socket of linking/identity-actor.ts, which decides everything. */
import type { Traced } from "../domain/trace.ts";
import { IdentityActor } from "../linking/identity-actor.ts";
import type { ChangeReply, GrantReply } from "../linking/identity-calls.ts";
import type { ParseConfig } from "../isolate.ts";
import { AS_TEXT, type GrantQuestion, type UnlinkQuestion, writeGrantReply } from "./identity-rpc.ts";
import { identityHostOf, storedIdentity } from "./identity-object-host.ts";
import { type Given, IdentitySocket } from "./identity-socket.ts";
import { PresentedTokens } from "./presented-tokens.ts";

export class IdentityObject extends IdentitySocket {
  protected readonly actor: IdentityActor;

  constructor(ctx: DurableObjectState, env: Env, parse?: ParseConfig) {
    super(ctx, env, parse);
    const stored = storedIdentity(ctx.storage);
    const platform = { ctx: () => this.ctx, env: () => this.env };
    this.actor = new IdentityActor(identityHostOf(platform, this.config, stored !== null), stored);
  }

  async grant(...[id, tokens, call, form, client, flow = "basic", customRoleArn]: GrantQuestion) {
    const presented = new PresentedTokens(this.env, this.config, tokens, client);
    const wish = customRoleArn === undefined ? { flow } : { flow, customRoleArn };
    const reply: Traced<GrantReply> = presented.traced(await this.actor.grant(id, presented, call, wish));
    return form === AS_TEXT ? writeGrantReply(reply) : reply;
  }
  async unlink(...[id, tokens, names, client, callKey]: UnlinkQuestion): Promise<Traced<ChangeReply>> {
    const presented = new PresentedTokens(this.env, this.config, tokens, client);
    return presented.traced(await this.actor.unlink(id, presented, names, callKey));
  }

  async grantVerified(...given: Given<"grantVerified">) {
    return await this.actor.grantVerified(...given);
  }
  async grantToOwnProof(...given: Given<"grantToOwnProof">) {
    return await this.actor.grantToOwnProof(...given);
  }
  async link(...given: Given<"link">) {
    return await this.actor.link(...given);
  }
  createGuest(...given: Given<"createGuest">) {
    return this.actor.createGuest(...given);
  }
  async remove(...given: Given<"remove">) {
    return await this.actor.remove(...given);
  }
  async bury(...given: Given<"bury">) {
    return await this.actor.bury(...given);
  }
  async restore(...given: Given<"restore">) {
    return await this.actor.restore(...given);
  }
  async setDisabled(...given: Given<"setDisabled">) {
    return await this.actor.setDisabled(...given);
  }
  async unlinkDeveloperUser(...given: Given<"unlinkDeveloperUser">) {
    return await this.actor.unlinkDeveloperUser(...given);
  }
  async describe() {
    return await this.actor.describe();
  }
  async exported() {
    return await this.actor.exported();
  }
  describeInFull() {
    return this.actor.describeInFull();
  }
  async developerUsers(...given: Given<"developerUsers">) {
    return await this.actor.developerUsers(...given);
  }
}
