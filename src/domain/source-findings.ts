/** What is wrong with the source of a pool, as far as the settings tell: what only the source itself knows is in the report. Pure. */
import type { Finding } from "./finding.ts";
import { type IdentityPool, publicNamesOf } from "./identity-pool.ts";
import { canonicalName } from "./provider-name.ts";

/** `hasCredential`: somebody may look up developer users at the source. */
export function sourceFindings(pool: IdentityPool, hasCredential: boolean): readonly Finding[] {
  const { source, developerProviderName } = pool;
  if (source === undefined) return [];
  const developers = developerProviderName === undefined ? [] : [developerProviderName];
  const here = new Set([...publicNamesOf(pool).map(canonicalName), ...developers]);
  const missing = source.providers.filter((name) => !here.has(name));
  const unasked = [...here].filter((name) => !source.providers.includes(name));
  const isUnsigned = developerProviderName !== undefined && source.providers.includes(developerProviderName);
  return [
    ...(isUnsigned && !hasCredential
      ? [
          {
            level: "error" as const,
            code: "source-without-credentials",
            about: developerProviderName,
            message: "Developer users who were never seen here cannot be looked up at the source, and are refused.",
            action: "Set SOURCE_CREDENTIALS, or take the developer provider out of the source's Providers.",
          },
        ]
      : []),
    ...missing.map((about): Finding => {
      return {
        level: "warning",
        code: "source-provider-not-here",
        about,
        message: "The source has this provider and the pool has not, so that its users are refused.",
        action: "Add the provider to the pool, or take it out of the source's Providers.",
      };
    }),
    ...unasked.map((about): Finding => {
      return {
        level: "warning",
        code: "source-lacks-provider",
        about,
        message:
          "The source's Providers lack this one, so that Cognito is never asked about its users, who get new ids.",
        action:
          "Add it to the source's Providers if the pool at Cognito has it. If it is new here, there is nothing to do.",
      };
    }),
  ];
}
