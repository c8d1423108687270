/**
 * A security token service and an S3 that nobody here wrote: Ceph's object gateway. It finds this issuer's keys by discovery,
 * verifies the token by itself, judges the trust policy of the role, and serves the credentials that it gave.
 */
import { readFileSync } from "node:fs";
import { GetOpenIdTokenForDeveloperIdentityCommand } from "@aws-sdk/client-cognito-identity";
import { AssumeRoleWithWebIdentityCommand, STSClient, STSServiceException } from "@aws-sdk/client-sts";
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
  present,
  refusalOf,
} from "../support/cognito-clients.ts";
import { need } from "../support/debian-tools.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const REGION = "us-east-1";
const BUCKET = "files-of-the-app";
const CLIENT_ID = "app";
const BACKEND = "login.backend.example";
const FILES = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: ["s3:*"], Resource: ["arn:aws:s3:::*"] }],
};
const missing = missingCeph();

let ceph: Ceph;
let front: IssuerFront;
let logins: LoopbackIssuer;
let worker: RunningWorker;
let pool: string;
let otherPool: string;

beforeAll(async () => {
  if (missing !== undefined) return;
  [ceph, front, logins] = await Promise.all([startCeph(), startIssuerFront(), startLoopbackIssuer()]);
  worker = await startWorker({ settings: { ISSUER: front.issuer } });
  front.standBefore(worker.endpoint);
  const admin = adminClient(worker.endpoint);
  const settings = {
    SupportedLoginProviders: { [logins.providerName]: CLIENT_ID },
    DeveloperProviderName: BACKEND,
    AllowClassicFlow: true,
  };
  pool = await createPool(admin, settings);
  otherPool = await createPool(admin, settings);
  await ceph.trustIssuer(front.issuer, [pool, otherPool]);
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

  const app = () => appClient(worker.endpoint);
  const newUser = async () => {
    const sub = crypto.randomUUID();
    return { [logins.providerName]: await logins.loginToken({ sub, aud: CLIENT_ID }) };
  };
  const tokenOfUser = async (identityPoolId: string) => {
    const user = await newUser();
    return (await getOpenIdToken(app(), await getId(app(), identityPoolId, user), user)).token;
  };
  const tokenOfGuest = async () => (await getOpenIdToken(app(), await getId(app(), pool))).token;
  /** Ceph writes an error without the element around it that AWS has, so that the SDK reads no code. */
  const statusOf = async (refused: Promise<unknown>) =>
    (await refusalOf(refused, STSServiceException)).$metadata.httpStatusCode;

  test("gives credentials that write an object and read it", async ({ skip }) => {
    need({ skip }, missing);
    const s3 = s3Of(await assume(await createRole(pool, "authenticated"), await tokenOfUser(pool)));
    await s3.createBucket({ Bucket: BUCKET }).promise();
    await s3.putObject({ Bucket: BUCKET, Key: "greeting", Body: "hello" }).promise();
    const { Body } = await s3.getObject({ Bucket: BUCKET, Key: "greeting" }).promise();
    expect(Body).toEqual(Buffer.from("hello"));
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
    expect(await statusOf(assume(users, await tokenOfUser(otherPool)))).toBe(403);
  });

  test("is refused by a role that wants another tag than a backend has put into it", async ({ skip }) => {
    need({ skip }, missing);
    const blue = await createRole(pool, "authenticated", ["team", "blue"]);
    const backend = adminClient(worker.endpoint);
    const tokenOf = async (PrincipalTags?: Record<string, string>) => {
      const Logins = { [BACKEND]: crypto.randomUUID() };
      const input = { IdentityPoolId: pool, Logins, ...(PrincipalTags && { PrincipalTags }) };
      return present((await backend.send(new GetOpenIdTokenForDeveloperIdentityCommand(input))).Token);
    };
    expect(await assume(blue, await tokenOf({ team: "blue" }))).toMatchObject({ sessionToken: expect.any(String) });
    expect(await statusOf(assume(blue, await tokenOf({ team: "red" })))).toBe(403);
    expect(await statusOf(assume(blue, await tokenOf()))).toBe(403);
  });
});
