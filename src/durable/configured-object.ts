/** What every object of this service starts from: the checked configuration. */
import { DurableObject } from "cloudflare:workers";
import type { Config } from "../config.ts";
import type { Jurisdiction } from "../domain/place.ts";
import { isolate, type ParseConfig } from "../isolate.ts";

/**
 * Throws where an object lies elsewhere than its settings send its calls, as while a rollout brings other settings: they would
 * reach other objects of the same names.
 */
export function refuseElsewhere({ jurisdiction = "none" }: DurableObjectId, wanted: Jurisdiction): void {
  if (jurisdiction === wanted) return;
  throw new Error(`invalid configuration: JURISDICTION is ${wanted}, and this object is in ${jurisdiction}`);
}

export abstract class ConfiguredObject extends DurableObject<Env> {
  /**
   * A property of the instance, never a getter: RPC reaches what is on the prototype, private or not by TypeScript's word,
   * and this holds secrets.
   */
  protected readonly config: Config;

  /**
   * `parse` is given by the development entry, and by it alone. Throws on an invalid configuration: the Worker has
   * refused such a request before any object is called.
   */
  constructor(ctx: DurableObjectState, env: Env, parse?: ParseConfig) {
    super(ctx, env);
    const config = isolate.configOf(env, parse);
    if (!config.ok) throw new Error(`invalid configuration: ${config.error.join("; ")}`);
    this.config = config.value;
    refuseElsewhere(ctx.id, config.value.jurisdiction);
  }
}
