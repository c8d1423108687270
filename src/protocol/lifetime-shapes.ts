/** What the operations about the life of a pool's tokens take and answer (extensions.ts): data alone, as extension-shapes.ts. */
import type { ModelledErrorName } from "../domain/errors.ts";
import { SHORTEST_POOL_LIFETIME_SECONDS, TOKEN_LIFETIME_SECONDS } from "../domain/grant.ts";
import { identityPoolId } from "./member-shapes.ts";
import { structure } from "./shape-language.ts";
import type { Operation } from "./shapes.ts";

const tokenSeconds = { type: "integer", min: SHORTEST_POOL_LIFETIME_SECONDS, max: TOKEN_LIFETIME_SECONDS } as const;
const output = structure(["IdentityPoolId", "TokenSeconds"], {
  IdentityPoolId: identityPoolId,
  TokenSeconds: tokenSeconds,
});

export const lifetimeOperations = {
  GetTokenLifetime: {
    access: "signed",
    input: structure(["IdentityPoolId"], { IdentityPoolId: identityPoolId }),
    output,
    errors: ["InternalErrorException", "ResourceNotFoundException"] satisfies readonly ModelledErrorName[],
  },
  SetTokenLifetime: {
    access: "signed",
    /** Without TokenSeconds it is the longest again. */
    input: structure(["IdentityPoolId"], { IdentityPoolId: identityPoolId, TokenSeconds: tokenSeconds }),
    output,
    errors: [
      "InternalErrorException",
      "InvalidParameterException",
      "ResourceNotFoundException",
    ] satisfies readonly ModelledErrorName[],
  },
} as const satisfies Readonly<Record<string, Operation>>;
