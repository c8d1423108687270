/** Refusals to try something on: one of each tag, of which the compiler misses one that is forgotten. */
import type { IdentityId } from "../../src/domain/identifiers.ts";
import type { TaggedRefusal } from "../../src/domain/refusals.ts";

type EachRefusal = { readonly [Kind in TaggedRefusal["kind"]]: Extract<TaggedRefusal, { kind: Kind }> };

export function eachRefusal(identityId: IdentityId, providerName: string): EachRefusal {
  return {
    "identity-not-found": { kind: "identity-not-found", identityId },
    "access-forbidden": { kind: "access-forbidden", identityId },
    "logins-do-not-match": { kind: "logins-do-not-match" },
    "guests-not-supported": { kind: "guests-not-supported" },
    "basic-flow-disabled": { kind: "basic-flow-disabled" },
    "basic-flow-with-role-mappings": { kind: "basic-flow-with-role-mappings" },
    "basic-flow-with-saml": { kind: "basic-flow-with-saml" },
    "login-conflict": { kind: "login-conflict", providerName },
    "two-users": { kind: "two-users", providerName },
    "proof-too-old": { kind: "proof-too-old" },
    "developer-user-registered": { kind: "developer-user-registered" },
    "developer-user-not-found": { kind: "developer-user-not-found" },
    "developer-users-stay": { kind: "developer-users-stay" },
    "participant-unreachable": { kind: "participant-unreachable" },
    "no-role": { kind: "no-role" },
    "role-forbidden": { kind: "role-forbidden", roleArn: identityId },
    "role-denied": { kind: "role-denied", mappings: [providerName] },
    "tag-refused": { kind: "tag-refused", tag: "…", fault: "is not valid" },
    "identity-merged": { kind: "identity-merged", identityId, into: identityId },
    "pool-not-allowed": { kind: "pool-not-allowed" },
    contended: { kind: "contended" },
  };
}
