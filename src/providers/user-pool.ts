/** Cognito user pools: login tokens under `cognito-idp.<region>.amazonaws.com/<user pool id>`, or the pool's second name. */
import { issuersOf, isUserPool } from "../domain/provider-name.ts";
import { idTokenKind } from "./id-token.ts";
import { withTokenCheck } from "./user-pool-check.ts";

export const userPool = withTokenCheck(
  idTokenKind(isUserPool, {
    algorithms: ["RS256"],
    acceptedIssuers: issuersOf,
    allowsForeignAuthorizedParty: false,
    // The live service says so when the client id of a user pool's token is not listed.
    audienceRefusal: "unsupported-provider",
    // T14: an access token of the same pool is signed with the same keys.
    fixedClaims: new Map([["token_use", "id"]]),
  }),
);
