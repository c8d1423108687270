/** What every object of this service starts from: the checked configuration. Holds no state of its own. */
import { DurableObject } from "cloudflare:workers";
import { type Config, parseConfig } from "../config.ts";
import { productionUpstreams, type UpstreamPolicy } from "../upstream/upstream-policy.ts";

export abstract class ConfiguredObject extends DurableObject<Env> {
  #config: Config | undefined;

  /** The development entry overrides this, and it alone. */
  protected get upstreams(): UpstreamPolicy {
    return productionUpstreams;
  }

  /** Throws on an invalid configuration; the Worker refuses such a request before any object is called. */
  protected get config(): Config {
    if (this.#config === undefined) {
      const parsed = parseConfig({ ...this.env }, this.upstreams);
      if (!parsed.ok) throw new Error(`invalid configuration: ${parsed.error.join("; ")}`);
      this.#config = parsed.value;
    }
    return this.#config;
  }
}
