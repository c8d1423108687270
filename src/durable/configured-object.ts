/** What every object of this service starts from: the checked configuration. */
import { DurableObject } from "cloudflare:workers";
import { type Config, parseConfig } from "../config.ts";
import { productionUpstreams, type UpstreamPolicy } from "../outbound/upstream-policy.ts";

/**
 * Settings that were checked, by the rules they were checked by. All objects of an isolate are given the same `env`, and
 * most objects wake for a single call: to check the settings anew would be a good part of it.
 */
const checked = new WeakMap<UpstreamPolicy, WeakMap<Env, Config>>();

function configOf(env: Env, upstreams: UpstreamPolicy): Config {
  const known = checked.get(upstreams) ?? new WeakMap<Env, Config>();
  const config = known.get(env) ?? parsedConfig(env, upstreams);
  checked.set(upstreams, known.set(env, config));
  return config;
}

function parsedConfig(env: Env, upstreams: UpstreamPolicy): Config {
  const parsed = parseConfig({ ...env }, upstreams);
  if (!parsed.ok) throw new Error(`invalid configuration: ${parsed.error.join("; ")}`);
  return parsed.value;
}

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
    this.config = configOf(env, upstreams);
  }
}
