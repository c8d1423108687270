/**
 * A security token service and an S3 that nobody here wrote: Ceph's object gateway. It finds this issuer's keys by discovery,
 * verifies the token by itself, judges the trust policy of the role, and serves the credentials that it gave.
 */
import { readFileSync } from "node:fs";
import {
  GetOpenIdTokenForDeveloperIdentityCommand,
  InvalidIdentityPoolConfigurationException,
  SetIdentityPoolRolesCommand,
  type SetIdentityPoolRolesCommandInput,
  SetPrincipalTagAttributeMapCommand,
} from "@aws-sdk/client-cognito-identity";
import { AssumeRoleWithWebIdentityCommand, STSClient, STSServiceException } from "@aws-sdk/client-sts";
import { fromCognitoIdentity, fromCognitoIdentityPool } from "@aws-sdk/credential-providers";
import S3 from "aws-sdk/clients/s3.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ceph, missingCeph, type Policy, startCeph } from "../support/ceph.ts";
import { type IssuerFront, startIssuerFront } from "../support/certified-keys.ts";
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
import { need } from "../support/debian-tools.ts";
import { type Claims, type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const REGION = "us-east-1";
const BUCKET = "files-of-the-app";
const CLIENT_ID = "app";
const BACKEND = "login.backend.example";
const FILES = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: ["s3:*"], Resource: ["arn:aws:s3:::*"] }],
};
/** Guests may read, whatever their role says. */
const GUEST_SESSION_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::*"] }],
});
const missing = missingCeph();

let ceph: Ceph;
let front: IssuerFront;
let logins: LoopbackIssuer;
let worker: RunningWorker;
let pools: readonly string[];
let pool: string;

beforeAll(async () => {
  if (missing !== undefined) return;
  [ceph, front, logins] = await Promise.all([startCeph(), startIssuerFront(), startLoopbackIssuer()]);
  const settings = { ISSUER: front.issuer, STS_URL: ceph.endpoint, GUEST_SESSION_POLICY };
  worker = await startWorker({ settings });
  front.standBefore(worker.endpoint);
  const newPool = async () =>
    await createPool(adminClient(worker.endpoint), {
      SupportedLoginProviders: { [logins.providerName]: CLIENT_ID },
      DeveloperProviderName: BACKEND,
      AllowClassicFlow: true,
    });
  pool = await newPool();
  pools = [await newPool(), await newPool(), await newPool(), await newPool()];
  await ceph.trustIssuer(front.issuer, [pool, ...pools]);
});

afterAll(async () => {
  await worker?.stop();
  await Promise.all([ceph?.stop(), front?.close(), logins?.close()]);
});

const page = readFileSync("docs/credentials.md", "utf8");

/** The first policy of docs/credentials.md for this issuer and a pool. Without the role pin, which no Ceph enforces. */
function documentedTrust(identityPoolId: string, amr: string): Policy {
  const [, example = ""] = /```json\n([^]*?)```/.exec(page) ?? [];
  const text = example
    .replaceAll("identity.example.com", new URL(front.issuer).host)
    .replaceAll("us-east-1:11111111-2222-4333-8444-555555555555", identityPoolId)
    .replaceAll("arn:aws:iam::123456789012:", "arn:aws:iam:::")
    .replaceAll('"authenticated"', JSON.stringify(amr));
  return JSON.parse(text, (name, value: unknown) => (name === "Bool" ? undefined : value)) as Policy;
}

/** A new role for the users or the guests of a pool, which opens all of S3. With `tag`, for a session of that tag alone. */
async function createRole(identityPoolId: string, amr: string, tag?: readonly [string, string]): Promise<string> {
  const trust = documentedTrust(identityPoolId, amr);
  const Statement = trust.Statement.map((statement) => {
    const condition = tag && { [`aws:RequestTag/${tag[0]}`]: tag[1] };
    const StringEquals = { ...statement.Condition?.["StringEquals"], ...condition };
    return { ...statement, Condition: { ...statement.Condition, StringEquals } };
  });
  return await ceph.createRole(`role-${crypto.randomUUID()}`, { ...trust, Statement }, FILES);
}

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string };

function s3Of(credentials: Credentials): S3 {
  return new S3({ endpoint: ceph.endpoint, region: REGION, s3ForcePathStyle: true, maxRetries: 0, credentials });
}

