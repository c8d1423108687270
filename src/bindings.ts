/** What the platform binds to the Worker beside its settings, by the names of wrangler.toml. */

/** The settings that wrangler counts among the bindings, since a deployment needs them. */
type RequiredSecret = "KEY_ENCRYPTION_KEY" | "ADMIN_CREDENTIALS";
type BindingName = Exclude<keyof Env, RequiredSecret>;

/** The compiler misses a binding that is not here, and one that is gone. */
const BINDINGS: Readonly<Record<BindingName, true>> = {
  IDENTITY: true,
  LOGIN: true,
  IDENTITY_POOL: true,
  POOL_DIRECTORY: true,
  IDENTITY_DIRECTORY: true,
  ISSUER_KEYS: true,
  KEY_RING: true,
  CLIENT_RATE_LIMIT: true,
  NETWORK_RATE_LIMIT: true,
};

export type Binding = { readonly name: string; readonly isBound: boolean };

export function bindingsOf(env: Readonly<Record<string, unknown>>): readonly Binding[] {
  return Object.keys(BINDINGS).map((name) => ({ name, isBound: env[name] !== undefined }));
}
