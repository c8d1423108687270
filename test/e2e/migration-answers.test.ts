/** What apps see while a pool moves from Cognito, call by call: adoption, races of the two systems, and a Cognito that fails. */
import {
  type CognitoIdentityClient,
  DeleteIdentitiesCommand,
  ExternalServiceException,
  GetOpenIdTokenForDeveloperIdentityCommand,
  NotAuthorizedException,
  ResourceNotFoundException,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { getId, getOpenIdToken, linkedProviders, present, refusalOf } from "../support/cognito-clients.ts";
import { Migration } from "../support/migration.ts";
import type { Troubles } from "../support/cognito-stand-in/troubles.ts";
import { call } from "../support/wire-call.ts";

const DEVELOPER = "login.example.com";

let at: Migration;
let old: CognitoIdentityClient;
let app: CognitoIdentityClient;
let pool: string;

beforeAll(async () => {
  at = await Migration.start({ pool: { DeveloperProviderName: DEVELOPER }, hasCredentials: true });
  [old, app, pool] = [at.oldApp(), at.newApp(), at.identityPoolId];
});

afterEach(async () => await at.cognito.trouble({}));
afterAll(async () => await at.end());

const logins = async (person: string, ...indexes: number[]) => await at.providers.logins(person, indexes);
const somebody = () => crypto.randomUUID();
const standingAtCognito = async (id: string) =>
  (await at.cognito.identities()).find(({ identityId }) => identityId === id)?.standing;

/** Operations that Cognito was asked for meanwhile. */
async function askedDuring(act: () => Promise<unknown>): Promise<readonly string[]> {
  const before = (await at.cognito.calls()).length;
  await act();
  return (await at.cognito.calls()).slice(before).map(({ operation }) => operation);
}

async function unlink(
  client: CognitoIdentityClient,
  identityId: string,
  person: string,
  kept: number,
  removed: number,
) {
  const LoginsToRemove = [present(at.providers.names[removed])];
  await client.send(
    new UnlinkIdentityCommand({ IdentityId: identityId, Logins: await logins(person, kept), LoginsToRemove }),
  );
}

describe("a login that was never seen", () => {
  test("is asked about once, by the call that the app made, and never again", async () => {
    const person = somebody();
    const identityId = await getId(old, pool, await logins(person, 0));
    expect(
      await askedDuring(async () => expect(await getId(app, pool, await logins(person, 0))).toBe(identityId)),
    ).toEqual(["GetId"]);
    expect(
      await askedDuring(async () => {
        expect(await getId(app, pool, await logins(person, 0))).toBe(identityId);
        expect((await getOpenIdToken(app, identityId, await logins(person, 0))).identityId).toBe(identityId);
      }),
    ).toEqual([]);
  });

  test("of somebody whom Cognito does not know begins there, so that an old app finds the same id", async () => {
    const person = somebody();
    const identityId = await getId(app, pool, await logins(person, 0, 1));
    expect(await getId(old, pool, await logins(person, 1))).toBe(identityId);
  });

  test("is linked on both sides by the call that links it here", async () => {
    const person = somebody();
    const identityId = await getId(app, pool, await logins(person, 0));
    const both = await logins(person, 0, 1);
    const asked = await askedDuring(async () => await getOpenIdToken(app, identityId, both));
    expect(asked).toEqual(["GetOpenIdToken"]);
    expect(await at.ownerAtCognito(1, person)).toBe(identityId);
    expect((await linkedProviders(at.admin(), identityId)).toSorted()).toEqual(Object.keys(both).toSorted());
  });

  test("was linked at Cognito by an old app meanwhile, and leads to that identity", async () => {
    const person = somebody();
    const identityId = await getId(app, pool, await logins(person, 0));
    await getOpenIdToken(old, identityId, await logins(person, 0, 1));
    expect(await getId(app, pool, await logins(person, 1))).toBe(identityId);
  });

  test("was linked at Cognito by an old app meanwhile, and gets a token of that identity all the same", async () => {
    const person = somebody();
    const identityId = await getId(app, pool, await logins(person, 0));
    await getOpenIdToken(old, identityId, await logins(person, 0, 1));
    expect((await getOpenIdToken(app, identityId, await logins(person, 1))).identityId).toBe(identityId);
    await getOpenIdToken(old, identityId, await logins(person, 0, 2));
    expect((await getOpenIdToken(app, identityId, await logins(person, 1, 2))).identityId).toBe(identityId);
  });

  test("is one identity for an old and a new app that see it at once", async () => {
    const people = Array.from({ length: 8 }, somebody);
    const answers = people.map(async (person) => {
      const both = await Promise.all(
        [old, app, app].map(async (client) => getId(client, pool, await logins(person, 0))),
      );
      expect(new Set(both).size).toBe(1);
    });
    await Promise.all(answers);
  });
});

describe("a guest", () => {
  test("is born at Cognito, and may go on at either side", async () => {
    const guest = await getId(app, pool);
    expect(await standingAtCognito(guest)).toBe("guest");
    expect((await getOpenIdToken(old, guest)).identityId).toBe(guest);
    expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
  });

  test("whom an old app has kept is taken over with the id, and keeps it at the sign-up", async () => {
    const person = somebody();
    const guest = await getId(old, pool);
    expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
    expect((await getOpenIdToken(app, guest, await logins(person, 0))).identityId).toBe(guest);
    expect(await getId(old, pool, await logins(person, 0))).toBe(guest);
  });

  test("who signs in as somebody is that user, and the guest's id is merged on both sides", async () => {
    const person = somebody();
    const user = await getId(old, pool, await logins(person, 0));
    const guest = await getId(old, pool);
    expect((await getOpenIdToken(app, guest, await logins(person, 0))).identityId).toBe(user);
    expect(await standingAtCognito(guest)).toBe("disabled");
    const refused = await refusalOf(getOpenIdToken(app, guest), NotAuthorizedException);
    expect(refused.message).toBe(`Access to Identity '${guest}' is forbidden.`);
  });
});

describe("an id that is not known here", () => {
  test("is adopted with the login that proves it, and refused without one", async () => {
    const person = somebody();
    const identityId = await getId(old, pool, await logins(person, 0));
    const refused = await refusalOf(getOpenIdToken(app, identityId), NotAuthorizedException);
    expect(refused.message).toBe(`Access to Identity '${identityId}' is forbidden.`);
    const stranger = await refusalOf(
      getOpenIdToken(app, identityId, await logins(somebody(), 0)),
      NotAuthorizedException,
    );
    expect(stranger.message).toMatch(/^Logins don't match\./);
    expect((await getOpenIdToken(app, identityId, await logins(person, 0))).identityId).toBe(identityId);
  });

  test("that Cognito does not know either is not found", async () => {
    const nobody = `us-east-1:${crypto.randomUUID()}`;
    const refused = await refusalOf(getOpenIdToken(app, nobody), ResourceNotFoundException);
    expect(refused.message).toBe(`Identity '${nobody}' not found.`);
  });
});

describe("what is undone", () => {
  test("by UnlinkIdentity here is undone at Cognito, and the login never comes back to that identity", async () => {
    const person = somebody();
    const identityId = await getId(old, pool, await logins(person, 0, 1));
    expect(await getId(app, pool, await logins(person, 0, 1))).toBe(identityId);
    await unlink(app, identityId, person, 0, 1);
    await expect.poll(async () => await at.ownerAtCognito(1, person)).toBeUndefined();
    expect(await linkedProviders(at.admin(), identityId)).toEqual([at.providers.names[0]]);
    const asked = await askedDuring(async () => {
      expect(await getId(app, pool, await logins(person, 1))).not.toBe(identityId);
    });
    expect(asked).toEqual([]);
  });

  test("by UnlinkIdentity of a login that Cognito alone knew is barred, whatever Cognito says of it later", async () => {
    const person = somebody();
    const identityId = await getId(old, pool, await logins(person, 0, 1));
    expect(await getId(app, pool, await logins(person, 0))).toBe(identityId);
    await at.cognito.trouble({ faults: [{ kind: "unavailable", operation: "UnlinkIdentity" }] });
    await unlink(app, identityId, person, 0, 1);
    expect(await at.ownerAtCognito(1, person)).toBe(identityId);
    expect(await getId(app, pool, await logins(person, 1))).not.toBe(identityId);
  });

  test("by an old app at Cognito stays here, until it is undone here", async () => {
    const person = somebody();
    const identityId = await getId(app, pool, await logins(person, 0, 1));
    await unlink(old, identityId, person, 0, 1);
    expect(await getId(app, pool, await logins(person, 1))).toBe(identityId);
    await unlink(app, identityId, person, 0, 1);
    expect(await getId(app, pool, await logins(person, 1))).not.toBe(identityId);
  });

  test("by DeleteIdentities here is deleted at Cognito too, also when Cognito was away at first, and never lives again", async () => {
    const [person, other] = [somebody(), somebody()];
    const identityId = await getId(old, pool, await logins(person, 0));
    const second = await getId(old, pool, await logins(other, 0));
    expect(await getId(app, pool, await logins(person, 0))).toBe(identityId);
    expect(await getId(app, pool, await logins(other, 0))).toBe(second);
    await at.cognito.trouble({ faults: [{ kind: "unavailable", operation: "DeleteIdentities", times: 1 }] });
    await at.admin().send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] }));
    await at.admin().send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [second] }));
    for (const deleted of [identityId, second]) {
      await expect.poll(async () => await standingAtCognito(deleted)).toBeUndefined();
    }
    await refusalOf(getOpenIdToken(app, identityId, await logins(person, 0)), ResourceNotFoundException);
    expect(await getId(app, pool, await logins(person, 0))).not.toBe(identityId);
  });

  test("by the operator at Cognito is not seen here", async () => {
    const person = somebody();
    const identityId = await getId(app, pool, await logins(person, 0));
    await at.operatorAtCognito().send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] }));
    expect((await getOpenIdToken(app, identityId, await logins(person, 0))).identityId).toBe(identityId);
  });
});

