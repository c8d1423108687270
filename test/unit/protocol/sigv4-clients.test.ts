// The headers of clients that no test here can run, as each of them writes and signs them (read in their sources), signed by the
// second signer of sign-request.ts. Which headers a client leaves unsigned differs more than anything else.
import { describe, expect, it } from "vitest";
import { readRequest } from "../../../src/protocol/aws-json.ts";
import {
  encode,
  ordinary,
  poolInput,
  sha256,
  sign,
  timestamp,
  verify,
  withHeaders,
} from "../../support/sign-request.ts";

const host = "identity.example.com";
const target = "AWSCognitoIdentityService.CreateIdentityPool";
const bodyLength = String(encode(poolInput).byteLength);
const bodyHash = await sha256(poolInput);
const invocationId = "49a9629c-e420-4b26-9b2e-9c1471f6057d";

type Client = {
  /** Name as the client lists it among the signed ones, and value as it comes over the wire. */
  readonly signed: Readonly<Record<string, string>>;
  readonly unsigned?: Readonly<Record<string, string>>;
};

const common = { host, "x-amz-date": timestamp, "x-amz-target": target };

const clients: Readonly<Record<string, Client>> = {
  "AWS SDK for PHP 3": {
    signed: common,
    unsigned: {
      "content-type": "application/x-amz-json-1.1",
      "content-length": bodyLength,
      "aws-sdk-invocation-id": "e63fc9e7ce5db0b8cb1c1c6a1e5d9b77",
      "aws-sdk-retry": "0/0",
      "user-agent": "aws-sdk-php/3.337.0 ua/2.1 OS/Linux#6.1.0 lang/php#8.3.6 GuzzleHttp/7",
      "x-amz-user-agent": "aws-sdk-php/3.337.0 ua/2.1",
    },
  },
  "AWS SDK for PHP 3, with a body that cURL asks about first": {
    signed: common,
    unsigned: { "content-type": "application/x-amz-json-1.1", expect: "100-Continue" },
  },
  "AWS SDK for Java 2": {
    signed: {
      ...common,
      "amz-sdk-invocation-id": invocationId,
      "amz-sdk-request": "attempt=1; max=3",
      "content-length": bodyLength,
      "content-type": "application/x-amz-json-1.1",
      "x-amz-content-sha256": bodyHash,
    },
    unsigned: {
      expect: "100-continue",
      "user-agent": "aws-sdk-java/2.29.0 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.0 lang/java#21.0.5",
    },
  },
  "AWS SDK for Java 2, asynchronous and chunked": {
    signed: {
      ...common,
      "amz-sdk-invocation-id": invocationId,
      "amz-sdk-request": "attempt=1; max=3",
      "content-type": "application/x-amz-json-1.1",
    },
    unsigned: { "transfer-encoding": "chunked" },
  },
  "AWS SDK for Java 1": {
    signed: {
      ...common,
      "amz-sdk-invocation-id": invocationId,
      "amz-sdk-request": "attempt=1;max=4",
      "amz-sdk-retry": "0/0/500",
      "content-length": bodyLength,
      "content-type": "application/x-amz-json-1.1",
      "user-agent":
        "aws-sdk-java/1.12.700 Linux/6.1.0  OpenJDK_64-Bit_Server_VM/17.0.10+7 java/17.0.10   vendor/Debian",
    },
    unsigned: { connection: "Keep-Alive" },
  },
  "AWS SDK for Android 2": {
    signed: common,
    unsigned: {
      "content-type": "application/x-amz-json-1.1",
      "user-agent": "aws-sdk-android/2.77.0 Linux/6.1.0 Dalvik/2.1.0/0 en_US",
    },
  },
  "AWS SDK for iOS 2": {
    signed: {
      ...common,
      "content-type": "application/x-amz-json-1.1",
      "user-agent": "aws-sdk-iOS/2.36.0 iOS/17.4 en_US",
    },
  },
  "AWS SDK for .NET 3": {
    signed: {
      ...common,
      "content-type": "application/x-amz-json-1.1",
      "user-agent": "aws-sdk-dotnet-coreclr/3.7.400.1 ua/2.0 os/linux#6.1.0 lang/.NET_Core#8.0.8 md/ARCH#X64",
      "x-amz-content-sha256": bodyHash,
    },
    unsigned: {
      "amz-sdk-invocation-id": invocationId,
      "amz-sdk-request": "attempt=1; max=5",
      expect: "100-continue",
      "transfer-encoding": "chunked",
    },
  },
  "AWS SDK for Go 2": {
    signed: {
      ...common,
      "amz-sdk-invocation-id": invocationId,
      "amz-sdk-request": "attempt=1; max=3",
      "content-length": bodyLength,
      "content-type": "application/x-amz-json-1.1",
    },
    unsigned: {
      "accept-encoding": "identity",
      "user-agent": "aws-sdk-go-v2/1.32.7 ua/2.1 os/linux lang/go#1.23.4 md/GOOS#linux md/GOARCH#amd64",
      "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678",
    },
  },
  "AWS SDK for Go 1": {
    signed: { ...common, "content-length": bodyLength, "content-type": "application/x-amz-json-1.1" },
    unsigned: { "user-agent": "aws-sdk-go/1.55.5 (go1.23.4; linux; amd64)" },
  },
  "AWS SDK for Ruby 3": {
    signed: { ...common, "content-type": "application/x-amz-json-1.1", "x-amz-content-sha256": bodyHash },
    unsigned: { "user-agent": "aws-sdk-ruby3/3.214.0 ua/2.1", accept: "*/*" },
  },
  "AWS SDK for Rust": {
    signed: {
      ...common,
      "content-length": bodyLength,
      "content-type": "application/x-amz-json-1.1",
      "x-amz-user-agent": "aws-sdk-rust/1.3.3 ua/2.1 api/cognitoidentity/1.51.0 os/linux lang/rust/1.83.0",
    },
    unsigned: { "amz-sdk-invocation-id": invocationId, "amz-sdk-request": "attempt=1; max=3" },
  },
  "a client that names the character set": {
    signed: { ...common, "content-type": "Application/X-Amz-Json-1.1;  charset=UTF-8" },
  },
  "a client that names the character set, unsigned": {
    signed: common,
    unsigned: { "content-type": "application/x-amz-json-1.1; charset=utf-8" },
  },
  "a client with the long target": {
    signed: { ...common, "x-amz-target": `com.amazonaws.cognito.identity.model.${target}` },
    unsigned: { "content-type": "application/x-amz-json-1.1" },
  },
};

