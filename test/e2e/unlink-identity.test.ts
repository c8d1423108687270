/** UnlinkIdentity through the AWS SDK, and what becomes of the login and of the identity. */
import {
  NotAuthorizedException,
  ResourceNotFoundException,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { beforeAll, expect, inject, test } from "vitest";
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

const providers = useProviders(2);
let identityPoolId: string;

beforeAll(async () => {
  identityPoolId = await providers.newPool(admin);
});

async function unlink(identityId: string, logins: Record<string, string>, indexes: readonly number[]) {
  const LoginsToRemove = indexes.map((index) => present(providers.names[index]));
  return await app.send(new UnlinkIdentityCommand({ IdentityId: identityId, Logins: logins, LoginsToRemove }));
}

/** Somebody with two logins on one identity. */
async function newUser() {
  const person = crypto.randomUUID();
  const identityId = await getId(app, identityPoolId, await providers.logins(person, [0, 1]));
  const [first, second] = [await providers.logins(person, [0]), await providers.logins(person, [1])];
  return { identityId, first, second };
}

test("takes one login away and leaves the other, with an empty answer", async () => {
  const { identityId, first, second } = await newUser();
  const { $metadata, ...output } = await unlink(identityId, first, [1]);
  expect($metadata.httpStatusCode).toBe(200);
  expect(output).toEqual({});
  expect(await linkedProviders(admin, identityId)).toEqual([providers.names[0]]);
  expect((await getOpenIdToken(app, identityId, first)).identityId).toBe(identityId);
  await refusalOf(getOpenIdToken(app, identityId, second), NotAuthorizedException);
});

test("frees the login at once: its user gets a new identity", async () => {
  const { identityId, first, second } = await newUser();
  await unlink(identityId, first, [1]);
  const fresh = await getId(app, identityPoolId, second);
  expect(fresh).not.toBe(identityId);
  expect(await getId(app, identityPoolId, second)).toBe(fresh);
  expect(await getId(app, identityPoolId, first)).toBe(identityId);
});

test("may take away the very login that proves the right to do so", async () => {
  const { identityId, first, second } = await newUser();
  await unlink(identityId, first, [0]);
  expect(await linkedProviders(admin, identityId)).toEqual([providers.names[1]]);
  expect((await getOpenIdToken(app, identityId, second)).identityId).toBe(identityId);
});

test("gives the same answer to a call that comes again", async () => {
  const { identityId, first } = await newUser();
  for (const attempt of [1, 2, 3]) {
    const { $metadata } = await unlink(identityId, first, [0]);
    expect([attempt, $metadata.httpStatusCode]).toEqual([attempt, 200]);
  }
  expect(await linkedProviders(admin, identityId)).toEqual([providers.names[1]]);
});

test("makes an identity inaccessible with its last login, and never a guest again", async () => {
  const { identityId, first, second } = await newUser();
  await unlink(identityId, first, [0, 1]);
  expect(await linkedProviders(admin, identityId)).toEqual([]);
  for (const presented of [undefined, first, second]) {
    const refusal = await refusalOf(getOpenIdToken(app, identityId, presented), NotAuthorizedException);
    expect(refusal.message).toBe(`Access to Identity '${identityId}' is forbidden.`);
  }
  expect(await getId(app, identityPoolId, first)).not.toBe(identityId);
});

test("can be undone by linking the login again", async () => {
  const { identityId, first, second } = await newUser();
  await unlink(identityId, first, [1]);
  expect((await getOpenIdToken(app, identityId, { ...first, ...second })).identityId).toBe(identityId);
  expect(await linkedProviders(admin, identityId)).toEqual(providers.names.toSorted());
});

test("leaves a login with its new identity when a late repetition arrives", async () => {
  const { identityId, first, second } = await newUser();
  await unlink(identityId, first, [1]);
  const fresh = await getId(app, identityPoolId, second);
  await unlink(identityId, first, [1]);
  expect(await getId(app, identityPoolId, second)).toBe(fresh);
  expect((await getOpenIdToken(app, fresh, second)).identityId).toBe(fresh);
});

test("is refused to somebody else, whatever is presented", async () => {
  const { identityId, first } = await newUser();
  const stranger = await newUser();
  const refusal = await refusalOf(unlink(identityId, stranger.first, [0, 1]), NotAuthorizedException);
  expect(refusal.message).toBe(
    "Logins don't match. Please include at least one valid login for this identity or identity pool.",
  );
  const [providerName = "", token = ""] = Object.entries(first)[0] ?? [];
  await refusalOf(unlink(identityId, { [providerName]: `${token}x` }, [0]), NotAuthorizedException);
  await refusalOf(unlink(identityId, {}, [0, 1]), NotAuthorizedException);
  expect(await linkedProviders(admin, identityId)).toEqual(providers.names.toSorted());
});

test("says that an unknown identity is not found", async () => {
  const { first } = await newUser();
  const identityId = `us-east-1:${crypto.randomUUID()}`;
  const refusal = await refusalOf(unlink(identityId, first, [0]), ResourceNotFoundException);
  expect(refusal.message).toBe(`Identity '${identityId}' not found.`);
});