test("two identities that an old app merges at Cognito after both were adopted live on here", async () => {
  const person = somebody();
  const [one, other] = [
    await getId(app, pool, await logins(person, 0)),
    await getId(app, pool, await logins(person, 1)),
  ];
  await getOpenIdToken(old, one, await logins(person, 0, 1));
  expect(await standingAtCognito(other)).toBe("disabled");
  expect(await getId(app, pool, await logins(person, 1))).toBe(other);
  expect((await getOpenIdToken(app, one, await logins(person, 0))).identityId).toBe(one);
});

describe("a developer user", () => {
  const signIn = async (client: CognitoIdentityClient, user: string) => {
    const input = { IdentityPoolId: pool, Logins: { [DEVELOPER]: user } };
    return (await client.send(new GetOpenIdTokenForDeveloperIdentityCommand(input))).IdentityId;
  };

  test("is looked up at Cognito once, and has the same id", async () => {
    const user = somebody();
    const identityId = await signIn(at.operatorAtCognito(), user);
    const asked = await askedDuring(async () => expect(await signIn(at.admin(), user)).toBe(identityId));
    expect(asked).toEqual(["LookupDeveloperIdentity"]);
    expect(await askedDuring(async () => expect(await signIn(at.admin(), user)).toBe(identityId))).toEqual([]);
  });

  test("whom Cognito does not know is born here", async () => {
    const user = somebody();
    const identityId = present(await signIn(at.admin(), user));
    expect(await standingAtCognito(identityId)).toBeUndefined();
    expect(await signIn(at.admin(), user)).toBe(identityId);
  });
});

