/** The stand-in of Cognito keeps to what is published of the signed operations, and fails and comes back as a test wishes. */
import {
  type CognitoIdentityClient,
  DeleteIdentitiesCommand,
  DescribeIdentityCommand,
  DescribeIdentityPoolCommand,
  DeveloperUserAlreadyRegisteredException,
  GetIdentityPoolRolesCommand,
  GetPrincipalTagAttributeMapCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  type GetOpenIdTokenForDeveloperIdentityCommandInput,
  InvalidParameterException,
  ListIdentitiesCommand,
  LookupDeveloperIdentityCommand,
  MergeDeveloperIdentitiesCommand,
  NotAuthorizedException,
  ResourceConflictException,
  ResourceNotFoundException,
  SetIdentityPoolRolesCommand,
  SetPrincipalTagAttributeMapCommand,
  TooManyRequestsException,
  UnlinkDeveloperIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { GOOGLE, useCognito } from "../support/cognito-stand-in/at-cognito.ts";
import { OPERATOR, operatorClient, startCognito } from "../support/cognito-stand-in/start-cognito.ts";
import { appClient, createPool, getId, getOpenIdToken, present, refusalOf } from "../support/cognito-clients.ts";

const at = useCognito();
const DEVELOPER = "login.example.com";

describe("signatures", () => {
  const describePool = async (client: CognitoIdentityClient) =>
    await client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: await at.newPool() })).then(
      () => "answered",
      (error: Error) => error.name,
    );

  test("are asked for, and are those of a key that is known", async () => {
    const credentials = (accessKeyId: string, secretAccessKey: string) =>
      operatorClient(at.cognito, { credentials: { accessKeyId, secretAccessKey } });
    expect(await describePool(at.operator)).toBe("answered");
    const { accessKeyId, secretAccessKey } = OPERATOR;
    expect(await describePool(credentials("AKIAUNKNOWN", secretAccessKey))).toBe("UnrecognizedClientException");
    expect(await describePool(credentials(accessKeyId, "another"))).toBe("InvalidSignatureException");
    const unsigned = appClient(at.cognito.address, {
      credentials: { accessKeyId, secretAccessKey },
      signer: { sign: async (request) => await Promise.resolve(request) },
    });
    expect(await describePool(unsigned)).toBe("MissingAuthenticationTokenException");
  });

  test("of a key without the right are refused, in IAM's words", async () => {
    const reader = { accessKeyId: "AKIAREADER", secretAccessKey: "secret", allows: ["DescribeIdentityPool"] };
    const cognito = await startCognito({ credentials: [OPERATOR, reader] });
    const pool = await createPool(operatorClient(cognito));
    const client = operatorClient(cognito, { credentials: reader });
    await client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: pool }));
    const listing = client.send(new ListIdentitiesCommand({ IdentityPoolId: pool, MaxResults: 60 }));
    await expect(listing).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: expect.stringContaining(
        "user/AKIAREADER is not authorized to perform: cognito-identity:ListIdentities on resource: ",
      ),
    });
    await cognito.kill();
  });
});

