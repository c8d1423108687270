import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serviceError } from "../../../src/domain/errors.ts";
import { encodeError, encodePreflight, encodeSuccess, readRequest } from "../../../src/protocol/aws-json.ts";
import { bodyLimitOf, MAX_BODY_BYTES } from "../../../src/protocol/body-limit.ts";
import { operations } from "../../../src/protocol/shapes.ts";

const ENDPOINT = "https://edge.example/";
const REQUEST_ID = "0d1f2e3a-0000-4000-8000-000000000000";
const callHeaders = {
  "content-type": "application/x-amz-json-1.1",
  "x-amz-target": "AWSCognitoIdentityService.GetId",
};

type Call = { url?: string; method?: string; headers?: Record<string, string>; body?: BodyInit | null };

function call({ url = ENDPOINT, method = "POST", headers = callHeaders, body = "{}" }: Call = {}): Request {
  return new Request(url, { method, headers, body: method === "GET" ? null : body });
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

async function refusal(request: Request): Promise<string> {
  const result = await readRequest(request);
  if (result.ok) return "accepted";
  return `${encodeError(result.error, REQUEST_ID).status} ${result.error.type}`;
}

describe("readRequest", () => {
  it("finds the operation, the JSON and the bytes as they came", async () => {
    const body = ' { "IdentityPoolId" : "us-east-1:é" }\n';
    const result = await readRequest(call({ body }));
    expect(result).toEqual({
      ok: true,
      value: { operation: "GetId", body: new TextEncoder().encode(body), json: { IdentityPoolId: "us-east-1:é" } },
    });
  });

  it.each(Object.keys(operations))("dispatches %s", async (name) => {
    const result = await readRequest(
      call({ headers: { ...callHeaders, "x-amz-target": `AWSCognitoIdentityService.${name}` } }),
    );
    expect(result.ok && result.value.operation).toBe(name);
  });

  it.each(Object.keys(operations))("dispatches %s by the long target of older clients", async (name) => {
    const target = `com.amazonaws.cognito.identity.model.AWSCognitoIdentityService.${name}`;
    const result = await readRequest(call({ headers: { ...callHeaders, "x-amz-target": target } }));
    expect(result.ok && result.value.operation).toBe(name);
  });

  it("dispatches an extension by its own target alone", async () => {
    const operationOf = async (target: string) => {
      const result = await readRequest(call({ headers: { ...callHeaders, "x-amz-target": target } }));
      return result.ok ? result.value.operation : result.error.type;
    };
    expect(await operationOf("Edgepool.RotateSigningKey")).toBe("RotateSigningKey");
    for (const prefix of ["AWSCognitoIdentityService.", "com.amazonaws.cognito.identity.model.Edgepool.", ""]) {
      expect(await operationOf(`${prefix}RotateSigningKey`)).toBe("UnknownOperationException");
    }
  });

  it.each([
    "application/x-amz-json-1.1; charset=utf-8",
    "application/x-amz-json-1.1;charset=UTF-8",
    "Application/X-Amz-JSON-1.1 ; foo=bar",
  ])("accepts the content type %j", async (contentType) => {
    expect(await refusal(call({ headers: { ...callHeaders, "content-type": contentType } }))).toBe("accepted");
  });

  it("accepts the headers that SDKs add", async () => {
    const headers = {
      ...callHeaders,
      "amz-sdk-invocation-id": "1",
      "amz-sdk-request": "attempt=1; max=3",
      "x-amz-api-version": "2014-06-30",
      "x-http-method-override": "POST",
      authorization: "AWS4-HMAC-SHA256 Credential=x",
    };
    expect(await refusal(call({ headers }))).toBe("accepted");
  });

  it.each([
    ["application/json"],
    ["application/x-amz-json-1.0"],
    ["text/plain"],
    ["text/plain; application/x-amz-json-1.1"],
    ["application/x-amz-json-1.1, text/plain"],
    ["application/x-www-form-urlencoded"],
    [""],
  ])("refuses the content type %j", async (contentType) => {
    expect(await refusal(call({ headers: { ...callHeaders, "content-type": contentType } }))).toBe(
      "400 UnknownOperationException",
    );
  });

  it("refuses a request without content type or target", async () => {
    const { "content-type": contentType, "x-amz-target": target } = callHeaders;
    expect(await refusal(call({ headers: { "x-amz-target": target }, body: bytes(123, 125) }))).toBe(
      "400 UnknownOperationException",
    );
    expect(await refusal(call({ headers: { "content-type": contentType } }))).toBe("400 UnknownOperationException");
  });

  it.each([
    "AWSCognitoIdentityService.getId",
    "awscognitoidentityservice.GetId",
    "AWSCognitoIdentityService.",
    "AWSCognitoIdentityService",
    "AWSCognitoIdentityService.GetId.GetId",
    "com.amazonaws.cognito.identity.AWSCognitoIdentityService.GetId",
    "com.amazonaws.cognito.identity.model.awscognitoidentityservice.GetId",
    "com.amazonaws.cognito.identity.model.AWSCognitoIdentityService.getId",
    "com.amazonaws.cognito.identity.model.AWSCognitoIdentityService.",
    "com.amazonaws.cognito.identity.model.GetId",
    "com.amazonaws.cognito.identity.model.AWSCognitoIdentityService.AWSCognitoIdentityService.GetId",
    "com.amazonaws.cognito.sync.model.AWSCognitoIdentityService.GetId",
    "x.AWSCognitoIdentityService.GetId",
    "Edgepool.GetId",
    "AWSCognitoIdentityService.GetId, AWSCognitoIdentityService.GetId",
    "AWSCognitoIdentityService#GetId",
    "AWSCognitoIdentityProviderService.GetUser",
    "AWSCognitoIdentityService.constructor",
    "AWSCognitoIdentityService.__proto__",
    "GetId",
  ])("refuses the target %j and does not repeat it", async (target) => {
    const result = await readRequest(call({ headers: { ...callHeaders, "x-amz-target": target } }));
    expect(result).toMatchObject({ ok: false, error: { type: "UnknownOperationException" } });
    expect(!result.ok && result.error.message).not.toContain("GetId");
    expect(!result.ok && result.error.message).not.toContain("proto");
  });

  it.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])("refuses the method %s", async (method) => {
    expect(await refusal(call({ method }))).toBe("405 UnknownOperationException");
  });

  it.each(["x", "/", "index.html", "?x-amz-target=GetId", ".well-known/jwks.json"])(
    "refuses the path /%s",
    async (path) => {
      expect(await refusal(call({ url: `${ENDPOINT}${path}` }))).toBe("404 UnknownOperationException");
    },
  );

  it("takes an empty body for an empty object", async () => {
    for (const body of [null, "", new Uint8Array()]) {
      const result = await readRequest(call({ body }));
      expect(result).toMatchObject({ ok: true, value: { json: {}, body: new Uint8Array() } });
    }
  });

  it.each([
    ["a list", "[]"],
    ["a number", "10"],
    ["null", "null"],
    ["a string", '"secret"'],
    ["white space", " "],
    ["a trailing comma", '{"a":"secret",}'],
    ["a comment", '{/*secret*/"a":1}'],
    ["trailing text", '{} "secret"'],
    ["single quotes", "{'a':'secret'}"],
    ["half an object", '{"a":"secret"'],
    ["a bare control character", '{"a":"secret\n"}'],
    ["a byte order mark", "\ufeff{}"],
    ["NaN", '{"secret":NaN}'],
    ["a deep list", "[".repeat(500_000)],
    ["a deep object", '{"a":'.repeat(200_000)],
    ["compressed bytes", bytes(0x1f, 0x8b, 0x08, 0x00)],
    ["a stray continuation byte", bytes(0x7b, 0x22, 0x80, 0x22, 0x3a, 0x31, 0x7d)],
    ["an overlong slash", bytes(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d)],
    ["an encoded surrogate", bytes(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d)],
    ["UTF-16", bytes(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00)],
  ])("refuses %s as a body and quotes none of it", async (_what, body) => {
    const result = await readRequest(call({ body }));
    expect(result).toMatchObject({ ok: false, error: { type: "SerializationException" } });
    expect(JSON.stringify(result)).not.toContain("secret");
  });

  it("survives nesting as deep as a body can be, where nobody looks (T11)", async () => {
    const depth = 400_000;
    const result = await readRequest(call({ body: `{"Unknown":${"[".repeat(depth)}${"]".repeat(depth)}}` }));
    expect(result.ok || result.error.type === "SerializationException").toBe(true);
  });

  it("counts the last of a member that is sent twice, and leaves the prototype alone", async () => {
    const result = await readRequest(call({ body: '{"a":1,"a":2,"__proto__":{"polluted":true}}' }));
    expect(result.ok && result.value.json["a"]).toBe(2);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  describe("with a large body", () => {
    const full = `{"a":"${"x".repeat(MAX_BODY_BYTES - 8)}"}`;

    it("accepts the limit and refuses one byte more", async () => {
      expect(new TextEncoder().encode(full).byteLength).toBe(MAX_BODY_BYTES);
      expect(await refusal(call({ body: full }))).toBe("accepted");
      expect(await refusal(call({ body: `${full} ` }))).toBe("413 RequestEntityTooLargeException");
    });

    it("joins chunks in their order, even in the middle of a character", async () => {
      const whole = new TextEncoder().encode('{"a":"é😀"}');
      const chunks = Array.from(whole, (byte) => bytes(byte));
      const result = await readRequest(call({ body: streamOf(chunks).stream }));
      expect(result).toMatchObject({ ok: true, value: { json: { a: "é😀" }, body: whole } });
    });

    it("stops a stream far longer than the limit there and cancels it", async () => {
      const overlong = overlongStream(65_536);
      expect(await refusal(call({ body: overlong.stream }))).toBe("413 RequestEntityTooLargeException");
      expect(overlong.pulledBytes()).toBeLessThanOrEqual(MAX_BODY_BYTES + 3 * 65_536);
      expect(overlong.isCancelled()).toBe(true);
    });

    it("does not trust a Content-Length that is too small", async () => {
      const headers = { ...callHeaders, "content-length": "2" };
      // HTTP gives no such request to a Worker; one that is passed on inside might be.
      const body = streamOf([new Uint8Array(MAX_BODY_BYTES + 1).fill(0x20)]).stream;
      expect(await refusal(call({ headers, body }))).toBe("413 RequestEntityTooLargeException");
    });

    it("counts what comes with a Transfer-Encoding, whatever the Content-Length beside it says", async () => {
      const overlong = overlongStream(65_536);
      const headers = { ...callHeaders, "content-length": "2", "transfer-encoding": "chunked" };
      expect(await refusal(call({ headers, body: overlong.stream }))).toBe("413 RequestEntityTooLargeException");
      expect(overlong.isCancelled()).toBe(true);
    });

    it("refuses by a Content-Length that is too large without reading", async () => {
      const overlong = overlongStream(16);
      const headers = { ...callHeaders, "content-length": String(MAX_BODY_BYTES + 1) };
      expect(await refusal(call({ headers, body: overlong.stream }))).toBe("413 RequestEntityTooLargeException");
      expect(overlong.pulledBytes()).toBeLessThanOrEqual(16);
    });

    it("does not read the body of what is no operation", async () => {
      const overlong = overlongStream(16);
      await readRequest(call({ headers: { ...callHeaders, "x-amz-target": "x" }, body: overlong.stream }));
      expect(overlong.pulledBytes()).toBeLessThanOrEqual(16);
    });

    it("does not read the body of an operation that is refused by its name", async () => {
      const overlong = overlongStream(16);
      const refused = { type: "AccessDeniedException", message: "no" } as const;
      const result = await readRequest(call({ body: overlong.stream }), (name) => (name === "GetId" ? refused : null));
      expect(result).toEqual({ ok: false, error: { ...refused, operation: "GetId" } });
      expect(overlong.pulledBytes()).toBeLessThanOrEqual(16);
    });

    it("reads of an operation without logins no more than its shape can need", async () => {
      const headers = { ...callHeaders, "x-amz-target": "AWSCognitoIdentityService.DescribeIdentity" };
      const overlong = overlongStream(1024);
      expect(await refusal(call({ headers, body: overlong.stream }))).toBe("413 RequestEntityTooLargeException");
      expect(overlong.pulledBytes()).toBeLessThanOrEqual(bodyLimitOf("DescribeIdentity") + 3 * 1024);
      const stated = { ...headers, "content-length": String(bodyLimitOf("DescribeIdentity") + 1) };
      const unread = overlongStream(16);
      expect(await refusal(call({ headers: stated, body: unread.stream }))).toBe("413 RequestEntityTooLargeException");
      expect(unread.pulledBytes()).toBeLessThanOrEqual(16);
    });
  });

  it.each([{}, { "content-length": "20" }])(
    "answers a client that hangs up in the middle as data: %j",
    async (length) => {
      const stream = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(new Error("connection lost")),
      });
      const result = await readRequest(call({ headers: { ...callHeaders, ...length }, body: stream }));
      expect(result).toMatchObject({ ok: false, error: { type: "SerializationException" } });
      expect(!result.ok && result.error.message).not.toContain("connection lost");
    },
  );

  it("returns a result for any bytes and any target", async () => {
    const target = fc.oneof(
      fc.constantFrom("AWSCognitoIdentityService.GetId", "AWSCognitoIdentityService."),
      fc.string().filter((text) => /^[ -~]*$/.test(text)),
    );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(JSON.stringify({ [text]: text }))),
    );
    await fc.assert(
      fc.asyncProperty(target, body, async (named, sent) => {
        const result = await readRequest(call({ headers: { ...callHeaders, "x-amz-target": named }, body: sent }));
        if (result.ok) expect(result.value.body).toEqual(sent);
        else expect(["UnknownOperationException", "SerializationException"]).toContain(result.error.type);
      }),
      { numRuns: 300 },
    );
  });
});

