/** What other objects say to an identity, and the platform: the half of its socket that no request reaches. */
import type { IdentityActor } from "../linking/identity-actor.ts";
import { ConfiguredObject } from "./configured-object.ts";

/** What the method of that name is given, as the actor has it. */
export type Given<Name extends keyof IdentityActor> = Parameters<IdentityActor[Name]>;

export abstract class IdentitySocket extends ConfiguredObject {
  /** A property of the instance, as `config` is: RPC reaches what is on the prototype. */
  protected abstract readonly actor: IdentityActor;

  standingHere(...given: Given<"standingHere">) {
    return this.actor.standingHere(...given);
  }
  freeze(...given: Given<"freeze">) {
    return this.actor.freeze(...given);
  }
  settle(...given: Given<"settle">) {
    this.actor.settle(...given);
  }
  async confirmOwner(...given: Given<"confirmOwner">) {
    return await this.actor.confirmOwner(...given);
  }
  async outcome(...given: Given<"outcome">) {
    return await this.actor.outcome(...given);
  }
  override async alarm() {
    await this.actor.alarm();
  }
}
