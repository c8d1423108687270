/**
 * A token of this service that comes back as a login: the one kind of login that nobody else has to be asked about. What it says
 * was true when it was signed; whether it still is, the identity's object judges on its record (linking/identity-calls.ts).
 */
import { err, ok } from "../domain/errors.ts";
import { parseIdentityPoolId } from "../domain/identifiers.ts";
import type { Judgement } from "../domain/login-refusal.ts";
import { MAX_LINKED_LOGINS } from "../domain/login.ts";
import { type Members, membersOf } from "../domain/json.ts";
import type { OwnLogin } from "../domain/own-login.ts";
import { TAGS_CLAIM } from "../domain/open-id-claims.ts";
import type { PrincipalTags } from "../domain/principal-tags.ts";
import { AUTHENTICATED_AMR } from "../domain/provider-name.ts";
import { ROLES_CLAIM } from "../domain/role-claims.ts";
import { TOKEN_ALGORITHMS } from "../domain/token-algorithm.ts";
import { type LoginToken, parseLoginToken } from "../jwt/login-token.ts";
import { importVerificationKey, verifySignature } from "../jwt/signature.ts";
import { judgeHeader } from "../jwt/token-header.ts";
import type { PublishedKey } from "../keys/key-ring.ts";

type Asked = {
  readonly issuer: string;
  /** As the request names it. */
  readonly identityId: string;
  readonly keys: readonly PublishedKey[];
  /** Epoch seconds. */
  readonly now: number;
};

/** As for other logins, what the text says is judged first, and its signature last. `exp` to the second: both clocks are ours. */
export async function readOwnToken(token: string, asked: Asked): Promise<Judgement<OwnLogin>> {
  const parsed = parseLoginToken(token);
  if (!parsed.ok) return NOT_OURS;
  const { claims } = parsed.value;
  const own = loginIn(claims, asked);
  const expiresAt = claims.get("exp");
  if (own === undefined || typeof expiresAt !== "number") return NOT_OURS;
  if (!(await isGenuine(parsed.value, asked.keys))) return NOT_OURS;
  return asked.now >= expiresAt ? err({ kind: "expired", now: asked.now, expiresAt }) : ok(own);
}

/** Whether it is signed by one of the keys, whatever it says. */
export async function isSignedByUs(token: string, keys: readonly PublishedKey[]): Promise<boolean> {
  const parsed = parseLoginToken(token);
  return parsed.ok && (await isGenuine(parsed.value, keys));
}

async function isGenuine(
  { header, signature, signedBytes }: LoginToken,
  keys: readonly PublishedKey[],
): Promise<boolean> {
  const judged = judgeHeader(header, TOKEN_ALGORITHMS);
  if (!judged.ok) return false;
  const { algorithm, kid } = judged.value;
  const key = keys.find((one) => one.kid === kid && one.alg === algorithm);
  if (key === undefined) return false;
  const verifier = await importVerificationKey(key.publicJwk, algorithm);
  return await verifySignature(algorithm, verifier, signature, signedBytes);
}

const NOT_OURS: Judgement<never> = err({ kind: "not-own-token" });

function loginIn(claims: Members, { issuer, identityId }: Asked): OwnLogin | undefined {
  // A token for STS is pinned to a role, and is no login.
  if (claims.get("iss") !== issuer || claims.get("sub") !== identityId || claims.has(ROLES_CLAIM)) return undefined;
  const audience = claims.get("aud");
  const identityPoolId = typeof audience === "string" ? parseIdentityPoolId(audience) : undefined;
  const pairs = pairsIn(claims.get("amr"));
  const principalTags = tagsIn(claims.get(TAGS_CLAIM));
  if (identityPoolId === undefined || pairs === undefined || principalTags === undefined) return undefined;
  return { identityPoolId, pairs, principalTags };
}

/** Provider name and long form of each login, one at least: a guest's token is the login of nobody. */
function pairsIn(amr: unknown): OwnLogin["pairs"] | undefined {
  const [first, ...entries]: readonly unknown[] = Array.isArray(amr) ? amr : [];
  if (first !== AUTHENTICATED_AMR || entries.length === 0 || entries.length > 2 * MAX_LINKED_LOGINS) return undefined;
  const texts = entries.filter((entry) => typeof entry === "string");
  if (texts.length !== entries.length || texts.length % 2 !== 0) return undefined;
  return Array.from({ length: texts.length / 2 }, (_, index) => [texts[2 * index] ?? "", texts[2 * index + 1] ?? ""]);
}

function tagsIn(claim: unknown): PrincipalTags | undefined {
  const tags = [...membersOf(membersOf(claim).get("principal_tags"))].map(([tag, values]) => {
    const [value, ...others]: readonly unknown[] = Array.isArray(values) ? values : [];
    return others.length === 0 && typeof value === "string" ? ([tag, value] as const) : undefined;
  });
  const read = tags.filter((tag) => tag !== undefined);
  return read.length === tags.length ? Object.fromEntries(read) : undefined;
}
