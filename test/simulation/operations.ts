/**
 * What a client of the simulation may ask for. An identity is named by its place among those that are known by then, and so
 * is a pool, which is the first one where none is named.
 */
import type { RoleName } from "./roles.ts";
import type { LinePlan } from "./line-plans.ts";
import type { Random } from "../support/random.ts";

export const PROVIDERS = ["a", "b", "c"] as const;

/** One login a provider, as `Logins` maps provider names to login tokens. */
export type Tokens = readonly (readonly [providerName: string, subject: string])[];

/** "set-roles", "tag" and those of its source change what is beside a pool's settings. */
export type Act =
  | "create"
  | "update"
  | "set-roles"
  | "tag"
  | "set-source"
  | "end-source"
  | "describe"
  | "delete"
  | "list-identities"
  | "list-pools";

/** What an app asks of Cognito itself, whose users have not the new one yet; "delete" is its operator's. */
export type OldAct = "get-id" | "get-token" | "unlink" | "delete";

/** `copyAfterMs`: so long after the answer a copy of the request arrives, which was stuck on its way. */
export type Operation = { readonly pool?: number; readonly copyAfterMs?: number } & (
  | { readonly kind: "get-id"; readonly tokens: Tokens }
  /** `target` picks among the identity ids known by then; `isOwn` adds a login that it is remembered to hold. */
  | { readonly kind: "get-token"; readonly target: number; readonly tokens: Tokens; readonly isOwn: boolean }
  | {
      readonly kind: "unlink";
      readonly target: number;
      readonly isOwn: boolean;
      readonly tokens: Tokens;
      readonly from: readonly string[];
    }
  /** `custom` is the role that is asked for by name. */
  | {
      readonly kind: "get-credentials";
      readonly target: number;
      readonly tokens: Tokens;
      readonly isOwn: boolean;
      readonly custom: RoleName | null;
    }
  /** By a token that names the logins which the identity was last known to have. */
  | { readonly kind: "bring-token"; readonly target: number }
  | { readonly kind: "delete"; readonly target: number }
  /** An operator's word: whether it may be used at all. */
  | { readonly kind: "disable"; readonly target: number; readonly isDisabled: boolean }
  /** Many requests for a token at once. */
  | {
      readonly kind: "burst";
      readonly target: number;
      readonly tokens: Tokens;
      readonly isOwn: boolean;
      readonly count: number;
    }
  /** Of the developer's own user; `target` null names no identity. */
  | {
      readonly kind: "developer-token";
      readonly target: number | null;
      readonly user: string;
      readonly tokens: Tokens;
      readonly isOwn: boolean;
    }
  | { readonly kind: "unlink-user"; readonly target: number; readonly user: string }
  | { readonly kind: "merge-users"; readonly destination: string; readonly source: string }
  /** By a user, or by the identity that it may be of. */
  | { readonly kind: "look-up"; readonly user: string }
  | { readonly kind: "look-up-users"; readonly target: number }
  /** What administrators ask of pools, or of the list of a pool's identities. */
  | { readonly kind: "administer"; readonly act: Act }
  /** Asked of the source itself. */
  | {
      readonly kind: "old-app";
      readonly act: OldAct;
      readonly target: number;
      readonly tokens: Tokens;
      readonly isOwn: boolean;
    }
  | { readonly kind: "import"; readonly lines: readonly LinePlan[] }
  /** An operator writes down what the pool knows of its identities, and takes in what was written down last. */
  | { readonly kind: "export" }
  | { readonly kind: "restore" }
  /** An operator deploys the next step of a change of KEY_ENCRYPTION_KEY. */
  | { readonly kind: "change-key" }
  /** An operator's emergency rotation of the signing key. */
  | { readonly kind: "rotate-key"; readonly isForced: boolean }
  /** An isolate asks for an issuer's keys, at times because none of those that it was told of fits a token. */
  | { readonly kind: "ask-issuer"; readonly isUnfit: boolean }
  | { readonly kind: "pause"; readonly ms: number }
);

export const USERS = ["1", "2", "3"] as const;

export function tokensOf(random: Random, least: number, most: number): Tokens {
  const count = least + random.below(most - least + 1);
  const providers = [...PROVIDERS];
  return Array.from({ length: count }, () => {
    const [providerName = "a"] = providers.splice(random.below(providers.length), 1);
    // The first subject is the more popular one, so that requests meet.
    return [providerName, random.chance(0.7) ? "1" : "2"] as const;
  });
}
