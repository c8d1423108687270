/** The rules for the claims of an ID token (OpenID Connect Core 1.0, section 3.1.3.7), judged before any key is looked for. */
import { err, ok } from "../domain/errors.ts";
import { isSameIssuer } from "../domain/provider-name.ts";
import type { Members } from "../domain/json.ts";
import type { Client, ProvenLogin } from "../domain/proven-login.ts";
import type { Judgement } from "../domain/login-refusal.ts";
import { anyOf, instantText, tellInPool, type TellRule } from "../domain/login-rules.ts";

export type ClaimRules = {
  /** Whether a token with one audience may name a foreign `azp` (T17). */
  readonly allowsForeignAuthorizedParty: boolean;
  /** How the live service words a wrong audience for this kind. */
  readonly audienceRefusal: "wrong-audience" | "unsupported-provider";
  /** Claims that must have exactly this value. */
  readonly fixedClaims: ReadonlyMap<string, string>;
};

/**
 * Up to 1,024 characters of any script, without control characters and lone surrogates (T18). OpenID Connect Core 1.0,
 * section 2, allows 255 of ASCII; issuers that name a branch or a workload in it write more.
 */
const SUBJECT = /^[^\p{Cc}\p{Cs}]{1,1024}$/u;

const REQUIRED_CLAIMS = ["aud", "exp", "iat", "sub"];

/**
 * `iss` must be one of `issuers`, byte for byte but for one slash at the end (T16). `now` and `clockSkewSeconds` in seconds.
 * The answer is a claim still: only a signature makes it a proof.
 */
export function judgeClaims(
  claims: Members,
  issuers: readonly string[],
  clients: readonly Client[],
  rules: ClaimRules,
  now: number,
  clockSkewSeconds: number,
  tell?: TellRule,
): Judgement<ProvenLogin> {
  // The live service compares the issuer first, also under a provider name that the pool does not have.
  // T46: such a name is the client's text, and could be anything.
  const isInPool = clients.length > 0;
  tell?.(
    "issuer",
    isInPool ? `iss is ${issuers.join(" or ")}` : "iss is https:// and the provider name",
    claims.get("iss"),
  );
  const issuer = judgeIssuer(claims, issuers);
  if (!issuer.ok) return issuer;
  tellInPool(clients, tell);
  if (!isInPool) return err({ kind: "unsupported-provider" });
  const isThere = (claim: string) => claims.has(claim);
  tell?.("required-claims", REQUIRED_CLAIMS.join(", "), REQUIRED_CLAIMS.filter(isThere).join(", "));
  const missing = REQUIRED_CLAIMS.find((claim) => !isThere(claim));
  if (missing !== undefined) return err({ kind: "missing-claim", claim: missing });

  const tokenKind = judgeTokenKind(claims, rules.fixedClaims, tell);
  if (!tokenKind.ok) return tokenKind;
  const times = judgeTimes(claims, now, clockSkewSeconds, tell);
  if (!times.ok) return times;
  const subject = claims.get("sub");
  tell?.(
    "subject",
    "sub is a text of 1 to 1,024 characters without control characters",
    typeof subject === "string" ? "present" : "no text",
  );
  // T18: stored and compared as given, without a normal form: two spellings are two users. Nothing but the subject identifies the user; e-mail is never read (T35).
  if (typeof subject !== "string" || !SUBJECT.test(subject)) return err({ kind: "malformed", part: "sub" });
  const client = judgeAudience(claims, clients, rules, tell);
  if (!client.ok) return client;
  const issuedAt = claims.get("iat");
  return ok({ subject, client: client.value, ...(isInstant(issuedAt) && { issuedAt }) });
}

/** T16: bytes are compared. Nothing is parsed, lower-cased or normalised, on either side. */
function judgeIssuer(claims: Members, issuers: readonly string[]): Judgement<true> {
  if (!claims.has("iss")) return err({ kind: "missing-claim", claim: "iss" });
  const issuer = claims.get("iss");
  return issuers.some((accepted) => isSameIssuer(issuer, accepted)) ? ok(true) : err({ kind: "issuer-mismatch" });
}

