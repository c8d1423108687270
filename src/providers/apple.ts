/** Apple: login tokens under `appleid.apple.com`. */
import { idTokenKind } from "./id-token.ts";

export const apple = idTokenKind((providerName) => providerName === "appleid.apple.com", {
  algorithms: ["RS256", "ES256"],
  acceptedIssuers: (issuer) => [issuer],
  allowsForeignAuthorizedParty: false,
  audienceRefusal: "wrong-audience",
  fixedClaims: new Map(),
});
