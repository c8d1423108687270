/** The Authorization header of a request signed by OAuth 1.0a with HMAC-SHA1 (RFC 5849). Pure: nonce and time are given. */
import { utf8 } from "../domain/bytes.ts";
import { hmac } from "../domain/digest.ts";

export type OAuth1Request = {
  readonly method: "GET" | "POST";
  /** Scheme, host and path, as the base string wants them (section 3.4.1.2): without query and without a default port. */
  readonly url: string;
  /** Parameters of the query or of a form, which are signed along. */
  readonly parameters?: readonly (readonly [string, string])[];
};

export type OAuth1Credentials = {
  readonly consumerKey: string;
  readonly consumerSecret: string;
  readonly token: string;
  readonly tokenSecret: string;
};

export type OAuth1Stamp = {
  readonly nonce: string;
  /** Whole epoch seconds. */
  readonly timestamp: number;
};

type Pair = readonly [string, string];

/** Section 3.6: every byte but the unreserved ones, which leaves five more than `encodeURIComponent` does. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/** Section 3.4.1: the parameters are sorted after they were encoded, by name and then by value. */
export function signatureBaseString(request: OAuth1Request, oauthParameters: readonly Pair[]): string {
  const encoded = [...(request.parameters ?? []), ...oauthParameters].map(([name, value]): Pair => {
    return [percentEncode(name), percentEncode(value)];
  });
  const sorted = encoded.toSorted(
    ([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB),
  );
  const normalised = sorted.map(([name, value]) => `${name}=${value}`).join("&");
  return [request.method, percentEncode(request.url), percentEncode(normalised)].join("&");
}

export async function authorizationHeader(
  request: OAuth1Request,
  credentials: OAuth1Credentials,
  { nonce, timestamp }: OAuth1Stamp,
): Promise<string> {
  const parameters: readonly Pair[] = [
    ["oauth_consumer_key", credentials.consumerKey],
    ["oauth_nonce", nonce],
    ["oauth_signature_method", "HMAC-SHA1"],
    ["oauth_timestamp", String(timestamp)],
    ["oauth_token", credentials.token],
    ["oauth_version", "1.0"],
  ];
  const signature = await hmacSha1(credentials, signatureBaseString(request, parameters));
  const header = [...parameters, ["oauth_signature", signature] as const];
  return `OAuth ${header.map(([name, value]) => `${percentEncode(name)}="${percentEncode(value)}"`).join(", ")}`;
}

/** Section 3.4.2. HMAC-SHA1 is the one method that the provider offers; its security does not rest on collisions. */
async function hmacSha1({ consumerSecret, tokenSecret }: OAuth1Credentials, text: string): Promise<string> {
  const key = utf8(`${percentEncode(consumerSecret)}&${percentEncode(tokenSecret)}`);
  return (await hmac("SHA-1", key, text)).toBase64();
}

/** By bytes: percent-encoded text is ASCII, so that code units will do. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
