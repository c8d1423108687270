/** Clients that do not sign `content-type`: the AWS SDK for JavaScript 2 and aws4fetch, each with nothing changed but the endpoint. */
import CognitoIdentity from "aws-sdk/clients/cognitoidentity.js";
import { AwsClient } from "aws4fetch";
import { decodeJwt } from "jose";
import { describe, expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { loginsOf } from "../support/development-sign-in.ts";
import { signedCall } from "../support/signed-call.ts";
import { send } from "../support/wire-call.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const LONG_PREFIX = "com.amazonaws.cognito.identity.model.AWSCognitoIdentityService.";

describe("the AWS SDK for JavaScript 2", () => {
  const options = { endpoint, region: "us-east-1", maxRetries: 0 };
  const admin = new CognitoIdentity({ ...options, credentials: LOCAL_CREDENTIAL });

  /** Of all tests that share the service. */
  async function allPools(): Promise<readonly object[]> {
    const listed: object[] = [];
    let NextToken: string | undefined;
    do {
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
      const page = await admin.listIdentityPools({ MaxResults: 60, ...(NextToken && { NextToken }) }).promise();
      listed.push(...(page.IdentityPools ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return listed;
  }

  test("makes, changes, lists and deletes a pool by signed calls", async () => {
    const settings = { IdentityPoolName: "of an older client", AllowUnauthenticatedIdentities: true };
    const made = await admin.createIdentityPool(settings).promise();
    const { IdentityPoolId } = made;
    await admin.updateIdentityPool({ IdentityPoolId, ...settings, IdentityPoolName: "named anew" }).promise();
    expect(await allPools()).toContainEqual({ IdentityPoolId, IdentityPoolName: "named anew" });
    await admin.deleteIdentityPool({ IdentityPoolId }).promise();
    await expect(admin.describeIdentityPool({ IdentityPoolId }).promise()).rejects.toMatchObject({
      code: "ResourceNotFoundException",
      statusCode: 404,
    });
  });

  test("with a wrong secret is refused", async () => {
    const credentials = { ...LOCAL_CREDENTIAL, secretAccessKey: "not-the-secret-of-it" };
    const stranger = new CognitoIdentity({ ...options, credentials });
    await expect(stranger.listIdentityPools({ MaxResults: 1 }).promise()).rejects.toMatchObject({
      code: "InvalidSignatureException",
    });
  });

  test("signs a guest in, who stays the same identity", async () => {
    const app = new CognitoIdentity(options);
    const guest = await app.makeUnauthenticatedRequest("getId", { IdentityPoolId: identityPoolId }).promise();
    const Logins = await loginsOf(endpoint, crypto.randomUUID());
    const request = { IdentityId: guest.IdentityId, Logins };
    const { IdentityId, Token } = await app.makeUnauthenticatedRequest("getOpenIdToken", request).promise();
    expect(IdentityId).toBe(guest.IdentityId);
    expect(decodeJwt(Token ?? "").sub).toBe(IdentityId);
  });
});

describe("aws4fetch", () => {
  const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIAL;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    service: "cognito-identity",
    region: "us-east-1",
    retries: 0,
  });

  async function list(contentType: string, target: string): Promise<readonly [number, unknown]> {
    const headers = { "content-type": contentType, "x-amz-target": target };
    const response = await client.fetch(endpoint, { method: "POST", headers, body: '{"MaxResults":10}' });
    return [response.status, await response.json()];
  }

  test.each([
    ["application/x-amz-json-1.1", "AWSCognitoIdentityService."],
    ["application/x-amz-json-1.1; charset=utf-8", "AWSCognitoIdentityService."],
    ["application/x-amz-json-1.1", LONG_PREFIX],
  ])("lists the pools as %s under %s", async (contentType, prefix) => {
    const [status, body] = await list(contentType, `${prefix}ListIdentityPools`);
    expect([status, body]).toEqual([200, expect.objectContaining({ IdentityPools: expect.any(Array) })]);
  });

  test("is told what content type a call has, and that there is no other operation", async () => {
    expect(await list("application/json", "AWSCognitoIdentityService.ListIdentityPools")).toEqual([
      400,
      { __type: "UnknownOperationException", message: "Content-Type must be application/x-amz-json-1.1." },
    ]);
    const [status, body] = await list("application/x-amz-json-1.1", "com.amazonaws.cognito.ListIdentityPools");
    expect([status, body]).toEqual([400, expect.objectContaining({ __type: "UnknownOperationException" })]);
  });
});

test("a guest of an older client gets an id by the long target", async () => {
  const answer = await send(endpoint, {
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${LONG_PREFIX}GetId` },
    body: JSON.stringify({ IdentityPoolId: identityPoolId }),
  });
  expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { IdentityId: expect.stringMatching(/^us-east-1:/) }]);
});

test("a signed call may come in chunks, without a length", async () => {
  const { headers, body } = signedCall(endpoint, `${LONG_PREFIX}ListIdentityPools`, { MaxResults: 10 });
  const answer = await send(endpoint, { headers, body: [body.slice(0, 5), body.slice(5)] });
  expect(answer.status).toBe(200);
});
