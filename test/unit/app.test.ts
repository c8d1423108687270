import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_BODY_BYTES } from "../../src/protocol/body-limit.ts";
import { IdentityObject, KeyRingObject } from "../../src/worker.ts";
import { FakeUpstream } from "../support/fake-upstream.ts";
import {
  dieInNext,
  intercept,
  makeGuest,
  makePool,
  makeSignIn,
  newIdentityId,
  newPoolId,
  noteCalls,
  recordOf,
  untilAtRest,
} from "../support/objects.ts";
import { makeSigningKey } from "../support/login-tokens.ts";
import { makeRateLimit } from "../support/rate-limit-binding.ts";
import { ADMIN, type Answer, claimsIn, makeService, textOf } from "../support/service.ts";

/** Everything that was logged, by whatever way: the Worker and its objects share this isolate. */
let logged: string[];

const logLines = () =>
  logged.filter((line) => line.startsWith("{")).map((line): Record<string, unknown> => JSON.parse(line));

/** Calls of objects in the requests of this test: what earlier ones still deliver after their answers is no part of it. */
const inRequests = (calls: readonly string[]) =>
  calls.filter(
    (call) =>
      !["IdentityDirectoryObject.update", "IdentityPoolObject.directoryShards", "LoginObject.settle"].includes(call),
  );

