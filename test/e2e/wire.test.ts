/** The wire, byte for byte over plain HTTP: headers, statuses and bodies that client libraries hide. */
import { expect, describe, inject, test } from "vitest";
import { call, send, type WireAnswer } from "../support/wire-call.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const providerName = inject("providerName");

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const EXPOSED = ["x-amzn-RequestId", "x-amzn-ErrorType", "x-amzn-ErrorMessage", "Date"];
const CALL = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSCognitoIdentityService.GetId" };

type Failure = { readonly type: string; readonly message: string };

function failureOf({ headers, body }: WireAnswer): Failure {
  const failure: Record<string, string> = JSON.parse(body);
  expect(Object.keys(failure).toSorted()).toEqual(["__type", "message"]);
  const { __type: type = "", message = "" } = failure;
  // Amplify reads the name from the header, everybody else from the body.
  expect(headers["x-amzn-errortype"]).toBe(`${type}:`);
  return { type, message };
}

/** On every answer, a failure above all: else a browser reports a network error, and the SDK tries again. */
function expectAnswerHeaders({ headers }: WireAnswer): void {
  expect(headers["access-control-allow-origin"]).toBe("*");
  expect(headers["access-control-expose-headers"]?.split(",")).toEqual(expect.arrayContaining(EXPOSED));
  expect(headers["content-type"]).toBe("application/x-amz-json-1.1");
  expect(headers["x-amzn-requestid"]).toMatch(UUID);
  expect(headers["cache-control"]).toBe("no-store");
  expect(headers["x-content-type-options"]).toBe("nosniff");
}

