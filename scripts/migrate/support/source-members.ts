/** The source of a pool, as SetIdentityPoolSource has it: from flags, from what is set, and from what the pool at Cognito is. Pure. */
import { type PoolCopy, refusesOpenIdTokens, type Source, sourceProvidersOf } from "./pool-copy.ts";

/** What fits the pool: by OpenID tokens where Cognito gives them, else by credentials and for imported ids alone. */
export function fittingSource(identityPoolId: string, copy: PoolCopy): Source {
  const byCredentials = refusesOpenIdTokens(copy);
  return {
    IdentityPoolId: identityPoolId,
    Proof: byCredentials ? "Credentials" : "OpenIdToken",
    Guests: "Source",
    UnknownIds: byCredentials ? "Imported" : "Ask",
    Providers: sourceProvidersOf(copy.Pool),
  };
}

export function sourceLines({ IdentityPoolId, Proof, Guests, UnknownIds, Providers }: Source): readonly string[] {
  return [
    `source        ${IdentityPoolId}`,
    `proof         ${Proof}`,
    `guests        ${Guests}`,
    `unknown ids   ${UnknownIds}`,
    `providers     ${Providers.join(", ")}`,
  ];
}
