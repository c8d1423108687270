/** Developer-authenticated identities through the AWS SDK, as a backend calls them: with credentials, for its own users. */
import {
  DescribeIdentityCommand,
  DeveloperUserAlreadyRegisteredException,
  GetOpenIdTokenForDeveloperIdentityCommand,
  type GetOpenIdTokenForDeveloperIdentityCommandInput,
  InvalidParameterException,
  ListIdentitiesCommand,
  LookupDeveloperIdentityCommand,
  type LookupDeveloperIdentityCommandInput,
  MergeDeveloperIdentitiesCommand,
  NotAuthorizedException,
  ResourceConflictException,
  ResourceNotFoundException,
  UnlinkDeveloperIdentityCommand,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  adminClient,
  appClient,
  createPool,
  getId,
  getOpenIdToken,
  type Minted,
  present,
  refusalOf,
} from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";

const endpoint = inject("endpoint");
const backend = adminClient(endpoint);
const app = appClient(endpoint);
const DEVELOPER = "login.backend.example";

let web: LoopbackIssuer;
let shop: LoopbackIssuer;
let IdentityPoolId: string;
let userCount = 0;

beforeAll(async () => {
  [web, shop] = await Promise.all([
    startLoopbackIssuer({ algorithm: "ES256" }),
    startLoopbackIssuer({ algorithm: "ES256" }),
  ]);
  IdentityPoolId = await createPool(backend, {
    DeveloperProviderName: DEVELOPER,
    AllowClassicFlow: false,
    SupportedLoginProviders: { [web.providerName]: "app", [shop.providerName]: "app" },
  });
});

afterAll(async () => {
  await Promise.all([web.close(), shop.close()]);
});

function newUser(): string {
  userCount += 1;
  return `user ${userCount} ü`;
}

async function tokenOf(issuer: LoopbackIssuer, sub: string, claims: object = {}): Promise<Record<string, string>> {
  return { [issuer.providerName]: await issuer.loginToken({ sub, aud: "app", ...claims }) };
}

type More = Partial<GetOpenIdTokenForDeveloperIdentityCommandInput>;

async function signIn(user: string, { Logins, ...more }: More = {}): Promise<Minted> {
  const input = { IdentityPoolId, Logins: { [DEVELOPER]: user, ...Logins }, ...more };
  const output = await backend.send(new GetOpenIdTokenForDeveloperIdentityCommand(input));
  return { identityId: present(output.IdentityId), token: present(output.Token) };
}

async function lookUp(input: Partial<LookupDeveloperIdentityCommandInput>) {
  const { $metadata: _, ...output } = await backend.send(
    new LookupDeveloperIdentityCommand({ IdentityPoolId, ...input }),
  );
  return output;
}

async function merge(
  source: string,
  destination: string,
  more: { DeveloperProviderName?: string } = {},
): Promise<string> {
  const users = { SourceUserIdentifier: source, DestinationUserIdentifier: destination };
  const input = { IdentityPoolId, DeveloperProviderName: DEVELOPER, ...users, ...more };
  return present((await backend.send(new MergeDeveloperIdentitiesCommand(input))).IdentityId);
}

async function unlink(identityId: string, user: string, more: { DeveloperProviderName?: string } = {}) {
  const ids = { IdentityPoolId, IdentityId: identityId, DeveloperUserIdentifier: user };
  return await backend.send(new UnlinkDeveloperIdentityCommand({ DeveloperProviderName: DEVELOPER, ...ids, ...more }));
}

