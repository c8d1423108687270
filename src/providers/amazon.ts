/** Login with Amazon: access tokens under `www.amazon.com`, looked up at the `tokeninfo` of Amazon's API. */
import { err } from "../domain/errors.ts";
import { accessTokenKind, provenLogin } from "./access-token.ts";
import { upstreamTrouble } from "./provider-api.ts";

const ISSUER = "https://www.amazon.com";
/** Login with Amazon, Developer Guide: what `tokeninfo` says of a token that is malformed, expired or revoked. */
const TOKEN_ERRORS: ReadonlySet<unknown> = new Set(["invalid_token", "invalid_request"]);

export const amazon = accessTokenKind({
  providerName: "www.amazon.com",
  tokenForm: /^[\x21-\x7e]{1,4096}$/,
  formText: "an access token: up to 4,096 characters without spaces",
  async prove({ token, clients }, api) {
    const answer = await api.ask({
      url: `${api.providerApis.amazonApiUrl}/auth/o2/tokeninfo`,
      query: { access_token: token },
    });
    if (!answer.ok) return answer;
    const { status, members } = answer.value;
    if (status !== 200 || members.has("error")) {
      const isTokenError = TOKEN_ERRORS.has(members.get("error"));
      return isTokenError ? err({ kind: "access-token-refused" }) : upstreamTrouble("answer");
    }
    if (members.get("iss") !== ISSUER) return upstreamTrouble("answer");
    // T22: the token was made for this very app. The console shows either id of it, so that a pool may name either.
    const ids = new Set([members.get("aud"), members.get("app_id")]);
    const client = clients.find(({ clientId }) => ids.has(clientId));
    if (client === undefined) return err({ kind: "foreign-app" });
    // Not an instant: the seconds that are left.
    const remainingSeconds = members.get("exp");
    if (typeof remainingSeconds !== "number") return upstreamTrouble("answer");
    if (remainingSeconds <= 0) return err({ kind: "access-token-expired" });
    return provenLogin(members.get("user_id"), client, members.get("iat"));
  },
});
