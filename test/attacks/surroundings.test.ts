/** T42 to T51 and T70 to T72 over HTTP but for signatures (signed-operations.test.ts): what is minted, the keys, everything around a call. */
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { adminClient, appClient, createPool, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import { loginsOf } from "../support/development-sign-in.ts";
import { sendSigned, signedCall } from "../support/signed-call.ts";
import { call, send, type WireRequest } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";
import { errorOf } from "./stage.ts";

const identityPoolId = demoPoolId("us-east-1");
const PREFIX = "AWSCognitoIdentityService.";
const ROTATE = "Edgepool.RotateSigningKey";
const NARROW = { accessKeyId: "narrow", secretAccessKey: "narrow-secret-of-some-length" };
const POOL_BOUND = { accessKeyId: "bound", secretAccessKey: "bound-secret-of-some-length" };

const ROLE = "arn:aws:iam::123456789012:role/administrators";

let worker: RunningWorker;
beforeAll(async () => {
  const credentials = [
    { ...LOCAL_CREDENTIAL, operations: "*", pools: "*" },
    { ...NARROW, operations: ["ListIdentityPools"], pools: "*" },
    { ...POOL_BOUND, operations: "*", pools: [identityPoolId] },
  ];
  worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify(credentials) } });
});
afterAll(async () => {
  await worker.stop();
});

function developerUser(name: string): object {
  return { DeveloperProviderName: "login.other.example", DeveloperUserIdentifier: name };
}

function developerMerge(from: string, to: string): object {
  return {
    DeveloperProviderName: "login.other.example",
    SourceUserIdentifier: from,
    DestinationUserIdentifier: to,
  };
}

type Jwk = Readonly<Record<string, unknown>>;

async function publishedKeys(): Promise<readonly Jwk[]> {
  const response = await fetch(`${worker.endpoint}/.well-known/jwks.json`);
  return ((await response.json()) as { keys: readonly Jwk[] }).keys;
}

describe("what is minted", () => {
  it("T42: a token has eight claims at most, lives ten minutes, and tells nothing of the login's", async () => {
    const app = appClient(worker.endpoint);
    const guest = await getId(app, identityPoolId);
    const logins = await loginsOf(worker.endpoint, "alice");
    const user = await getId(app, identityPoolId, logins);
    for (const { token } of [await getOpenIdToken(app, guest), await getOpenIdToken(app, user, logins)]) {
      const claims = decodeJwt(token);
      expect(Object.keys(claims).toSorted()).toEqual(["amr", "aud", "exp", "iat", "iss", "jti", "sub"]);
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(600);
      expect(Math.abs((claims.iat ?? 0) - Date.now() / 1000)).toBeLessThan(5);
      expect(Object.keys(decodeProtectedHeader(token)).toSorted()).toEqual(["alg", "kid", "typ"]);
    }
  });

  it("T43: an emergency rotation takes the key away at once, and the next token is of another that is published", async () => {
    const app = appClient(worker.endpoint);
    const guest = await getId(app, identityPoolId);
    const old = await getOpenIdToken(app, guest);
    const { kid } = decodeProtectedHeader(old.token);
    // A key that was published only now could not be verified everywhere: it takes an operator who insists.
    const early = await sendSigned(worker.endpoint, ROTATE, {});
    expect([early.status, errorOf(early).type]).toEqual([429, "TooManyRequestsException"]);
    expect(Number(early.headers["retry-after"])).toBeGreaterThan(60);
    expect(decodeProtectedHeader((await getOpenIdToken(app, guest)).token).kid).toBe(kid);

    const order = signedCall(worker.endpoint, ROTATE, { Force: true });
    const forced = await send(worker.endpoint, order);
    expect(forced.status).toBe(200);
    const { KeyId, DroppedKeyIds } = JSON.parse(forced.body) as { KeyId: string; DroppedKeyIds: string[] };
    expect(DroppedKeyIds).toEqual([kid]);
    const keys = await publishedKeys();
    expect(keys.map((key) => key["kid"])).toContain(KeyId);
    expect(keys.map((key) => key["kid"])).not.toContain(kid);
    const { token } = await getOpenIdToken(app, guest);
    expect(decodeProtectedHeader(token).kid).toBe(KeyId);
    const set = createRemoteJWKSet(new URL(`${worker.endpoint}/.well-known/jwks.json`));
    expect((await jwtVerify(token, set, { issuer: worker.endpoint })).payload.sub).toBe(guest);
    await expect(jwtVerify(old.token, set, { issuer: worker.endpoint })).rejects.toThrow("no applicable key found");

    // T44: the same order again, as an SDK repeats it or an eavesdropper does, drops no second key.
    const repeated = await send(worker.endpoint, order);
    expect([repeated.status, JSON.parse(repeated.body)]).toEqual([200, { KeyId, DroppedKeyIds }]);
    expect(decodeProtectedHeader((await getOpenIdToken(app, guest)).token).kid).toBe(KeyId);
  });

  it("T43: a rotation is an operator's alone", async () => {
    const before = (await publishedKeys()).map((key) => key["kid"]);
    const unsigned = await send(worker.endpoint, {
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": ROTATE },
      body: '{"Force":true}',
    });
    expect([unsigned.status, errorOf(unsigned).type]).toEqual([400, "MissingAuthenticationTokenException"]);
    for (const credential of [NARROW, POOL_BOUND]) {
      const answer = await sendSigned(worker.endpoint, ROTATE, { Force: true }, { credential });
      expect([answer.status, errorOf(answer).type]).toEqual([403, "AccessDeniedException"]);
    }
    const wrongName = await sendSigned(worker.endpoint, `${PREFIX}RotateSigningKey`, { Force: true });
    expect([wrongName.status, errorOf(wrongName).type]).toEqual([400, "UnknownOperationException"]);
    const wrongPrefix = await sendSigned(worker.endpoint, "Edgepool.ListIdentityPools", { MaxResults: 1 });
    expect([wrongPrefix.status, errorOf(wrongPrefix).type]).toEqual([400, "UnknownOperationException"]);
    const wrongType = await sendSigned(worker.endpoint, ROTATE, { Force: "true" });
    expect([wrongType.status, errorOf(wrongType).type]).toEqual([400, "SerializationException"]);
    expect((await publishedKeys()).map((key) => key["kid"])).toEqual(before);
  });
});

