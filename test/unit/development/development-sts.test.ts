import { AwsV4Signer } from "aws4fetch";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { answerSts, type DevelopmentSts } from "../../../src/development/development-sts.ts";
import { DEMO_GUEST_ROLE, DEMO_USER_ROLE } from "../../../src/development/sts-trust.ts";
import { readStsAnswer } from "../../../src/sts/sts-answer.ts";
import { stsBody } from "../../../src/sts/sts-request.ts";

const ADDRESS = "http://127.0.0.1:8787/development/sts";
const POOL = "us-east-1:de300000-0000-4000-8000-0000000de300";
const now = () => Math.floor(Date.now() / 1000);
const terms = { durationSeconds: 3600, guestPolicy: "", guestPolicyArns: [] };

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Pair;
let others: Pair;
const documents = new Map<string, unknown>();
const fetched: string[] = [];

const sts: DevelopmentSts = {
  issuer: "http://127.0.0.1:8787",
  identityPoolId: POOL,
  key: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
  async fetch(address) {
    fetched.push(address);
    const document = documents.get(address);
    if (document === undefined) throw new TypeError("connection refused");
    return Response.json(document);
  },
  now: () => Date.now() / 1000,
};

beforeAll(async () => {
  [keys, others] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  const jwks_uri = "http://127.0.0.1:8787/.well-known/jwks.json";
  documents.set("http://127.0.0.1:8787/.well-known/openid-configuration", { issuer: sts.issuer, jwks_uri });
  documents.set(jwks_uri, { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256", use: "sig" }] });
});

async function tokenOf(
  changes: Readonly<Record<string, unknown>> = {},
  header: object = {},
  key = keys.privateKey,
): Promise<string> {
  const claims = {
    iss: sts.issuer,
    sub: "us-east-1:u",
    aud: POOL,
    iat: now(),
    exp: now() + 300,
    ["amr"]: ["authenticated"],
    "https://aws.amazon.com/roles": [DEMO_USER_ROLE],
    ...changes,
  };
  return await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "one", ...header }).sign(key);
}

async function assume(token: string, roleArn = DEMO_USER_ROLE, given: DevelopmentSts = sts) {
  const body = stsBody({ roleArn, sessionName: "CognitoIdentityCredentials", token, isGuest: false }, terms);
  return await answerSts({ path: "/development/sts", headers: new Headers(), body }, given);
}

async function credentialsOf(answer: { readonly status: number; readonly xml: string }) {
  const read = readStsAnswer(
    { status: answer.status, bytes: new TextEncoder().encode(answer.xml) },
    { token: "", durationSeconds: 3600 },
    Date.now() / 1000,
  );
  if (!read.ok) throw new Error(`${answer.status} ${answer.xml}`);
  return read.value;
}

/** What the SDK's way of signing makes of GetCallerIdentity. */
async function callerIdentity(changes: Partial<ConstructorParameters<typeof AwsV4Signer>[0]>, given = sts) {
  const body = "Action=GetCallerIdentity&Version=2011-06-15";
  const signer = new AwsV4Signer({
    url: ADDRESS,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
    service: "sts",
    region: "us-east-1",
    accessKeyId: "",
    secretAccessKey: "",
    ...changes,
  });
  const { headers } = await signer.sign();
  headers.set("host", new URL(ADDRESS).host);
  return await answerSts({ path: "/development/sts", headers, body }, given);
}

