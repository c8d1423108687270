/**
 * The roles of the simulated pools and what their logins say; and, told by hand beside it, what each call may be given: the judge
 * of invariant only-an-open-role asks that, and not the code.
 */
import type { Grant, GrantAccess } from "../../src/domain/grant.ts";
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { LoginEvidence } from "../../src/domain/login-evidence.ts";
import type { PoolAccess } from "../../src/domain/pool-access.ts";
import type { GrantReply } from "../../src/linking/identity-calls.ts";
import type { Network } from "./network.ts";

type Tokens = ReadonlyMap<string, string>;

export const ROLES = ["user", "guest", "staff", "admin"] as const;
/** What a call asks for by name: a role of the pool's own, or one of another pool. */
type Wish = RoleName | "foreign" | null;
export type RoleName = (typeof ROLES)[number];

/** Each pool has its own: a role that came from the neighbour's would show. */
export function roleArn(identityPoolId: IdentityPoolId, name: RoleName): string {
  return `arn:aws:iam::0:role/${identityPoolId.replace(":", "-")}/${name}`;
}

export function wishIn(identityPoolId: IdentityPoolId | undefined, arn: string | undefined): Wish {
  if (arn === undefined) return null;
  return (identityPoolId && ROLES.find((name) => roleArn(identityPoolId, name) === arn)) ?? "foreign";
}

/** What the pool has for guests: no mapping, since GetOpenIdToken is asked for as well. */
export function withRoles(pool: IdentityPool): IdentityPool {
  const { identityPoolId } = pool;
  const roles = { authenticated: roleArn(identityPoolId, "user"), unauthenticated: roleArn(identityPoolId, "guest") };
  return { ...pool, access: { roles, roleMappings: {}, principalTagMaps: {} } };
}

/** And for logins, where they are verified for credentials. Provider `c` has no role mapping. */
export function accessFor(pool: IdentityPool): PoolAccess | undefined {
  const { access, identityPoolId } = withRoles(pool);
  const staff = roleArn(identityPoolId, "staff");
  const tags = (principalTags: Readonly<Record<string, string>>) => ({ useDefaults: false, principalTags });
  return (
    access && {
      ...access,
      roleMappings: {
        a: {
          type: "Rules",
          ambiguousRoleResolution: "AuthenticatedRole",
          rules: [{ claim: "group", match: "Equals", value: "staff", roleArn: staff }],
        },
        b: { type: "Token", ambiguousRoleResolution: "Deny" },
      },
      principalTagMaps: { a: tags({ user: "sub", group: "group" }), c: tags({ user: "sub" }) },
    }
  );
}

export function evidenceOf(identityPoolId: IdentityPoolId, tokens: Tokens): readonly LoginEvidence[] {
  return [...tokens].map(([providerName, subject]) => {
    const isFirst = subject === "1";
    const [staff, admin] = [roleArn(identityPoolId, "staff"), roleArn(identityPoolId, "admin")];
    const claims: ReadonlyMap<string, unknown> = new Map<string, unknown>([
      ["sub", subject],
      ["group", isFirst ? ["staff", "all"] : ["all"]],
      ["cognito:roles", isFirst ? [staff, admin] : [admin]],
      ...(isFirst ? [["cognito:preferred_role", staff] as const] : []),
    ]);
    return { providerName, clientId: "client", claims: () => claims };
  });
}

/** The role and the tags that logins open; null: none, and the call is refused for it. */
function openTo(tokens: Tokens, custom: Wish): { role: RoleName; tags: GrantAccess["principalTags"] } | null {
  const [a, b, c] = [tokens.get("a"), tokens.get("b"), tokens.get("c")];
  const role = roleOpenTo(tokens.size === 0, a, b, custom);
  // The tag `user` is mapped for both: one user cannot be two.
  if (role === null || (a !== undefined && c !== undefined && a !== c)) return null;
  const user = a ?? c;
  // Of a/1 `group` is a list of two, which is no tag.
  return { role, tags: { ...(user !== undefined && { user }), ...(a === "2" && { group: "all" }) } };
}

