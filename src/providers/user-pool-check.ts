/**
 * `ServerSideTokenCheck`: whether the user of a user pool has signed out everywhere, or was deleted, since the ID token was
 * made. Only Amazon knows, and says so by GetId of an identity pool there: setting TOKEN_CHECK_POOLS, docs/adr/0022.
 */
import type { ProviderApis } from "../config.ts";
import { err, ok } from "../domain/errors.ts";
import type { PresentedLogin, ProviderKind } from "./provider.ts";
import type { ProvenLogin } from "../domain/proven-login.ts";
import { type ApiAnswer, providerApiOf, upstreamTrouble } from "./provider-api.ts";
import { cognitoAddress } from "../outbound/cognito-address.ts";
import type { Judgement } from "../domain/login-refusal.ts";

const HEADERS = {
  "content-type": "application/x-amz-json-1.1",
  "x-amz-target": "AWSCognitoIdentityService.GetId",
};
/** `NotAuthorizedException` in these words is about the identity pool that was asked, and says nothing of the user. */
const WRONG_POOL_MESSAGE =
  /^(Token is not from a supported provider|Unauthenticated access is not supported|Identity pool - \S+ does not have)/;
/** The other exceptions of GetId that an operator can do something about, in words for the log. */
const TROUBLES: ReadonlyMap<unknown, string> = new Map([
  ["ResourceNotFoundException", "unknown pool in TOKEN_CHECK_POOLS"],
  ["InvalidParameterException", "invalid parameter"],
  ["TooManyRequestsException", "throttled"],
  ["InternalErrorException", "internal error"],
]);

/** The kind, with the check as its last step: nobody is asked about a token that is not genuine (T28). */
export function withTokenCheck(kind: ProviderKind): ProviderKind {
  return {
    ...kind,
    rules: [...kind.rules, "still-signed-in"],
    asksApi: (providerName, providerApis) => checkingPoolOf(providerName, providerApis) !== undefined,
    inspect(login, context) {
      const unproven = kind.inspect(login, context);
      if (!unproven.ok) return unproven;
      return ok({
        async prove() {
          // One deadline for the keys and the check together: it begins now.
          const api = providerApiOf(login.providerName, context);
          const proven = await unproven.value.prove();
          if (!proven.ok) return proven;
          const identityPoolId = checkingPoolOf(login.providerName, context.providerApis);
          const isAsked = identityPoolId !== undefined && wantsCheck(login, proven.value);
          context.tell?.(
            "still-signed-in",
            "the user has not signed out everywhere since",
            isAsked ? "asked" : "not asked",
          );
          if (!isAsked) return proven;
          const answer = await api.ask(questionOf(login.token, proven.value, identityPoolId));
          const checked = answer.ok ? judgeAnswer(answer.value) : answer;
          return checked.ok ? proven : checked;
        },
      });
    },
  };
}

/** The identity pool of Amazon's that knows this user pool; undefined: the check cannot be made. */
export function checkingPoolOf(
  providerName: string,
  { tokenCheckPools }: Pick<ProviderApis, "tokenCheckPools">,
): string | undefined {
  return tokenCheckPools.get(providerName.slice(providerName.indexOf("/") + 1));
}

/** Where a pool has the client twice, one entry with the check is enough. */
function wantsCheck({ clients }: PresentedLogin, { client }: ProvenLogin): boolean {
  return clients.some(({ clientId, serverSideTokenCheck }) => serverSideTokenCheck && clientId === client.clientId);
}

/** The live service wants the login under the name of the issuer that made the token, which a user pool has two of. */
function questionOf(token: string, { issuer = "" }: ProvenLogin, identityPoolId: string) {
  const [region = ""] = identityPoolId.split(":");
  const body = JSON.stringify({ IdentityPoolId: identityPoolId, Logins: { [issuer.replace("https://", "")]: token } });
  return {
    url: cognitoAddress(region).href,
    headers: HEADERS,
    body,
    caller: identityPoolId,
    isThrottled,
  };
}

/** AWS says so with a status of 400. */
function isThrottled({ status, members }: ApiAnswer): boolean {
  return status === 400 && exceptionOf(members.get("__type")) === "TooManyRequestsException";
}

function judgeAnswer({ status, members }: ApiAnswer): Judgement<true> {
  if (status === 200) return typeof members.get("IdentityId") === "string" ? ok(true) : upstreamTrouble("answer");
  const exception = exceptionOf(members.get("__type"));
  if (exception !== "NotAuthorizedException") return upstreamTrouble(TROUBLES.get(exception) ?? "answer");
  const message = members.get("message") ?? members.get("Message");
  const isWrongPool = typeof message === "string" && WRONG_POOL_MESSAGE.test(message);
  return isWrongPool ? upstreamTrouble("wrong pool in TOKEN_CHECK_POOLS") : err({ kind: "signed-out" });
}

/** The name alone: AWS JSON may write `namespace#Name:address`. */
function exceptionOf(type: unknown): string | undefined {
  return typeof type === "string" ? type.split(":")[0]?.split("#").at(-1) : undefined;
}
