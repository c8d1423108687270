/** What this service can sign OpenID tokens with (TOKEN_ALG), by the names of RFC 7518 and RFC 8037. */

export const TOKEN_ALGORITHMS = ["RS256", "RS512", "ES256", "EdDSA"] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

export function isTokenAlgorithm(text: string): text is TokenAlgorithm {
  return TOKEN_ALGORITHMS.some((algorithm) => algorithm === text);
}