describe("what is shown of identities", () => {
  test("are names of providers and dates, and never a subject (F1, F2)", async () => {
    const pool = await at.newPool();
    const identityId = await getId(at.app, pool, await at.googleLogin("ann"));
    const guest = await getId(at.app, pool);
    const shown = { IdentityId: identityId, Logins: [GOOGLE] };
    const described = await at.operator.send(new DescribeIdentityCommand({ IdentityId: identityId }));
    expect(described).toMatchObject(shown);
    expect(described.CreationDate).toBeInstanceOf(Date);
    const { Identities = [] } = await at.operator.send(
      new ListIdentitiesCommand({ IdentityPoolId: pool, MaxResults: 60 }),
    );
    expect(Identities).toHaveLength(2);
    expect(Identities).toContainEqual(expect.objectContaining(shown));
    expect(Identities.find(({ IdentityId }) => IdentityId === guest)?.Logins).toBeUndefined();
    expect(JSON.stringify([described, Identities])).not.toContain("ann");
  });

  test("come in pages, with disabled ones unless they are to be hidden (F3)", async () => {
    const pool = await at.newPool();
    const user = await getId(at.app, pool, await at.googleLogin("ann"));
    const guests = await Promise.all([1, 2, 3].map(async () => await getId(at.app, pool)));
    const merged = present(guests[0]);
    await getOpenIdToken(at.app, merged, await at.googleLogin("ann"));
    const listed = async (HideDisabled: boolean) => {
      const ids: string[] = [];
      let next: string | undefined;
      do {
        const page = {
          IdentityPoolId: pool,
          MaxResults: 2,
          HideDisabled,
          ...(next !== undefined && { NextToken: next }),
        };
        const answer = await at.operator.send(new ListIdentitiesCommand(page));
        ids.push(...(answer.Identities ?? []).map(({ IdentityId }) => present(IdentityId)));
        next = answer.NextToken;
      } while (next !== undefined);
      return ids.toSorted();
    };
    expect(await listed(false)).toEqual([user, ...guests].toSorted());
    expect(await listed(true)).toEqual([user, ...guests.slice(1)].toSorted());
  });
});

test("DeleteIdentities deletes for good: the id is not found, and its login begins anew", async () => {
  const pool = await at.newPool();
  const identityId = await getId(at.app, pool, await at.googleLogin("ann"));
  const deleting = new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] });
  expect((await at.operator.send(deleting)).UnprocessedIdentityIds).toEqual([]);
  expect((await at.operator.send(deleting)).UnprocessedIdentityIds).toEqual([]);
  const refused = await refusalOf(getOpenIdToken(at.app, identityId), ResourceNotFoundException);
  expect(refused.message).toBe(`Identity '${identityId}' not found.`);
  expect(await getId(at.app, pool, await at.googleLogin("ann"))).not.toBe(identityId);
});

test("roles and principal tags are kept as they were set", async () => {
  const pool = await at.newPool();
  const roles = { IdentityPoolId: pool, Roles: { authenticated: "arn:aws:iam::123456789012:role/user" } };
  const google = { IdentityPoolId: pool, IdentityProviderName: GOOGLE };
  const tags = { ...google, UseDefaults: false, PrincipalTags: { team: "groups" } };
  await at.operator.send(new SetPrincipalTagAttributeMapCommand(tags));
  await at.operator.send(new SetIdentityPoolRolesCommand(roles));
  const { $metadata: _, ...kept } = await at.operator.send(new GetIdentityPoolRolesCommand({ IdentityPoolId: pool }));
  expect(kept).toEqual(roles);
  expect(await at.operator.send(new GetPrincipalTagAttributeMapCommand(google))).toMatchObject(tags);
});

