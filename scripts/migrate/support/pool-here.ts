/** The pool at Edgepool, which most steps need. */
import { DescribeIdentityPoolCommand, type IdentityPool } from "@aws-sdk/client-cognito-identity";
import { isNamed } from "./explain.ts";
import type { Edgepool } from "./parties.ts";

/** Undefined where it is not adopted. */
export async function poolHere(edgepool: Edgepool, IdentityPoolId: string): Promise<IdentityPool | undefined> {
  try {
    return await requirePool(edgepool, IdentityPoolId);
  } catch (error) {
    if (isNamed(error, "ResourceNotFoundException")) return undefined;
    throw error;
  }
}

/** Asked before a long list, so that nobody waits for hours to hear that it is not adopted. */
export async function requirePool(edgepool: Edgepool, IdentityPoolId: string): Promise<IdentityPool> {
  const { $metadata: _, ...found } = await edgepool.send(new DescribeIdentityPoolCommand({ IdentityPoolId }));
  return found;
}
