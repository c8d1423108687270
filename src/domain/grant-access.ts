/** What a call is given beside its logins, decided by its pool, its verified logins and what it wishes for. Pure. */
import { ok, type Result } from "./errors.ts";
import type { GrantAccess } from "./grant.ts";
import type { VerifiedLogin } from "./login.ts";
import type { LoginEvidence } from "./login-evidence.ts";
import type { Flow } from "./mint-rules.ts";
import type { PoolAccess } from "./pool-access.ts";
import { principalTagsOf } from "./principal-tags.ts";
import type { TaggedRefusal } from "./refusals.ts";
import { chooseRole } from "./role-choice.ts";

/** What a client wants of its logins, and which of the roles that they open it picks. */
export type GrantWish = { readonly flow: Flow; readonly customRoleArn?: string };

/** Verified logins, and what they give beside themselves. */
export type VerifiedForGrant = {
  readonly logins: readonly VerifiedLogin[];
  /** Decided where the logins are verified, once for a call: the claims that it rests on go no further. */
  readonly access: Result<GrantAccess, TaggedRefusal>;
};

/** What of an identity pool decides it. */
type PoolRules = { readonly access?: PoolAccess | undefined; readonly tokenSeconds?: number };

const NOTHING = ok({});

/** Nothing of it is there that the pool does not set: the grant of a pool without access rules is no longer than it was. */
export function accessOf(
  { access, tokenSeconds }: PoolRules,
  logins: readonly LoginEvidence[],
  { flow, customRoleArn }: GrantWish,
): Result<GrantAccess, TaggedRefusal> {
  // Credentials are bought with a token of five minutes that nobody else sees (role-claims.ts).
  const lifetime = flow === "basic" && tokenSeconds !== undefined && { lifetimeSeconds: tokenSeconds };
  // What nearly every token is asked of: a pool for which nobody has set anything.
  if (access === undefined && flow === "basic") return lifetime === false ? NOTHING : ok(lifetime);
  const role = flow === "basic" ? null : chooseRole(access, logins, customRoleArn);
  if (role !== null && !role.ok) return role;
  const tags = principalTagsOf(access?.principalTagMaps ?? {}, logins);
  if (!tags.ok) return tags;
  return ok({
    ...(role !== null && { roleArn: role.value }),
    ...(Object.keys(tags.value).length > 0 && { principalTags: tags.value }),
    ...lifetime,
  });
}

/** What of a value is access, and nothing else of it. */
export function accessIn({ roleArn, principalTags, lifetimeSeconds }: GrantAccess): GrantAccess {
  return {
    ...(roleArn !== undefined && { roleArn }),
    ...(principalTags !== undefined && { principalTags }),
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
  };
}
