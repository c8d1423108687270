/**
 * What the development STS holds a web identity token against, in the order and the words of AWS's: its claims, the roles that
 * it is pinned to, its tags, and the trust policies of the two demo roles. Pure; the signature is verified before.
 */
import { isObject, type JsonObject } from "../domain/json.ts";
import { TAGS_CLAIM } from "../domain/open-id-claims.ts";
import { ROLES_CLAIM } from "../domain/role-claims.ts";
import type { StsRefusal } from "./sts-xml.ts";

/** Where the STS is served, below the origin of the development Worker. */
export const STS_PATH = "/development/sts";

const ACCOUNT = "000000000000";
export const DEMO_USER_ROLE = `arn:aws:iam::${ACCOUNT}:role/edgepool-demo-user`;
export const DEMO_GUEST_ROLE = `arn:aws:iam::${ACCOUNT}:role/edgepool-demo-guest`;

/** Difference of clocks that AWS forgives, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 300;
const REQUIRED_CLAIMS = ["iss", "sub", "aud", "exp", "iat"];

/** The trust policy of a role: docs/credentials.md recommends the same. */
type Trust = { readonly amr: "authenticated" | "unauthenticated" };

const TRUST: ReadonlyMap<string, Trust> = new Map([
  [DEMO_USER_ROLE, { amr: "authenticated" }],
  [DEMO_GUEST_ROLE, { amr: "unauthenticated" }],
]);

export type Assumption = {
  readonly claims: JsonObject;
  readonly roleArn: string;
  /** The pool that both roles trust. */
  readonly identityPoolId: string;
  /** Epoch seconds. */
  readonly now: number;
};

export function invalidToken(message: string): StsRefusal {
  return { status: 400, code: "InvalidIdentityToken", message };
}

/** Null where the role may be assumed. */
export function judgeAssumption(assumption: Assumption): StsRefusal | null {
  return judgeTimes(assumption) ?? judgePin(assumption) ?? judgeTags(assumption) ?? judgeTrust(assumption);
}

function judgeTimes({ claims, now }: Assumption): StsRefusal | null {
  const missing = REQUIRED_CLAIMS.find((name) => !Object.hasOwn(claims, name));
  if (missing !== undefined) return invalidToken(`Missing a required claim: ${missing}`);
  const { exp, iat } = claims;
  if (!Number.isSafeInteger(exp) || !Number.isSafeInteger(iat)) {
    return invalidToken("Invalid timestamp in token claims.");
  }
  if (Number(iat) > now + CLOCK_TOLERANCE_SECONDS) return invalidToken("Invalid timestamp in token claims.");
  if (Number(exp) + CLOCK_TOLERANCE_SECONDS > now) return null;
  const message = `Token expired: current date/time ${Math.floor(now)} must be before the expiration date/time ${Number(exp)}`;
  return { status: 400, code: "ExpiredTokenException", message };
}

/** Of the pin either form, a list or a text with `;` between. */
function judgePin({ claims, roleArn }: Assumption): StsRefusal | null {
  const roles = rolesIn(claims);
  if (roles === null || roles.includes(roleArn)) return null;
  return invalidToken("The target role ARN is not present in the roles claim of the identity token");
}

function rolesIn(claims: JsonObject): readonly unknown[] | null {
  if (!Object.hasOwn(claims, ROLES_CLAIM)) return null;
  const roles = claims[ROLES_CLAIM];
  if (typeof roles === "string") return roles.split(";");
  return Array.isArray(roles) ? roles : [];
}

/** Each tag is a list of one text: a text alone is refused by AWS, too. */
function judgeTags({ claims }: Assumption): StsRefusal | null {
  if (!Object.hasOwn(claims, TAGS_CLAIM)) return null;
  const claim = claims[TAGS_CLAIM];
  const tags = isObject(claim) && Object.hasOwn(claim, "principal_tags") ? claim["principal_tags"] : undefined;
  const isWellFormed = isObject(tags) && Object.entries(tags).every(([key, values]) => isTag(key, values));
  return isWellFormed ? null : invalidToken("principal_tags passed in claim is not in correct format.");
}

function isTag(key: string, values: unknown): boolean {
  const [value]: readonly unknown[] = Array.isArray(values) && values.length === 1 ? values : [];
  return isTagText(key, 1, 128) && typeof value === "string" && isTagText(value, 0, 256);
}

function isTagText(text: string, min: number, max: number): boolean {
  return text.length >= min && text.length <= max && /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text);
}

/** One text says all that is wrong here, a role that is none included: so it is at AWS. */
function judgeTrust({ claims, roleArn, identityPoolId }: Assumption): StsRefusal | null {
  const trust = TRUST.get(roleArn);
  const { aud, amr } = claims;
  const isTrusted =
    trust !== undefined &&
    aud === identityPoolId &&
    Array.isArray(amr) &&
    amr.includes(trust.amr) &&
    // `sts:RoleAuthorizedByIdp`: the way by which no token of GetOpenIdToken comes.
    rolesIn(claims) !== null;
  return isTrusted
    ? null
    : { status: 403, code: "AccessDenied", message: "Not authorized to perform sts:AssumeRoleWithWebIdentity" };
}
