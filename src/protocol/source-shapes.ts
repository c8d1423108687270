/** The operations about a pool's source at Cognito (extensions.ts): data alone. */
import { MAX_SOURCE_PROVIDERS } from "../domain/pool-source.ts";
import { identityPool, identityPoolId, identityProviderName } from "./member-shapes.ts";
import { structure } from "./shape-language.ts";
import type { Operation } from "./shapes.ts";

const count = { type: "integer" } as const;

const source = {
  /** Of the identity pool at Cognito. Default: this pool's own. */
  IdentityPoolId: identityPoolId,
  Proof: { type: "string", enum: ["OpenIdToken", "Credentials"] },
  Guests: { type: "string", enum: ["Source", "Local"] },
  UnknownIds: { type: "string", enum: ["Ask", "Imported"] },
  Providers: { type: "list", member: identityProviderName, max: MAX_SOURCE_PROVIDERS },
} as const;

const storedSource = structure(["IdentityPoolId", "Proof", "Guests", "UnknownIds", "Providers"], source);

const adoptIdentityPool = {
  access: "signed",
  errors: [
    "InternalErrorException",
    "InvalidParameterException",
    "LimitExceededException",
    "ResourceConflictException",
  ],
  input: identityPool,
  output: identityPool,
} as const;

const setIdentityPoolSource = {
  access: "signed",
  errors: [
    "InternalErrorException",
    "InvalidParameterException",
    "LimitExceededException",
    "ResourceNotFoundException",
  ],
  input: structure(["IdentityPoolId"], {
    IdentityPoolId: identityPoolId,
    /** Absent: there is to be none any more. */
    Source: structure(["Providers"], source),
  }),
  output: structure([], {
    /** As it is stored; absent where there is none. */
    Source: storedSource,
  }),
} as const;

const getMigrationReport = {
  access: "signed",
  errors: ["InternalErrorException", "ResourceNotFoundException"],
  input: structure(["IdentityPoolId"], { IdentityPoolId: identityPoolId }),
  output: structure(
    [
      "Imported",
      "Adopted",
      "GuestsAdopted",
      "Unclaimed",
      "UnclaimedLately",
      "Barred",
      "BornHere",
      "Conflicts",
      "AsksToday",
      "Misconfigured",
    ],
    {
      /** As it is stored; absent where there is none. */
      Source: storedSource,
      /** Ids of the import list, whether they came or not. */
      Imported: count,
      /** Identities of the source that live here, without those that came as guests. */
      Adopted: count,
      GuestsAdopted: count,
      /** Of the import list those that nobody has claimed; and of these those that were changed at Cognito within 90 days. */
      Unclaimed: count,
      UnclaimedLately: count,
      /** How often an identity that the source named could not be used here. */
      Barred: count,
      /** Identities that were born here. */
      BornHere: count,
      /** How often the source had joined what MERGE_POLICY keeps apart. */
      Conflicts: count,
      /** Of the day by UTC, by what came of them; of all pools that have this source. */
      AsksToday: structure(["ok", "notFound", "throttled", "failed"], {
        ok: count,
        notFound: count,
        throttled: count,
        failed: count,
      }),
      /** What an operator has to mend, of the day: docs/troubleshooting.md has each. */
      Misconfigured: { type: "list", member: { type: "string" } },
    },
  ),
} as const;

export const sourceOperations = {
  AdoptIdentityPool: adoptIdentityPool,
  GetMigrationReport: getMigrationReport,
  SetIdentityPoolSource: setIdentityPoolSource,
} as const satisfies Readonly<Record<string, Operation>>;
