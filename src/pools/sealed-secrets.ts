/**
 * What is secret in a pool's settings, and rests sealed beside them: in the settings an empty value stands in its place.
 * Pure; how a value is sealed and opened is the affair of the object that keeps it.
 */
import type { IdentityPoolSettings } from "../domain/identity-pool.ts";

/** Sealed values by provider name. */
export type SealedSecrets = Readonly<Record<string, { readonly iv: string; readonly ciphertext: string }>>;

/** The settings as they rest beside `sealed`. */
export function withoutSecrets<Settings extends IdentityPoolSettings>(
  settings: Settings,
  sealed: SealedSecrets | null,
): Settings {
  return sealed === null ? settings : withValues(settings, new Map(Object.keys(sealed).map((name) => [name, ""])));
}

/** Each provider stays where it was among the others. */
export function withValues<Settings extends IdentityPoolSettings>(
  settings: Settings,
  values: ReadonlyMap<string, string>,
): Settings {
  const providers = Object.entries(settings.supportedLoginProviders ?? {});
  const supportedLoginProviders = Object.fromEntries(
    providers.map(([name, value]) => [name, values.get(name) ?? value]),
  );
  return { ...settings, supportedLoginProviders };
}
