/** MERGE_POLICY=merge, on a service of its own: two authenticated identities become one, as the live service does it. */
import {
  ListIdentitiesCommand,
  NotAuthorizedException,
  ResourceConflictException,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  adminClient,
  appClient,
  getId,
  getOpenIdToken,
  linkedProviders,
  refusalOf,
} from "../support/cognito-clients.ts";
import { useProviders } from "../support/providers.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

let worker: RunningWorker;
const providers = useProviders(2);
let identityPoolId: string;

beforeAll(async () => {
  worker = await startWorker({ settings: { MERGE_POLICY: "merge" } });
  identityPoolId = await providers.newPool(adminClient(worker.endpoint));
});

afterAll(async () => {
  await worker.stop();
});

/** Two identities of one person, the older first, with the login of each. */
async function twoIdentities() {
  const app = appClient(worker.endpoint);
  const person = crypto.randomUUID();
  const [first, second] = [await providers.logins(person, [0]), await providers.logins(person, [1])];
  const older = await getId(app, identityPoolId, first);
  const younger = await getId(app, identityPoolId, second);
  return { app, older, younger, first, second, both: { ...first, ...second } };
}

test("GetOpenIdToken merges the identity of the other login into the one that is named", async () => {
  const { app, older, younger, first, second, both } = await twoIdentities();
  const { identityId, token } = await getOpenIdToken(app, younger, both);
  expect(identityId).toBe(younger);
  expect(decodeJwt(token).sub).toBe(younger);
  expect(await linkedProviders(adminClient(worker.endpoint), younger)).toEqual(providers.names.toSorted());
  expect(await linkedProviders(adminClient(worker.endpoint), older)).toEqual([]);
  expect(await getId(app, identityPoolId, first)).toBe(younger);
  expect((await getOpenIdToken(app, younger, second)).identityId).toBe(younger);
});

test("the identity that was merged away is disabled: no login opens it, and it can be hidden in the list", async () => {
  const { app, older, younger, first, both } = await twoIdentities();
  await getOpenIdToken(app, older, both);
  for (const presented of [undefined, first, both]) {
    const refusal = await refusalOf(getOpenIdToken(app, younger, presented), NotAuthorizedException);
    expect(refusal.message).toBe(`Access to Identity '${younger}' is forbidden.`);
  }
  const list = async () => {
    const input = { IdentityPoolId: identityPoolId, MaxResults: 60, HideDisabled: true };
    const page = await adminClient(worker.endpoint).send(new ListIdentitiesCommand(input));
    return (page.Identities ?? []).map((identity) => identity.IdentityId);
  };
  await expect.poll(list).toContain(older);
  expect(await list()).not.toContain(younger);
});

test("GetId merges into the older identity, whatever the order of the logins", async () => {
  const one = await twoIdentities();
  expect(await getId(one.app, identityPoolId, one.both)).toBe(one.older);
  const other = await twoIdentities();
  expect(await getId(other.app, identityPoolId, { ...other.second, ...other.first })).toBe(other.older);
  expect(await getId(other.app, identityPoolId, other.second)).toBe(other.older);
});

test("a merge that is asked for by many calls at once happens once", async () => {
  const { app, older, younger, first, second, both } = await twoIdentities();
  const calls = Array.from({ length: 12 }, async (_, index) => {
    return await getOpenIdToken(app, index % 2 === 0 ? older : younger, both);
  });
  const outcomes = await Promise.allSettled(calls);
  const survivor = await getId(app, identityPoolId, first);
  expect([older, younger]).toContain(survivor);
  expect(await getId(app, identityPoolId, second)).toBe(survivor);
  const answered = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.identityId] : []));
  expect(new Set(answered)).toEqual(new Set([survivor]));
});

test("one login alone merges nothing: the identity of somebody else stays closed", async () => {
  const { app, older, younger, second } = await twoIdentities();
  await refusalOf(getOpenIdToken(app, older, second), NotAuthorizedException);
  expect(await linkedProviders(adminClient(worker.endpoint), older)).toEqual([providers.names[0]]);
  expect(await linkedProviders(adminClient(worker.endpoint), younger)).toEqual([providers.names[1]]);
});

test("two people with a login each at the same provider are never merged", async () => {
  const { app, older, younger, first, second, both } = await twoIdentities();
  const [alice, bob] = [crypto.randomUUID(), crypto.randomUUID()];
  const ofAlice = await getId(app, identityPoolId, await providers.logins(alice, [0, 1]));
  const ofBob = await getId(app, identityPoolId, await providers.logins(bob, [0]));
  // Alice's second login together with Bob's first: the merged identity would have two users of the first provider.
  const mixed = { ...(await providers.logins(bob, [0])), ...(await providers.logins(alice, [1])) };
  await refusalOf(getOpenIdToken(app, ofAlice, mixed), ResourceConflictException);
  await refusalOf(getOpenIdToken(app, ofBob, mixed), ResourceConflictException);
  expect(await linkedProviders(adminClient(worker.endpoint), ofAlice)).toEqual(providers.names.toSorted());
  expect(await linkedProviders(adminClient(worker.endpoint), ofBob)).toEqual([providers.names[0]]);
  // The same two calls on identities that can be merged succeed, so that the refusal is for the second user alone.
  expect((await getOpenIdToken(app, older, both)).identityId).toBe(older);
  expect(await getId(app, identityPoolId, first)).toBe(await getId(app, identityPoolId, second));
  await refusalOf(getOpenIdToken(app, younger, second), NotAuthorizedException);
});