function roleOpenTo(isGuest: boolean, a: string | undefined, b: string | undefined, custom: Wish): RoleName | null {
  if (isGuest) return custom === null || custom === "guest" ? "guest" : null;
  if (a === undefined && b === undefined) return custom === null || custom === "user" ? "user" : null;
  // The token of b/2 prefers none of its roles: it is denied unless the caller picks the one that it has.
  if (b === "2" && custom !== "admin") return null;
  if (custom !== null) {
    const open: RoleName[] = [
      ...(a === "1" ? (["staff"] as const) : []),
      ...(b === "1" ? (["staff", "admin"] as const) : []),
    ];
    return open.find((name) => name === custom) ?? (b === "2" ? "admin" : null);
  }
  if (a === undefined) return "staff";
  return a === "1" ? "staff" : b === undefined ? "user" : null;
}

/** What one call for credentials wants. */
export type Wanted = { readonly tokens: Tokens; readonly custom: Wish };

const ROLE_REFUSALS: ReadonlySet<unknown> = new Set(["no-role", "role-forbidden", "role-denied", "tag-refused"]);

function textOf(tags: GrantAccess["principalTags"] = {}): string {
  const pairs = Object.entries(tags).map(([tag, value]) => `${tag}=${value}`);
  return pairs.toSorted((one, other) => (one < other ? -1 : 1)).join(" ");
}

export class RoleJudge {
  readonly #network: Pick<Network, "steps" | "violate">;

  constructor(network: Pick<Network, "steps" | "violate">) {
    this.#network = network;
  }

  /** A grant as an identity gives it, and as it has come to the Worker. */
  granted(identityPoolId: IdentityPoolId, { tokens, custom }: Wanted, { roleArn: given, principalTags }: Grant): void {
    const open = openTo(tokens, custom);
    const expected = open === null ? "none" : roleArn(identityPoolId, open.role);
    if (given !== expected) this.#violate(`${given} was given, and ${expected} was open`, tokens, custom);
    const tags = textOf(principalTags);
    if (open !== null && tags !== textOf(open.tags)) {
      this.#violate(`the tags are ${tags}`, tokens, custom);
    }
  }

  /**
   * A reply of the identity's own: who is refused a role is told so at once, in the event in which the logins were verified, and
   * nothing of the call is written, sent or drawn by then.
   */
  replied(
    reply: GrantReply,
    { tokens, custom }: Wanted,
    seen: { readonly now: unknown; readonly verified: unknown },
  ): void {
    const isOpen = openTo(tokens, custom) !== null;
    const isRefused = reply.kind === "refused" && ROLE_REFUSALS.has(reply.refusal?.kind);
    if (isRefused && isOpen) this.#violate("the role that is open was refused", tokens, custom);
    if (
      !isOpen &&
      reply.kind !== "refused" &&
      !((reply.kind === "merged" || reply.kind === "busy") && !reply.verified)
    ) {
      this.#violate(`no role is open, and the reply is ${reply.kind}`, tokens, custom);
    }
    if (isRefused && seen.verified !== null && seen.verified !== seen.now) {
      this.#violate("a call that was refused its role went on before it was", tokens, custom);
    }
  }

  /** Whatever way the call went, what was decided came with it. */
  isDecided(reason: string | undefined): void {
    if (reason === "role-undecided") this.#network.violate("only-an-open-role: what was decided was lost on the way");
  }

  #violate(words: string, tokens: Tokens, custom: Wish): void {
    const logins = [...tokens].map(([provider, subject]) => `${provider}/${subject}`).join(" ");
    this.#network.violate(`only-an-open-role: ${words}, for [${logins}] and ${custom ?? "no wish"}`);
  }
}
