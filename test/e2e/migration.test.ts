/**
 * The proof of the whole: one endpoint is changed and every id stays. 1,000 people of Cognito and new ones, by old apps that ask
 * Cognito and new apps that ask Edgepool, through SIGKILLs; then without Cognito; then back at Cognito, where every link is found.
 */
import { ListIdentitiesCommand, type CognitoIdentityClient } from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { present } from "../support/cognito-clients.ts";
import { Migration } from "../support/migration.ts";
import { Mover } from "../support/mover.ts";
import { streamOf } from "../support/random.ts";

const PEOPLE = 1000;
const AT_ONCE = 16;
/** Several thousand calls: far more than it takes on a machine that has little else to do. */
const PATIENCE_MS = 600_000;

const seed = Math.floor(Math.random() * 2 ** 32);
let migration: Migration;
let people: readonly Mover[];

beforeAll(async () => {
  // Repeats who these people are and what they do: a constant in place of it.
  console.log(`migration: seed ${seed}`);
  migration = await Migration.start();
  people = Array.from({ length: PEOPLE }, (_, index) => {
    return new Mover(migration, streamOf(seed, `person ${index}`), `person-${index}`);
  });
});

afterAll(async () => await migration.end());

/** Sixteen of them at a time; `onDone` is told how many are done. */
async function each(act: (person: Mover) => Promise<void>, onDone?: (count: number) => void): Promise<void> {
  const waiting = people.values();
  let done = 0;
  const worker = async () => {
    for (const person of waiting) {
      await act(person);
      done += 1;
      onDone?.(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function contradictions(): readonly string[] {
  return people.flatMap((person) => person.contradictions);
}

/** Providers of each identity, as the service lists them. */
async function listed(operator: CognitoIdentityClient): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>();
  let next: string | undefined;
  do {
    const page = {
      IdentityPoolId: migration.identityPoolId,
      MaxResults: 60,
      ...(next !== undefined && { NextToken: next }),
    };
    const { Identities = [], NextToken } = await operator.send(new ListIdentitiesCommand(page));
    for (const { IdentityId, Logins = [] } of Identities) all.set(present(IdentityId), Logins.toSorted().join());
    next = NextToken;
  } while (next !== undefined);
  return all;
}

test(
  "while old and new apps are in use and things die, every id and every link is the same on both sides",
  { timeout: PATIENCE_MS },
  async () => {
    const apps = { old: migration.oldApp(), new: migration.newApp() };
    await each(async (person) => {
      await person.signIn();
      await person.before(apps.old);
    });
    const kills = new Map([
      [PEOPLE / 4, async () => await migration.killRuntime()],
      [PEOPLE / 2, async () => await migration.killEdgepool()],
      [(PEOPLE / 4) * 3, async () => await migration.killRuntime()],
    ]);
    let killing = Promise.resolve();
    await each(
      async (person) => await person.during(apps),
      (count) => {
        const kill = kills.get(count);
        if (kill !== undefined) killing = killing.then(kill);
      },
    );
    await killing;
    expect(contradictions()).toEqual([]);

    await each(async (person) => await person.comesBack(apps.new, "the new app, later"));
    expect(contradictions()).toEqual([]);
    const atCognito = new Map(
      (await migration.cognito.identities()).map((identity) => [identity.identityId, identity]),
    );
    for (const { identityId, name, providers } of people) {
      const logins = providers.map((provider) => ({
        providerName: migration.providers.names[provider],
        subject: name,
      }));
      expect(atCognito.get(identityId)?.logins).toEqual(expect.arrayContaining(logins));
      expect(atCognito.get(identityId)?.logins).toHaveLength(logins.length);
    }
    const [here, there] = [await listed(migration.admin()), await listed(migration.operatorAtCognito())];
    for (const { identityId } of people)
      expect([identityId, here.get(identityId)]).toEqual([identityId, there.get(identityId)]);
    // Nobody was born here: what Edgepool has, Cognito has.
    expect([...here.keys()].filter((identityId) => !there.has(identityId))).toEqual([]);
    expect(new Set(people.map(({ identityId }) => identityId)).size).toBe(PEOPLE);
  },
);

test("without Cognito every one of them gets the same id and a token", { timeout: PATIENCE_MS }, async () => {
  await migration.cutCognitoOff();
  const app = migration.newApp();
  await each(async (person) => await person.comesBack(app, "without Cognito"));
  expect(contradictions()).toEqual([]);
});

test(
  "an app that returns to Cognito finds every id and every link there, those that new apps made included",
  { timeout: PATIENCE_MS },
  async () => {
    await migration.bringCognitoBack();
    const before = (await migration.cognito.identities()).length;
    const app = migration.oldApp();
    await each(async (person) => await person.comesBack(app, "back at Cognito"));
    expect(contradictions()).toEqual([]);
    expect(await migration.cognito.identities()).toHaveLength(before);
  },
);