async function requestOf({ signed, unsigned = {} }: Client, changes: { url?: string } = {}) {
  return withHeaders(await sign({ headers: { ...signed }, ...changes }), { ...unsigned });
}

describe.each(Object.entries(clients))("a signed call of %s", (_name, client) => {
  it("is read and accepted", async () => {
    const { method, url, headers, body } = await requestOf(client);
    expect((await verify({ method, url, headers, body })).ok).toBe(true);
    const read = await readRequest(new Request(url, { method, headers: withoutFraming(headers), body }));
    expect(read.ok ? read.value.operation : read.error.message).toBe("CreateIdentityPool");
  });

  it.each(["host", "x-amz-date", "x-amz-target"])("is refused with another %s", async (name) => {
    const other = { host: "other.example.com", "x-amz-date": "20261122T202539Z", "x-amz-target": `x${target}` };
    const value = new Map(Object.entries(other)).get(name);
    expect((await verify(withHeaders(await requestOf(client), { [name]: value }))).ok).toBe(false);
  });

  it("is refused with another body, or with a session token that somebody added", async () => {
    const request = await requestOf(client);
    expect((await verify({ ...request, body: encode(`${poolInput} `) })).ok).toBe(false);
    expect((await verify(withHeaders(request, { "x-amz-security-token": "token" }))).ok).toBe(false);
  });
});

/** As fetch sends it: the framing is the transport's, and not a header that a caller of `Request` may set. */
function withoutFraming(headers: Headers): Headers {
  const sent = new Headers(headers);
  for (const name of ["connection", "content-length", "expect", "host", "transfer-encoding"]) sent.delete(name);
  return sent;
}

describe("an address", () => {
  it("may end in an empty query, which is none", async () => {
    const request = await requestOf(clients["AWS SDK for PHP 3"] ?? { signed: {} }, { url: `https://${host}/?` });
    expect((await verify(request)).ok).toBe(true);
    const { method, url, headers, body } = request;
    expect((await readRequest(new Request(url, { method, headers: withoutFraming(headers), body }))).ok).toBe(true);
  });

  it("with a path beyond the root is refused in words, before anything else", async () => {
    const { method, headers, body } = await sign({ headers: ordinary.headers });
    for (const path of ["//", "/v1", "/?x"]) {
      const read = await readRequest(
        new Request(`https://${host}${path}`, { method, headers: withoutFraming(headers), body }),
      );
      expect(read).toMatchObject({ ok: false, error: { message: "The service answers at the path / alone." } });
    }
  });
});
