/** Cognito user pools: login tokens under `cognito-idp.<region>.amazonaws.com/<user pool id>`. */
import { idTokenKind } from "./id-token.ts";
import { withTokenCheck } from "./user-pool-check.ts";

const USER_POOL = /^cognito-idp\.[a-z0-9-]{1,32}\.amazonaws\.com(\.cn)?\/[a-z0-9-]{1,32}_[A-Za-z0-9]{1,64}$/;

/** Decided by the name alone, however a pool registers it: T14 must hold for a user pool in every case. */
export function isUserPool(providerName: string): boolean {
  return USER_POOL.test(providerName);
}

export const userPool = withTokenCheck(
  idTokenKind(isUserPool, {
    algorithms: ["RS256"],
    acceptedIssuers: (issuer) => [issuer],
    allowsForeignAuthorizedParty: false,
    // The live service says so when the client id of a user pool's token is not listed.
    audienceRefusal: "unsupported-provider",
    // T14: an access token of the same pool is signed with the same keys.
    fixedClaims: new Map([["token_use", "id"]]),
  }),
);
