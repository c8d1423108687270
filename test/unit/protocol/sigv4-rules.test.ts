// Each rule that a request must keep although its signature is right.
import { describe, expect, it } from "vitest";
import {
  encode,
  mismatch,
  now,
  ordinary,
  poolInput,
  refusal,
  sha256,
  sign,
  timestamp,
  verify,
  withHeaders,
} from "../../support/sign-request.ts";

const unsigned = (name: string) =>
  refusal("InvalidSignatureException", `'${name}' must be a 'SignedHeader' in the AWS Authorization.`);

describe("the date", () => {
  it("is refused when it is more than five minutes old, in the words that SDKs correct their clock by", async () => {
    expect(await verify(await sign(), { now: now + 301 })).toMatchObject(
      refusal(
        "InvalidSignatureException",
        "Signature expired: 20261122T202538Z is now earlier than 20261122T202539Z (20261122T203039Z - 5 min.)",
      ),
    );
  });

  it("is refused when it is more than five minutes ahead", async () => {
    expect(await verify(await sign(), { now: now - 301 })).toMatchObject(
      refusal(
        "InvalidSignatureException",
        "Signature not yet current: 20261122T202538Z is still later than 20261122T202537Z (20261122T202037Z + 5 min.)",
      ),
    );
  });

  it("cannot be moved without signing again", async () => {
    const replayed = withHeaders(await sign(), { "x-amz-date": "20261122T203037Z" });
    expect(await verify(replayed, { now: now + 300 })).toMatchObject(mismatch);
  });

  it("must be the day of the scope", async () => {
    const message =
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261121' != '20261122', from '20261122T202538Z'.";
    const request = await sign({ day: "20261121" });
    expect(await verify(request)).toMatchObject(refusal("InvalidSignatureException", message));
  });

  it.each(["20261122", "Sun, 22 Nov 2026 20:25:38 GMT", "20261122T202538Z, 20261122T202538Z", ""])(
    "is refused as %j",
    async (date) => {
      const request = await sign({ headers: { ...ordinary.headers, "x-amz-date": date } });
      expect(await verify(request)).toMatchObject(refusal("IncompleteSignatureException"));
    },
  );

  it("must be in x-amz-date: a Date header does not replace it", async () => {
    const { "x-amz-date": _left, ...headers } = ordinary.headers;
    const request = await sign({ headers: { ...headers, date: "Sun, 22 Nov 2026 20:25:38 GMT" } });
    expect(await verify(request)).toMatchObject(refusal("IncompleteSignatureException"));
  });
});

describe("the scope", () => {
  it.each([
    [{ region: "eu-west-1" }, "Credential should be scoped to a valid region, not 'eu-west-1'."],
    [{ service: "cognito-idp" }, "Credential should be scoped to correct service: 'cognito-identity'."],
    [
      { terminator: "aws5_request" },
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
    ],
  ])("is refused as %o", async (changes, message) => {
    expect(await verify(await sign(changes))).toMatchObject(refusal("InvalidSignatureException", message));
  });

  it("is the region that this service is configured for", async () => {
    expect((await verify(await sign({ region: "eu-west-1" }), { region: "eu-west-1" })).ok).toBe(true);
    expect((await verify(await sign(), { region: "eu-west-1" })).ok).toBe(false);
  });
});

describe("the signed headers", () => {
  it.each(["host", "x-amz-date", "x-amz-target"])("must include %s", async (left) => {
    const signed = Object.keys(ordinary.headers).filter((name) => name !== left);
    expect(await verify(await sign({ signed: signed.toSorted() }))).toMatchObject(unsigned(left));
  });

  it.each(["x-amz-content-sha256", "x-amz-security-token"])(
    "must include %s when it is sent, so that nobody can add it",
    async (added) => {
      const { [added]: _left, ...headers } = ordinary.headers;
      const request = withHeaders(await sign({ headers }), { [added]: "added" });
      expect(await verify(request)).toMatchObject(unsigned(added));
    },
  );

  it("need no content type, whether one is sent or not: only one is ever read", async () => {
    const { "content-type": contentType, ...headers } = ordinary.headers;
    const request = await sign({ headers });
    expect((await verify(request)).ok).toBe(true);
    expect((await verify(withHeaders(request, { "content-type": contentType }))).ok).toBe(true);
  });

  it("cover a content type that is among them", async () => {
    const request = await sign();
    expect(await verify(withHeaders(request, { "content-type": "text/plain" }))).toMatchObject(mismatch);
    expect((await verify(withHeaders(request, { "content-type": undefined }))).ok).toBe(false);
  });

  it.each(["x-note", "__proto__", "constructor", "connection"])("must have been received: %s was not", async (name) => {
    const signed = [...Object.keys(ordinary.headers), name].toSorted();
    const message = `The signed header '${name}' was not received.`;
    expect(await verify(await sign({ signed }))).toMatchObject(refusal("InvalidSignatureException", message));
  });

  it.each([
    ["twice the same", ["content-type", "host", "host", "x-amz-date", "x-amz-target"]],
    ["out of order", ["host", "content-type", "x-amz-date", "x-amz-target"]],
    ["with an empty name", ["", "content-type", "host", "x-amz-date", "x-amz-target"]],
    ["in upper case", ["Content-Type", "host", "x-amz-date", "x-amz-target"]],
  ])("are refused when they are listed %s, although the signature covers the list", async (_what, signed) => {
    expect(await verify(await sign({ signed }))).toMatchObject(refusal("IncompleteSignatureException"));
  });

  it("are refused when a signed one comes twice", async () => {
    const request = await sign({ headers: { ...ordinary.headers, "x-note": "a" } });
    request.headers.append("x-note", "b");
    expect(await verify(request)).toMatchObject(mismatch);
  });

  it("are refused when their values are too long to be an SDK's", async () => {
    const long = await sign({ headers: { ...ordinary.headers, "x-note": "a".repeat(16_384) } });
    expect(await verify(long)).toMatchObject(refusal("InvalidSignatureException", "The signed headers are too long."));
    const short = await sign({ headers: { ...ordinary.headers, "x-note": "a".repeat(16_000) } });
    expect((await verify(short)).ok).toBe(true);
  });
});

