/** Which names a developer provider may not bear: those that a relying party reads in `amr` as somebody else. Pure. */
import type { Config } from "../config.ts";
import { type IdentityPoolSettings, isPublicProvider } from "../domain/identity-pool.ts";
import { foldProviderName, isAmrWord } from "../domain/provider-name.ts";
import { isKnownProvider } from "./provider-kinds.ts";

/** Amazon's own: user pools (which have a path, as a developer provider has not), identity pools, and what may come. */
const OF_AMAZON = /(^|\.)amazonaws\.com(\.cn)?$/;

/** All are compared as they are meant, in any case and with dots at their ends. */
export function isForeignName(
  name: string,
  settings: IdentityPoolSettings,
  { issuer, oidcProviders }: Pick<Config, "issuer" | "oidcProviders">,
): boolean {
  const folded = foldProviderName(name);
  return (
    folded === "" ||
    isAmrWord(folded) ||
    isKnownProvider(folded) ||
    OF_AMAZON.test(folded) ||
    // Not isOwnIssuer: a developer provider's name has no port.
    folded === new URL(issuer).hostname ||
    isPublicProvider(settings, name) ||
    [...oidcProviders.keys()].some((provider) => foldProviderName(provider) === folded)
  );
}
