/** Many calls at once about the same people: a login is never owned twice, and whoever is answered finds it to be true. */
import {
  NotAuthorizedException,
  ResourceConflictException,
  TooManyRequestsException,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminClient, appClient, getId, getOpenIdToken, present } from "../support/cognito-clients.ts";
import { useProviders } from "../support/providers.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const CALLS = 32;

let worker: RunningWorker;
const providers = useProviders(3);
let identityPoolId: string;

beforeAll(async () => {
  // The rate of one identity is another file's affair.
  const settings = { RATE_LIMIT_PER_SECOND: "1000", RATE_LIMIT_BURST: "1000" };
  worker = await startWorker({ settings });
  identityPoolId = await providers.newPool(adminClient(worker.endpoint));
});

afterAll(async () => {
  await worker.stop();
});

function appOf() {
  return appClient(worker.endpoint);
}

function newPerson(): string {
  return crypto.randomUUID();
}

async function atOnce<T>(count: number, call: (index: number) => Promise<T>): Promise<readonly T[]> {
  return await Promise.all(Array.from({ length: count }, async (_, index) => await call(index)));
}

test("32 calls of GetId with one new login make one identity", async () => {
  const app = appOf();
  const logins = await providers.logins(newPerson());
  const identityIds = await atOnce(CALLS, async () => await getId(app, identityPoolId, logins));
  expect(new Set(identityIds).size).toBe(1);
  expect(await getId(app, identityPoolId, logins)).toBe(identityIds[0]);
});

test("32 calls of GetOpenIdToken that link the same login to one guest all answer with that guest", async () => {
  const app = appOf();
  const logins = await providers.logins(newPerson());
  const guest = await getId(app, identityPoolId);
  const minted = await atOnce(CALLS, async () => await getOpenIdToken(app, guest, logins));
  expect(new Set(minted.map(({ identityId }) => identityId))).toEqual(new Set([guest]));
  expect(new Set(minted.map(({ token }) => decodeJwt(token).jti)).size).toBe(CALLS);
  expect(await getId(app, identityPoolId, logins)).toBe(guest);
});

test("32 guests that all turn out to be one new person end in one identity", async () => {
  const app = appOf();
  const person = newPerson();
  const guests = await atOnce(CALLS, async () => await getId(app, identityPoolId));
  const logins = await providers.logins(person);
  const outcomes = await Promise.allSettled(guests.map(async (guest) => await getOpenIdToken(app, guest, logins)));
  const owner = await getId(app, identityPoolId, logins);
  expect(guests).toContain(owner);
  const answered = outcomes.filter((outcome) => outcome.status === "fulfilled");
  expect(answered.length).toBeGreaterThan(0);
  for (const { value } of answered) {
    expect(value.identityId).toBe(owner);
    expect(decodeJwt(value.token).sub).toBe(owner);
  }
  // Nothing but too much contention may have stood in the way of the rest.
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(TooManyRequestsException);
  }
  // Repeated, each guest is the owner, or was absorbed by it and stays disabled.
  for (const guest of guests) {
    const again = await getOpenIdToken(app, guest, logins).catch((error: unknown) => error);
    if (again instanceof NotAuthorizedException)
      expect(again.message).toBe(`Access to Identity '${guest}' is forbidden.`);
    else expect(again).toMatchObject({ identityId: owner });
  }
});

test("two people who claim one guest at the same time: one gets it, the other never holds its id", async () => {
  const app = appOf();
  for (let round = 0; round < 8; round++) {
    const guest = await getId(app, identityPoolId);
    const people = [await providers.logins(newPerson()), await providers.logins(newPerson())];
    const outcomes = await Promise.allSettled(people.map(async (logins) => await getOpenIdToken(app, guest, logins)));
    const winners = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(winners.map(({ value }) => value.identityId)).toEqual([guest]);
    const ids = await Promise.all(people.map(async (logins) => await getId(app, identityPoolId, logins)));
    expect(ids.filter((id) => id === guest)).toHaveLength(1);
    // The one who was answered is the one who has it.
    const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
    expect(ids[winner]).toBe(guest);
  }
});

test("overlapping sets of logins of one new person end in one identity, or in a conflict that is told", async () => {
  const app = appOf();
  for (let round = 0; round < 4; round++) {
    const person = newPerson();
    const sets = [[0, 1], [1, 2], [2, 0], [0, 1, 2], [0], [1], [2]];
    const maps = await Promise.all(sets.map(async (indexes) => await providers.logins(person, indexes)));
    const outcomes = await Promise.allSettled(maps.map(async (logins) => await getId(app, identityPoolId, logins)));
    const owners = new Map<number, string>();
    for (const index of [0, 1, 2])
      owners.set(index, await getId(app, identityPoolId, await providers.logins(person, [index])));
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") {
        // What was acknowledged holds: every login of the set is that identity's.
        for (const index of present(sets[at])) expect(owners.get(index)).toBe(outcome.value);
      } else {
        const isExpected =
          outcome.reason instanceof ResourceConflictException || outcome.reason instanceof TooManyRequestsException;
        expect([isExpected, String(outcome.reason)]).toEqual([true, String(outcome.reason)]);
      }
    }
  }
});