describe("the body hash", () => {
  it.each([
    "UNSIGNED-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "",
  ])("is refused as %j, although it is signed", async (hash) => {
    const request = await sign({ headers: { ...ordinary.headers, "x-amz-content-sha256": hash } });
    const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    expect(await verify(request)).toMatchObject(refusal("InvalidSignatureException", message));
  });

  it("is computed, never taken from the header: a hash that is signed in place of the body's does not help", async () => {
    const hash = await sha256(poolInput);
    const request = await sign({ headers: { ...ordinary.headers, "x-amz-content-sha256": hash } });
    expect((await verify(request)).ok).toBe(true);
    expect((await verify({ ...request, body: encode("{}") })).ok).toBe(false);
  });
});

describe("the request", () => {
  it("runs the operation whose name was signed and no other", async () => {
    const message = "The signed 'x-amz-target' is not the requested operation.";
    const expected = refusal("InvalidSignatureException", message);
    expect(await verify(await sign(), { operation: "DeleteIdentityPool" })).toMatchObject(expected);
    for (const target of ["OtherService.CreateIdentityPool", "Edgepool.CreateIdentityPool", "CreateIdentityPool"]) {
      const other = await sign({ headers: { ...ordinary.headers, "x-amz-target": target } });
      expect(await verify(other)).toMatchObject(expected);
    }
  });

  it.each([
    { method: "GET" },
    { method: "PUT" },
    { url: "https://identity.example.com/path" },
    { url: "https://identity.example.com//" },
    { url: "https://identity.example.com/?Action=x" },
  ])("is refused with %o, although it is signed", async (changes) => {
    expect(await verify(await sign(changes))).toMatchObject(refusal("IncompleteSignatureException"));
  });

  it("cannot be moved to another method", async () => {
    expect((await verify({ ...(await sign()), method: "PUT" })).ok).toBe(false);
  });

  it("is unsigned without an Authorization header, whatever its query says", async () => {
    const request = await sign();
    const missing = refusal("MissingAuthenticationTokenException", "Missing Authentication Token");
    const bare = withHeaders(request, { authorization: undefined });
    const query = `https://identity.example.com/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261122%2Fus-east-1%2Fcognito-identity%2Faws4_request&X-Amz-Date=${timestamp}&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=${request.signature}`;
    expect(await verify(bare)).toMatchObject(missing);
    expect(await verify({ ...bare, url: new URL(query) })).toMatchObject(missing);
    expect(await verify(withHeaders(request, { authorization: "" }))).toMatchObject(missing);
  });

  it.each([
    ["another scheme", "Bearer eyJhbGciOiJub25lIn0.e30."],
    ["a header of a megabyte", `AWS4-HMAC-SHA256 Credential=${"A".repeat(1_000_000)}`],
  ])("is refused with %s", async (_what, authorization) => {
    const request = withHeaders(await sign(), { authorization });
    expect(await verify(request)).toMatchObject(refusal("IncompleteSignatureException"));
  });

  it("is refused with the header repeated, or with a second credential in it", async () => {
    const request = await sign();
    const authorization = request.headers.get("authorization") ?? "";
    const doubled = authorization.replace(
      "Credential=",
      "Credential=other/20261122/us-east-1/cognito-identity/aws4_request, Credential=",
    );
    const expected = refusal("IncompleteSignatureException");
    expect(await verify(withHeaders(request, { authorization: doubled }))).toMatchObject(expected);
    request.headers.append("authorization", authorization);
    expect(await verify(request)).toMatchObject(expected);
  });
});
