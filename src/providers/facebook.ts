/**
 * Facebook: access tokens under `graph.facebook.com`. The Graph API is asked whose app the token is of, and only then whose
 * token it is (T22): by the token alone, or by `debug_token` where FACEBOOK_APP_SECRETS holds the app's secret. Either way
 * a token that speaks for no user (of a page, of the app itself) is refused (T14).
 */
import { utf8 } from "../domain/bytes.ts";
import { hmac } from "../domain/digest.ts";
import { membersOf } from "../domain/json.ts";
import { err, ok } from "../domain/errors.ts";
import { accessTokenKind, provenLogin } from "./access-token.ts";
import type { Client } from "../domain/proven-login.ts";
import { type ApiAnswer, type ProviderApi, upstreamTrouble } from "./provider-api.ts";
import { isUpstreamTrouble, type Judgement } from "../domain/login-refusal.ts";

/** The app that the token is of; `userId` where that was said in the same breath. */
type App = { readonly client: Client; readonly secret?: string; readonly userId?: string; readonly issuedAt?: unknown };

/**
 * The access token is at fault: Graph API, Handling Errors. 101 says that an app is none; asked by the token alone, the app is
 * what the token says (`1234|text`). Every other code is the API's trouble, or this service's.
 */
const TOKEN_CODES: ReadonlySet<unknown> = new Set([101, 102, 190]);
/** The app, or a use of it, has made too many calls (Graph API, Rate Limits): said in a body, with a status of 400 or 403. */
const THROTTLE_CODES: ReadonlySet<unknown> = new Set([4, 32, 613]);
/** `/me` with a token that has no user. Of any other path it means that FACEBOOK_GRAPH_URL leads nowhere. */
const NO_USER_CODE = 2500;
/** `/me` was asked for a field of users, and is none. */
const NO_FIELD_CODE = 100;
const EXPIRED_SUBCODE = 463;
/** The token that `debug_token` is asked about is of another app than the one that asks. */
const FOREIGN_APP_CODE = 100;

export const facebook = accessTokenKind({
  providerName: "graph.facebook.com",
  tokenForm: /^[\x21-\x7e]{1,4096}$/,
  formText: "an access token: up to 4,096 characters without spaces",
  async prove({ token, clients }, api) {
    const app = await findApp(token, clients, api);
    if (!app.ok) return app;
    const { client, secret, userId, issuedAt } = app.value;
    const answer = await api.ask({
      url: `${api.providerApis.facebookGraphUrl}/me`,
      query: {
        // T14: `/me` of a page's token is the page, which has no `first_name`; to ask a page for one is an error. The name
        // itself is not read. With the secret `debug_token` has said that there is a user, and 100 would be the proof's fault.
        fields: secret === undefined ? "id,first_name" : "id",
        access_token: token,
        ...(secret !== undefined && { appsecret_proof: await appSecretProof(token, secret) }),
      },
    });
    if (!answer.ok) return answer;
    const { status, members } = answer.value;
    if (status !== 200 || members.has("error")) {
      return refusalOf(members.get("error"), secret === undefined ? [NO_USER_CODE, NO_FIELD_CODE] : [NO_USER_CODE]);
    }
    const login = provenLogin(members.get("id"), client, issuedAt);
    const isAnother = login.ok && userId !== undefined && userId !== login.value.subject;
    return isAnother ? err({ kind: "access-token-refused" }) : login;
  },
});

