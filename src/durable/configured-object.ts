/** What every object of this service starts from: the checked configuration. */
import { DurableObject } from "cloudflare:workers";
import { type Config, parseConfig } from "../config.ts";
import { productionUpstreams, type UpstreamPolicy } from "../upstream/upstream-policy.ts";

export abstract class ConfiguredObject extends DurableObject<Env> {
  /**
   * A property of the instance, never a getter: RPC reaches what is on the prototype, private or not by TypeScript's word,
   * and this holds secrets.
   */
  protected readonly config: Config;

  /**
   * `upstreams` is given by the development entry, and by it alone. Throws on an invalid configuration: the Worker has
   * refused such a request before any object is called.
   */
  constructor(ctx: DurableObjectState, env: Env, upstreams: UpstreamPolicy = productionUpstreams) {
    super(ctx, env);
    const parsed = parseConfig({ ...env }, upstreams);
    if (!parsed.ok) throw new Error(`invalid configuration: ${parsed.error.join("; ")}`);
    this.config = parsed.value;
  }
}
