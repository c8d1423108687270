/** The life of an identity: a guest, linked, found again, merged into its owner; and what GetId answers at each step. */
import {
  GetIdCommand,
  ListIdentitiesCommand,
  NotAuthorizedException,
  ResourceConflictException,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, inject, test } from "vitest";
import {
  adminClient,
  appClient,
  getId,
  getOpenIdToken,
  linkedProviders,
  present,
  refusalOf,
} from "../support/cognito-clients.ts";
import { useProviders } from "../support/providers.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const app = appClient(endpoint);

const providers = useProviders(3);
let identityPoolId: string;

beforeAll(async () => {
  identityPoolId = await providers.newPool(admin);
});

function newPerson(): string {
  return crypto.randomUUID();
}

describe("GetId", () => {
  test("finds the same person again by every fresh login token", async () => {
    const person = newPerson();
    const first = await getId(app, identityPoolId, await providers.logins(person));
    const again = await getId(app, identityPoolId, await providers.logins(person, [0], { jti: "another token" }));
    expect(again).toBe(first);
    expect(await getId(app, identityPoolId, await providers.logins(newPerson()))).not.toBe(first);
  });

  test("takes equal subjects at two providers for two people", async () => {
    const person = newPerson();
    const here = await getId(app, identityPoolId, await providers.logins(person, [0]));
    expect(await getId(app, identityPoolId, await providers.logins(person, [1]))).not.toBe(here);
  });

  test("links several logins at once, and then finds the identity by any of them", async () => {
    const person = newPerson();
    const identityId = await getId(app, identityPoolId, await providers.logins(person, [0, 1, 2]));
    expect(await linkedProviders(admin, identityId)).toEqual(providers.names.toSorted());
    for (const index of [0, 1, 2]) {
      expect(await getId(app, identityPoolId, await providers.logins(person, [index]))).toBe(identityId);
    }
  });

  test("adds a new login to the identity that a known one belongs to", async () => {
    const person = newPerson();
    const identityId = await getId(app, identityPoolId, await providers.logins(person, [0]));
    expect(await getId(app, identityPoolId, await providers.logins(person, [0, 1]))).toBe(identityId);
    expect(await getId(app, identityPoolId, await providers.logins(person, [1]))).toBe(identityId);
  });

  test("gives one person two identities in two pools", async () => {
    const otherPool = await providers.newPool(admin);
    const logins = await providers.logins(newPerson());
    expect(await getId(app, otherPool, logins)).not.toBe(await getId(app, identityPoolId, logins));
  });

  test("ignores an AccountId, which old SDKs send", async () => {
    const output = await app.send(new GetIdCommand({ IdentityPoolId: identityPoolId, AccountId: "123456789012" }));
    expect(output.IdentityId).toMatch(/^us-east-1:/);
  });
});

