/** What a token says, in words. Believes nothing: whether it is genuine is said by verify-token.ts. Pure. */

export type ReadToken = {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
};

/** Null: it is no token in three parts of base64url. */
export function readToken(text: string): ReadToken | null {
  const [header, claims, signature, ...others] = text.trim().split(".");
  if (header === undefined || claims === undefined || signature === undefined || others.length > 0) return null;
  const [readHeader, readClaims] = [objectIn(header), objectIn(claims)];
  return readHeader === null || readClaims === null ? null : { header: readHeader, claims: readClaims };
}

function objectIn(segment: string): Readonly<Record<string, unknown>> | null {
  try {
    const bytes = Uint8Array.from(atob(segment.replaceAll("-", "+").replaceAll("_", "/")), (byte) =>
      byte.charCodeAt(0),
    );
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

/** The key of a `Logins` map that a login token belongs under; empty where it does not say. */
export function providerNameIn(token: string): string {
  const issuer = readToken(token)?.claims["iss"];
  return typeof issuer === "string" ? issuer.replace(/^https?:\/\//, "").replace(/\/$/, "") : "";
}

export type Who =
  | { readonly kind: "guest" }
  | { readonly kind: "user"; readonly logins: readonly { readonly providerName: string; readonly longForm: string }[] }
  | { readonly kind: "unknown" };

/** Whom `amr` speaks of: a guest, or a user with the logins that were verified when the token was made. */
export function whoIn(amr: unknown): Who {
  const [first, ...rest]: readonly unknown[] = Array.isArray(amr) ? amr : [];
  if (first === "unauthenticated" && rest.length === 0) return { kind: "guest" };
  const texts = rest.filter((entry) => typeof entry === "string");
  if (first !== "authenticated" || texts.length !== rest.length || texts.length % 2 !== 0) return { kind: "unknown" };
  const logins = Array.from({ length: texts.length / 2 }, (_, index) => {
    return { providerName: texts[2 * index] ?? "", longForm: texts[2 * index + 1] ?? "" };
  });
  return { kind: "user", logins };
}

const MEANINGS: Readonly<Record<string, string>> = {
  iss: "who made it",
  sub: "the identity: always the same for one user of the pool",
  aud: "the identity pool",
  amr: "whether somebody has logged in, and by which logins",
  exp: "until when it is good",
  iat: "when it was signed",
  nbf: "from when on it is good",
  jti: "its own number: a replay has the same",
  "https://aws.amazon.com/tags": "tags of a session at AWS",
};

/** What a claim means; undefined of one that no token of this service has. */
export function meaningOf(claim: string): string | undefined {
  return Object.hasOwn(MEANINGS, claim) ? MEANINGS[claim] : undefined;
}

/** A claim's value as one line; of an instant the exact time, too. */
export function valueText(claim: string, value: unknown): string {
  if (typeof value === "string") return value;
  const text = JSON.stringify(value) ?? "";
  if (typeof value !== "number" || !["exp", "iat", "nbf"].includes(claim)) return text;
  const date = new Date(value * 1000);
  return Number.isNaN(date.getTime()) ? text : `${text} (${date.toISOString().replace(".000Z", "Z")})`;
}

/** How long a token is still good, or how long it has not been. Both in epoch seconds. */
export function lifeText(expiresAt: unknown, now: number): { readonly isOver: boolean; readonly text: string } {
  if (typeof expiresAt !== "number") return { isOver: true, text: "It does not say until when it is good." };
  const seconds = Math.floor(Math.abs(expiresAt - now));
  const length =
    seconds < 120
      ? `${seconds} s`
      : seconds < 7200
        ? `${Math.floor(seconds / 60)} min`
        : `${Math.floor(seconds / 3600)} h`;
  return now < expiresAt
    ? { isOver: false, text: `Good for ${length} more.` }
    : { isOver: true, text: `It was good until ${length} ago.` };
}
