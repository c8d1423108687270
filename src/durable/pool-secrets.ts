/**
 * What is secret in a pool's settings: the value of a provider that holds a secret of its app (Twitter). At rest it is
 * sealed, as the signing keys are, and bound to its pool and provider; in the settings an empty value stands in its place.
 */
import type { KeyEncryptionKeys } from "../config.ts";
import type { IdentityPool, IdentityPoolSettings } from "../domain/identity-pool.ts";
import { writeEvent } from "../log/write.ts";
import { holdsSecret } from "../providers/provider-kinds.ts";
import { type SealedSecrets, withValues } from "../pools/sealed-secrets.ts";
import { openByEither, type SealedText, sealText } from "./sealed-text.ts";

const PURPOSE = "provider secret";

/** Of settings with nothing secret in them: null, and nothing was waited for. */
export async function sealSecrets(
  identityPoolId: string,
  { supportedLoginProviders = {} }: IdentityPoolSettings,
  { keyEncryptionKey }: Pick<KeyEncryptionKeys, "keyEncryptionKey">,
): Promise<SealedSecrets | null> {
  const secrets = Object.entries(supportedLoginProviders).filter(([name]) => holdsSecret(name));
  if (secrets.length === 0) return null;
  const sealed = secrets.map(
    async ([name, value]) => [name, await sealText(value, PURPOSE, [identityPoolId, name], keyEncryptionKey)] as const,
  );
  return Object.fromEntries(await Promise.all(sealed));
}

/** `resealed` where some of them rested under the other key: all of them, as they are to rest from now on. */
type OpenedPool = { readonly pool: IdentityPool; readonly resealed: SealedSecrets | null };

/**
 * The pool with its secrets. One that does not open, because neither key encryption key is what it was sealed under, stays empty: logins
 * of that provider are refused until the settings are sent again, and all else works.
 */
export async function withSecrets(
  pool: IdentityPool,
  sealed: SealedSecrets,
  keys: KeyEncryptionKeys,
): Promise<OpenedPool> {
  const { identityPoolId } = pool;
  const values = new Map<string, string>();
  const moved: [string, SealedText][] = [];
  for (const [name, text] of Object.entries(sealed)) {
    const owner = [identityPoolId, name];
    const opened = await openByEither(text, PURPOSE, owner, keys);
    if (opened === null) writeEvent({ event: "provider-secret-unreadable", identityPoolId, provider: name });
    else values.set(name, opened.text);
    if (opened?.isUnderOther === true)
      moved.push([name, await sealText(opened.text, PURPOSE, owner, keys.keyEncryptionKey)]);
  }
  const resealed = moved.length === 0 ? null : { ...sealed, ...Object.fromEntries(moved) };
  return { pool: withValues(pool, values), resealed };
}