describe("GetOpenIdToken", () => {
  test("links a guest to a new login, and the guest keeps its id", async () => {
    const logins = await providers.logins(newPerson());
    const guest = await getId(app, identityPoolId);
    const { identityId, token } = await getOpenIdToken(app, guest, logins);
    expect(identityId).toBe(guest);
    expect(decodeJwt(token).sub).toBe(guest);
    expect(await linkedProviders(admin, guest)).toEqual([providers.names[0]]);
    expect(await getId(app, identityPoolId, logins)).toBe(guest);
  });

  test("lets a guest that was linked be a guest no more", async () => {
    const guest = await getId(app, identityPoolId);
    await getOpenIdToken(app, guest);
    await getOpenIdToken(app, guest, await providers.logins(newPerson()));
    const refusal = await refusalOf(getOpenIdToken(app, guest), NotAuthorizedException);
    expect(refusal.message).toBe(`Access to Identity '${guest}' is forbidden.`);
  });

  test("answers a guest who is somebody known with the owner's id, and disables the guest for good", async () => {
    const logins = await providers.logins(newPerson());
    const owner = await getId(app, identityPoolId, logins);
    const guest = await getId(app, identityPoolId);
    const { identityId, token } = await getOpenIdToken(app, guest, logins);
    expect(identityId).toBe(owner);
    expect(decodeJwt(token).sub).toBe(owner);
    await refusalOf(getOpenIdToken(app, guest), NotAuthorizedException);
    await refusalOf(getOpenIdToken(app, guest, logins), NotAuthorizedException);
    expect(await linkedProviders(admin, guest)).toEqual([]);
  });

  test("brings a guest's new login along when another of its logins is known", async () => {
    const person = newPerson();
    const owner = await getId(app, identityPoolId, await providers.logins(person, [0]));
    const guest = await getId(app, identityPoolId);
    const both = await providers.logins(person, [0, 1]);
    expect((await getOpenIdToken(app, guest, both)).identityId).toBe(owner);
    expect(await linkedProviders(admin, owner)).toEqual(providers.names.slice(0, 2).toSorted());
  });

  test("walks the way of Amplify's users: guest, first sign-in, guest again, second sign-in", async () => {
    const logins = await providers.logins(newPerson());
    const first = await getId(app, identityPoolId);
    expect((await getOpenIdToken(app, first, logins)).identityId).toBe(first);
    const second = await getId(app, identityPoolId);
    expect(second).not.toBe(first);
    expect((await getOpenIdToken(app, second, logins)).identityId).toBe(first);
    const third = await getId(app, identityPoolId);
    expect([first, second]).not.toContain(third);
  });

  test("links a second provider to an identity that proves itself by the first", async () => {
    const person = newPerson();
    const identityId = await getId(app, identityPoolId, await providers.logins(person, [0]));
    const both = await providers.logins(person, [0, 1]);
    expect((await getOpenIdToken(app, identityId, both)).identityId).toBe(identityId);
    const { token } = await getOpenIdToken(app, identityId, await providers.logins(person, [1]));
    // Only what was presented in the very call is named.
    expect(decodeJwt(token)["amr"]).toEqual([
      "authenticated",
      providers.names[1],
      `${providers.names[1]}:client-1:${person}`,
    ]);
  });

  test("answers the same to a call that comes again", async () => {
    const logins = await providers.logins(newPerson(), [0, 1]);
    const guest = await getId(app, identityPoolId);
    const answers = [1, 2, 3].map(async () => await getOpenIdToken(app, guest, logins));
    expect((await Promise.all(answers)).map(({ identityId }) => identityId)).toEqual([guest, guest, guest]);
    expect(await linkedProviders(admin, guest)).toEqual(providers.names.slice(0, 2).toSorted());
  });
});

test("a refused conflict leaves no reservation behind: the free login among the conflicting ones is free", async () => {
  const [alice, bob] = [newPerson(), newPerson()];
  await getId(app, identityPoolId, await providers.logins(alice, [0]));
  await getId(app, identityPoolId, await providers.logins(bob, [1]));
  const clash = {
    ...(await providers.logins(alice, [0])),
    ...(await providers.logins(bob, [1])),
    ...(await providers.logins(alice, [2])),
  };
  await refusalOf(getId(app, identityPoolId, clash), ResourceConflictException);
  const free = await providers.logins(alice, [2]);
  const identityId = await getId(app, identityPoolId, free);
  expect(await linkedProviders(admin, identityId)).toEqual([providers.names[2]]);
});

test("no identity is listed that no call has ever answered with", async () => {
  const pool = await providers.newPool(admin);
  const person = newPerson();
  const known = await getId(app, pool, await providers.logins(person, [0]));
  const other = await getId(app, pool, await providers.logins(person, [1]));
  await refusalOf(getId(app, pool, await providers.logins(person, [0, 1])), ResourceConflictException);
  const list = async () => {
    const page = await admin.send(new ListIdentitiesCommand({ IdentityPoolId: pool, MaxResults: 60 }));
    return (page.Identities ?? []).map((identity) => present(identity.IdentityId)).toSorted();
  };
  await expect.poll(list).toEqual([known, other].toSorted());
});
