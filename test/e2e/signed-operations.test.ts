/** Who may call the signed operations: Signature Version 4 as the AWS SDK makes it, and what each credential is allowed. */
import {
  type CognitoIdentityClient,
  CognitoIdentityServiceException,
  DeleteIdentitiesCommand,
  DeleteIdentityPoolCommand,
  DescribeIdentityCommand,
  DescribeIdentityPoolCommand,
  ListIdentitiesCommand,
  ListIdentityPoolsCommand,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { captureSignedRequest } from "../support/captured-request.ts";
import { adminClient, appClient, createPool, getId, refusalOf } from "../support/cognito-clients.ts";
import { call, send } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const endpoint = inject("endpoint");
const demoPool = demoPoolId("us-east-1");

function listPools(client: CognitoIdentityClient) {
  return client.send(new ListIdentityPoolsCommand({ MaxResults: 60 }));
}

async function refusalName(sent: Promise<unknown>): Promise<string> {
  return (await refusalOf(sent, CognitoIdentityServiceException)).name;
}

function typeOf(body: string): unknown {
  const { __type }: { __type: string } = JSON.parse(body);
  return __type;
}

describe("a signed operation", () => {
  test("without a signature is refused", async () => {
    const answer = await call(endpoint, "ListIdentityPools", { MaxResults: 10 });
    expect([answer.status, typeOf(answer.body)]).toEqual([400, "MissingAuthenticationTokenException"]);
  });

  test("with a signature that is none is refused", async () => {
    const { headers, body } = await captureSignedRequest(endpoint);
    for (const authorization of ["Bearer token", "AWS4-HMAC-SHA256 Credential=x", "AWS4-HMAC-SHA256"]) {
      const answer = await send(endpoint, { headers: { ...headers, authorization }, body });
      expect(typeOf(answer.body)).toBe("IncompleteSignatureException");
    }
  });

  test("with a wrong secret is refused, in words that SDKs know", async () => {
    const credentials = { ...LOCAL_CREDENTIAL, secretAccessKey: "not-the-secret-of-it" };
    const refusal = await refusalOf(listPools(adminClient(endpoint, { credentials })), CognitoIdentityServiceException);
    expect(refusal.name).toBe("InvalidSignatureException");
    expect(refusal.message).toMatch(/^The request signature we calculated does not match the signature you provided\./);
  });

  test("with an unknown access key id, or with a session token that nobody issued, is refused", async () => {
    const unknown = { ...LOCAL_CREDENTIAL, accessKeyId: "somebody-else" };
    const temporary = { ...LOCAL_CREDENTIAL, sessionToken: "session" };
    for (const credentials of [unknown, temporary]) {
      expect(await refusalName(listPools(adminClient(endpoint, { credentials })))).toBe("UnrecognizedClientException");
    }
  });

  test("signed for another region or service is refused", async () => {
    expect(await refusalName(listPools(adminClient(endpoint, { region: "eu-west-1" })))).toBe(
      "InvalidSignatureException",
    );
    const { headers, body } = await captureSignedRequest(endpoint, { region: "eu-west-1" });
    const answer = await send(endpoint, { headers, body });
    expect(answer.body).toContain("Credential should be scoped to a valid region, not 'eu-west-1'.");
  });

  test("that was captured is accepted within five minutes, and a replay after them is refused", async () => {
    const offsets = [0, -240_000, -360_000, 240_000, 360_000];
    const requests = await Promise.all(
      offsets.map(async (systemClockOffset) => await captureSignedRequest(endpoint, { systemClockOffset })),
    );
    const answers = await Promise.all(
      requests.map(async ({ headers, body }) => await send(endpoint, { headers, body })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 200, 400]);
    expect(answers[2]?.body).toContain("Signature expired: ");
    expect(answers[4]?.body).toContain("Signature not yet current: ");
  });

  test("of a client whose clock is wrong succeeds, because the SDK corrects it by our answer", async () => {
    const client = adminClient(endpoint, { systemClockOffset: -900_000 });
    const { $metadata } = await listPools(client);
    expect([$metadata.httpStatusCode, $metadata.attempts]).toEqual([200, 2]);
  });

  test("says nothing of its input before the signature is known to be good", async () => {
    const answer = await call(endpoint, "DescribeIdentityPool", { IdentityPoolId: "no pool id" });
    expect(typeOf(answer.body)).toBe("MissingAuthenticationTokenException");
  });
});

test("a public operation may come signed by anybody, and the signature is of no interest", async () => {
  const strangers = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a secret of somewhere else" };
  expect(await getId(adminClient(endpoint, { credentials: strangers }), demoPool)).toMatch(/^us-east-1:/);
});

describe("a credential", () => {
  const reader = { accessKeyId: "reader", secretAccessKey: "secret-of-the-reader" };
  const tenant = { accessKeyId: "tenant", secretAccessKey: "secret-of-the-tenant" };
  let worker: RunningWorker;
  let otherPool: string;

  beforeAll(async () => {
    const credentials = [
      LOCAL_CREDENTIAL,
      { ...reader, operations: ["DescribeIdentityPool", "ListIdentityPools"] },
      { ...tenant, pools: [demoPool] },
    ];
    worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify(credentials) } });
    otherPool = await createPool(adminClient(worker.endpoint), { IdentityPoolName: "of somebody else" });
  });

  afterAll(async () => {
    await worker.stop();
  });

  test("for some operations may call these and no other", async () => {
    const client = adminClient(worker.endpoint, { credentials: reader });
    expect((await listPools(client)).IdentityPools?.length).toBe(2);
    const described = await client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: otherPool }));
    expect(described.IdentityPoolName).toBe("of somebody else");
    const deletion = client.send(new DeleteIdentityPoolCommand({ IdentityPoolId: otherPool }));
    const refusal = await refusalOf(deletion, CognitoIdentityServiceException);
    expect([refusal.name, refusal.$metadata.httpStatusCode]).toEqual(["AccessDeniedException", 403]);
    expect(refusal.message).toBe("User: reader is not authorized to perform: cognito-identity:DeleteIdentityPool");
    expect(await refusalName(createPool(client))).toBe("AccessDeniedException");
  });

  test("for some pools sees and touches these and no other", async () => {
    const client = adminClient(worker.endpoint, { credentials: tenant });
    const listed = await listPools(client);
    expect(listed.IdentityPools).toEqual([{ IdentityPoolId: demoPool, IdentityPoolName: "Edgepool demo" }]);
    const settings = { IdentityPoolName: "taken over", AllowUnauthenticatedIdentities: true };
    const attempts = await Promise.allSettled([
      client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: otherPool })),
      client.send(new UpdateIdentityPoolCommand({ IdentityPoolId: otherPool, ...settings })),
      client.send(new DeleteIdentityPoolCommand({ IdentityPoolId: otherPool })),
      client.send(new ListIdentitiesCommand({ IdentityPoolId: otherPool, MaxResults: 10 })),
      createPool(client),
    ]);
    const names = attempts.map((attempt) => (attempt.status === "rejected" ? attempt.reason.name : "accepted"));
    expect(names).toEqual(names.map(() => "AccessDeniedException"));
    const admin = adminClient(worker.endpoint);
    const kept = await admin.send(new DescribeIdentityPoolCommand({ IdentityPoolId: otherPool }));
    expect(kept.IdentityPoolName).toBe("of somebody else");
  });

  test("for some pools sees and deletes the identities of these and no other", async () => {
    const app = appClient(worker.endpoint);
    const [own, foreign] = [await getId(app, demoPool), await getId(app, otherPool)];
    const client = adminClient(worker.endpoint, { credentials: tenant });
    expect((await client.send(new DescribeIdentityCommand({ IdentityId: own }))).IdentityId).toBe(own);
    expect(await refusalName(client.send(new DescribeIdentityCommand({ IdentityId: foreign })))).toBe(
      "AccessDeniedException",
    );
    const deleted = await client.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [own, foreign] }));
    expect(deleted.UnprocessedIdentityIds).toEqual([{ IdentityId: foreign, ErrorCode: "AccessDenied" }]);
    const admin = adminClient(worker.endpoint);
    expect((await admin.send(new DescribeIdentityCommand({ IdentityId: foreign }))).IdentityId).toBe(foreign);
    expect(await refusalName(admin.send(new DescribeIdentityCommand({ IdentityId: own })))).toBe(
      "ResourceNotFoundException",
    );
  });
});