beforeEach(() => {
  logged = [];
  for (const method of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => {
      logged.push(parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" "));
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a configuration that is not whole", () => {
  it.each([
    ["ISSUER", ""],
    ["KEY_ENCRYPTION_KEY", ""],
    ["TOKEN_ALG", "none"],
    ["RATE_LIMIT_BURST", "1000"],
  ])("is refused by the name of the variable: %s", async (name, value) => {
    const service = makeService({ settings: { [name]: value } });
    const calls = noteCalls();
    for (const answer of [
      await service.call("GetId", { IdentityPoolId: newPoolId() }),
      await service.admin("ListIdentityPools", { MaxResults: 1 }),
      await service.fetch("/.well-known/jwks.json"),
    ]) {
      expect(answer).toMatchObject({ status: 500, json: { __type: "InternalErrorException" } });
      expect(answer.json["message"]).toContain(name);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
    expect(inRequests(calls)).toEqual([]);
  });

  it("is judged once in an isolate", async () => {
    const service = makeService({ settings: { ISSUER: "" } });
    const [first, second] = [await service.call("GetId", {}), await service.call("GetId", {})];
    expect(second.json).toEqual(first.json);
  });
});

describe("the documents of the issuer", () => {
  const service = makeService();

  it("are there for every relying party to fetch and to keep for five minutes", async () => {
    const discovery = await service.fetch("/.well-known/openid-configuration");
    expect(discovery).toMatchObject({
      status: 200,
      json: { issuer: "https://identity.example.com", jwks_uri: "https://identity.example.com/.well-known/jwks.json" },
    });
    const keySet = await service.fetch("/.well-known/jwks.json");
    expect(await service.fetch("/.well-known/jwks_uri")).toMatchObject({ status: 200, json: keySet.json });
    for (const { headers } of [discovery, keySet]) {
      expect(headers.get("cache-control")).toBe("public, max-age=300");
      expect(headers.get("content-type")).toBe("application/json");
      expect(headers.get("access-control-allow-origin")).toBe("*");
    }
  });

  it("name an authorization endpoint that answers in words, whatever it is asked, and touches nothing", async () => {
    const { json } = await service.fetch("/.well-known/openid-configuration");
    const calls = noteCalls();
    const path = String(json["authorization_endpoint"]).replace(/^https:..identity.example.com/, "");
    for (const query of ["", "?response_type=id_token&client_id=x&state=<script>"]) {
      const answer = await service.fetch(`${path}${query}`);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([400, "text/plain; charset=utf-8"]);
      expect(answer.text).toContain("without a login page");
      expect(answer.text).not.toContain("script");
    }
    expect(calls).toEqual([]);
  });

  it("T43: publish no private member of a key", async () => {
    const { json } = await service.fetch("/.well-known/jwks.json");
    for (const key of json["keys"] as object[]) {
      expect(Object.keys(key).toSorted()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
    }
  });

  it("name the key that signs", async () => {
    const { json } = await service.fetch("/.well-known/jwks.json");
    const pool = await makePool();
    const token = textOf(
      await service.call("GetOpenIdToken", { IdentityId: await makeGuest(pool.identityPoolId) }),
      "Token",
    );
    const [header = ""] = token.split(".");
    const { kid } = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(header, { alphabet: "base64url" })));
    expect((json["keys"] as { kid: string }[]).map((key) => key.kid)).toContain(kid);
  });

  it("are answered from the isolate's memory when they are asked for again", async () => {
    await service.fetch("/.well-known/jwks.json");
    const calls = noteCalls();
    await service.fetch("/.well-known/jwks.json");
    await service.fetch("/.well-known/openid-configuration");
    expect(inRequests(calls)).toEqual([]);
  });

  it("are unavailable for a moment, uncached and with the cause in the log, when the key ring cannot be reached", async () => {
    const cold = makeService();
    dieInNext(KeyRingObject.prototype, "publishedKeys", "before");
    const answer = await cold.fetch("/.well-known/jwks.json");
    expect(answer.status).toBe(503);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(logLines()).toContainEqual(expect.objectContaining({ status: 503, exception: "InternalErrorException" }));
    expect((await cold.fetch("/.well-known/jwks.json")).status).toBe(200);
  });

  it.each(["POST", "PUT", "DELETE"])("take no %s", async (method) => {
    expect((await service.fetch("/.well-known/jwks.json", { method })).status).toBe(404);
  });
});

describe("requests that are no call", () => {
  const service = makeService();

  it.each([
    ["GET /", "/", { method: "GET" }, 405],
    ["another path", "/admin", { method: "POST" }, 404],
    ["a query", "/?Action=GetId", { method: "POST" }, 404],
    ["no target", "/", { method: "POST", headers: { "content-type": "application/x-amz-json-1.1" } }, 400],
  ])("%s is refused, uncached, and logged", async (_, path, init, status) => {
    const answer = await service.fetch(path, init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(logLines()).toMatchObject([{ message: "request", operation: null, status }]);
  });

  it("a browser at the root reads one sentence, which names neither the software nor a version; nobody is asked", async () => {
    const calls = noteCalls();
    const headers = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
    const answer = await service.fetch("/", { headers });
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^[^.\d]+\.\n$/);
    expect(answer.text).not.toMatch(/edgepool/i);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect([inRequests(calls), logLines()]).toEqual([[], []]);
    // A page elsewhere, a form, a program: as ever.
    expect((await service.fetch("/x", { headers })).status).toBe(404);
    expect((await service.fetch("/", { method: "POST", headers })).status).toBe(400);
    expect((await service.fetch("/", { headers: { accept: "*/*" } })).status).toBe(405);
  });

  it.each([
    ["too large a one", `"${"x".repeat(MAX_BODY_BYTES)}"`, 413, "RequestEntityTooLargeException"],
    ["no JSON", "{", 400, "SerializationException"],
    ["no object", "[]", 400, "SerializationException"],
  ])(
    "a body that cannot be read is logged under the operation that it was for: %s",
    async (_, body, status, exception) => {
      const headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSCognitoIdentityService.GetOpenIdToken",
      };
      expect((await service.fetch("/", { method: "POST", headers, body })).status).toBe(status);
      expect(logLines()).toMatchObject([{ message: "request", operation: "GetOpenIdToken", status, exception }]);
    },
  );

  it("a browser's preflight is answered on any path, without asking anybody", async () => {
    const calls = noteCalls();
    const headers = { origin: "https://app.example", "access-control-request-headers": "x-amz-target,content-type" };
    const answer = await service.fetch("/", { method: "OPTIONS", headers });
    expect(answer).toMatchObject({ status: 200, text: "" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-methods")).toBe("POST");
    expect(answer.headers.get("access-control-allow-headers")).toBe("x-amz-target,content-type");
    expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
    expect(inRequests(calls)).toEqual([]);
  });

  it("every answer may be read by a browser, with its request id and when to come again", async () => {
    const pool = await makePool();
    for (const answer of [
      await service.call("GetId", { IdentityPoolId: pool.identityPoolId }),
      await service.call("GetId", {}),
    ]) {
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-expose-headers")).toContain("Retry-After");
      expect(answer.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
      expect(Math.abs(Date.parse(answer.headers.get("date") ?? "") - Date.now())).toBeLessThan(5000);
    }
  });
});

describe("signed operations", () => {
  it("are refused to everybody when no credential is configured", async () => {
    const service = makeService({ credentials: [] });
    const calls = noteCalls();
    expect(await service.admin("ListIdentityPools", { MaxResults: 1 })).toMatchObject({
      status: 403,
      json: { __type: "AccessDeniedException" },
    });
    expect(inRequests(calls)).toEqual([]);
  });

  it.each([
    ["no signature", undefined, "MissingAuthenticationTokenException"],
    ["an unknown key", { ...ADMIN, accessKeyId: "stranger" }, "UnrecognizedClientException"],
    ["a wrong secret", { ...ADMIN, secretAccessKey: "another-secret-of-the-admin" }, "InvalidSignatureException"],
  ])("are refused with %s, before any object is asked", async (_, credential, type) => {
    const service = makeService();
    const calls = noteCalls();
    const answer = await service.call("ListIdentityPools", { MaxResults: 1 }, credential && { credential });
    expect(answer).toMatchObject({ status: 400, json: { __type: type } });
    expect(inRequests(calls)).toEqual([]);
  });

  it("are refused before the shape of the input is looked at, so that a stranger learns nothing of it", async () => {
    const service = makeService();
    expect(await service.call("ListIdentityPools", { MaxResults: -1 })).toMatchObject({
      json: { __type: "MissingAuthenticationTokenException" },
    });
    expect(await service.admin("ListIdentityPools", { MaxResults: -1 })).toMatchObject({
      json: { __type: "ValidationException" },
    });
  });

  it("public operations take no notice of a signature", async () => {
    const service = makeService();
    const { identityPoolId: IdentityPoolId } = await makePool();
    const credential = { ...ADMIN, accessKeyId: "stranger" };
    expect((await service.call("GetId", { IdentityPoolId }, { credential })).status).toBe(200);
  });
});

describe("defects", () => {
  it("say on the wire that there is one, and in the log which; the next call is served", async () => {
    const service = makeService();
    const identityId = await makeGuest((await makePool()).identityPoolId);
    await untilAtRest(identityId);
    dieInNext(IdentityObject.prototype, "grant", "before");
    const answer = await service.call("GetOpenIdToken", { IdentityId: identityId });
    expect(answer).toMatchObject({
      status: 500,
      json: { __type: "InternalErrorException", message: "An internal error occurred." },
    });
    expect(answer.text).not.toContain("crash of the test");
    const requestId = answer.headers.get("x-amzn-requestid");
    expect(logLines()).toContainEqual(
      expect.objectContaining({
        message: "defect",
        requestId,
        operation: "GetOpenIdToken",
        cause: expect.objectContaining({ message: "crash of the test" }),
      }),
    );
    expect(logLines()).toContainEqual(
      expect.objectContaining({ message: "request", requestId, status: 500, reason: "defect" }),
    );
    expect((await service.call("GetOpenIdToken", { IdentityId: identityId })).status).toBe(200);
  });

  it("an object that is overloaded is a reason to come later, and no defect of the client's", async () => {
    const service = makeService();
    intercept(IdentityObject.prototype, "grant", () => {
      throw Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
    });
    const answer = await service.call("GetOpenIdToken", { IdentityId: newIdentityId() });
    expect(answer).toMatchObject({ status: 429, json: { __type: "TooManyRequestsException" } });
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  it("a record that this code cannot read is told of loudly", async () => {
    const service = makeService();
    const identityId = await makeGuest((await makePool()).identityPoolId);
    await untilAtRest(identityId);
    await runInDurableObject(env.IDENTITY.getByName(identityId), (_, state) => {
      state.storage.kv.put("identity", { ...Object(state.storage.kv.get("identity")), version: 3 });
    });
    await evictDurableObject(env.IDENTITY.getByName(identityId));
    expect((await service.call("GetOpenIdToken", { IdentityId: identityId })).status).toBe(500);
    expect(logged.join()).toContain("the unknown version 3");
  });
});

describe("T46: what is logged", () => {
  it("is one line a request, and never a token, a secret or a subject, whatever is sent", async () => {
    const signIn = await makeSignIn(new FakeUpstream().install());
    const subject = "subject-that-nobody-may-read";
    const pool = await makePool(signIn.settings);
    const service = makeService();
    const [good, forged] = [await signIn.logins(subject), await signIn.forged(subject)];
    const expired = await signIn.logins(subject, { exp: 1 });
    const token = good.get(signIn.providerName) ?? "";
    const IdentityPoolId = pool.identityPoolId;
    const answers: Answer[] = [await service.call("GetId", { IdentityPoolId, Logins: good })];
    const IdentityId = textOf(answers[0] ?? (await service.call("GetId", {})), "IdentityId");
    const guest = textOf(await service.call("GetId", { IdentityPoolId }), "IdentityId");
    const minted = await service.call("GetOpenIdToken", { IdentityId, Logins: good });
    answers.push(minted);
    for (const Logins of [forged, expired, new Map([[token, token]]), new Map([[signIn.providerName, `${token}!`]])]) {
      for (const operation of ["GetId", "GetOpenIdToken", "UnlinkIdentity"]) {
        answers.push(await service.call(operation, { IdentityPoolId, IdentityId, Logins, LoginsToRemove: [token] }));
      }
    }
    answers.push(await service.call("GetOpenIdToken", { IdentityId: guest, Logins: good }));
    answers.push(await service.call(token.slice(0, 50), {}));
    answers.push(await service.call("GetId", { IdentityPoolId: token, IdentityId: token, Logins: token }));
    answers.push(await service.admin("ListIdentities", { IdentityPoolId, MaxResults: 10, NextToken: token }));
    answers.push(
      await service.call("ListIdentityPools", { MaxResults: 1 }, { credential: { ...ADMIN, accessKeyId: "nobody" } }),
    );
    dieInNext(IdentityObject.prototype, "grant", "after");
    answers.push(await service.call("GetOpenIdToken", { IdentityId, Logins: good }));
    await service.fetch("/", { method: "POST", headers: { "x-amz-target": token }, body: token });

    const lines = logLines().filter(({ message }) => message === "request");
    expect(lines).toHaveLength(answers.length + 2);
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(lines.length);
    const everything = logged.join("\n");
    for (const secret of [
      "eyJ",
      subject,
      ...token.split("."),
      textOf(minted, "Token").slice(-40),
      ADMIN.secretAccessKey,
      env.KEY_ENCRYPTION_KEY,
      "Signature=",
    ]) {
      expect(everything).not.toContain(secret);
    }
    // Nor does a refusal repeat them to whoever may read the answer.
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(answer.text).not.toContain(subject);
      for (const part of token.split(".").slice(1)) expect(answer.text).not.toContain(part);
    }
    expect(claimsIn(textOf(minted, "Token"))["sub"]).toBe(IdentityId);
  });

  it("nor does any object keep a token or a claim that is not needed", async () => {
    const signIn = await makeSignIn(new FakeUpstream().install());
    const pool = await makePool(signIn.settings);
    const service = makeService();
    const logins = await signIn.logins("ann", { email: "ann@mail.example", name: "Ann" });
    await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins });
    const guest = await makeGuest(pool.identityPoolId);
    await service.call("GetOpenIdToken", { IdentityId: guest, Logins: logins });
    await untilAtRest(guest);
    const kept = JSON.stringify(await recordOf(guest));
    expect(kept).not.toMatch(/eyJ|mail\.example|"Ann"/);
  });
});

describe("CLIENT_LIMIT", () => {
  // The binding of wrangler.toml counts by the platform's clock, which no test can hold still: another stands in for it.
  const LIMIT = 10;
  const over = { status: 429, json: { __type: "TooManyRequestsException", message: "Rate exceeded" } };
  let addresses = 0;
  const makeLimited = () =>
    makeService({ settings: { CLIENT_LIMIT: "on" }, bindings: { CLIENT_RATE_LIMIT: makeRateLimit(LIMIT) } });
  const newAddress = () => ({ "cf-connecting-ip": `192.0.2.${++addresses}` });

  async function many(count: number, call: () => Promise<Answer>): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let index = 0; index < count; index++) answers.push(await call());
    return answers;
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 3_600_000);
  });

  it("T47: refuses a flood of GetId of one address, makes nothing for what it refuses, and lets others in", async () => {
    const service = makeLimited();
    const { identityPoolId: IdentityPoolId } = await makePool();
    const headers = newAddress();
    const getId = async (from = headers) => await service.call("GetId", { IdentityPoolId }, { headers: from });
    const answers = await many(LIMIT, () => getId());
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    const calls = noteCalls();
    for (const answer of await many(5, () => getId())) {
      expect(answer).toMatchObject(over);
      expect(answer.headers.get("retry-after")).toBe("10");
    }
    expect(calls.filter((call) => call === "IdentityObject.createGuest")).toEqual([]);
    expect((await getId(newAddress())).status).toBe(200);
  });

  it("T47: shuts out an address whose calls fail too often, from everything, until the period is over", async () => {
    const service = makeLimited();
    const identityId = await makeGuest((await makePool()).identityPoolId);
    const headers = newAddress();
    const fail = async () => await service.call("GetOpenIdToken", { IdentityId: newIdentityId() }, { headers });
    const good = async (from = headers) =>
      await service.call("GetOpenIdToken", { IdentityId: identityId }, { headers: from });
    expect(new Set((await many(LIMIT, fail)).map(({ status }) => status))).toEqual(new Set([404]));
    expect((await good()).status).toBe(200);
    await fail();
    const calls = noteCalls();
    expect(await good()).toMatchObject(over);
    expect(await service.call("GetId", {}, { headers })).toMatchObject(over);
    expect(inRequests(calls)).toEqual([]);
    expect((await good(newAddress())).status).toBe(200);
    vi.setSystemTime(Date.now() + 10_000);
    expect((await good()).status).toBe(200);
  });

  it("counts no failure of a caller whose signature is good: many users stand behind one backend", async () => {
    const service = makeLimited();
    const { identityPoolId: IdentityPoolId } = await makePool({ developerProviderName: "login.example" });
    const headers = newAddress();
    const lookUp = async () => {
      vi.setSystemTime(Date.now() + 10);
      const input = { IdentityPoolId, DeveloperUserIdentifier: "nobody" };
      return await service.call("LookupDeveloperIdentity", input, { headers, credential: ADMIN });
    };
    const answers = await many(LIMIT + 5, lookUp);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect((await service.call("GetId", { IdentityPoolId }, { headers })).status).not.toBe(429);
  });

  it("serves such a caller at an address that is over, and nobody whose signature is not good", async () => {
    const service = makeLimited();
    const pool = await makePool({ developerProviderName: "login.example" });
    const IdentityPoolId = pool.identityPoolId;
    const headers = newAddress();
    await many(LIMIT + 1, async () => await service.call("GetOpenIdToken", {}, { headers }));
    expect(await service.call("GetOpenIdToken", {}, { headers })).toMatchObject(over);
    const signIn = async (credential = ADMIN) => {
      const input = { IdentityPoolId, Logins: { "login.example": "ann" } };
      return await service.call("GetOpenIdTokenForDeveloperIdentity", input, { headers, credential });
    };
    expect((await signIn()).status).toBe(200);
    const calls = noteCalls();
    expect(await signIn({ ...ADMIN, secretAccessKey: "not the secret of this key" })).toMatchObject(over);
    expect(await service.call("GetId", { IdentityPoolId }, { headers, credential: ADMIN })).toMatchObject(over);
    const unread = { headers: { ...headers, authorization: "AWS4-HMAC-SHA256" } };
    expect(await service.call("GetId", { IdentityPoolId }, unread)).toMatchObject(over);
    expect(inRequests(calls)).toEqual([]);
  });

  it("invariant issuers-are-apart: does not count what an issuer is to blame for, and counts what a token is", async () => {
    const upstream = new FakeUpstream().install();
    const [broken, good] = [await makeSignIn(upstream), await makeSignIn(upstream)];
    const twins = await Promise.all([makeSigningKey("ES256", "key-1"), makeSigningKey("ES256", "key-1")]);
    upstream.serveIssuer(
      `https://${broken.providerName}`,
      twins.map(({ publicJwk }) => publicJwk),
    );
    const { identityPoolId: IdentityPoolId } = await makePool({
      supportedLoginProviders: { ...broken.settings.supportedLoginProviders, ...good.settings.supportedLoginProviders },
    });
    const guests = await Promise.all(Array.from({ length: LIMIT + 5 }, async () => await makeGuest(IdentityPoolId)));
    const service = makeLimited();
    const headers = newAddress();
    const present = async (index: number, logins: ReadonlyMap<string, string>) =>
      await service.call("GetOpenIdToken", { IdentityId: guests[index], Logins: logins }, { headers });
    for (const index of guests.keys()) {
      expect((await present(index, await broken.logins("ann"))).json["__type"]).toBe("NotAuthorizedException");
    }
    expect((await present(0, await good.logins("ann"))).status).toBe(200);
    for (let count = 0; count <= LIMIT; count++) await present(1, await good.forged("ann"));
    expect(await present(0, await good.logins("ann"))).toMatchObject(over);
  });

  it("calls that succeed and create nothing are not counted", async () => {
    const service = makeLimited();
    const { identityPoolId: IdentityPoolId } = await makePool();
    const headers = newAddress();
    const describePool = async () => {
      vi.setSystemTime(Date.now() + 10);
      return await service.call("DescribeIdentityPool", { IdentityPoolId }, { headers, credential: ADMIN });
    };
    const answers = await many(LIMIT + 5, describePool);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it("asks the binding that the Worker is deployed with", async () => {
    const service = makeService({ settings: { CLIENT_LIMIT: "on" } });
    const { identityPoolId: IdentityPoolId } = await makePool();
    const limit = vi.spyOn(env.CLIENT_RATE_LIMIT, "limit");
    const headers = newAddress();
    expect((await service.call("GetId", { IdentityPoolId }, { headers })).status).toBe(200);
    expect(limit.mock.calls).toEqual([[{ key: `create ${headers["cf-connecting-ip"]}` }]]);
    expect(await limit.mock.results[0]?.value).toEqual({ success: true });
  });

  it("off, nobody is counted", async () => {
    const service = makeService({
      settings: { CLIENT_LIMIT: "off" },
      bindings: { CLIENT_RATE_LIMIT: makeRateLimit(LIMIT) },
    });
    const headers = newAddress();
    const answers = await many(LIMIT + 5, async () => await service.call("GetId", {}, { headers }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
  });
});