const app = () => appClient(worker.endpoint);

/** Somebody who has never been here, with claims of the login token. */
async function newUser(claims: Claims = {}): Promise<Record<string, string>> {
  const sub = crypto.randomUUID();
  return { [logins.providerName]: await logins.loginToken({ sub, aud: CLIENT_ID, ...claims }) };
}

/** A backend signs a new user of its own in, and says what tags the session has. */
async function backendSignsIn(IdentityPoolId: string, PrincipalTags?: Record<string, string>): Promise<Minted> {
  const Logins = { [BACKEND]: crypto.randomUUID() };
  const input = { IdentityPoolId, Logins, ...(PrincipalTags !== undefined && { PrincipalTags }) };
  const { IdentityId, Token } = await adminClient(worker.endpoint).send(
    new GetOpenIdTokenForDeveloperIdentityCommand(input),
  );
  return { identityId: present(IdentityId), token: present(Token) };
}

describe("credentials of an identity", () => {
  const [users, guests] = ["authenticated", "unauthenticated"] as const;

  async function setRoles(IdentityPoolId: string, Roles: SetIdentityPoolRolesCommandInput["Roles"]): Promise<void> {
    await adminClient(worker.endpoint).send(new SetIdentityPoolRolesCommand({ IdentityPoolId, Roles }));
  }

  /** As any app has them, by a credentials provider of the SDK. */
  async function session(identityPoolId: string, user?: Record<string, string>): Promise<Credentials> {
    const { accessKeyId, secretAccessKey, sessionToken } = await fromCognitoIdentityPool({
      identityPoolId,
      userIdentifier: crypto.randomUUID(),
      clientConfig: { endpoint: worker.endpoint, region: REGION, maxAttempts: 1 },
      ...(user !== undefined && { logins: user }),
    })();
    return { accessKeyId, secretAccessKey, sessionToken: present(sessionToken) };
  }

  /** In local development the reason stands behind the words. */
  async function expectNoTrust(refused: Promise<unknown>): Promise<void> {
    const { message } = await refusalOf(refused, InvalidIdentityPoolConfigurationException);
    expect(message).toMatch(/^Invalid identity pool configuration\. .*\(sts-AccessDenied\)$/);
  }

  test("of a user write an object and read it; of a guest read it, as the policy for guests says, and no more", async ({
    skip,
  }) => {
    need({ skip }, missing);
    await setRoles(pool, { [users]: await createRole(pool, users), [guests]: await createRole(pool, guests) });
    const user = s3Of(await session(pool, await newUser()));
    const object = { Bucket: BUCKET, Key: "letter" };
    await user.createBucket({ Bucket: BUCKET }).promise();
    await user.putObject({ ...object, Body: "from a user" }).promise();
    expect((await user.getObject(object).promise()).Body).toEqual(Buffer.from("from a user"));
    const guest = s3Of(await session(pool));
    expect((await guest.getObject(object).promise()).Body).toEqual(Buffer.from("from a user"));
    await expect(guest.putObject({ ...object, Body: "from a guest" }).promise()).rejects.toMatchObject({
      code: "AccessDenied",
    });
  });

  test("are refused by another pool's role, and by one that is none", async ({ skip }) => {
    need({ skip }, missing);
    const [careless = ""] = pools;
    await setRoles(careless, { [users]: await createRole(pool, users), [guests]: "arn:aws:iam:::role/nobody" });
    await expectNoTrust(session(careless, await newUser()));
    await expectNoTrust(session(careless));
  });

  test("are refused to users by the guests' role, to guests by the users'", async ({ skip }) => {
    need({ skip }, missing);
    const [, careless = ""] = pools;
    const roles = { [users]: await createRole(careless, guests), [guests]: await createRole(careless, users) };
    await setRoles(careless, roles);
    await expectNoTrust(session(careless, await newUser()));
    await expectNoTrust(session(careless));
  });

  test("are refused where the tag is missing that the role wants, or is another", async ({ skip }) => {
    need({ skip }, missing);
    const [, , tagged = ""] = pools;
    await setRoles(tagged, { [users]: await createRole(tagged, users, ["team", "blue"]) });
    const map = {
      IdentityPoolId: tagged,
      IdentityProviderName: logins.providerName,
      PrincipalTags: { team: "department" },
    };
    await adminClient(worker.endpoint).send(new SetPrincipalTagAttributeMapCommand(map));
    expect(await session(tagged, await newUser({ department: "blue" }))).toMatchObject({
      accessKeyId: expect.any(String),
    });
    await expectNoTrust(session(tagged, await newUser({ department: "red" })));
    await expectNoTrust(session(tagged, await newUser()));
  });

  test("have the tags that a backend gave, where its token is the login", async ({ skip }) => {
    need({ skip }, missing);
    const [, , , ofBackend = ""] = pools;
    await setRoles(ofBackend, { [users]: await createRole(ofBackend, users, ["team", "blue"]) });
    const tagged = async (team: string) => {
      const { identityId, token } = await backendSignsIn(ofBackend, { team });
      return await fromCognitoIdentity({
        identityId,
        logins: { "cognito-identity.amazonaws.com": token },
        clientConfig: { endpoint: worker.endpoint, region: REGION, maxAttempts: 1 },
      })();
    };
    expect(await tagged("blue")).toMatchObject({ accessKeyId: expect.any(String) });
    await expectNoTrust(tagged("red"));
  });
});

