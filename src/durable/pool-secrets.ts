/**
 * What is secret in a pool's settings: the value of a provider that holds a secret of its app (Twitter). At rest it is
 * sealed, as the signing keys are, and bound to its pool and provider; in the settings an empty value stands in its place.
 */
import type { IdentityPool, IdentityPoolSettings } from "../domain/identity-pool.ts";
import { writeEvent } from "../log/write.ts";
import { holdsSecret } from "../providers/provider-kinds.ts";
import { type SealedSecrets, withValues } from "../pools/sealed-secrets.ts";
import { openText, sealText } from "./sealed-text.ts";

const PURPOSE = "provider secret";

/** Of settings with nothing secret in them: null, and nothing was waited for. */
export async function sealSecrets(
  identityPoolId: string,
  { supportedLoginProviders = {} }: IdentityPoolSettings,
  keyEncryptionKey: string,
): Promise<SealedSecrets | null> {
  const secrets = Object.entries(supportedLoginProviders).filter(([name]) => holdsSecret(name));
  if (secrets.length === 0) return null;
  const sealed = secrets.map(
    async ([name, value]) => [name, await sealText(value, PURPOSE, [identityPoolId, name], keyEncryptionKey)] as const,
  );
  return Object.fromEntries(await Promise.all(sealed));
}

/**
 * The pool with its secrets. One that does not open, because KEY_ENCRYPTION_KEY is another than it was sealed under, stays
 * empty: logins of that provider are refused until the settings are sent again, and all else works.
 */
export async function withSecrets(
  pool: IdentityPool,
  sealed: SealedSecrets,
  keyEncryptionKey: string,
): Promise<IdentityPool> {
  const { identityPoolId } = pool;
  const values = new Map<string, string>();
  for (const [name, text] of Object.entries(sealed)) {
    const value = await openText(text, PURPOSE, [identityPoolId, name], keyEncryptionKey);
    if (value === null) writeEvent({ event: "provider-secret-unreadable", identityPoolId, provider: name });
    else values.set(name, value);
  }
  return withValues(pool, values);
}
