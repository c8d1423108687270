/** An identity as DescribeIdentity and ListIdentities show it. */
import type { IdentityDescription } from "../domain/identity.ts";
import type { ImportedIdentity } from "../domain/imported-identity.ts";
import type { OutputOf } from "../protocol/shapes.ts";

export type DescribedIdentity = IdentityDescription | ImportedIdentity;

/** Dates that an import did not say are left out. */
export function describedAs(description: DescribedIdentity): OutputOf<"DescribeIdentity"> {
  const { identityId, providerNames, createdAt, modifiedAt } = description;
  return {
    IdentityId: identityId,
    ...(providerNames.length > 0 && { Logins: providerNames }),
    ...(createdAt !== null && { CreationDate: createdAt }),
    ...(modifiedAt !== null && { LastModifiedDate: modifiedAt }),
  };
}
