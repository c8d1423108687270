/**
 * Twitter (X): `<token>;<token secret>` under `api.twitter.com`, proven by a call that is signed with them and with the
 * pool's consumer key and secret: a token of another app does not fit that signature (T22).
 */
import { err } from "../domain/errors.ts";
import { accessTokenKind, provenLogin } from "./access-token.ts";
import { type Members, membersOf } from "../domain/json.ts";
import { authorizationHeader } from "./oauth1.ts";
import type { Client } from "../domain/proven-login.ts";
import { upstreamTrouble } from "./provider-api.ts";
import type { Judgement } from "../domain/login-refusal.ts";

const PROVIDER_NAME = "api.twitter.com";
/**
 * Twitter, Response Codes: could not authenticate the user, suspended (63, 64), invalid or expired token, locked. Every other one,
 * such as a clock that differs (135) or an API plan that lacks the call (453), is no fault of the token.
 */
const TOKEN_CODES: ReadonlySet<unknown> = new Set([32, 63, 64, 89, 326]);

export const twitter = accessTokenKind({
  providerName: PROVIDER_NAME,
  tokenForm: /^[\x21-\x3a\x3c-\x7e]{1,1024};[\x21-\x3a\x3c-\x7e]{1,1024}$/,
  formText: "token;token secret",
  clientsOf,
  async prove({ token: login, clients }, api) {
    const [client] = clients;
    const [token, tokenSecret] = login.split(";");
    if (client?.clientSecret === undefined || token === undefined || tokenSecret === undefined) {
      return err({ kind: "unsupported-provider" });
    }
    const url = `${api.providerApis.twitterApiUrl}/1.1/account/verify_credentials.json`;
    const credentials = { consumerKey: client.clientId, consumerSecret: client.clientSecret, token, tokenSecret };
    const stamp = { nonce: crypto.randomUUID(), timestamp: Math.floor(api.now) };
    const authorization = await authorizationHeader({ method: "GET", url }, credentials, stamp);
    // Twitter, Rate limits: this call is counted by user.
    const answer = await api.ask({ url, headers: { authorization }, caller: token });
    if (!answer.ok) return answer;
    const { status, members } = answer.value;
    if (status !== 200 || members.has("errors")) return refusalOf(members);
    // `id` is a number beyond what JavaScript can hold exactly.
    return provenLogin(members.get("id_str"), client);
  },
});

/** A pool's value is `<consumer key>;<consumer secret>`: one app, and the secret is no part of what names it. */
function clientsOf(value: string): readonly Client[] {
  const [clientId = "", clientSecret = "", ...others] = value.split(";");
  if (clientId === "" || clientSecret === "" || others.length > 0) return [];
  return [{ clientId, clientSecret, amrPrefix: `${PROVIDER_NAME}:${clientId}` }];
}

function refusalOf(members: Members): Judgement<never> {
  const errors = members.get("errors");
  const codes = Array.isArray(errors) ? errors.map((error) => membersOf(error).get("code")) : [];
  if (codes.some((code) => TOKEN_CODES.has(code))) return err({ kind: "access-token-refused" });
  const [code] = codes;
  return upstreamTrouble(typeof code === "number" ? `error ${code}` : "answer");
}