describe("developer users", () => {
  const newPool = async () => await at.newPool({ DeveloperProviderName: DEVELOPER });
  const signIn = async (
    pool: string,
    user: string,
    more: Partial<GetOpenIdTokenForDeveloperIdentityCommandInput> = {},
  ) => {
    const input = { IdentityPoolId: pool, Logins: { [DEVELOPER]: user }, ...more };
    const { IdentityId, Token } = await at.operator.send(new GetOpenIdTokenForDeveloperIdentityCommand(input));
    return { identityId: present(IdentityId), token: present(Token) };
  };
  const lookUp = async (pool: string, what: { IdentityId?: string; DeveloperUserIdentifier?: string }) =>
    await at.operator.send(new LookupDeveloperIdentityCommand({ IdentityPoolId: pool, ...what }));

  test("are found or made, and get a token of 15 minutes", async () => {
    const pool = await newPool();
    const { identityId, token } = await signIn(pool, "u-17");
    expect((await signIn(pool, "u-17")).identityId).toBe(identityId);
    const { exp = 0, iat = 0, amr } = decodeJwt(token);
    expect([exp - iat, amr]).toEqual([900, ["authenticated", DEVELOPER, `${DEVELOPER}:${pool}:u-17`]]);
  });

  test("are linked to a guest, and to a user who presents a login of theirs, and to nobody else", async () => {
    const pool = await newPool();
    const guest = await getId(at.app, pool);
    expect((await signIn(pool, "u-1", { IdentityId: guest })).identityId).toBe(guest);
    const user = await getId(at.app, pool, await at.googleLogin("ann"));
    const refused = await refusalOf(signIn(pool, "u-2", { IdentityId: user }), NotAuthorizedException);
    expect(refused.message).toMatch(/^Logins don't match\./);
    const Logins = { [DEVELOPER]: "u-2", ...(await at.googleLogin("ann")) };
    expect((await signIn(pool, "u-2", { IdentityId: user, Logins })).identityId).toBe(user);
    await refusalOf(signIn(pool, "u-1", { IdentityId: user }), DeveloperUserAlreadyRegisteredException);
    const other = signIn(pool, "u-1", { Logins: { "another.provider": "u-1" } });
    expect((await refusalOf(other, InvalidParameterException)).message).toBe(
      "This identity pool does not support the specified developer provider",
    );
  });

  test("are looked up both ways, and a look-up makes nothing (F10)", async () => {
    const pool = await newPool();
    const { identityId } = await signIn(pool, "u-1");
    await signIn(pool, "u-2", { IdentityId: identityId, Logins: { [DEVELOPER]: "u-1" } });
    const expected = { IdentityId: identityId, DeveloperUserIdentifierList: ["u-1"] };
    expect(await lookUp(pool, { IdentityId: identityId })).toMatchObject(expected);
    expect(await lookUp(pool, { DeveloperUserIdentifier: "u-1" })).toMatchObject(expected);
    const { identityId: second } = await signIn(pool, "u-2");
    const mismatch = lookUp(pool, { IdentityId: second, DeveloperUserIdentifier: "u-1" });
    await refusalOf(mismatch, ResourceConflictException);
    const before = await at.cognito.identities();
    await refusalOf(lookUp(pool, { DeveloperUserIdentifier: "u-3" }), ResourceNotFoundException);
    await refusalOf(lookUp(pool, {}), InvalidParameterException);
    expect(await at.cognito.identities()).toEqual(before);
  });

  test("are merged into the destination, and begin anew once unlinked", async () => {
    const pool = await newPool();
    const [source, destination] = [await signIn(pool, "u-1"), await signIn(pool, "u-2")];
    const merging = {
      IdentityPoolId: pool,
      DeveloperProviderName: DEVELOPER,
      SourceUserIdentifier: "u-1",
      DestinationUserIdentifier: "u-2",
    };
    expect(await at.operator.send(new MergeDeveloperIdentitiesCommand(merging))).toMatchObject({
      IdentityId: destination.identityId,
    });
    expect((await signIn(pool, "u-1")).identityId).toBe(destination.identityId);
    const { DeveloperUserIdentifierList = [] } = await lookUp(pool, { IdentityId: destination.identityId });
    expect(DeveloperUserIdentifierList).toEqual(["u-1", "u-2"]);
    const standing = (await at.cognito.identities()).find(({ identityId }) => identityId === source.identityId);
    expect(standing).toMatchObject({ standing: "disabled", mergedInto: destination.identityId });
    await at.operator.send(
      new UnlinkDeveloperIdentityCommand({
        IdentityPoolId: pool,
        IdentityId: destination.identityId,
        DeveloperProviderName: DEVELOPER,
        DeveloperUserIdentifier: "u-1",
      }),
    );
    const { identityId } = await signIn(pool, "u-1");
    expect([source.identityId, destination.identityId]).not.toContain(identityId);
  });
});

describe("troubles", () => {
  test("over its quota a call is throttled in the service's words, and the next second has room again", async () => {
    const pool = await at.newPool();
    await at.cognito.trouble({ rates: { GetId: 2 } });
    const outcomes = await Promise.all(
      Array.from(
        { length: 20 },
        async () =>
          await getId(at.app, pool).then(
            () => null,
            (error: Error) => error,
          ),
      ),
    );
    const refused = outcomes.find((outcome) => outcome !== null);
    expect(refused).toBeInstanceOf(TooManyRequestsException);
    expect(refused?.message).toBe("Rate exceeded");
    expect(outcomes.filter((outcome) => outcome === null).length).toBeGreaterThanOrEqual(2);
    // The SDK tries again by itself.
    expect(await getId(appClient(at.cognito.address, { maxAttempts: 10 }), pool)).toMatch(/^us-east-1:/);
  });

  test.each([
    ["unavailable", 0, 503],
    ["broken", 0, 500],
    ["throttled", 0, 400],
    ["lost", 1, undefined],
    ["page", 1, 200],
    ["half", 1, 200],
  ] as const)("%s: the client gets no answer, and it was done %i times", async (kind, done, status) => {
    const pool = await at.newPool();
    const before = (await at.cognito.identities()).length;
    await at.cognito.trouble({ faults: [{ kind, operation: "GetId", times: 1 }] });
    const failure = await getId(at.app, pool, await at.googleLogin("ann")).then(
      () => undefined,
      (error: { $metadata?: { httpStatusCode?: number } }) => error,
    );
    expect(failure).toBeInstanceOf(Error);
    if (status !== 200) expect(failure?.$metadata?.httpStatusCode).toBe(status);
    expect((await at.cognito.identities()).length - before).toBe(done);
    // Its repeat ends at the identity that the first one made.
    await getId(at.app, pool, await at.googleLogin("ann"));
    expect((await at.cognito.identities()).length - before).toBe(1);
  });

  test("a fault may meet every other call alone, and one that never answers ends when it is taken away", async () => {
    const pool = await at.newPool();
    await at.cognito.trouble({ faults: [{ kind: "unavailable", every: 2 }] });
    const outcomes: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      outcomes.push(
        await getId(at.app, pool).then(
          () => "answered",
          () => "refused",
        ),
      );
    }
    expect(outcomes).toEqual(["answered", "refused", "answered", "refused"]);
    await at.cognito.trouble({ faults: [{ kind: "never" }] });
    const before = (await at.cognito.calls()).length;
    const waiting = getId(at.app, pool);
    waiting.catch(() => {});
    await expect.poll(async () => (await at.cognito.calls()).length).toBe(before + 1);
    await at.cognito.trouble({});
    await expect(waiting).rejects.toThrow();
  });
});

