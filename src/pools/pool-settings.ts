/** What an identity pool's settings may become: how an update replaces them, and which names are spent. Pure. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import {
  type BesideSettings,
  type IdentityPoolSettings,
  isPublicProvider,
  publicNamesOf,
} from "../domain/identity-pool.ts";
import { foldProviderName } from "../domain/provider-name.ts";
import { isTooLarge, TOO_MANY_BYTES } from "./pool-limits.ts";

/** Most names that a pool keeps of public providers that it had. One that had more can name no developer provider. */
export const MAX_FORMER_NAMES = 200;

/**
 * The names, folded, that no developer provider of the pool may bear any more: `former`, and those of the public providers
 * in `settings`. Names with a path are left out, since a developer provider has none (service model).
 */
export function formerNamesWith(former: readonly string[], settings: IdentityPoolSettings): readonly string[] {
  const names = publicNamesOf(settings)
    .map(foldProviderName)
    .filter((name) => !name.includes("/"));
  return [...new Set([...former, ...names])].slice(0, MAX_FORMER_NAMES);
}

const DEVELOPER_NAME_IS_PUBLIC = serviceError(
  "InvalidParameterException",
  "The developer provider name is, or was, the name of another provider of the identity pool.",
);

/**
 * UpdateIdentityPool replaces every setting, as the live service does. The developer provider name alone stays once it
 * is set (API reference, CreateIdentityPool): the developer's users are known by it. `formerNames` are those of
 * `formerNamesWith`, of all settings before.
 */
export function replaceSettings(
  current: IdentityPoolSettings & BesideSettings,
  settings: IdentityPoolSettings,
  formerNames: readonly string[] = [],
): Result<IdentityPoolSettings> {
  const named = withDeveloperName(current, settings, formerNames);
  return named.ok && isTooLarge(withKept(current, named.value))
    ? err(serviceError("LimitExceededException", TOO_MANY_BYTES))
    : named;
}

/**
 * The settings with what a pool keeps when they are replaced: its roles, principal tags, source and the life of its tokens, which no settings name, and its
 * tags where none are given, while an empty map of them clears them (docs/adr/0062).
 */
export function withKept(current: KeptOf, settings: IdentityPoolSettings): IdentityPoolSettings & KeptOf {
  const { tags = current.tags ?? {}, ...rest } = settings;
  return {
    ...rest,
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(current.access !== undefined && { access: current.access }),
    ...(current.source !== undefined && { source: current.source }),
    ...(current.hadSource === true && { hadSource: true }),
    ...(current.tokenSeconds !== undefined && { tokenSeconds: current.tokenSeconds }),
  };
}

type KeptOf = BesideSettings & Pick<IdentityPoolSettings, "tags">;

function withDeveloperName(
  current: IdentityPoolSettings,
  settings: IdentityPoolSettings,
  formerNames: readonly string[],
): Result<IdentityPoolSettings> {
  const developerProviderName = current.developerProviderName ?? settings.developerProviderName;
  if (developerProviderName === undefined) return ok(settings);
  // Of the settings before as well: relying parties know who logged in under the name by it.
  const isNew = current.developerProviderName === undefined;
  const wasPublic =
    formerNames.length >= MAX_FORMER_NAMES || formerNames.includes(foldProviderName(developerProviderName));
  if ((isNew && wasPublic) || [current, settings].some((one) => isPublicProvider(one, developerProviderName)))
    return err(DEVELOPER_NAME_IS_PUBLIC);
  if (settings.developerProviderName !== undefined && settings.developerProviderName !== developerProviderName) {
    return err(
      serviceError("InvalidParameterException", "The developer provider name cannot be changed once it is set."),
    );
  }
  return ok({ ...settings, developerProviderName });
}
