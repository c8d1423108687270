/**
 * The facts of the built-in development issuer: names, documents, claims. Pure but for hashing; keys and signatures are
 * the object's (development-issuer-object.ts). It signs in anyone who is named, so it exists in development alone.
 */
import { sha256Hex } from "../domain/digest.ts";
import { err, ok, type Result } from "../domain/errors.ts";

/** Where the issuer is served, below the origin of the development Worker. */
export const ISSUER_PATH = "/development/issuer";
/** The one client of the issuer: `aud` of its tokens, and the demo pool's entry. */
export const DEVELOPMENT_CLIENT_ID = "edgepool-development";
/** Lifetime of a login token, in seconds: one hour, as the large providers have it. */
const TOKEN_LIFETIME_SECONDS = 3600;
/** Longest name, in UTF-16 code units. */
const MAX_NAME_LENGTH = 64;

export type LoginClaims = {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly name: string;
};

/** The provider name is the issuer without its scheme, as in every `Logins` map. */
export function developmentProviderName(origin: string): string {
  return `${new URL(origin).host}${ISSUER_PATH}`;
}

type NameProblem = "no-text" | "empty" | "too-long" | "control-characters";

/** What a program is told that sent the member `name`, and what a person who filled in the form. */
export const NAME_PROBLEMS: Readonly<Record<NameProblem, { readonly program: string; readonly person: string }>> = {
  "no-text": { program: '"name" must be a text', person: "Type a name." },
  empty: { program: '"name" must not be empty', person: "Type a name." },
  "too-long": {
    program: `"name" must have at most ${MAX_NAME_LENGTH} characters`,
    person: `Type a shorter name: it may have ${MAX_NAME_LENGTH} characters.`,
  },
  "control-characters": {
    program: '"name" must not hold control characters',
    person: "Type the name anew: there is a character in it that cannot be seen.",
  },
};

/** One person has one spelling: NFC, no blanks around. */
export function parseName(value: unknown): Result<string, NameProblem> {
  if (typeof value !== "string") return err("no-text");
  const name = value.normalize("NFC").trim();
  if (name === "") return err("empty");
  if (name.length > MAX_NAME_LENGTH) return err("too-long");
  if (!name.isWellFormed() || /\p{Cc}/u.test(name)) return err("control-characters");
  return ok(name);
}

/** Claims of a login token for whoever is named. The subject is a hash: any name gives a valid one, and always the same. */
export async function loginClaims(origin: string, name: string, now: number): Promise<LoginClaims> {
  return {
    iss: `${origin}${ISSUER_PATH}`,
    sub: (await sha256Hex(name)).slice(0, 32),
    aud: DEVELOPMENT_CLIENT_ID,
    iat: now,
    exp: now + TOKEN_LIFETIME_SECONDS,
    name,
  };
}

/** OpenID Connect Discovery 1.0, section 3: the required members. */
export function discoveryDocument(origin: string): Readonly<Record<string, unknown>> {
  const issuer = `${origin}${ISSUER_PATH}`;
  return {
    issuer,
    authorization_endpoint: issuer,
    jwks_uri: `${issuer}/jwks.json`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    claims_supported: ["iss", "sub", "aud", "iat", "exp", "name"],
  };
}
