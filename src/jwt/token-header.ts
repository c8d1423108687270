/** The rules for a login token's header: what it may say, and that it never chooses how it is verified. */
import { err, ok } from "../domain/errors.ts";
import type { Members } from "../domain/json.ts";
import type { Judgement } from "../domain/login-refusal.ts";
import type { TellRule } from "../domain/login-rules.ts";
import { type SignatureAlgorithm, signatureAlgorithmOf } from "./signature.ts";

/** Longest kid, in characters, in a set and in a token alike (T5). */
export const MAX_KID_LENGTH = 256;

export type JudgedHeader = { readonly algorithm: SignatureAlgorithm; readonly kid: string | undefined };

/**
 * T6: critical extensions, unencoded payloads and compression are understood by nobody here, in whatever form they come
 * (RFC 7515, section 4.1.11, forbids an empty `crit`, so that is refused too).
 */
const FORBIDDEN_MEMBERS = ["crit", "b64", "zip"];
/**
 * RFC 7519, section 5.1, with or without the prefix that RFC 7515, section 4.1.9, lets a sender leave out. `JOSE` says in the
 * words of that section no more than that the token is one in compact form.
 */
const TYPE_OF_ID_TOKEN = /^(application\/)?(jwt|jose)$/i;

/** `jwk`, `jku`, `x5u`, `x5c` and the thumbprints are passed over: no key and no address ever comes out of a token (T4). */
export function judgeHeader(
  header: Members,
  algorithms: readonly SignatureAlgorithm[],
  tell?: TellRule,
): Judgement<JudgedHeader> {
  const forbidden = FORBIDDEN_MEMBERS.find((member) => header.has(member));
  tell?.("header-members", `none of ${FORBIDDEN_MEMBERS.join(", ")}`, forbidden);
  if (forbidden !== undefined) return err({ kind: "malformed", part: forbidden });

  // T14: an access token (`at+jwt`), a logout token or a DPoP proof of the same issuer says so here.
  const typ = header.get("typ");
  tell?.("token-type", "typ is JWT, or is not there", typ);
  if (header.has("typ") && !(typeof typ === "string" && TYPE_OF_ID_TOKEN.test(typ))) {
    return err({ kind: "wrong-token-kind", part: "typ" });
  }
  // T5: a kid is a short string or absent.
  const kid = header.get("kid");
  tell?.("key-id", `kid is a text of at most ${MAX_KID_LENGTH} characters, or is not there`, kid);
  if (header.has("kid") && !(typeof kid === "string" && kid.length <= MAX_KID_LENGTH)) {
    return err({ kind: "malformed", part: "kid" });
  }
  // T1: the provider's list decides, exactly and case-sensitively; `none` is on no list.
  tell?.("algorithm", `alg is ${algorithms.join(" or ")}`, header.get("alg"));
  const named = signatureAlgorithmOf(header.get("alg"));
  const algorithm = algorithms.find((allowed) => allowed === named);
  if (algorithm === undefined) return err({ kind: "algorithm-not-allowed" });
  return ok({ algorithm, kid: typeof kid === "string" ? kid : undefined });
}
