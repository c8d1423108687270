import { describe, expect, it } from "vitest";
import { verifySignature } from "../../../src/protocol/sigv4.ts";
import {
  credentials,
  encode,
  mismatch,
  now,
  ordinary,
  poolInput,
  refusal,
  secret,
  sha256,
  sign,
  unrecognized,
  verify,
  withHeaders,
} from "../../support/sign-request.ts";

describe("a credential that ends", () => {
  const ending = (expiresAt: number) => credentials.map((credential) => ({ ...credential, expiresAt }));

  it("is good until then, and from then on refused as one that is not there, with the reason in the log alone", async () => {
    const request = await sign();
    const verifyBy = async (expiresAt: number) =>
      await verifySignature({
        ...request,
        operation: "CreateIdentityPool",
        credentials: ending(expiresAt),
        region: "us-east-1",
        now,
      });
    expect((await verifyBy(now + 1)).ok).toBe(true);
    expect(await verifyBy(now)).toEqual({ ok: false, error: { ...unrecognized.error, reason: "credential-expired" } });
  });

  it("leaves a second key of the same caller alone", async () => {
    const [old, fresh] = [
      { ...credentials[1], expiresAt: now },
      { ...credentials[1], accessKeyId: "SECOND" },
    ];
    const request = await sign({ accessKeyId: "SECOND" });
    const options = { operation: "CreateIdentityPool", region: "us-east-1", now } as const;
    expect((await verifySignature({ ...request, ...options, credentials: [old, fresh] })).ok).toBe(true);
  });
});

