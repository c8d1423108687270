/** LINK_PROOF_MAX_AGE_SECONDS, on a service of its own: who holds an old login token mints, and neither links nor unlinks. */
import {
  GetOpenIdTokenForDeveloperIdentityCommand,
  NotAuthorizedException,
  UnlinkDeveloperIdentityCommand,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, expect, test } from "vitest";
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
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const DEVELOPER = "login.backend.example";
const FRESH_NEEDED = /^A fresh sign-in is needed to link or unlink/;

let worker: RunningWorker;
const providers = useProviders(3);
let identityPoolId: string;
let app: ReturnType<typeof appClient>;
let admin: ReturnType<typeof adminClient>;

beforeAll(async () => {
  const settings = { LINK_PROOF_MAX_AGE_SECONDS: "600", MERGE_POLICY: "merge" };
  worker = await startWorker({ settings });
  [app, admin] = [appClient(worker.endpoint), adminClient(worker.endpoint)];
  identityPoolId = await providers.newPool(admin, { DeveloperProviderName: DEVELOPER });
});

afterAll(async () => {
  await worker.stop();
});

function nameAt(index: number): string {
  return present(providers.names[index]);
}

/** Logins of a token that was issued `ageSeconds` ago and is good for an hour more. */
async function aged(person: string, index: number, ageSeconds: number): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000);
  return await providers.logins(person, [index], { iat: now - ageSeconds, exp: now + 3600 });
}

async function expectFreshNeeded(call: Promise<unknown>): Promise<void> {
  expect((await refusalOf(call, NotAuthorizedException)).message).toMatch(FRESH_NEEDED);
}

test("a thief with a stolen token mints while it lasts, and can neither stay nor throw its owner out", async () => {
  const [victim, thief] = [crypto.randomUUID(), crypto.randomUUID()];
  const identityId = await getId(app, identityPoolId, await aged(victim, 0, 5));
  const stolen = await aged(victim, 0, 900);
  expect((await getOpenIdToken(app, identityId, stolen)).identityId).toBe(identityId);
  const both = { ...stolen, ...(await aged(thief, 1, 5)) };
  await expectFreshNeeded(getOpenIdToken(app, identityId, both));
  await expectFreshNeeded(getId(app, identityPoolId, both));
  const unlink = { IdentityId: identityId, Logins: stolen, LoginsToRemove: [nameAt(0)] };
  await expectFreshNeeded(app.send(new UnlinkIdentityCommand(unlink)));
  expect(await linkedProviders(admin, identityId)).toEqual([nameAt(0)]);
});

test("who has just signed in links and unlinks, however old the token of the other login is", async () => {
  const person = crypto.randomUUID();
  const identityId = await getId(app, identityPoolId, await aged(person, 0, 900));
  const fresh = await aged(person, 0, 5);
  await getOpenIdToken(app, identityId, { ...fresh, ...(await aged(person, 1, 900)) });
  expect((await linkedProviders(admin, identityId)).toSorted()).toEqual([nameAt(0), nameAt(1)].toSorted());
  const unlink = { IdentityId: identityId, Logins: fresh, LoginsToRemove: [nameAt(1)] };
  await app.send(new UnlinkIdentityCommand(unlink));
  expect(await linkedProviders(admin, identityId)).toEqual([nameAt(0)]);
});

test("two identities are merged only by a fresh proof of each", async () => {
  const person = crypto.randomUUID();
  const older = await getId(app, identityPoolId, await aged(person, 0, 5));
  const younger = await getId(app, identityPoolId, await aged(person, 1, 5));
  for (const [first, second] of [
    [900, 5],
    [5, 900],
  ] as const) {
    const both = { ...(await aged(person, 0, first)), ...(await aged(person, 1, second)) };
    await expectFreshNeeded(getOpenIdToken(app, younger, both));
    await expectFreshNeeded(getId(app, identityPoolId, both));
  }
  const both = { ...(await aged(person, 0, 5)), ...(await aged(person, 1, 5)) };
  expect((await getOpenIdToken(app, younger, both)).identityId).toBe(younger);
  expect(await linkedProviders(admin, older)).toEqual([]);
});

test("a guest signs in by an old token: nothing is there yet that it could be stolen from", async () => {
  const person = crypto.randomUUID();
  const guest = await getId(app, identityPoolId);
  expect((await getOpenIdToken(app, guest, await aged(person, 0, 900))).identityId).toBe(guest);
  // And returns, though the app has made another guest meanwhile.
  const another = await getId(app, identityPoolId);
  expect((await getOpenIdToken(app, another, await aged(person, 0, 1800))).identityId).toBe(guest);
});

test("a developer's signed call is its own proof of the developer's user", async () => {
  const [user, person] = [crypto.randomUUID(), crypto.randomUUID()];
  const sign = async (more: Record<string, string> = {}) => {
    const input = { IdentityPoolId: identityPoolId, Logins: { [DEVELOPER]: user, ...more } };
    return present((await admin.send(new GetOpenIdTokenForDeveloperIdentityCommand(input))).IdentityId);
  };
  const identityId = await sign();
  expect(await sign(await aged(person, 2, 900))).toBe(identityId);
  const named = { IdentityPoolId: identityPoolId, IdentityId: identityId, DeveloperProviderName: DEVELOPER };
  await admin.send(new UnlinkDeveloperIdentityCommand({ ...named, DeveloperUserIdentifier: user }));
  expect(await linkedProviders(admin, identityId)).toEqual([nameAt(2)]);
  // The user is new now: only a fresh token of the identity's own login takes it in again.
  await expectFreshNeeded(sign(await aged(person, 2, 900)));
  expect(await sign(await aged(person, 2, 5))).toBe(identityId);
});