describe("a token of GetOpenIdToken", () => {
  /** As anybody can who holds the token. */
  async function assume(RoleArn: string, WebIdentityToken: string): Promise<Credentials> {
    const sts = new STSClient({ endpoint: ceph.endpoint, region: REGION, maxAttempts: 1 });
    const input = { RoleArn, RoleSessionName: "of-a-token", WebIdentityToken };
    const { Credentials } = await sts.send(new AssumeRoleWithWebIdentityCommand(input));
    return {
      accessKeyId: present(Credentials?.AccessKeyId),
      secretAccessKey: present(Credentials?.SecretAccessKey),
      sessionToken: present(Credentials?.SessionToken),
    };
  }

  const tokenOfUser = async (identityPoolId: string) => {
    const user = await newUser();
    return (await getOpenIdToken(app(), await getId(app(), identityPoolId, user), user)).token;
  };
  const tokenOfGuest = async () => (await getOpenIdToken(app(), await getId(app(), pool))).token;
  /** Ceph writes an error without the element around it that AWS has, so that the SDK reads no code. */
  const statusOf = async (refused: Promise<unknown>) =>
    (await refusalOf(refused, STSServiceException)).$metadata.httpStatusCode;

  test("is good for a role that asks for no pin, as every role of Ceph", async ({ skip }) => {
    need({ skip }, missing);
    const role = await createRole(pool, "authenticated");
    const s3 = s3Of(await assume(role, await tokenOfUser(pool)));
    expect((await s3.listBuckets().promise()).Buckets).toBeInstanceOf(Array);
  });

  test("is refused by a role of the users where it is a guest's, of the guests where it is a user's", async ({
    skip,
  }) => {
    need({ skip }, missing);
    const [users, guests] = [await createRole(pool, "authenticated"), await createRole(pool, "unauthenticated")];
    expect(await assume(guests, await tokenOfGuest())).toMatchObject({ sessionToken: expect.any(String) });
    expect(await statusOf(assume(users, await tokenOfGuest()))).toBe(403);
    expect(await statusOf(assume(guests, await tokenOfUser(pool)))).toBe(403);
  });

  test("is refused by another pool's role", async ({ skip }) => {
    need({ skip }, missing);
    const users = await createRole(pool, "authenticated");
    expect(await statusOf(assume(users, await tokenOfUser(present(pools[0]))))).toBe(403);
  });

  test("is refused by a role that wants another tag than a backend has put into it", async ({ skip }) => {
    need({ skip }, missing);
    const blue = await createRole(pool, "authenticated", ["team", "blue"]);
    const tokenOf = async (tags?: Record<string, string>) => (await backendSignsIn(pool, tags)).token;
    expect(await assume(blue, await tokenOf({ team: "blue" }))).toMatchObject({ sessionToken: expect.any(String) });
    expect(await statusOf(assume(blue, await tokenOf({ team: "red" })))).toBe(403);
    expect(await statusOf(assume(blue, await tokenOf()))).toBe(403);
  });
});