/** Apps with a secret are asked in turn: a pool hardly ever has two. */
async function findApp(token: string, clients: readonly Client[], api: ProviderApi): Promise<Judgement<App>> {
  const { facebookGraphUrl, facebookAppSecrets } = api.providerApis;
  const withoutSecret: Client[] = [];
  /** Of an app whose token this may still be: another app's trouble is no reason to refuse the others'. */
  let trouble: Judgement<never> | undefined;
  for (const client of clients) {
    const secret = facebookAppSecrets.get(client.clientId);
    if (secret === undefined) {
      withoutSecret.push(client);
      continue;
    }
    const answer = await api.ask({
      url: `${facebookGraphUrl}/debug_token`,
      query: { input_token: token },
      // RFC 6750, section 2.1, and never in the address, where the manual has it: addresses end up in logs, and this is the
      // app's secret.
      headers: { authorization: `Bearer ${client.clientId}|${secret}` },
      caller: client.clientId,
      isThrottled: ({ members }) => THROTTLE_CODES.has(membersOf(members.get("error")).get("code")),
    });
    const user = answer.ok ? judgeDebugToken(answer.value, client, api) : answer;
    if (user.ok) return ok({ client, secret, ...user.value });
    if (isUpstreamTrouble(user.error)) trouble ??= err(user.error);
    else if (user.error.kind !== "foreign-app") return err(user.error);
  }
  if (withoutSecret.length === 0) return trouble ?? err({ kind: "foreign-app" });

  const answer = await api.ask({ url: `${facebookGraphUrl}/app`, query: { access_token: token } });
  if (!answer.ok) return answer;
  const { status, members } = answer.value;
  if (status !== 200 || members.has("error")) return refusalOf(members.get("error"));
  const appId = members.get("id");
  if (typeof appId !== "string") return upstreamTrouble("answer");
  const client = withoutSecret.find(({ clientId }) => clientId === appId);
  return client === undefined ? (trouble ?? err({ kind: "foreign-app" })) : ok({ client });
}

/** Whom the token is for and when it was issued, which is not always said, if it is a live user token of the client's app. */
function judgeDebugToken(
  { status, members }: ApiAnswer,
  client: Client,
  api: ProviderApi,
): Judgement<{ readonly userId: string; readonly issuedAt: unknown }> {
  if (status !== 200 || members.has("error")) {
    const code = membersOf(members.get("error")).get("code");
    if (code === FOREIGN_APP_CODE) return err({ kind: "foreign-app" });
    // Also code 190: it is this service's app secret that is refused here, and the user's token may well be good.
    return upstreamTrouble(typeof code === "number" ? `debug_token error ${code}` : "answer");
  }
  const data = membersOf(members.get("data"));
  if (data.get("is_valid") !== true) {
    if (!data.has("is_valid")) return upstreamTrouble("answer");
    const error = membersOf(data.get("error"));
    if (error.get("code") === FOREIGN_APP_CODE) return err({ kind: "foreign-app" });
    // Without an error, or without its code, the token is simply said to be bad.
    return refusalOf({ code: 190, ...Object.fromEntries(error) });
  }
  if (idOf(data.get("app_id")) !== client.clientId) return err({ kind: "foreign-app" });
  // A token of a page or of the app itself speaks for no user (T14). Older versions of the API name no type, and no user
  // for an app; a page's token is told by `/me` then, whose id is another.
  const isOfUser = data.has("type") ? data.get("type") === "USER" : data.has("user_id");
  if (!isOfUser) return err({ kind: "access-token-refused" });
  const expiresAt = data.get("expires_at");
  // 0 is a token that does not expire.
  const isExpired = typeof expiresAt === "number" && expiresAt !== 0 && api.now >= expiresAt + api.clockSkewSeconds;
  if (isExpired) return err({ kind: "access-token-expired" });
  const userId = idOf(data.get("user_id"));
  return userId === undefined ? upstreamTrouble("answer") : ok({ userId, issuedAt: data.get("issued_at") });
}

/** `debug_token` writes an id as text or as a number, by version of the API; a number that lost digits is no id. */
function idOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** What an `error` of the Graph API means for the token that it was asked with; `moreCodes` blame the token as well. */
function refusalOf(error: unknown, moreCodes: readonly unknown[] = []): Judgement<never> {
  const members = membersOf(error);
  const code = members.get("code");
  // Of what the upstream wrote, the log is told a number and nothing else.
  if (!TOKEN_CODES.has(code) && !moreCodes.includes(code))
    return upstreamTrouble(typeof code === "number" ? `error ${code}` : "answer");
  const isExpired = members.get("error_subcode") === EXPIRED_SUBCODE || members.get("subcode") === EXPIRED_SUBCODE;
  return err({ kind: isExpired ? "access-token-expired" : "access-token-refused" });
}

/** Graph API, Securing Requests: HMAC-SHA256 of the token under the app secret, in hex. */
async function appSecretProof(token: string, secret: string): Promise<string> {
  return (await hmac("SHA-256", utf8(secret), token)).toHex();
}