describe("an administrator", () => {
  it("T37: of one pool reaches no identity, user or setting of another pool", async () => {
    const admin = adminClient(worker.endpoint);
    const other = await createPool(admin, { DeveloperProviderName: "login.other.example" });
    const identityId = await getId(appClient(worker.endpoint), other);
    const pool = { IdentityPoolId: other };
    const settings = { ...pool, IdentityPoolName: "taken over", AllowUnauthenticatedIdentities: true };
    const user = { ...pool, Logins: { "login.other.example": "ann" } };
    const attempts: readonly (readonly [string, object])[] = [
      ["DescribeIdentity", { IdentityId: identityId }],
      ["ListIdentities", { ...pool, MaxResults: 10 }],
      ["DescribeIdentityPool", pool],
      ["UpdateIdentityPool", settings],
      ["DeleteIdentityPool", pool],
      ["GetOpenIdTokenForDeveloperIdentity", user],
      ["GetOpenIdTokenForDeveloperIdentity", { ...user, IdentityId: identityId }],
      ["LookupDeveloperIdentity", { ...pool, IdentityId: identityId }],
      ["UnlinkDeveloperIdentity", { ...pool, IdentityId: identityId, ...developerUser("ann") }],
      ["MergeDeveloperIdentities", { ...pool, ...developerMerge("ann", "bob") }],
    ];
    for (const [operation, input] of attempts) {
      const answer = await sendSigned(worker.endpoint, PREFIX + operation, input, { credential: POOL_BOUND });
      expect([operation, answer.status, errorOf(answer).type]).toEqual([operation, 403, "AccessDeniedException"]);
      expect(answer.body).not.toContain("login.other.example");
    }
    // A list of ids is answered one by one: the foreign one is not deleted, and the answer says so.
    const deletion = { IdentityIdsToDelete: [identityId] };
    const answer = await sendSigned(worker.endpoint, `${PREFIX}DeleteIdentities`, deletion, { credential: POOL_BOUND });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      200,
      { UnprocessedIdentityIds: [{ IdentityId: identityId, ErrorCode: "AccessDenied" }] },
    ]);
    const described = await sendSigned(worker.endpoint, `${PREFIX}DescribeIdentity`, { IdentityId: identityId });
    expect([described.status, JSON.parse(described.body)]).toMatchObject([200, { IdentityId: identityId }]);
    const listed = await sendSigned(
      worker.endpoint,
      `${PREFIX}ListIdentityPools`,
      { MaxResults: 60 },
      { credential: POOL_BOUND },
    );
    expect(listed.body).not.toContain(other);
  });
});