describe("accepted requests", () => {
  it("name the credential that signed them, and the signature", async () => {
    const request = await sign();
    expect(await verify(request)).toEqual({
      ok: true,
      value: { credential: credentials[1], signature: request.signature, callKey: null },
    });
  });

  // Captured from botocore 1.29.27 and 1.43.11, with the key of this file and the endpoint http://127.0.0.1:8787.
  it.each([
    ["20261122T202540Z", "33b92762dfd620bae02367654174a6c7a7c9fde64cd858b4d00aae7881e0a278"],
    ["20261122T202538Z", "e2ce0505e5db1bd5d73f75babd30715b8d13ac64f0d66666f04474575ddd3d34"],
  ])("may come from boto3, signed at %s", async (date, signature) => {
    const headers = new Headers({
      "x-amz-target": "AWSCognitoIdentityService.CreateIdentityPool",
      "content-type": "application/x-amz-json-1.1",
      host: "127.0.0.1:8787",
      "x-amz-date": date,
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/cognito-identity/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=${signature}`,
      "amz-sdk-invocation-id": "49a9629c-e420-4b26-9b2e-9c1471f6057d",
      "amz-sdk-request": "attempt=1",
      "content-length": "65",
    });
    const url = new URL("http://127.0.0.1:8787/");
    expect((await verify({ method: "POST", url, headers, body: encode(poolInput) })).ok).toBe(true);
  });

  it("may sign what the SDK for C++ signs", async () => {
    const headers = {
      ...ordinary.headers,
      "content-length": "65",
      "x-amz-api-version": "2014-06-30",
      "x-amz-content-sha256": await sha256(poolInput),
    };
    const request = await sign({ headers });
    expect(request.headers.get("authorization")).toContain(
      "SignedHeaders=content-length;content-type;host;x-amz-api-version;x-amz-content-sha256;x-amz-date;x-amz-target,",
    );
    expect((await verify(request)).ok).toBe(true);
  });

  it("may have lost the two headers that only describe the transport", async () => {
    const request = await sign({ headers: { ...ordinary.headers, "content-length": "65" } });
    const stripped = withHeaders(request, { host: undefined, "content-length": undefined });
    expect((await verify(stripped)).ok).toBe(true);
    expect(await verify({ ...stripped, url: new URL("https://other.example.com/") })).toMatchObject(mismatch);
  });

  it("may carry unsigned headers beside the signed ones", async () => {
    const request = withHeaders(await sign(), { "user-agent": "curl", "amz-sdk-request": "attempt=2; max=3" });
    expect((await verify(request)).ok).toBe(true);
  });

  it("may have spaces in a signed value, which count as one", async () => {
    const request = await sign({ headers: { ...ordinary.headers, "x-note": "a  b \t c" } });
    expect((await verify(request)).ok).toBe(true);
    expect((await verify(withHeaders(request, { "x-note": "a b c" }))).ok).toBe(true);
    expect(await verify(withHeaders(request, { "x-note": "ab c" }))).toMatchObject(mismatch);
  });

  it("may have an empty body", async () => {
    expect((await verify(await sign({ body: "" }))).ok).toBe(true);
  });

  it("may be signed up to five minutes before or after our time, by the clock's whole second", async () => {
    const request = await sign();
    for (const difference of [-300, -1, 0.5, 300, 300.9]) {
      expect((await verify(request, { now: now + difference })).ok).toBe(true);
    }
  });
});

describe("the signature", () => {
  it("covers the whole Authorization header: no character of it can be another", async () => {
    const request = await sign();
    const authorization = request.headers.get("authorization") ?? "";
    expect(authorization.length).toBeGreaterThan(200);
    for (const [index, character] of [...authorization].entries()) {
      const other = character === "1" ? "2" : "1";
      const changed = authorization.slice(0, index) + other + authorization.slice(index + 1);
      expect((await verify(withHeaders(request, { authorization: changed }))).ok, changed).toBe(false);
    }
  });

  it("covers the whole body", async () => {
    const request = await sign();
    for (const index of request.body.keys()) {
      const body = request.body.with(index, (request.body[index] ?? 0) ^ 1);
      expect(await verify({ ...request, body })).toMatchObject(mismatch);
    }
    expect(await verify({ ...request, body: encode(`${poolInput} `) })).toMatchObject(mismatch);
    expect(await verify({ ...request, body: new Uint8Array() })).toMatchObject(mismatch);
  });

  it.each([
    ["host", "other.example.com"],
    ["host", "identity.example.com:443"],
    ["content-type", "application/json"],
    ["x-amz-date", "20261122T202539Z"],
  ])("covers the header %s", async (name, value) => {
    expect(await verify(withHeaders(await sign(), { [name]: value }))).toMatchObject(mismatch);
  });

  it("is checked against the secret of the access key id that it names", async () => {
    expect(await verify(await sign({ accessKeyId: "other" }))).toMatchObject(mismatch);
    expect(await verify(await sign({ secret: "the secret of another key" }))).toMatchObject(mismatch);
    expect(await verify(await sign({ secret: "no credential has this access key id" }))).toMatchObject(mismatch);
  });

  it.each(["unknown", "akidexample", "__proto__", "constructor"])(
    "of the unknown key %j is refused",
    async (accessKeyId) => {
      expect(await verify(await sign({ accessKeyId }))).toMatchObject(unrecognized);
    },
  );

  it("of an unknown key is refused even when it is made with what stands in for its secret", async () => {
    const forged = await sign({ accessKeyId: "unknown", secret: "no credential has this access key id" });
    expect(await verify(forged)).toMatchObject(unrecognized);
  });

  it.each([
    ["truncated", (signature: string) => signature.slice(0, -2)],
    ["longer", (signature: string) => `${signature}00`],
    ["in upper case", (signature: string) => signature.toUpperCase()],
    ["not hex", () => "z".repeat(64)],
    ["empty", () => ""],
  ])("is refused when it is %s", async (_what, change) => {
    const request = await sign();
    const authorization = (request.headers.get("authorization") ?? "").replace(request.signature, change);
    expect(await verify(withHeaders(request, { authorization }))).toMatchObject(
      refusal("IncompleteSignatureException"),
    );
  });
});

describe("credentials", () => {
  it("have no session token: one that is sent and signed is refused as AWS refuses an invalid one", async () => {
    const request = await sign({ headers: { ...ordinary.headers, "x-amz-security-token": "token" } });
    expect(await verify(request)).toMatchObject(unrecognized);
  });

  it("that are not configured close every signed operation, and the answer names the setting", async () => {
    const request = { ...(await sign()), operation: "CreateIdentityPool", region: "us-east-1", now };
    const expected = refusal("AccessDeniedException", expect.stringContaining("ADMIN_CREDENTIALS"));
    expect(await verifySignature({ ...request, credentials: [] })).toMatchObject(expected);
  });

  it("are quoted in no refusal, and neither is a signature", async () => {
    const request = await sign();
    const elsewhere = await sign({ region: "eu-west-1" });
    const results = [
      await verify({ ...request, body: encode("{}") }),
      await verify(request, { now: now + 9999 }),
      await verify(elsewhere),
      await verify(withHeaders(request, { authorization: `x${request.headers.get("authorization")}` })),
    ];
    for (const result of results) {
      expect(result.ok).toBe(false);
      for (const hidden of [secret, request.signature, elsewhere.signature]) {
        expect(JSON.stringify(result)).not.toContain(hidden);
      }
    }
  });
});