describe("GetOpenIdTokenForDeveloperIdentity", () => {
  test("makes an identity on first sight and gives back the same one ever after, though the classic flow is off", async () => {
    const user = newUser();
    const first = await signIn(user);
    const { iat = 0, exp = 0, ...claims } = decodeJwt(first.token);
    expect(claims).toEqual({
      sub: first.identityId,
      aud: IdentityPoolId,
      amr: ["authenticated", DEVELOPER, `${DEVELOPER}:${IdentityPoolId}:${user}`],
      iss: endpoint,
      jti: expect.any(String),
    });
    expect(exp - iat).toBe(900);
    expect((await signIn(user)).identityId).toBe(first.identityId);
    expect((await signIn(user, { IdentityId: first.identityId })).identityId).toBe(first.identityId);
    expect((await signIn(newUser())).identityId).not.toBe(first.identityId);
  });

  test("makes one identity of many first calls at once", async () => {
    const user = newUser();
    const minted = await Promise.all(Array.from({ length: 8 }, async () => await signIn(user)));
    expect(new Set(minted.map(({ identityId }) => identityId)).size).toBe(1);
  });

  test.each([1, 600, 86_400])("mints for %i seconds when asked to", async (TokenDuration) => {
    const { iat = 0, exp = 0 } = decodeJwt((await signIn(newUser(), { TokenDuration })).token);
    expect(exp - iat).toBe(TokenDuration);
  });

  test.each([0, 86_401])("refuses a duration of %i seconds", async (TokenDuration) => {
    const refusal = await refusalOf(signIn(newUser(), { TokenDuration }), Error);
    expect(refusal.name).toBe("ValidationException");
  });

  test("puts principal tags into the claim that STS reads", async () => {
    const PrincipalTags = Object.fromEntries([
      ["team", "a"],
      ["7", "seven"],
      ["__proto__", "p"],
    ]);
    const claims = decodeJwt((await signIn(newUser(), { PrincipalTags })).token);
    expect(JSON.stringify(claims["https://aws.amazon.com/tags"])).toBe(
      '{"principal_tags":{"7":["seven"],"team":["a"],"__proto__":["p"]}}',
    );
  });

  test("links the public logins of the same call, each in amr, and finds the identity by any of them", async () => {
    const [user, sub] = [newUser(), crypto.randomUUID()];
    const logins = { ...(await tokenOf(web, sub)), ...(await tokenOf(shop, sub)) };
    const { identityId, token } = await signIn(user, { Logins: logins });
    expect(decodeJwt(token)["amr"]).toEqual([
      "authenticated",
      DEVELOPER,
      `${DEVELOPER}:${IdentityPoolId}:${user}`,
      web.providerName,
      `${web.providerName}:app:${sub}`,
      shop.providerName,
      `${shop.providerName}:app:${sub}`,
    ]);
    expect(await getId(app, IdentityPoolId, await tokenOf(shop, sub))).toBe(identityId);
    const described = await backend.send(new DescribeIdentityCommand({ IdentityId: identityId }));
    expect(described.Logins).toEqual([web.providerName, shop.providerName, DEVELOPER].toSorted());
    // A login that is presented by itself is the only one in amr.
    expect(decodeJwt((await signIn(user)).token)["amr"]).toHaveLength(3);
  });

  test("gives a user the identity that a public login of the call already has", async () => {
    const sub = crypto.randomUUID();
    const identityId = await getId(app, IdentityPoolId, await tokenOf(web, sub));
    expect((await signIn(newUser(), { Logins: await tokenOf(web, sub) })).identityId).toBe(identityId);
  });

  test("links a user to a guest, which keeps its id and is a guest no longer", async () => {
    const [user, guest] = [newUser(), await getId(app, IdentityPoolId)];
    expect((await signIn(user, { IdentityId: guest })).identityId).toBe(guest);
    expect((await signIn(user)).identityId).toBe(guest);
    expect(await lookUp({ IdentityId: guest })).toEqual({ IdentityId: guest, DeveloperUserIdentifierList: [user] });
  });

  test("links a user to an authenticated identity only with a verified login of it", async () => {
    const [user, sub] = [newUser(), crypto.randomUUID()];
    const IdentityId = await getId(app, IdentityPoolId, await tokenOf(web, sub));
    const refusal = await refusalOf(signIn(user, { IdentityId }), NotAuthorizedException);
    expect(refusal.message).toBe(
      "Logins don't match. Please include at least one valid login for this identity or identity pool.",
    );
    const stranger = signIn(user, { IdentityId, Logins: await tokenOf(web, crypto.randomUUID()) });
    await refusalOf(stranger, NotAuthorizedException);
    expect((await signIn(user, { IdentityId, Logins: await tokenOf(web, sub) })).identityId).toBe(IdentityId);
    expect((await signIn(user)).identityId).toBe(IdentityId);
  });

  test("refuses a user who is registered under another identity, and changes nothing", async () => {
    const [user, other] = [newUser(), newUser()];
    const { identityId } = await signIn(user);
    const { identityId: otherId } = await signIn(other);
    const guest = await getId(app, IdentityPoolId);
    const sub = crypto.randomUUID();
    const linked = await getId(app, IdentityPoolId, await tokenOf(web, sub));
    const calls = [
      signIn(user, { IdentityId: otherId }),
      signIn(user, { IdentityId: guest }),
      signIn(user, { IdentityId: linked, Logins: await tokenOf(web, sub) }),
    ];
    await Promise.all(calls.map(async (call) => await refusalOf(call, DeveloperUserAlreadyRegisteredException)));
    expect((await signIn(user)).identityId).toBe(identityId);
    expect((await signIn(other)).identityId).toBe(otherId);
    expect(await getId(app, IdentityPoolId, await tokenOf(web, sub))).toBe(linked);
    expect((await signIn(newUser(), { IdentityId: guest })).identityId).toBe(guest);
  });

  test("refuses a public login that another identity has, and a second user of a public provider", async () => {
    const [user, sub, otherSub] = [newUser(), crypto.randomUUID(), crypto.randomUUID()];
    await getId(app, IdentityPoolId, await tokenOf(web, sub));
    const { identityId } = await signIn(user, { Logins: await tokenOf(web, otherSub) });
    await refusalOf(signIn(user, { Logins: await tokenOf(web, sub) }), ResourceConflictException);
    await refusalOf(
      signIn(user, { IdentityId: identityId, Logins: await tokenOf(web, sub) }),
      ResourceConflictException,
    );
    await refusalOf(signIn(user, { Logins: await tokenOf(web, crypto.randomUUID()) }), ResourceConflictException);
    expect((await signIn(user)).identityId).toBe(identityId);
  });

  test("one bad public login refuses the whole call, and nothing is linked", async () => {
    const user = newUser();
    const bad = [
      await tokenOf(web, "s", { exp: 1 }),
      await tokenOf(web, "s", { aud: "other" }),
      { [web.providerName]: "no token" },
      { "unknown.example": "no token" },
    ];
    for (const Logins of bad) await refusalOf(signIn(user, { Logins }), NotAuthorizedException);
    await refusalOf(lookUp({ DeveloperUserIdentifier: user }), ResourceNotFoundException);
  });

  test("refuses a developer provider that is not the pool's", async () => {
    const message = "This identity pool does not support the specified developer provider";
    const calls = [
      { IdentityPoolId, Logins: { "login.other.example": "u" } },
      { IdentityPoolId, Logins: await tokenOf(web, "s") },
      { IdentityPoolId, Logins: {} },
      { IdentityPoolId: await createPool(backend), Logins: { [DEVELOPER]: "u" } },
    ];
    for (const input of calls) {
      const call = backend.send(new GetOpenIdTokenForDeveloperIdentityCommand(input));
      expect((await refusalOf(call, InvalidParameterException)).message).toBe(message);
    }
    await refusalOf(signIn("u".repeat(1025)), InvalidParameterException);
  });

  test("knows no identity of another pool, and no pool that is not there", async () => {
    const otherPool = await createPool(backend, { DeveloperProviderName: DEVELOPER });
    const IdentityId = await getId(app, otherPool);
    await refusalOf(signIn(newUser(), { IdentityId }), ResourceNotFoundException);
    await refusalOf(signIn(newUser(), { IdentityId: `us-east-1:${crypto.randomUUID()}` }), ResourceNotFoundException);
    const gone = `us-east-1:${crypto.randomUUID()}`;
    await refusalOf(signIn(newUser(), { IdentityPoolId: gone }), ResourceNotFoundException);
    // The same user of the same provider is somebody else in each pool.
    const user = newUser();
    expect((await signIn(user, { IdentityPoolId: otherPool })).identityId).not.toBe((await signIn(user)).identityId);
  });

  test("is for signed calls alone: the developer's name is no login of the public operations", async () => {
    const { identityId } = await signIn("public");
    const logins = { [DEVELOPER]: "public" };
    const message = "Token is not from a supported provider of this identity pool.";
    expect((await refusalOf(getId(app, IdentityPoolId, logins), NotAuthorizedException)).message).toBe(message);
    const classic = await createPool(backend, { DeveloperProviderName: DEVELOPER });
    const { identityId: inClassic } = await signIn("public", { IdentityPoolId: classic });
    expect((await refusalOf(getOpenIdToken(app, inClassic, logins), NotAuthorizedException)).message).toBe(message);
    const unlinking = app.send(
      new UnlinkIdentityCommand({ IdentityId: identityId, Logins: logins, LoginsToRemove: [DEVELOPER] }),
    );
    expect((await refusalOf(unlinking, NotAuthorizedException)).message).toBe(message);
    const own = { "cognito-identity.amazonaws.com": (await signIn("public")).token };
    await refusalOf(getId(app, IdentityPoolId, own), NotAuthorizedException);
  });
});

