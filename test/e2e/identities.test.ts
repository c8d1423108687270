/** Administration of identities through the AWS SDK: DescribeIdentity, ListIdentities, DeleteIdentities. */
import {
  DeleteIdentitiesCommand,
  DescribeIdentityCommand,
  type IdentityDescription,
  InvalidParameterException,
  ListIdentitiesCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cognito-identity";
import { describe, expect, inject, test } from "vitest";
import {
  adminClient,
  appClient,
  createPool,
  getId,
  getOpenIdToken,
  present,
  refusalOf,
} from "../support/cognito-clients.ts";
import { loginsOf } from "../support/development-sign-in.ts";

const endpoint = inject("endpoint");
const providerName = inject("providerName");
const admin = adminClient(endpoint);
const app = appClient(endpoint);

const DEVELOPMENT_CLIENT = { SupportedLoginProviders: { [providerName]: "edgepool-development" } };

async function describeIdentity(identityId: string): Promise<IdentityDescription> {
  const { $metadata: _, ...identity } = await admin.send(new DescribeIdentityCommand({ IdentityId: identityId }));
  return identity;
}

async function listPage(
  identityPoolId: string,
  more: { MaxResults?: number; NextToken?: string; HideDisabled?: boolean } = {},
) {
  return await admin.send(new ListIdentitiesCommand({ IdentityPoolId: identityPoolId, MaxResults: 60, ...more }));
}

/** Ids of all pages, in their order. */
async function listAll(identityPoolId: string, MaxResults: number, HideDisabled = false): Promise<readonly string[][]> {
  const pages: string[][] = [];
  let NextToken: string | undefined;
  do {
    const page = await listPage(identityPoolId, {
      MaxResults,
      HideDisabled,
      ...(NextToken !== undefined && { NextToken }),
    });
    pages.push((page.Identities ?? []).map((identity) => present(identity.IdentityId)));
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  return pages;
}

/** The list follows an identity after the answer, so that it is asked until it has caught up. */
async function untilListed(identityPoolId: string, identityIds: readonly string[]): Promise<void> {
  const wanted = identityIds.toSorted();
  await expect.poll(async () => (await listAll(identityPoolId, 60)).flat().toSorted()).toEqual(wanted);
}

describe("DescribeIdentity", () => {
  test("shows a guest without logins, with its dates", async () => {
    const before = Math.floor(Date.now() / 1000);
    const identityId = await getId(app, inject("identityPoolId"));
    const identity = await describeIdentity(identityId);
    expect(identity).toEqual({
      IdentityId: identityId,
      CreationDate: expect.any(Date),
      LastModifiedDate: identity.CreationDate,
    });
    expect(present(identity.CreationDate).getTime() / 1000).toBeGreaterThanOrEqual(before);
    expect(present(identity.CreationDate).getTime()).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test("shows the names of the providers of a linked identity, and no more of its logins", async () => {
    const logins = await loginsOf(endpoint, crypto.randomUUID());
    const identityId = await getId(app, inject("identityPoolId"), logins);
    const identity = await describeIdentity(identityId);
    expect(identity.Logins).toEqual([providerName]);
    expect(Object.keys(identity).toSorted()).toEqual(["CreationDate", "IdentityId", "LastModifiedDate", "Logins"]);
  });

  test("moves LastModifiedDate, and only that, when a login is linked", async () => {
    const identityId = await getId(app, inject("identityPoolId"));
    const guest = await describeIdentity(identityId);
    await getOpenIdToken(app, identityId, await loginsOf(endpoint, crypto.randomUUID()));
    const linked = await describeIdentity(identityId);
    expect(linked.CreationDate).toEqual(guest.CreationDate);
    expect(present(linked.LastModifiedDate).getTime()).toBeGreaterThan(present(guest.LastModifiedDate).getTime());
  });

  test("says that an unknown identity is not found", async () => {
    const identityId = `us-east-1:${crypto.randomUUID()}`;
    const refusal = await refusalOf(describeIdentity(identityId), ResourceNotFoundException);
    expect(refusal.message).toBe(`Identity '${identityId}' not found.`);
  });
});

describe("ListIdentities", () => {
  test("pages through more identities than one answer can hold, each once", async () => {
    const identityPoolId = await createPool(admin);
    const identityIds = await Promise.all(Array.from({ length: 75 }, async () => await getId(app, identityPoolId)));
    await untilListed(identityPoolId, identityIds);
    const pages = await listAll(identityPoolId, 60);
    expect(pages.map((page) => page.length)).toEqual([60, 15]);
    const small = await listAll(identityPoolId, 7);
    expect(small.flat()).toEqual(pages.flat());
    expect(new Set(small.flat()).size).toBe(75);
  });

  test("describes each identity as DescribeIdentity does, and names the pool", async () => {
    const identityPoolId = await createPool(admin, DEVELOPMENT_CLIENT);
    const guest = await getId(app, identityPoolId);
    const linked = await getId(app, identityPoolId, await loginsOf(endpoint, "dana"));
    await untilListed(identityPoolId, [guest, linked]);
    const page = await listPage(identityPoolId);
    expect(page.IdentityPoolId).toBe(identityPoolId);
    expect(page.NextToken).toBeUndefined();
    const described = await Promise.all([guest, linked].toSorted().map(describeIdentity));
    expect(page.Identities).toEqual(described);
  });

  test("hides disabled identities when asked to, and only then", async () => {
    const identityPoolId = await createPool(admin, DEVELOPMENT_CLIENT);
    const logins = await loginsOf(endpoint, "dana");
    const owner = await getId(app, identityPoolId, logins);
    const guest = await getId(app, identityPoolId);
    // The guest turns out to be the owner: its identity is disabled.
    await getOpenIdToken(app, guest, logins);
    await untilListed(identityPoolId, [owner, guest]);
    expect((await listAll(identityPoolId, 60, true)).flat()).toEqual([owner]);
    expect((await listAll(identityPoolId, 1, true)).flat()).toEqual([owner]);
    expect((await listAll(identityPoolId, 1)).flat()).toEqual([owner, guest].toSorted());
  });

  test("lists the identities of no other pool", async () => {
    const [one, other] = await Promise.all([createPool(admin), createPool(admin)]);
    const identityId = await getId(app, one);
    await untilListed(one, [identityId]);
    expect((await listPage(other)).Identities).toEqual([]);
  });

  test("refuses the page token of another pool", async () => {
    const [one, other] = await Promise.all([createPool(admin), createPool(admin)]);
    const identityIds = await Promise.all([getId(app, one), getId(app, one)]);
    await untilListed(one, identityIds);
    const { NextToken } = await listPage(one, { MaxResults: 1 });
    await refusalOf(listPage(other, { NextToken: present(NextToken) }), InvalidParameterException);
  });

  test("says that an unknown pool is not found", async () => {
    const identityPoolId = `us-east-1:${crypto.randomUUID()}`;
    const refusal = await refusalOf(listPage(identityPoolId), ResourceNotFoundException);
    expect(refusal.message).toBe(`IdentityPool '${identityPoolId}' not found.`);
  });
});

describe("DeleteIdentities", () => {
  test("deletes what is named and nothing else, and a deleted identity is not found", async () => {
    const identityPoolId = await createPool(admin);
    const identityIds = await Promise.all([1, 2, 3].map(async () => await getId(app, identityPoolId)));
    const [kept = "", ...deleted] = identityIds;
    const answer = await admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: deleted }));
    expect(answer.UnprocessedIdentityIds).toEqual([]);
    for (const identityId of deleted) {
      await refusalOf(getOpenIdToken(app, identityId), ResourceNotFoundException);
      await refusalOf(describeIdentity(identityId), ResourceNotFoundException);
    }
    expect((await getOpenIdToken(app, kept)).identityId).toBe(kept);
    await untilListed(identityPoolId, [kept]);
  });

  test("takes an unknown identity, one that is deleted already, and one that is named twice for done", async () => {
    const identityId = await getId(app, inject("identityPoolId"));
    const unknown = `us-east-1:${crypto.randomUUID()}`;
    const command = new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId, identityId, unknown] });
    expect((await admin.send(command)).UnprocessedIdentityIds).toEqual([]);
    expect((await admin.send(command)).UnprocessedIdentityIds).toEqual([]);
  });

  test("frees the logins: their user gets a new identity, never the old id", async () => {
    const logins = await loginsOf(endpoint, crypto.randomUUID());
    const identityPoolId = inject("identityPoolId");
    const old = await getId(app, identityPoolId, logins);
    await admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [old] }));
    const fresh = await getId(app, identityPoolId, logins);
    expect(fresh).not.toBe(old);
    expect((await getOpenIdToken(app, fresh, logins)).identityId).toBe(fresh);
    await refusalOf(getOpenIdToken(app, old, logins), ResourceNotFoundException);
  });
});