describe("while Cognito fails", () => {
  test("by throttling, the app is told to wait a second, and an SDK's own repeat succeeds", async () => {
    const [person, other] = [somebody(), somebody()];
    await at.cognito.trouble({ faults: [{ kind: "throttled", operation: "GetId", times: 2 }] });
    const input = { IdentityPoolId: pool, Logins: await logins(person, 0) };
    const { headers, body } = await call(at.worker.endpoint, "GetId", input);
    expect(JSON.parse(body)).toMatchObject({ __type: "TooManyRequestsException" });
    expect(headers["retry-after"]).toBe("1");
    await at.cognito.trouble({ faults: [{ kind: "throttled", operation: "GetId", times: 1 }] });
    const identityId = await getId(at.newApp(3), pool, await logins(other, 0));
    expect(await at.ownerAtCognito(0, other)).toBe(identityId);
    expect((await at.cognito.calls()).slice(-2).map(({ outcome }) => outcome)).toEqual([
      "TooManyRequestsException",
      "200",
    ]);
  });

  const FAILURES: readonly (readonly [string, Troubles])[] = [
    ["with 503", { faults: [{ kind: "unavailable" }] }],
    ["with an InternalErrorException", { faults: [{ kind: "broken" }] }],
    ["with a page", { faults: [{ kind: "page" }] }],
    ["with half an answer", { faults: [{ kind: "half" }] }],
    ["with JSON that says nothing", { faults: [{ kind: "strange" }] }],
    ["by losing the answer", { faults: [{ kind: "lost" }] }],
    ["by never answering", { faults: [{ kind: "never" }] }],
  ];

  test.each(FAILURES)(
    "%s, newcomers are told so, returning users notice nothing, and afterwards all ids are equal",
    async (_, troubles) => {
      const [known, unknown, newcomer] = [somebody(), somebody(), somebody()];
      const identityId = await getId(app, pool, await logins(known, 0));
      const kept = await getId(old, pool, await logins(unknown, 0));
      await at.cognito.trouble(troubles);
      const [ofUnknown, ofNewcomer] = [await logins(unknown, 0), await logins(newcomer, 0)];
      const newcomers = [
        getId(app, pool, ofUnknown),
        getOpenIdToken(app, kept, ofUnknown),
        getId(app, pool, ofNewcomer),
        getId(app, pool),
      ].map(async (asked) => await refusalOf(asked, ExternalServiceException));
      expect(await getId(app, pool, await logins(known, 0))).toBe(identityId);
      expect((await getOpenIdToken(app, identityId, await logins(known, 0))).identityId).toBe(identityId);
      await Promise.all(newcomers);
      await at.cognito.trouble({});
      expect(await getId(app, pool, await logins(unknown, 0))).toBe(kept);
      expect(await getId(app, pool, await logins(newcomer, 0))).toBe(await getId(old, pool, await logins(newcomer, 0)));
    },
  );

  test("slowly, the app waits and gets the same id", async () => {
    const person = somebody();
    const identityId = await getId(old, pool, await logins(person, 0));
    await at.cognito.trouble({ faults: [{ kind: "late", delayMs: 1000 }] });
    expect(await getId(app, pool, await logins(person, 0))).toBe(identityId);
  });
});
