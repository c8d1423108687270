/** What the platform binds to the Worker beside its settings, by the names of wrangler.toml. */

import type { MeteredEnv } from "./request-record.ts";

/** The settings that wrangler counts among the bindings, since a deployment needs them. */
type RequiredSecret = "KEY_ENCRYPTION_KEY" | "ADMIN_CREDENTIALS";
type BindingName = Exclude<keyof MeteredEnv, RequiredSecret>;

/** The compiler misses a binding that is not here, and one that is gone. */
const BINDINGS: Readonly<Record<BindingName, "declared" | "optional">> = {
  IDENTITY: "declared",
  LOGIN: "declared",
  IDENTITY_POOL: "declared",
  POOL_DIRECTORY: "declared",
  IDENTITY_DIRECTORY: "declared",
  ISSUER_KEYS: "declared",
  KEY_RING: "declared",
  SOURCE: "declared",
  CLIENT_RATE_LIMIT: "declared",
  NETWORK_RATE_LIMIT: "declared",
  ANALYTICS: "optional",
  VERSION: "optional",
};

export type Binding = {
  readonly name: string;
  readonly isBound: boolean;
  /** Whether wrangler.toml declares it only where its line is uncommented: nothing fails without it. */
  readonly isOptional: boolean;
};

export function bindingsOf(env: Readonly<Record<string, unknown>>): readonly Binding[] {
  return Object.entries(BINDINGS).map(([name, kind]) => ({
    name,
    isBound: env[name] !== undefined,
    isOptional: kind === "optional",
  }));
}
