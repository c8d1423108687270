/** Facebook Limited Login: the ID tokens that Facebook's iOS SDK gets in place of an access token, under their issuer's name. */
import { idTokenKind } from "./id-token.ts";

export const facebookLimitedLogin = idTokenKind((providerName) => providerName === "www.facebook.com", {
  algorithms: ["RS256"],
  acceptedIssuers: (issuer) => [issuer],
  allowsForeignAuthorizedParty: false,
  audienceRefusal: "wrong-audience",
  fixedClaims: new Map(),
});