describe("LookupDeveloperIdentity", () => {
  test("finds each by the other, and verifies a pair", async () => {
    const user = newUser();
    const { identityId: IdentityId } = await signIn(user);
    const both = { IdentityId, DeveloperUserIdentifierList: [user] };
    expect(await lookUp({ DeveloperUserIdentifier: user })).toEqual(both);
    expect(await lookUp({ IdentityId })).toEqual(both);
    expect(await lookUp({ IdentityId, DeveloperUserIdentifier: user })).toEqual(both);
  });

  test("refuses a pair that does not match, and a call for nothing", async () => {
    const { identityId: IdentityId } = await signIn(newUser());
    const other = newUser();
    await signIn(other);
    for (const user of [other, newUser()]) {
      const pair = { IdentityId, DeveloperUserIdentifier: user };
      const refusal = await refusalOf(lookUp(pair), ResourceConflictException);
      expect(refusal.message).toBe("The developer user identifier is not linked to the given identity.");
    }
    await refusalOf(lookUp({}), InvalidParameterException);
  });

  test("knows neither a stranger nor an identity of another pool, and makes nobody by asking", async () => {
    const user = newUser();
    await refusalOf(lookUp({ DeveloperUserIdentifier: user }), ResourceNotFoundException);
    await refusalOf(lookUp({ DeveloperUserIdentifier: user }), ResourceNotFoundException);
    await refusalOf(lookUp({ IdentityId: `us-east-1:${crypto.randomUUID()}` }), ResourceNotFoundException);
    const IdentityId = await getId(app, await createPool(backend));
    await refusalOf(lookUp({ IdentityId }), ResourceNotFoundException);
  });

  test("pages through the users of one identity, which are 20 at most", async () => {
    const users = Array.from({ length: 21 }, (_, index) => `paged ${String(index).padStart(2, "0")}`);
    const [first = "", ...others] = users;
    const [one, ...rest] = await Promise.all(users.map(async (user) => await signIn(user)));
    const last = others.pop() ?? "";
    const IdentityId = present(one).identityId;
    // Pairs, then pairs of pairs: as many merges, in fewer rounds.
    for (let heads = [first, ...others]; heads.length > 1; heads = heads.slice(0, Math.ceil(heads.length / 2))) {
      const half = Math.ceil(heads.length / 2);
      await Promise.all(heads.slice(half).map(async (user, index) => await merge(user, heads[index] ?? "")));
    }

    const pages: (readonly string[])[] = [];
    let NextToken: string | undefined;
    do {
      const more = { MaxResults: 8, ...(NextToken !== undefined && { NextToken }) };
      const page = await lookUp({ DeveloperUserIdentifier: "paged 07", ...more });
      expect(page.IdentityId).toBe(IdentityId);
      pages.push(page.DeveloperUserIdentifierList ?? []);
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect(pages).toEqual([users.slice(0, 8), users.slice(8, 16), users.slice(16, 20)]);
    expect((await lookUp({ IdentityId })).DeveloperUserIdentifierList).toHaveLength(20);

    const ofAnother = await lookUp({ IdentityId, MaxResults: 1 });
    await refusalOf(lookUp({ IdentityId, NextToken: "bm90aGluZw" }), InvalidParameterException);
    const lastId = present(rest.at(-1)).identityId;
    const mixed = lookUp({ IdentityId: lastId, NextToken: present(ofAnother.NextToken) });
    await refusalOf(mixed, InvalidParameterException);
    for (const MaxResults of [0, 61]) {
      expect((await refusalOf(lookUp({ IdentityId, MaxResults }), Error)).name).toBe("ValidationException");
    }

    for (const [source, destination] of [
      [last, first],
      [first, last],
    ] as const) {
      const refusal = await refusalOf(merge(source, destination), ResourceConflictException);
      expect(refusal.message).toBe("Logins conflict: An identity can have at most 20 logins.");
    }
    expect((await signIn(last)).identityId).toBe(lastId);
    expect((await signIn(first)).identityId).toBe(IdentityId);
  });
});

describe("MergeDeveloperIdentities", () => {
  test("moves the source's logins to the destination's identity, and answers for either user with it", async () => {
    const [source, destination, sub] = [newUser(), newUser(), crypto.randomUUID()];
    const { identityId: sourceId } = await signIn(source, { Logins: await tokenOf(web, sub) });
    const { identityId } = await signIn(destination, { Logins: await tokenOf(shop, sub) });
    expect(await merge(source, destination)).toBe(identityId);
    // The retry of a merge that was done.
    expect(await merge(source, destination)).toBe(identityId);
    expect((await signIn(source)).identityId).toBe(identityId);
    expect((await signIn(destination)).identityId).toBe(identityId);
    expect(await getId(app, IdentityPoolId, await tokenOf(web, sub))).toBe(identityId);
    expect((await lookUp({ IdentityId: identityId })).DeveloperUserIdentifierList).toEqual(
      [source, destination].toSorted(),
    );
    await refusalOf(signIn(newUser(), { IdentityId: sourceId }), NotAuthorizedException);
    const listed = await backend.send(
      new ListIdentitiesCommand({ IdentityPoolId, MaxResults: 60, HideDisabled: true }),
    );
    expect(listed.Identities?.map((identity) => identity.IdentityId)).not.toContain(sourceId);
  });

  test("refuses two users of one public provider, and leaves both as they were", async () => {
    const [source, destination] = [newUser(), newUser()];
    const { identityId: sourceId } = await signIn(source, { Logins: await tokenOf(web, crypto.randomUUID()) });
    const { identityId } = await signIn(destination, { Logins: await tokenOf(web, crypto.randomUUID()) });
    await refusalOf(merge(source, destination), ResourceConflictException);
    expect((await signIn(source)).identityId).toBe(sourceId);
    expect((await signIn(destination)).identityId).toBe(identityId);
  });

  test("refuses a stranger, a wrong provider and a wrong pool", async () => {
    const user = newUser();
    await signIn(user);
    await refusalOf(merge(newUser(), user), ResourceNotFoundException);
    await refusalOf(merge(user, newUser()), ResourceNotFoundException);
    await refusalOf(merge(user, user, { DeveloperProviderName: "login.other.example" }), InvalidParameterException);
  });
});

describe("UnlinkDeveloperIdentity", () => {
  test("makes the user a new identity, and leaves the rest of the old one as it was", async () => {
    const [user, sub] = [newUser(), crypto.randomUUID()];
    const { identityId } = await signIn(user, { Logins: await tokenOf(web, sub) });
    await unlink(identityId, user);
    // The retry of an unlink that was done.
    await unlink(identityId, user);
    expect((await signIn(user)).identityId).not.toBe(identityId);
    expect(await getId(app, IdentityPoolId, await tokenOf(web, sub))).toBe(identityId);
  });

  test("takes one user of several, and only that one", async () => {
    const [user, other] = [newUser(), newUser()];
    const { identityId } = await signIn(user);
    await signIn(other);
    await merge(other, user);
    await unlink(identityId, other);
    expect((await lookUp({ IdentityId: identityId })).DeveloperUserIdentifierList).toEqual([user]);
    expect((await signIn(other)).identityId).not.toBe(identityId);
  });

  test("leaves an identity without logins inaccessible", async () => {
    const user = newUser();
    const { identityId } = await signIn(user);
    await unlink(identityId, user);
    const refusal = await refusalOf(signIn(user, { IdentityId: identityId }), NotAuthorizedException);
    expect(refusal.message).toBe(`Access to Identity '${identityId}' is forbidden.`);
  });

  test("refuses a user of another identity, a public login, a wrong provider and an identity of another pool", async () => {
    const [user, sub] = [newUser(), crypto.randomUUID()];
    const { identityId } = await signIn(user, { Logins: await tokenOf(web, sub) });
    await refusalOf(unlink(identityId, newUser()), ResourceNotFoundException);
    await refusalOf(unlink(identityId, sub), ResourceNotFoundException);
    const ofPublic = await refusalOf(unlink(identityId, user, { DeveloperProviderName: web.providerName }), Error);
    expect(ofPublic.name).toBe("ValidationException");
    await refusalOf(
      unlink(identityId, user, { DeveloperProviderName: "login.other.example" }),
      InvalidParameterException,
    );
    await refusalOf(unlink(await getId(app, await createPool(backend)), user), ResourceNotFoundException);
    expect((await signIn(user)).identityId).toBe(identityId);
  });
});