/** T14: another kind of token of the same issuer (a security event or logout token; a user pool's access token). */
function judgeTokenKind(claims: Members, fixedClaims: ReadonlyMap<string, string>, tell?: TellRule): Judgement<true> {
  tell?.("token-kind", tokenKindText(fixedClaims), claims.has("events") ? "events" : claims.get("token_use"));
  if (claims.has("events")) return err({ kind: "wrong-token-kind", part: "events" });
  // Cognito's own claim, which says `access` in the other kind: by whatever name a user pool or its imitation is configured.
  if (claims.has("token_use") && claims.get("token_use") !== "id") {
    return err({ kind: "wrong-token-kind", part: "token_use" });
  }
  for (const [claim, value] of fixedClaims) {
    if (!claims.has(claim)) return err({ kind: "missing-claim", claim });
    if (claims.get(claim) !== value) return err({ kind: "wrong-token-kind", part: claim });
  }
  return ok(true);
}

function tokenKindText(fixedClaims: ReadonlyMap<string, string>): string {
  const fixed = [...fixedClaims].map(([claim, value]) => `${claim} is ${value}`);
  return ["no events", ...(fixed.length > 0 ? fixed : ["token_use is id, or is not there"])].join(", ");
}

/** T19: finite numbers only (`1e400` is none), `exp` and `iat` required, one skew for all three. */
function judgeTimes(claims: Members, now: number, clockSkewSeconds: number, tell?: TellRule): Judgement<true> {
  const expiresAt = claims.get("exp");
  tell?.("expiry", `exp is after ${String(instantText(now - clockSkewSeconds))}`, instantText(expiresAt));
  if (!isInstant(expiresAt)) return err({ kind: "malformed", part: "exp" });
  if (now >= expiresAt + clockSkewSeconds) return err({ kind: "expired", now, expiresAt });
  for (const claim of ["nbf", "iat"]) {
    tell?.(
      claim === "nbf" ? "not-before" : "issued-at",
      `${claim} is not after ${String(instantText(now + clockSkewSeconds))}`,
      instantText(claims.get(claim)),
    );
    if (!claims.has(claim)) continue;
    const instant = claims.get(claim);
    if (!isInstant(instant)) return err({ kind: "malformed", part: claim });
    if (instant > now + clockSkewSeconds) return err({ kind: "not-yet-valid", claim, now, validFrom: instant });
  }
  return ok(true);
}

function isInstant(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * T17: the audience must hold one of our client ids exactly, and whoever else it names must not be the one it was made for.
 * Stricter than the live service, which lets an `azp` of ours stand in for a foreign audience.
 */
function judgeAudience(
  claims: Members,
  clients: readonly Client[],
  rules: ClaimRules,
  tell?: TellRule,
): Judgement<Client> {
  const audience = claims.get("aud");
  tell?.(
    "audience",
    `aud is ${anyOf(clients)}${rules.allowsForeignAuthorizedParty ? "" : ", and azp too where there is one"}`,
    audienceText(audience, claims.get("azp")),
  );
  const audiences: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  if (!audiences.every((entry) => typeof entry === "string")) return err({ kind: "malformed", part: "aud" });
  const isOurs = (value: unknown) => clients.some(({ clientId }) => clientId === value);
  const wrong: Judgement<never> = err({ kind: rules.audienceRefusal });

  const authorizedParty = claims.get("azp");
  if (claims.has("azp")) {
    if (typeof authorizedParty !== "string") return err({ kind: "malformed", part: "azp" });
    const mayBeForeign = audiences.length === 1 && rules.allowsForeignAuthorizedParty;
    if (!isOurs(authorizedParty) && !mayBeForeign) return wrong;
  } else if (audiences.length > 1 && !audiences.every(isOurs)) {
    // OpenID Connect Core 1.0, section 3.1.3.7, steps 3 and 4: several audiences need an azp, or must all be trusted.
    return wrong;
  }
  // The client that asked for the token names it in `amr`, where it is one of the audiences; else the first that fits.
  const accepted = clients.filter(({ clientId }) => audiences.includes(clientId));
  const client = accepted.find(({ clientId }) => clientId === authorizedParty) ?? accepted[0];
  return client === undefined ? wrong : ok(client);
}

/** The `azp` beside it, where there is one. */
function audienceText(audience: unknown, authorizedParty: unknown): unknown {
  if (authorizedParty === undefined) return audience;
  return `aud ${JSON.stringify(audience)}, azp ${JSON.stringify(authorizedParty)}`;
}
