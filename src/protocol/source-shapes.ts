/** What the operations about a pool's source at Cognito take and answer (extensions.ts): data alone, as extension-shapes.ts. */
import { MAX_SOURCE_PROVIDERS } from "../domain/pool-source.ts";
import { identityPool, identityPoolId, identityProviderName } from "./member-shapes.ts";
import { structure } from "./shape-language.ts";

const source = {
  /** Of the identity pool at Cognito. Default: this pool's own. */
  IdentityPoolId: identityPoolId,
  Proof: { type: "string", enum: ["OpenIdToken", "Credentials"] },
  Guests: { type: "string", enum: ["Source", "Local"] },
  UnknownIds: { type: "string", enum: ["Ask", "Imported"] },
  Providers: { type: "list", member: identityProviderName, min: 1, max: MAX_SOURCE_PROVIDERS },
} as const;

export const adoptIdentityPool = { input: identityPool, output: identityPool } as const;

export const setIdentityPoolSource = {
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
