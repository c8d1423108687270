/** The operations about a pool's source at Cognito (extensions.ts): data alone. */
import { MAX_SOURCE_PROVIDERS } from "../domain/pool-source.ts";
import { identityPool, identityPoolId, identityProviderName } from "./member-shapes.ts";
import { structure } from "./shape-language.ts";
import type { Operation } from "./shapes.ts";

const source = {
  /** Of the identity pool at Cognito. Default: this pool's own. */
  IdentityPoolId: identityPoolId,
  Proof: { type: "string", enum: ["OpenIdToken", "Credentials"] },
  Guests: { type: "string", enum: ["Source", "Local"] },
  UnknownIds: { type: "string", enum: ["Ask", "Imported"] },
  Providers: { type: "list", member: identityProviderName, min: 1, max: MAX_SOURCE_PROVIDERS },
} as const;

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
    Source: structure(["IdentityPoolId", "Proof", "Guests", "UnknownIds", "Providers"], source),
  }),
} as const;

export const sourceOperations = {
  AdoptIdentityPool: adoptIdentityPool,
  SetIdentityPoolSource: setIdentityPoolSource,
} as const satisfies Readonly<Record<string, Operation>>;
