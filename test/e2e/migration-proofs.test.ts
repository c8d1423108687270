/** Pools at Cognito that refuse the classic flow: by another proof and a list of ids their users move all the same. */
import {
  type CognitoIdentityClient,
  ExternalServiceException,
  GetOpenIdTokenForDeveloperIdentityCommand,
  ResourceNotFoundException,
  SetIdentityPoolRolesCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { Migration } from "../support/migration.ts";

const DEVELOPER = "login.example.com";
const ROLES = {
  authenticated: "arn:aws:iam::123456789012:role/user",
  unauthenticated: "arn:aws:iam::123456789012:role/guest",
};

let at: Migration;
let old: CognitoIdentityClient;
let app: CognitoIdentityClient;
let pool: string;

beforeAll(async () => {
  at = await Migration.start({
    pool: { AllowClassicFlow: false, DeveloperProviderName: DEVELOPER },
    ownPool: { AllowClassicFlow: true },
    source: { Proof: "Credentials", UnknownIds: "Imported" },
  });
  [old, app, pool] = [at.oldApp(), at.newApp(), at.identityPoolId];
  await at.operatorAtCognito().send(new SetIdentityPoolRolesCommand({ IdentityPoolId: pool, Roles: ROLES }));
});

afterAll(async () => await at.end());

const logins = async (person: string, ...indexes: number[]) => await at.providers.logins(person, indexes);
const somebody = () => crypto.randomUUID();

async function importIds(...ids: readonly string[]): Promise<void> {
  const Identities = ids.map((identityId) => ({ identityId, createdAt: 1_700_000_000, modifiedAt: 1_700_000_000 }));
  await at.ask("ImportIdentities", { IdentityPoolId: pool, Identities });
}

async function askedDuring(act: () => Promise<unknown>): Promise<readonly string[]> {
  const before = (await at.cognito.calls()).length;
  await act();
  return (await at.cognito.calls()).slice(before).map(({ operation, outcome }) => `${operation} ${outcome}`);
}

describe("by credentials and a list of ids", () => {
  test("a user is adopted with the id that the app has kept", async () => {
    const person = somebody();
    const identityId = await getId(old, pool, await logins(person, 0));
    await importIds(identityId);
    const asked = await askedDuring(async () => {
      expect((await getOpenIdToken(app, identityId, await logins(person, 0))).identityId).toBe(identityId);
    });
    expect(asked).toEqual(["GetCredentialsForIdentity 200", "GetId 200"]);
  });

  test("a guest is taken over with the id", async () => {
    const guest = await getId(old, pool);
    await importIds(guest);
    const asked = await askedDuring(async () => {
      expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
    });
    expect(asked).toEqual(["GetCredentialsForIdentity 200"]);
  });

  test("a login that is linked here is linked at Cognito", async () => {
    const person = somebody();
    const identityId = await getId(app, pool, await logins(person, 0));
    await getOpenIdToken(app, identityId, await logins(person, 0, 1));
    expect(await at.ownerAtCognito(1, person)).toBe(identityId);
  });

  test("an id that is not in the list is not found, and nobody is asked about it", async () => {
    const person = somebody();
    const identityId = await getId(old, pool, await logins(person, 0));
    const asked = await askedDuring(async () => {
      await refusalOf(getOpenIdToken(app, identityId, await logins(person, 0)), ResourceNotFoundException);
      await refusalOf(getOpenIdToken(app, identityId), ResourceNotFoundException);
    });
    expect(asked).toEqual([]);
    // By the login alone it is found.
    expect(await getId(app, pool, await logins(person, 0))).toBe(identityId);
  });
});

test("a developer user is not given a second id where nobody may look up the first", async () => {
  const input = { IdentityPoolId: pool, Logins: { [DEVELOPER]: somebody() } };
  const signIn = at.admin().send(new GetOpenIdTokenForDeveloperIdentityCommand(input));
  await refusalOf(signIn, ExternalServiceException);
  await expect.poll(() => at.worker.log()).toContain("source-misconfigured");
});

test("by OpenID tokens such a pool gives no proof: the app is told that it is not to blame, and the log which setting is", async () => {
  const person = somebody();
  const identityId = await getId(old, pool, await logins(person, 0));
  await importIds(identityId);
  await at.ask("SetIdentityPoolSource", {
    IdentityPoolId: pool,
    Source: at.source({ Proof: "OpenIdToken", UnknownIds: "Imported" }),
  });
  const before = at.worker.log().length;
  await expect
    .poll(
      async () => await getOpenIdToken(app, identityId, await logins(person, 0)).catch((error: Error) => error.name),
    )
    .toBe("ExternalServiceException");
  await expect.poll(() => at.worker.log().slice(before)).toContain("source-misconfigured");
});