const commonHeaders = {
  "content-type": "application/x-amz-json-1.1",
  "x-amzn-requestid": REQUEST_ID,
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date,Retry-After",
};

describe("encodeSuccess", () => {
  it("sends an output without its absent members, times as numbers and maps with every name that they have", async () => {
    const response = encodeSuccess(
      {
        IdentityId: "us-east-1:x",
        NextToken: undefined,
        CreationDate: 1_515_115_602,
        Tags: Object.fromEntries([
          ["a", "b"],
          ["__proto__", "c"],
        ]),
      },
      REQUEST_ID,
    );
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual(commonHeaders);
    expect(await response.text()).toBe(
      '{"IdentityId":"us-east-1:x","CreationDate":1515115602,"Tags":{"a":"b","__proto__":"c"}}',
    );
  });

  it("sends nothing for an operation without output, and {} for an empty one", async () => {
    const nothing = encodeSuccess(undefined, REQUEST_ID);
    expect(nothing.status).toBe(200);
    expect(Object.fromEntries(nothing.headers)).toEqual(commonHeaders);
    expect(await nothing.text()).toBe("");
    expect(await encodeSuccess({}, REQUEST_ID).text()).toBe("{}");
  });
});

describe("encodeError", () => {
  it("says the error in the status, the headers and the body", async () => {
    const error = { ...serviceError("TooManyRequestsException", "Rate exceeded", "bucket 7"), retryAfterSeconds: 0.3 };
    const response = encodeError(error, REQUEST_ID);
    expect(response.status).toBe(429);
    expect(Object.fromEntries(response.headers)).toEqual({
      ...commonHeaders,
      "x-amzn-errortype": "TooManyRequestsException:",
      "x-amzn-errormessage": "Rate exceeded",
      "retry-after": "1",
    });
    expect(await response.text()).toBe('{"__type":"TooManyRequestsException","message":"Rate exceeded"}');
  });

  it("survives any message", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 3000 }), async (message) => {
        const response = encodeError(serviceError("NotAuthorizedException", message), REQUEST_ID);
        expect(response.headers.get("x-amzn-errormessage")).toMatch(/^[ -~]{0,1024}$/);
        expect(await response.json()).toEqual({ __type: "NotAuthorizedException", message: message.toWellFormed() });
      }),
      { numRuns: 200 },
    );
  });
});

describe("encodePreflight", () => {
  it("answers a browser with 200, an empty body and what it may send", async () => {
    const headers = { "access-control-request-headers": "content-type,x-amz-target" };
    const response = encodePreflight(new Request(ENDPOINT, { method: "OPTIONS", headers }), REQUEST_ID);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      ...commonHeaders,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type,x-amz-target",
      "access-control-max-age": "172800",
    });
    expect(await response.text()).toBe("");
  });
});

function streamOf(chunks: readonly Uint8Array[]) {
  const rest = [...chunks];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = rest.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
  return { stream };
}

/** Eight times the limit, then an error: a reader that does not stop fails its test instead of filling the memory. */
function overlongStream(chunkBytes: number) {
  let pulled = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += chunkBytes;
      if (pulled > 8 * MAX_BODY_BYTES) controller.error(new Error("read far past the limit"));
      else controller.enqueue(new Uint8Array(chunkBytes).fill(0x20));
    },
    cancel() {
      cancelled = true;
    },
  });
  return { stream, pulledBytes: () => pulled, isCancelled: () => cancelled };
}
