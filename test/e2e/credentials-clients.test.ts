/**
 * A session of AWS credentials by each client that apps have, with nothing changed but the endpoint; and each session used:
 * the token service of `npm start` says whose it is. Amplify has a file of its own.
 */
import { GetCredentialsForIdentityCommand } from "@aws-sdk/client-cognito-identity";
import { GetCallerIdentityCommand, STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import { fromCognitoIdentity, fromCognitoIdentityPool } from "@aws-sdk/credential-providers";
import { CognitoIdentityCredentials } from "aws-sdk/global.js";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { missingBoto3 } from "../support/boto3.ts";
import { appClient, getId, present } from "../support/cognito-clients.ts";
import { type Missing, missingProgram, need, runProgram, runPython } from "../support/debian-tools.ts";
import { loginsOf } from "../support/development-sign-in.ts";

const region = "us-east-1";
const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const stsEndpoint = `${endpoint}/development/sts`;
const app = appClient(endpoint);

/** As STS names whoever has the credentials of a role. */
const sessionOf = (role: string) => `arn:aws:sts::000000000000:assumed-role/${role}/CognitoIdentityCredentials`;
const USER = sessionOf("edgepool-demo-user");
const GUEST = sessionOf("edgepool-demo-guest");

const newLogins = async () => await loginsOf(endpoint, crypto.randomUUID());

async function callerOf(credentials: NonNullable<STSClientConfig["credentials"]>): Promise<string> {
  const sts = new STSClient({ endpoint: stsEndpoint, region, credentials });
  return present((await sts.send(new GetCallerIdentityCommand({}))).Arn);
}

describe("the AWS SDK for JavaScript 3", () => {
  const clientConfig = { endpoint, region };

  test("fromCognitoIdentityPool has a session of a guest, and of a user", async () => {
    const guest = fromCognitoIdentityPool({ identityPoolId, clientConfig, userIdentifier: crypto.randomUUID() });
    expect(await callerOf(guest)).toBe(GUEST);
    const userIdentifier = crypto.randomUUID();
    const logins = await loginsOf(endpoint, userIdentifier);
    const user = fromCognitoIdentityPool({ identityPoolId, clientConfig, userIdentifier, logins });
    expect(await callerOf(user)).toBe(USER);
    expect((await user()).identityId).toBe(await getId(app, identityPoolId, logins));
  });

  test("fromCognitoIdentity has a session of a guest, and of a user", async () => {
    const identityId = await getId(app, identityPoolId);
    expect(await callerOf(fromCognitoIdentity({ identityId, clientConfig }))).toBe(GUEST);
    const logins = await newLogins();
    const user = fromCognitoIdentity({ identityId: await getId(app, identityPoolId, logins), logins, clientConfig });
    expect(await callerOf(user)).toBe(USER);
  });

  test("a session lives for an hour, and its end is a whole second", async () => {
    const before = Math.floor(Date.now() / 1000);
    const logins = await newLogins();
    const { expiration } = await fromCognitoIdentityPool({ identityPoolId, clientConfig, logins })();
    const expiresAt = present(expiration).getTime() / 1000;
    expect(Number.isInteger(expiresAt)).toBe(true);
    expect(expiresAt - before).toBeGreaterThanOrEqual(3600);
  });

  test("a guest who signs in keeps the identity, and has the users' role", async () => {
    const IdentityId = await getId(app, identityPoolId);
    const answer = await app.send(new GetCredentialsForIdentityCommand({ IdentityId, Logins: await newLogins() }));
    expect(answer.IdentityId).toBe(IdentityId);
    const { AccessKeyId, SecretKey, SessionToken } = present(answer.Credentials);
    const credentials = {
      accessKeyId: present(AccessKeyId),
      secretAccessKey: present(SecretKey),
      sessionToken: present(SessionToken),
    };
    expect(await callerOf(credentials)).toBe(USER);
    const changed = { ...credentials, secretAccessKey: `${credentials.secretAccessKey}x` };
    await expect(callerOf(changed)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });
});

describe("the AWS SDK for JavaScript 2", () => {
  const service = { endpoint, region };

  test("CognitoIdentityCredentials have a session of a guest, and of a user", async () => {
    const guest = new CognitoIdentityCredentials({ IdentityPoolId: identityPoolId }, service);
    await guest.getPromise();
    expect(await callerOf(guest)).toBe(GUEST);
    const parameters = { IdentityPoolId: identityPoolId, Logins: await newLogins() };
    const user = new CognitoIdentityCredentials(parameters, service);
    await user.getPromise();
    expect(await callerOf(user)).toBe(USER);
    expect(user.identityId).toBe(await getId(app, identityPoolId, parameters.Logins));
  });
});

test("boto3 has a session of a guest, and of a user", async ({ skip }) => {
  need({ skip }, await missingBoto3());
  const order = { endpoint, stsEndpoint, identityPoolId };
  expect(await runPython("boto3_session.py", order)).toMatchObject({ Arn: GUEST });
  expect(await runPython("boto3_session.py", { ...order, logins: await newLogins() })).toMatchObject({ Arn: USER });
});

describe("the AWS command line", () => {
  let missing: Missing;

  beforeAll(async () => {
    missing = await missingProgram("/usr/bin/aws", "awscli");
  });

  async function aws(command: readonly string[], at: string, env: Readonly<Record<string, string>>): Promise<object> {
    const parameters = [...command, "--endpoint-url", at, "--region", region, "--output", "json"];
    const environment = { ...env, AWS_PAGER: "", AWS_EC2_METADATA_DISABLED: "true" };
    const { code, stdout, stderr } = await runProgram("/usr/bin/aws", parameters, environment);
    expect([code, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout) as object;
  }

  test.for([
    ["guest", GUEST],
    ["user", USER],
  ] as const)("has a session of a %s", async ([who, role], { skip }) => {
    need({ skip }, missing);
    const logins = who === "user" ? await newLogins() : undefined;
    const identityId = await getId(app, identityPoolId, logins);
    const given = logins === undefined ? [] : ["--logins", JSON.stringify(logins)];
    const command = ["cognito-identity", "get-credentials-for-identity", "--identity-id", identityId, ...given];
    const answer = await aws([...command, "--no-sign-request"], endpoint, {});
    const { Credentials: credentials } = answer as { Credentials: Readonly<Record<string, string>> };
    const environment = {
      AWS_ACCESS_KEY_ID: credentials["AccessKeyId"] ?? "",
      AWS_SECRET_ACCESS_KEY: credentials["SecretKey"] ?? "",
      AWS_SESSION_TOKEN: credentials["SessionToken"] ?? "",
    };
    expect(await aws(["sts", "get-caller-identity"], stsEndpoint, environment)).toMatchObject({
      Account: "000000000000",
      Arn: role,
    });
  });
});