describe("an answer", () => {
  test("of an operation has its JSON, a request id of its own, and no more headers than it needs", async () => {
    const answers = [
      await call(endpoint, "GetId", { IdentityPoolId: identityPoolId }),
      await call(endpoint, "GetId", { IdentityPoolId: identityPoolId }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expectAnswerHeaders(answer);
      expect(Object.keys(JSON.parse(answer.body))).toEqual(["IdentityId"]);
      expect(answer.headers["content-length"]).toBe(String(answer.body.length));
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    expect(answers[0]?.headers["x-amzn-requestid"]).not.toBe(answers[1]?.headers["x-amzn-requestid"]);
  });

  test("says what time it is, so that an SDK can correct a wrong clock", async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { headers } = await call(endpoint, "GetId", { IdentityPoolId: identityPoolId });
    const date = Date.parse(headers["date"] ?? "");
    expect(date).toBeGreaterThanOrEqual(before);
    expect(date).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test("of an operation without output is empty and still says its type", async () => {
    const signedIn = await fetch(`${endpoint}/development/issuer/sign-in`, {
      method: "POST",
      body: JSON.stringify({ name: crypto.randomUUID() }),
    });
    const { token } = (await signedIn.json()) as { token: string };
    const Logins = { [providerName]: token };
    const { IdentityId } = JSON.parse((await call(endpoint, "GetId", { IdentityPoolId: identityPoolId, Logins })).body);
    const answer = await call(endpoint, "UnlinkIdentity", { IdentityId, Logins, LoginsToRemove: [providerName] });
    expect([answer.status, answer.body]).toEqual([200, ""]);
    expectAnswerHeaders(answer);
  });

  test("of a failure repeats its name and message in the headers", async () => {
    const unknown = `us-east-1:${crypto.randomUUID()}`;
    const answer = await call(endpoint, "GetOpenIdToken", { IdentityId: unknown });
    expect(answer.status).toBe(404);
    expectAnswerHeaders(answer);
    const message = `Identity '${unknown}' not found.`;
    expect(failureOf(answer)).toEqual({ type: "ResourceNotFoundException", message });
    expect(answer.headers["x-amzn-errormessage"]).toBe(message);
    expect(answer.headers["retry-after"]).toBeUndefined();
  });
});

describe("a browser's preflight", () => {
  test("is answered for any origin that may call at all, with the headers that it asked for", async () => {
    const asked = "content-type,x-amz-target,amz-sdk-request,x-app-version";
    const answer = await send(endpoint, {
      method: "OPTIONS",
      headers: {
        origin: "https://localhost:4430",
        "access-control-request-method": "POST",
        "access-control-request-headers": asked,
      },
    });
    expect([answer.status, answer.body]).toEqual([200, ""]);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": asked,
      "access-control-max-age": "172800",
    });
    // With credentials allowed, `*` would be wrong, and any page could act for its visitor.
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  test("that asks for no header is told those of the SDKs", async () => {
    const { headers } = await send(endpoint, { method: "OPTIONS" });
    const allowed = headers["access-control-allow-headers"]?.split(",") ?? [];
    expect(allowed).toEqual(
      expect.arrayContaining(["content-type", "x-amz-target", "x-amz-user-agent", "authorization"]),
    );
  });

  test("gets back no text that is no header's name", async () => {
    const asked = "x-good, x bad, <script>, x-also-good";
    const { headers } = await send(endpoint, {
      method: "OPTIONS",
      headers: { "access-control-request-headers": asked },
    });
    expect(headers["access-control-allow-headers"]).toBe("x-good,x-also-good");
  });
});

describe("a request that is no call", () => {
  const targets: readonly (readonly [string, Record<string, string>])[] = [
    ["an operation that does not exist", { ...CALL, "x-amz-target": "AWSCognitoIdentityService.GetSecrets" }],
    ["an operation of another service", { ...CALL, "x-amz-target": "AWSCognitoIdentityProviderService.GetId" }],
    ["an operation in lower case", { ...CALL, "x-amz-target": "AWSCognitoIdentityService.getid" }],
    ["a member of every object", { ...CALL, "x-amz-target": "AWSCognitoIdentityService.constructor" }],
    ["the member that reaches the prototype", { ...CALL, "x-amz-target": "AWSCognitoIdentityService.__proto__" }],
    ["no operation", { "content-type": "application/x-amz-json-1.1" }],
    ["a call as JSON 1.0", { ...CALL, "content-type": "application/x-amz-json-1.0" }],
    ["a call as a form, which any page may send", { ...CALL, "content-type": "text/plain" }],
  ];

  test.each(targets)("because it names %s is an unknown operation", async (_, headers) => {
    const answer = await send(endpoint, { headers, body: JSON.stringify({ IdentityPoolId: identityPoolId }) });
    expect(answer.status).toBe(400);
    expectAnswerHeaders(answer);
    expect(failureOf(answer).type).toBe("UnknownOperationException");
  });

  test("because its content type has parameters is one all the same", async () => {
    const headers = { ...CALL, "content-type": "application/x-amz-json-1.1; charset=utf-8" };
    const answer = await send(endpoint, { headers, body: JSON.stringify({ IdentityPoolId: identityPoolId }) });
    expect(answer.status).toBe(200);
  });

  test("because it is a GET is refused as a method that is not allowed", async () => {
    const answer = await send(endpoint, { method: "GET" });
    expect(answer.status).toBe(405);
    expect(answer.headers["allow"]).toBe("POST, OPTIONS");
    expect(failureOf(answer).type).toBe("UnknownOperationException");
  });

  test.each(["/x", "//", "/.well-known/", "/?a=b", "/index.html"])(
    "because it goes to %s is not found",
    async (path) => {
      const answer = await send(endpoint, {
        path,
        headers: CALL,
        body: JSON.stringify({ IdentityPoolId: identityPoolId }),
      });
      expect(answer.status).toBe(404);
      expectAnswerHeaders(answer);
      expect(failureOf(answer).type).toBe("UnknownOperationException");
    },
  );
});

describe("a body", () => {
  const MEBIBYTE = 1024 * 1024;

  test("of exactly the largest size is read", async () => {
    const start = `{"IdentityPoolId":"${identityPoolId}","Padding":"`;
    const body = `${start}${"x".repeat(MEBIBYTE - start.length - 2)}"}`;
    expect((await call(endpoint, "GetId", body)).status).toBe(200);
  });

  test("that is larger is refused, declared or chunked", async () => {
    const large = "x".repeat(MEBIBYTE + 1);
    const declared = await call(endpoint, "GetId", large);
    const chunked = await call(endpoint, "GetId", [large.slice(0, 1000), large.slice(1000)]);
    for (const answer of [declared, chunked]) {
      expect(answer.status).toBe(413);
      expectAnswerHeaders(answer);
      expect(failureOf(answer).type).toBe("RequestEntityTooLargeException");
    }
  });

  test("that comes in pieces is read", async () => {
    const text = JSON.stringify({ IdentityPoolId: identityPoolId });
    expect((await call(endpoint, "GetId", [text.slice(0, 10), text.slice(10)])).status).toBe(200);
  });

  const unreadable: readonly (readonly [string, string | Uint8Array])[] = [
    ["is no JSON", "{"],
    ["is a list", "[]"],
    ["is null", "null"],
    ["is a text", '"x"'],
    ["has a comma too many", '{"IdentityPoolId":"x",}'],
    ["has something behind it", "{} {}"],
    ["begins with a byte order mark", "\uFEFF{}"],
    ["is not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["holds an overlong encoding", new Uint8Array([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
    ["is nested a hundred thousand deep", `{"Logins":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["has a number for a text", '{"IdentityPoolId":1}'],
    ["has a list for a map", '{"IdentityPoolId":"a:b","Logins":[]}'],
    ["has null for a value of a map", '{"IdentityPoolId":"a:b","Logins":{"a":null}}'],
  ];

  test.each(unreadable)("that %s is a SerializationException that quotes none of it", async (_, body) => {
    const answer = await call(endpoint, "GetId", body);
    expect(answer.status).toBe(400);
    const { type, message } = failureOf(answer);
    expect(type).toBe("SerializationException");
    expect(message).toMatch(/^[ -~]{1,100}$/);
  });

  test("that is empty has no members, and is told so", async () => {
    expect(failureOf(await call(endpoint, "GetId", "")).message).toBe(
      "1 validation error detected: Value null at 'identityPoolId' failed to satisfy constraint: Member must not be null",
    );
  });

  test("with members that the model does not know is read without them", async () => {
    const input = { IdentityPoolId: identityPoolId, __type: "x", Unknown: { deep: [1] }, AccountId: null };
    expect((await call(endpoint, "GetId", input)).status).toBe(200);
  });

  test("does not reach the prototype of anything", async () => {
    const body = `{"__proto__":{"IdentityPoolId":"${identityPoolId}"},"constructor":{"prototype":{"IdentityPoolId":"x"}}}`;
    expect(failureOf(await call(endpoint, "GetId", body)).type).toBe("ValidationException");
    const logins = `{"IdentityPoolId":"${identityPoolId}","Logins":{"__proto__":"e30.e30.e30"}}`;
    expect(failureOf(await call(endpoint, "GetId", logins)).type).toBe("NotAuthorizedException");
    // And the next caller finds everything as it was.
    expect((await call(endpoint, "GetId", { IdentityPoolId: identityPoolId })).status).toBe(200);
    expect(failureOf(await call(endpoint, "GetId", {})).type).toBe("ValidationException");
  });
});

describe("a ValidationException", () => {
  test("names a broken constraint in the live service's words", async () => {
    const answer = await call(endpoint, "GetId", { IdentityPoolId: "6EAF0258-no" });
    expect(answer.status).toBe(400);
    expect(failureOf(answer)).toEqual({
      type: "ValidationException",
      message:
        "1 validation error detected: Value '6EAF0258-no' at 'identityPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+",
    });
  });

  test("lists every broken constraint and shows no login token", async () => {
    const secret = "eyJhbGciOiJub25lIn0.secret-token";
    const answer = await call(endpoint, "GetOpenIdToken", {
      IdentityId: "",
      Logins: { "accounts.google.com": secret, "id.example.com": "" },
    });
    const { message } = failureOf(answer);
    const [count = "", ...rest] = message.split(": ");
    expect(count).toBe("3 validation errors detected");
    expect(rest.join(": ").split("; ").toSorted()).toEqual([
      "Value '' at 'identityId' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '' at 'identityId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+",
      "Value '{accounts.google.com=***, id.example.com=***}' at 'logins' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 50000, Member must have length greater than or equal to 1]",
    ]);
    expect(JSON.stringify(answer)).not.toContain("secret-token");
  });

  test("comes before any look at the identity, the pool or a login", async () => {
    const Logins = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`p${index}`, "x"]));
    const { message } = failureOf(await call(endpoint, "GetId", { IdentityPoolId: identityPoolId, Logins }));
    expect(message).toContain(
      "at 'logins' failed to satisfy constraint: Member must have length less than or equal to 10",
    );
  });

  test("keeps what it quotes to a line of visible characters in the header", async () => {
    const answer = await call(endpoint, "GetId", { IdentityPoolId: "a\r\nset-cookie: x=y\u0000\u202E" });
    expect(answer.headers["set-cookie"]).toBeUndefined();
    expect(answer.headers["x-amzn-errormessage"]).toMatch(/^[ -~]+$/);
    expect(failureOf(answer).message).not.toContain("\n");
  });
});
