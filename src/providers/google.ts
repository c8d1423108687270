/** Google: login tokens under `accounts.google.com`. */
import { idTokenKind } from "./id-token.ts";

export const google = idTokenKind((providerName) => providerName === "accounts.google.com", {
  algorithms: ["RS256"],
  // T16's one exception: Google has written its issuer with and without the scheme, and says that both are valid.
  acceptedIssuers: (issuer, providerName) => [issuer, providerName],
  // Google's mobile libraries ask for a token for the web client: `aud` is that client, `azp` the app that asked.
  allowsForeignAuthorizedParty: true,
  audienceRefusal: "wrong-audience",
  fixedClaims: new Map(),
});
