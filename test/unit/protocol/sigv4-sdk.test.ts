// The AWS SDK for JavaScript signs; nothing is sent: its request handler hands each request to the verifier.
import {
  CognitoIdentityClient,
  CreateIdentityPoolCommand,
  ListIdentityPoolsCommand,
  type CognitoIdentityClientConfig,
} from "@aws-sdk/client-cognito-identity";
import { describe, expect, it } from "vitest";
import { verifySignature } from "../../../src/protocol/sigv4.ts";

const credentials = [
  { accessKeyId: "edgepool-admin", secretAccessKey: "a secret of many characters", operations: "*", pools: "*" },
] as const;

/** What the verifier needs of the SDK's own request type, which its package does not export. */
type SentRequest = {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
};

type Captured = { url: URL; method: string; headers: Headers; body: Uint8Array };

/** Runs one call against a service that answers with these statuses in turn, and returns the requests it received. */
async function capture(
  send: (client: CognitoIdentityClient) => Promise<unknown>,
  config: CognitoIdentityClientConfig = {},
  statuses: readonly number[] = [200],
): Promise<Captured[]> {
  const requests: Captured[] = [];
  const client = new CognitoIdentityClient({
    region: "us-east-1",
    endpoint: "https://identity.example.com",
    credentials: { accessKeyId: "edgepool-admin", secretAccessKey: "a secret of many characters" },
    ...config,
    requestHandler: {
      handle: async (request: SentRequest) => {
        const body = typeof request.body === "string" ? new TextEncoder().encode(request.body) : request.body;
        const port = request.port === undefined ? "" : `:${request.port}`;
        const url = new URL(`${request.protocol}//${request.hostname}${port}${request.path}`);
        requests.push({ url, method: request.method, headers: new Headers(request.headers), body });
        const statusCode = statuses[requests.length - 1] ?? 200;
        const answer = new Response("{}").body;
        return { response: { statusCode, headers: { "content-type": "application/x-amz-json-1.1" }, body: answer } };
      },
    },
  });
  await send(client);
  return requests;
}

function verify(request: Captured, operation: string) {
  return verifySignature({ ...request, operation, credentials, region: "us-east-1", now: Date.now() / 1000 });
}

describe("requests of the AWS SDK for JavaScript", () => {
  it("are accepted as those of the credential that signed them", async () => {
    const [request] = await capture((client) => client.send(new ListIdentityPoolsCommand({ MaxResults: 10 })));
    if (request === undefined) throw new Error("the SDK sent nothing");
    expect(await verify(request, "ListIdentityPools")).toMatchObject({
      ok: true,
      value: { credential: credentials[0] },
    });
  });

  it("are accepted with a port in the host and text beyond ASCII in the body", async () => {
    const input = { IdentityPoolName: "Übung 日本", AllowUnauthenticatedIdentities: true };
    const [request] = await capture((client) => client.send(new CreateIdentityPoolCommand(input)), {
      endpoint: "http://127.0.0.1:8787",
    });
    if (request === undefined) throw new Error("the SDK sent nothing");
    expect((await verify(request, "CreateIdentityPool")).ok).toBe(true);
  });

  it("keep one key of the request through all its attempts, and another call has another", async () => {
    const input = { IdentityPoolName: "pool", AllowUnauthenticatedIdentities: true };
    const requests = await capture((client) => client.send(new CreateIdentityPoolCommand(input)), {}, [503, 200]);
    expect(requests).toHaveLength(2);
    const results = await Promise.all(requests.map((request) => verify(request, "CreateIdentityPool")));
    expect(results.map((result) => result.ok)).toEqual([true, true]);
    expect(new Set(results.map((result) => result.ok && result.value.callKey)).size).toBe(1);
    expect(new Set(requests.map(({ headers }) => headers.get("authorization"))).size).toBe(2);
    const [other] = await capture((client) => client.send(new CreateIdentityPoolCommand(input)));
    const another = other && (await verify(other, "CreateIdentityPool"));
    expect(another?.ok && another.value.callKey).not.toBe(results[0]?.ok && results[0].value.callKey);
    // Not by a second that happened to pass between them: what tells attempts apart is itself signed.
    for (const { headers } of requests) {
      expect(headers.get("authorization")).toMatch(/SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;/);
    }
  });

  it("are refused when they were signed with another secret, region or a session token", async () => {
    const keys = { accessKeyId: "edgepool-admin", secretAccessKey: "a secret of many characters" };
    const cases = [
      [{ credentials: { ...keys, secretAccessKey: "another secret of its own" } }, "InvalidSignatureException"],
      [{ region: "eu-west-1" }, "InvalidSignatureException"],
      [{ credentials: { ...keys, sessionToken: "token" } }, "UnrecognizedClientException"],
      [{ credentials: { ...keys, accessKeyId: "someone-else" } }, "UnrecognizedClientException"],
    ] as const;
    for (const [config, type] of cases) {
      const [request] = await capture((client) => client.send(new ListIdentityPoolsCommand({ MaxResults: 1 })), config);
      if (request === undefined) throw new Error("the SDK sent nothing");
      expect(await verify(request, "ListIdentityPools")).toMatchObject({ ok: false, error: { type } });
    }
  });
});