describe("AssumeRoleWithWebIdentity", () => {
  it("gives credentials after it has fetched the issuer's documents itself", async () => {
    fetched.length = 0;
    const answer = await assume(await tokenOf());
    expect(answer.status).toBe(200);
    expect(fetched).toEqual([
      "http://127.0.0.1:8787/.well-known/openid-configuration",
      "http://127.0.0.1:8787/.well-known/jwks.json",
    ]);
    const { accessKeyId, secretAccessKey, expiresAt } = await credentialsOf(answer);
    expect(accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(secretAccessKey).toHaveLength(40);
    expect(Math.abs(expiresAt - now() - 3600)).toBeLessThan(60);
  });

  it("trusts each role with its own kind of identity", async () => {
    const guest = { ["amr"]: ["unauthenticated"], "https://aws.amazon.com/roles": [DEMO_GUEST_ROLE] };
    expect((await assume(await tokenOf(guest), DEMO_GUEST_ROLE)).status).toBe(200);
    const both = { "https://aws.amazon.com/roles": [DEMO_GUEST_ROLE, DEMO_USER_ROLE] };
    expect((await assume(await tokenOf({ ...guest, ...both }), DEMO_USER_ROLE)).xml).toContain("AccessDenied");
    expect((await assume(await tokenOf(both), DEMO_GUEST_ROLE)).xml).toContain("AccessDenied");
  });

  const unknownRole = "arn:aws:iam::000000000000:role/edgepool-demo-admin";
  it.each<[string, Readonly<Record<string, unknown>>, string, number, string, string]>([
    [
      "another pool",
      { aud: "us-east-1:p" },
      DEMO_USER_ROLE,
      403,
      "AccessDenied",
      "Not authorized to perform sts:Assume",
    ],
    [
      "an unknown role",
      { "https://aws.amazon.com/roles": [unknownRole] },
      unknownRole,
      403,
      "AccessDenied",
      "Not authorized",
    ],
    ["no pin", { "https://aws.amazon.com/roles": undefined }, DEMO_USER_ROLE, 403, "AccessDenied", "Not authorized"],
    [
      "another pin",
      { "https://aws.amazon.com/roles": [DEMO_GUEST_ROLE] },
      DEMO_USER_ROLE,
      400,
      "InvalidIdentityToken",
      "The target role ARN is not present in the roles claim of the identity token",
    ],
    ["an expired token", { exp: 1_000_000_000 }, DEMO_USER_ROLE, 400, "ExpiredTokenException", "Token expired"],
    ["a token of tomorrow", { iat: 9_000_000_000 }, DEMO_USER_ROLE, 400, "InvalidIdentityToken", "Invalid timestamp"],
    ["no audience", { aud: undefined }, DEMO_USER_ROLE, 400, "InvalidIdentityToken", "Missing a required claim: aud"],
    [
      "a tag that is a text",
      { "https://aws.amazon.com/tags": { principal_tags: { team: "red" } } },
      DEMO_USER_ROLE,
      400,
      "InvalidIdentityToken",
      "principal_tags passed in claim is not in correct format.",
    ],
    [
      "another issuer",
      { iss: "https://evil.example" },
      DEMO_USER_ROLE,
      400,
      "InvalidIdentityToken",
      "No OpenIDConnect provider found in your account for https://evil.example",
    ],
  ])("refuses %s in AWS's words", async (_, changes, roleArn, status, code, message) => {
    const answer = await assume(await tokenOf(changes), roleArn);
    expect(answer.status).toBe(status);
    expect(answer.xml).toContain(`<Code>${code}</Code><Message>${message}`);
  });

  it("takes tags that are lists of one text, of any script", async () => {
    const tags = { "https://aws.amazon.com/tags": { principal_tags: { team: ["Grün 1"] } } };
    expect((await assume(await tokenOf(tags))).status).toBe(200);
  });

  it("refuses what no key of the issuer's has signed, and an issuer that it cannot reach", async () => {
    const forged = await assume(await tokenOf({}, {}, others.privateKey));
    expect(forged.xml).toContain("The web identity token provided could not be validated.");
    const unknown = await assume(await tokenOf({}, { kid: "two" }));
    expect(unknown.xml).toContain("Couldn&#39;t retrieve verification key");
    const away: DevelopmentSts = { ...sts, fetch: async () => await Promise.reject(new TypeError("refused")) };
    expect((await assume(await tokenOf(), DEMO_USER_ROLE, away)).xml).toContain("Couldn&#39;t retrieve");
    expect((await assume("junk")).xml).toContain("The ID Token provided is not a valid JWT.");
  });

  it("refuses EdDSA, as AWS does", async () => {
    const { privateKey, publicKey } = await generateKeyPair("EdDSA");
    const jwk = { ...(await exportJWK(publicKey)), kid: "ed", alg: "EdDSA", use: "sig" };
    const given: DevelopmentSts = {
      ...sts,
      fetch: async (address) =>
        address.endsWith("jwks.json") ? Response.json({ keys: [jwk] }) : await sts.fetch(address),
    };
    const answer = await assume(await tokenOf({}, { alg: "EdDSA", kid: "ed" }, privateKey), DEMO_USER_ROLE, given);
    expect(answer.xml).toContain("could not be validated");
  });

  it.each([
    ["RoleArn", "users", "ValidationError"],
    ["RoleSessionName", "a b", "ValidationError"],
    ["DurationSeconds", "899", "ValidationError"],
    ["DurationSeconds", "x", "ValidationError"],
    ["Policy", "{", "MalformedPolicyDocument"],
    ["Version", "2010", "InvalidAction"],
    ["Action", "AssumeRole", "InvalidAction"],
  ])("refuses %s=%s", async (name, value, code) => {
    const token = await tokenOf();
    const form = new URLSearchParams(
      stsBody({ roleArn: DEMO_USER_ROLE, sessionName: "ab", token, isGuest: false }, terms),
    );
    form.set(name, value);
    const call = { path: "/development/sts", headers: new Headers(), body: String(form) };
    const answer = await answerSts(call, sts);
    expect([answer.status, answer.xml]).toEqual([400, expect.stringContaining(`<Code>${code}</Code>`)]);
  });
});

describe("GetCallerIdentity", () => {
  const given = async () => await credentialsOf(await assume(await tokenOf()));

  it("shows the role and the session of credentials that it gave", async () => {
    const answer = await callerIdentity(await given());
    expect(answer.status).toBe(200);
    expect(answer.xml).toContain(
      "<Arn>arn:aws:sts::000000000000:assumed-role/edgepool-demo-user/CognitoIdentityCredentials</Arn>",
    );
    expect(answer.xml).toContain("<Account>000000000000</Account>");
  });

  it("knows no others", async () => {
    const one = await given();
    const two = await given();
    const unknown = "InvalidClientTokenId";
    const changed = (text: string) => `${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}`;
    for (const [changes, code] of [
      [{ ...one, accessKeyId: two.accessKeyId }, unknown],
      [{ ...one, sessionToken: two.sessionToken }, unknown],
      [{ ...one, sessionToken: `x${one.sessionToken}` }, unknown],
      [{ ...one, sessionToken: "" }, unknown],
      [{ ...one, secretAccessKey: changed(one.secretAccessKey) }, "SignatureDoesNotMatch"],
      [{ ...one, service: "s3" }, "SignatureDoesNotMatch"],
      [{ ...one, datetime: "20200101T000000Z" }, "SignatureDoesNotMatch"],
      [{ ...one, body: "Action=Another" }, "SignatureDoesNotMatch"],
    ] as const) {
      const answer = await callerIdentity(changes);
      expect([answer.status, answer.xml]).toEqual([403, expect.stringContaining(`<Code>${code}</Code>`)]);
    }
    const later = await callerIdentity(one, { ...sts, now: () => Date.now() / 1000 + 3601 });
    expect(later.xml).toContain("ExpiredToken");
    const elsewhere = await callerIdentity(one, { ...sts, key: `${sts.key}x` });
    expect(elsewhere.xml).toContain(unknown);
  });
});
