/**
 * What the service at rest says of its identities, by its own operations, held against what its clients were told
 * (invariant operations-agree).
 */
import {
  DescribeIdentityCommand,
  type IdentityDescription,
  ListIdentitiesCommand,
} from "@aws-sdk/client-cognito-identity";
import { adminClient, present } from "../support/cognito-clients.ts";
import type { Stage } from "./workload.ts";

/**
 * ListIdentities and DescribeIdentity show of each identity exactly the logins that lead to it, and nobody who was
 * acknowledged is missing. `owners` has the providers of the logins that lead to an identity.
 */
export async function disagreementsIn(
  stage: Stage,
  owners: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  const found: string[] = [];
  const admin = adminClient(stage.endpoint);
  const listed = await listAll(stage);
  for (const identity of listed) {
    const identityId = present(identity.IdentityId);
    const described = await admin.send(new DescribeIdentityCommand({ IdentityId: identityId }));
    const shown = [identity.Logins, described.Logins, owners.get(identityId)].map((names = []) =>
      names.toSorted().join(),
    );
    if (new Set(shown).size > 1) found.push(`operations-agree: ${identityId} has the logins ${shown.join(" / ")}`);
  }
  const ids = new Set(listed.map((identity) => identity.IdentityId));
  for (const identityId of owners.keys())
    if (!ids.has(identityId)) found.push(`operations-agree: ${identityId} is not listed`);
  for (const identityId of stage.known) {
    const isDeleted = stage.deletedAt.has(identityId);
    const mayBeDeleted = stage.deleting.has(identityId);
    if (isDeleted && ids.has(identityId)) found.push(`acknowledged-is-kept: ${identityId} was deleted and is listed`);
    if (!mayBeDeleted && !ids.has(identityId))
      found.push(`acknowledged-is-kept: ${identityId} was acknowledged and is lost`);
  }
  return found;
}

async function listAll(stage: Stage): Promise<readonly IdentityDescription[]> {
  const admin = adminClient(stage.endpoint);
  const all: IdentityDescription[] = [];
  let next: string | undefined;
  do {
    const input = { IdentityPoolId: stage.identityPoolId, MaxResults: 60, HideDisabled: false };
    const page = await admin.send(
      new ListIdentitiesCommand({ ...input, ...(next !== undefined && { NextToken: next }) }),
    );
    all.push(...(page.Identities ?? []));
    next = page.NextToken;
  } while (next !== undefined);
  return all;
}
