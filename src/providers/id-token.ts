/** What all kinds that log in with an ID token share: read it, judge it, then check its signature. Each kind is a profile. */
import { err, ok } from "../domain/errors.ts";
import type { LoginRule } from "../domain/login-rules.ts";
import { isSameIssuer } from "../domain/provider-name.ts";
import { recallToken, rememberToken } from "../jwt/genuine-tokens.ts";
import { type ClaimRules, judgeClaims } from "../jwt/id-token-claims.ts";
import { claimsReader, parseLoginToken } from "../jwt/login-token.ts";
import type { ProviderKind, VerifierMemory } from "./provider.ts";
import { type SignatureAlgorithm, verifySignature } from "../jwt/signature.ts";
import { judgeHeader } from "../jwt/token-header.ts";
import { isIssuer, type UpstreamPolicy } from "../outbound/upstream-policy.ts";

export type IdTokenProfile = ClaimRules & {
  /** The algorithms that this kind of provider signs with; there is no default (T1). */
  readonly algorithms: readonly SignatureAlgorithm[];
  /** The `iss` values of the one provider (T16): its issuers, and of Google the bare name as well. */
  acceptedIssuers(issuer: string, providerName: string): readonly string[];
};

const RULES: readonly LoginRule[] = [
  "form",
  "header-members",
  "token-type",
  "key-id",
  "algorithm",
  "issuer",
  "provider-in-pool",
  "required-claims",
  "token-kind",
  "expiry",
  "not-before",
  "issued-at",
  "subject",
  "audience",
  "issuer-address",
  "issuer-keys",
  "signing-key",
  "signature",
];

/** `owns` is the kind's own affair; everything else follows from the profile. */
export function idTokenKind(owns: (providerName: string) => boolean, profile: IdTokenProfile): ProviderKind {
  return {
    owns,
    rules: RULES,
    algorithms: profile.algorithms,
    isVerifiable: (providerName, upstreams) => isIssuer(upstreams.issuerOf(providerName), upstreams),
    keyIssuerOf(providerName, upstreams, { issuerAddresses }) {
      const issuer = upstreams.issuerOf(providerName);
      return isIssuerAddress(issuer, upstreams, issuerAddresses) ? issuer : undefined;
    },
    inspect({ providerName, token, clients }, context) {
      // T21: issuer, keys and audience all come from the one row that the provider name stands for.
      const issuer = context.upstreams.issuerOf(providerName);
      const { tell, onFetch } = context;
      const { genuineTokens, issuerAddresses } = context.memory;
      const known = recallToken(genuineTokens, token, context.now);
      const parsed = known === undefined ? parseLoginToken(token) : ok(known.read);
      tell?.(
        "form",
        "header.claims.signature, in base64url",
        parsed.ok ? `${token.length} characters` : "none of these",
      );
      if (!parsed.ok) return parsed;
      const { header, claims, signature, signedBytes } = parsed.value;
      const judgedHeader = judgeHeader(header, profile.algorithms, tell);
      if (!judgedHeader.ok) return judgedHeader;
      const { algorithm, kid } = judgedHeader.value;
      const issuers = profile.acceptedIssuers(issuer, providerName);
      const claimed = judgeClaims(claims, issuers, clients, profile, context.now, context.clockSkewSeconds, tell);
      if (!claimed.ok) return claimed;
      // A pool may hold a name from before the rules grew stricter; its keys could only come from a refused address.
      tell?.("issuer-address", "an https address on a public host, and not this service", issuer);
      if (!isIssuerAddress(issuer, context.upstreams, issuerAddresses)) return err({ kind: "unsupported-provider" });

      const named = issuers.find((one) => isSameIssuer(claims.get("iss"), one));
      // The bare name of Google is no issuer of its own.
      const keyIssuer = named === undefined || named === providerName ? issuer : named;
      return ok({
        async prove() {
          const isSigner = (key: CryptoKey) =>
            key === known?.key || verifySignature(algorithm, key, signature, signedBytes);
          const key = await context.issuerKeys.find({ issuer: keyIssuer, algorithm, kid, isSigner, onFetch, tell });
          if (!key.ok) return key;
          if (key.value !== known?.key)
            rememberToken(genuineTokens, token, { read: parsed.value, key: key.value }, context.now);
          return ok({ ...claimed.value, issuer: keyIssuer, readClaims: claimsReader(parsed.value) });
        },
      });
    },
  };
}

/** `isIssuer`, once for each issuer: to parse an address costs more than all other judgements of a login token. */
function isIssuerAddress(
  issuer: string,
  upstreams: UpstreamPolicy,
  judged: VerifierMemory["issuerAddresses"],
): boolean {
  const verdicts = judged.of(upstreams);
  const known = verdicts.get(issuer, 0);
  if (known !== undefined) return known;
  const verdict = isIssuer(issuer, upstreams);
  // Not by the clock: what is judged by the same rules is judged alike.
  verdicts.set(issuer, verdict, 0);
  return verdict;
}
