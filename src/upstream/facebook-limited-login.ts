/** Facebook Limited Login: the ID tokens that Facebook's iOS SDK gets in place of an access token, under their issuer's name. */
import { idTokenKind } from "./id-token.ts";

/** Facebook moved the endpoints to `limited.facebook.com` in 2024, and goes on to sign as `https://www.facebook.com`. */
const ISSUERS = new Set(["www.facebook.com", "limited.facebook.com"]);

export const facebookLimitedLogin = idTokenKind((providerName) => ISSUERS.has(providerName), {
  algorithms: ["RS256"],
  acceptedIssuers: (issuer) => [issuer],
  allowsForeignAuthorizedParty: false,
  audienceRefusal: "wrong-audience",
  fixedClaims: new Map(),
});
