/** T44 and T45 over HTTP: signatures that are forged, borrowed, stretched or replayed. */
import { createHash } from "node:crypto";
import { paginateListIdentityPools } from "@aws-sdk/client-cognito-identity";
import { describe, expect, inject, it } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { adminClient, createPool } from "../support/cognito-clients.ts";
import { sendSigned, signedCall, type Signing } from "../support/signed-call.ts";
import { send, type WireRequest } from "../support/wire-call.ts";
import { signedOver } from "./forge.ts";
import { errorOf } from "./stage.ts";

const PREFIX = "AWSCognitoIdentityService.";
const endpoint = inject("endpoint");

describe("a signed operation", () => {
  const LIST = `${PREFIX}ListIdentityPools`;
  const INPUT = { MaxResults: 1 };
  const HOUR_MS = 3_600_000;

  it.each<[string, Signing]>([
    ["another secret", { credential: { ...LOCAL_CREDENTIAL, secretAccessKey: "another-secret-entirely" } }],
    ["an unknown key", { credential: { accessKeyId: "nobody", secretAccessKey: "whatever-it-may-be" } }],
    ["another region", { region: "eu-west-1" }],
    ["another service", { service: "s3" }],
    ["yesterday's date", { date: new Date(Date.now() - 24 * HOUR_MS) }],
    ["a date six minutes ago", { date: new Date(Date.now() - HOUR_MS / 10) }],
    ["a date six minutes ahead", { date: new Date(Date.now() + HOUR_MS / 10) }],
    ["an unsigned target", { signedHeaders: ["content-type", "host", "x-amz-date"] }],
    ["an unsigned host", { signedHeaders: ["content-type", "x-amz-date", "x-amz-target"] }],
    ["an unsigned date", { signedHeaders: ["content-type", "host", "x-amz-target"] }],
  ])("T44: is refused with %s", async (_, signing) => {
    const answer = await sendSigned(endpoint, LIST, INPUT, signing);
    expect(answer.status).toBe(400);
    expect(["InvalidSignatureException", "UnrecognizedClientException"]).toContain(errorOf(answer).type);
    expect((await sendSigned(endpoint, LIST, INPUT)).status).toBe(200);
  });

  it("T44: needs no signed content type, since one media type alone is read", async () => {
    const signing = { signedHeaders: ["host", "x-amz-date", "x-amz-target"] };
    expect((await sendSigned(endpoint, LIST, INPUT, signing)).status).toBe(200);
    const { headers, body } = signedCall(endpoint, LIST, INPUT, signing);
    const changed = await send(endpoint, { headers: { ...headers, "content-type": "text/plain" }, body });
    expect([changed.status, errorOf(changed).type]).toEqual([400, "UnknownOperationException"]);
  });

  it("T44: is refused when any part of it was changed on the way", async () => {
    const { headers, body } = signedCall(endpoint, LIST, INPUT);
    const changed: readonly WireRequest[] = [
      { headers, body: '{"MaxResults":2}' },
      { headers, body: `${body} ` },
      { headers: { ...headers, "x-amz-target": `${PREFIX}DeleteIdentityPool` }, body },
      { headers: { ...headers, "x-amz-date": headers["x-amz-date"]?.replace(/\dZ$/, "xZ") ?? "" }, body },
      { headers: { ...headers, "x-amz-security-token": "added" }, body },
      { headers: { ...headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }, body },
      // Another name of the same place, to which the service answers as well.
      { headers: { ...headers, host: new URL(endpoint).host.replace("127.0.0.1", "localhost") }, body },
    ];
    for (const request of changed) {
      const answer = await send(endpoint, request);
      const type = expect.stringMatching(/^((Invalid|Incomplete)Signature|UnrecognizedClient)Exception$/);
      expect([answer.status, errorOf(answer).type]).toEqual([400, type]);
    }
    const inQuery = { path: "/?X-Amz-Signature=00", headers, body };
    expect((await send(endpoint, inQuery)).status).toBe(404);
    expect((await send(endpoint, { headers, body })).status).toBe(200);
  });

  it("T44: that made a pool makes no second one when it is replayed", async () => {
    const name = `replayed ${crypto.randomUUID()}`;
    const input = { IdentityPoolName: name, AllowUnauthenticatedIdentities: false };
    const order = signedCall(endpoint, `${PREFIX}CreateIdentityPool`, input);
    const answers = [await send(endpoint, order), await send(endpoint, order), await send(endpoint, order)];
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    const admin = adminClient(endpoint);
    let made = 0;
    for await (const { IdentityPools = [] } of paginateListIdentityPools(
      { client: admin, pageSize: 60 },
      { MaxResults: 60 },
    )) {
      made += IdentityPools.filter((pool) => pool.IdentityPoolName === name).length;
    }
    expect(made).toBe(1);
  });

  it("T44: that changed a pool does not change it back when it is replayed", async () => {
    const admin = adminClient(endpoint);
    const identityPoolId = await createPool(admin);
    const role = (name: string) => ({ Roles: { authenticated: `arn:aws:iam::123456789012:role/${name}` } });
    const input = { IdentityPoolId: identityPoolId };
    // As the SDK for JavaScript signs it: with an id of the call.
    const signing = { callId: crypto.randomUUID() };
    const order = signedCall(endpoint, `${PREFIX}SetIdentityPoolRoles`, { ...input, ...role("leaked") }, signing);
    expect((await send(endpoint, order)).status).toBe(200);
    expect((await sendSigned(endpoint, `${PREFIX}SetIdentityPoolRoles`, { ...input, ...role("mended") })).status).toBe(
      200,
    );
    expect((await send(endpoint, order)).status).toBe(200);
    const kept = await sendSigned(endpoint, `${PREFIX}GetIdentityPoolRoles`, input);
    expect(JSON.parse(kept.body)).toEqual({ ...input, ...role("mended") });
  });

  it("T44: is refused where it leaves its body out, however that was signed", async () => {
    for (const payloadHash of ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0".repeat(64)]) {
      const request = signedOver(endpoint, LIST, payloadHash);
      for (const body of ['{"MaxResults":1}', '{"MaxResults":2}']) {
        const answer = await send(endpoint, { headers: request, body });
        expect([answer.status, errorOf(answer).type]).toEqual([400, "InvalidSignatureException"]);
      }
    }
    const body = '{"MaxResults":1}';
    const hash = createHash("sha256").update(body).digest("hex");
    expect((await send(endpoint, { headers: signedOver(endpoint, LIST, hash), body })).status).toBe(200);
  });

  it("T45: a signature that is wrong in its first digit is refused just as one that is wrong in its last", async () => {
    const { headers, body } = signedCall(endpoint, LIST, INPUT);
    const authorization = headers["authorization"] ?? "";
    const at = authorization.indexOf("Signature=") + "Signature=".length;
    const answers = new Set<string>();
    for (const position of [at, at + 31, authorization.length - 1]) {
      const digit = authorization[position] === "0" ? "1" : "0";
      const forged = authorization.slice(0, position) + digit + authorization.slice(position + 1);
      const answer = await send(endpoint, { headers: { ...headers, authorization: forged }, body });
      answers.add(`${answer.status} ${answer.body}`);
    }
    expect([...answers]).toEqual([expect.stringContaining("InvalidSignatureException")]);
    expect((await send(endpoint, { headers, body })).status).toBe(200);
  });
});