test("killed and started again on its state file it has kept everything that it had acknowledged, its key included", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-cognito-"));
  const stateFile = join(folder, "state");
  const options = { stateFile, issuers: { [GOOGLE]: at.google.address } };
  const first = await startCognito(options);
  const pool = await createPool(operatorClient(first), { SupportedLoginProviders: { [GOOGLE]: "client-1" } });
  const app = appClient(first.address);
  const people = ["ann", "bob", "carl"];
  const ids = await Promise.all(people.map(async (person) => await getId(app, pool, await at.googleLogin(person))));
  const guest = await getId(app, pool);
  await getOpenIdToken(app, guest, await at.googleLogin("ann"));
  await operatorClient(first).send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [present(ids[2])] }));
  const known = await first.identities();
  const keys = await (await fetch(`${first.address}/.well-known/jwks_uri`)).text();
  await first.kill();
  const second = await startCognito({ ...options, port: first.port });
  expect(await second.identities()).toEqual(known);
  expect(await (await fetch(`${second.address}/.well-known/jwks_uri`)).text()).toBe(keys);
  const found = await Promise.all(people.map(async (person) => await getId(app, pool, await at.googleLogin(person))));
  expect(found.map((id, index) => id === ids[index])).toEqual([true, true, false]);
  await second.kill();
  await rm(folder, { recursive: true });
});
