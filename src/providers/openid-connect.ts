/** Any other OpenID Connect issuer: login tokens under its `host/path`, without the scheme. */
import { idTokenKind } from "./id-token.ts";
import { SIGNATURE_ALGORITHMS } from "../jwt/signature.ts";

/** The kind of every name that no other kind owns. */
export const openIdConnect = idTokenKind(() => true, {
  algorithms: SIGNATURE_ALGORITHMS,
  acceptedIssuers: (issuer) => [issuer],
  // The live service checks a present azp against the provider's client ids.
  allowsForeignAuthorizedParty: false,
  audienceRefusal: "wrong-audience",
  fixedClaims: new Map(),
});