describe("around a call", () => {
  it("T49: any page may call, none with credentials, and no origin is ever echoed", async () => {
    // Under npm start of this machine's pages alone: local-service.test.ts.
    const origin = { origin: "http://localhost:4999" };
    const answers = [
      await send(worker.endpoint, {
        method: "OPTIONS",
        headers: { ...origin, "access-control-request-method": "POST" },
      }),
      await send(worker.endpoint, { headers: { ...origin, "content-type": "application/x-amz-json-1.1" } }),
      await send(worker.endpoint, { method: "GET", path: "/.well-known/jwks.json", headers: origin }),
    ];
    for (const { headers, body } of answers) {
      expect(headers["access-control-allow-origin"]).toBe("*");
      expect(headers["access-control-allow-credentials"]).toBe(undefined);
      expect(JSON.stringify(headers) + body).not.toContain("localhost:4999");
    }
    expect(answers[0]?.headers["access-control-allow-methods"]).toBe("POST");
    expect(answers[1]?.headers["access-control-expose-headers"]?.toLowerCase()).toContain("x-amzn-errortype");
  });

  it.each<[string, WireRequest, number]>([
    ["GET", { method: "GET" }, 405],
    ["PUT", { method: "PUT" }, 405],
    ["DELETE", { method: "DELETE" }, 405],
    ["PATCH", { method: "PATCH" }, 405],
    ["another path", { path: "/GetId" }, 404],
    ["a query", { path: "/?Action=GetId" }, 404],
    ["a path that leads back", { path: "/x/../" }, 404],
    ["text/plain, which a form can send", { headers: { "content-type": "text/plain" } }, 400],
    ["application/json", { headers: { "content-type": "application/json" } }, 400],
    ["AWS JSON 1.0", { headers: { "content-type": "application/x-amz-json-1.0" } }, 400],
    ["no content type", { headers: { "content-type": "" } }, 400],
    ["another service's target", { headers: { "x-amz-target": "AWSCognitoIdentityProviderService.GetId" } }, 400],
    ["a target in another case", { headers: { "x-amz-target": "awscognitoidentityservice.getid" } }, 400],
    ["a target named like a member of every object", { headers: { "x-amz-target": `${PREFIX}constructor` } }, 400],
    ["no target", { headers: { "x-amz-target": "" } }, 400],
  ])("T50: %s is a refusal in AWS's shape", async (_, request, status) => {
    const usual = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${PREFIX}GetId` };
    const body = request.method === "GET" ? "" : JSON.stringify({ IdentityPoolId: identityPoolId });
    const headers = { ...usual, ...request.headers };
    const answer = await send(worker.endpoint, { ...request, headers, ...(body !== "" && { body }) });
    // The runtime resolves dot segments itself, as a browser does, so that such a path may be the service's own.
    expect(request.path === "/x/../" ? [200, 404] : [status]).toContain(answer.status);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["content-type"]).toBe("application/x-amz-json-1.1");
    if (answer.status !== 200) expect(errorOf(answer).type).toBe("UnknownOperationException");
  });

  it("T70: whoever administers one pool gives it no role that the credential does not name", async () => {
    const mapping = (more: object) => ({ "accounts.google.com": { AmbiguousRoleResolution: "Deny", ...more } });
    const rule = { Claim: "sub", MatchType: "StartsWith", Value: "1", RoleARN: ROLE };
    const attempts: readonly (readonly [role: string, input: object])[] = [
      [ROLE, { Roles: { authenticated: ROLE } }],
      [ROLE, { Roles: { unauthenticated: ROLE } }],
      [ROLE, { Roles: {}, RoleMappings: mapping({ Type: "Rules", RulesConfiguration: { Rules: [rule] } }) }],
      // The users of an issuer that the attacker adds would say themselves which.
      ["*", { Roles: {}, RoleMappings: mapping({ Type: "Token" }) }],
    ];
    for (const [role, input] of attempts) {
      const order = { IdentityPoolId: identityPoolId, ...input };
      const signing = { credential: POOL_BOUND };
      const answer = await sendSigned(worker.endpoint, `${PREFIX}SetIdentityPoolRoles`, order, signing);
      expect([answer.status, errorOf(answer)]).toEqual([
        403,
        { type: "NotAuthorizedException", message: `Access to Role '${role}' is forbidden.` },
      ]);
    }
    const input = { IdentityPoolId: identityPoolId };
    const kept = await sendSigned(worker.endpoint, `${PREFIX}GetIdentityPoolRoles`, input);
    expect(kept.body).not.toContain(ROLE);
  });

  it("T71: a role is no text for others to read, where it is set and where it is refused", async () => {
    const texts = [
      "arn:aws:iam::1:role/Call +1 555 0100!",
      `${ROLE}\u0000`,
      `${ROLE}<script>`,
      "see https://evil.example/",
    ];
    for (const text of texts) {
      const order = { IdentityPoolId: identityPoolId, Roles: { authenticated: text } };
      for (const credential of [POOL_BOUND, LOCAL_CREDENTIAL]) {
        const answer = await sendSigned(worker.endpoint, `${PREFIX}SetIdentityPoolRoles`, order, { credential });
        expect(errorOf(answer)).toEqual({
          type: "InvalidParameterException",
          message: "Invalid role ARN at 'roles'.",
        });
      }
    }
    const long = { Roles: { authenticated: `arn:aws:iam::${"1".repeat(1900)}:role/r` } };
    const order = { IdentityPoolId: identityPoolId, ...long };
    const answer = await sendSigned(worker.endpoint, `${PREFIX}SetIdentityPoolRoles`, order, {
      credential: POOL_BOUND,
    });
    expect(errorOf(answer).message).toHaveLength("Access to Role '' is forbidden.".length + 256);
  });

  it("T72: whoever administers one pool reads and writes nothing of another by its ARN", async () => {
    const foreign = await createPool(adminClient(worker.endpoint), { IdentityPoolTags: { owner: "somebody else" } });
    const ResourceArn = `arn:aws:cognito-identity:us-east-1:123456789012:identitypool/${foreign}`;
    // One that names the attacker's own pool beside it is none.
    const both = `${ResourceArn}:identitypool/${identityPoolId}`;
    for (const [operation, input] of [
      ["ListTagsForResource", {}],
      ["TagResource", { Tags: { owner: "me" } }],
      ["UntagResource", { TagKeys: ["owner"] }],
    ] as const) {
      const types = [ResourceArn, both].map(async (arn) => {
        const order = { ResourceArn: arn, ...input };
        const answer = await sendSigned(worker.endpoint, PREFIX + operation, order, { credential: POOL_BOUND });
        return errorOf(answer).type;
      });
      expect(await Promise.all(types)).toEqual(["AccessDeniedException", "InvalidParameterException"]);
    }
    const listed = await sendSigned(worker.endpoint, `${PREFIX}ListTagsForResource`, { ResourceArn });
    expect(JSON.parse(listed.body)).toEqual({ Tags: { owner: "somebody else" } });
  });

  it("T51: a message quotes little of the input, only what prints, and of a login nothing", async () => {
    const app = appClient(worker.endpoint);
    const guest = await getId(app, identityPoolId);
    const secret = `eyJ${"s3cr3t".repeat(30)}`;
    const inputs = [
      { IdentityId: "<script>alert(1)</script>".repeat(20) },
      { IdentityId: `\u202e\u0000\r\nSet-Cookie: a=b` },
      { IdentityId: guest, Logins: { [secret]: secret } },
      { IdentityId: guest, Logins: { "accounts.google.com": "" } },
      {
        IdentityId: guest,
        Logins: Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`p${index}`, secret])),
      },
      { IdentityId: guest, Logins: { "accounts.google.com": secret } },
    ];
    for (const input of inputs) {
      const answer = await call(worker.endpoint, "GetOpenIdToken", input);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.body).not.toContain("s3cr3t");
      expect(answer.body.length).toBeLessThan(600);
      expect(answer.headers["set-cookie"]).toBe(undefined);
      const { message } = errorOf(answer);
      expect(message).toMatch(/^[ -~]*$/);
    }
  });
});
