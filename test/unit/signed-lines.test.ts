/** The log lines of signed calls: who signed, and what was changed; never a secret, a subject or a developer's user. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../src/domain/admin-credential.ts";
import { runnableOf } from "../../src/operations/registry.ts";
import { type ExtensionName, extensions } from "../../src/protocol/extensions.ts";
import { type OperationName, operations } from "../../src/protocol/shapes.ts";
import { hashedIdentity } from "../../src/domain/trace.ts";
import { FakeUpstream } from "../support/fake-upstream.ts";
import { makeGuest, makePool, newIdentityId, newPoolId, untilAtRest } from "../support/objects.ts";
import { IDENTITY_READS, poolCalls, SERVICE_READS } from "../support/pool-calls.ts";
import { ADMIN, type CallOptions, makeService, textOf } from "../support/service.ts";

const DEVELOPER = "login.example";
const USERS = ["ann@mail.example", "bob@mail.example", "cid@mail.example"] as const;
const LIMITED: AdminCredential = {
  accessKeyId: "limited",
  secretAccessKey: "secret-of-the-limited",
  operations: "*",
  pools: ["us-east-1:de300000-0000-4000-8000-0000000de300"],
};
const SQL_API = "https://api.cloudflare.com/client/v4/accounts";
const ANALYTICS_ACCOUNT = "0123456789abcdef0123456789abcdef";
const ANALYTICS_TOKEN = "t0ken-that-may-read-the-analytics-of-one-account";
const service = makeService({
  credentials: [ADMIN, LIMITED],
  settings: { ANALYTICS_ACCOUNT, ANALYTICS_TOKEN },
});

/** Every operation of which a line was seen. */
const told = new Set<unknown>();
let lines: Record<string, unknown>[];
let audited: Record<string, unknown>[];
let everything: string[];

beforeEach(() => {
  [lines, audited, everything] = [[], [], []];
  for (const method of ["log", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => {
      everything.push(JSON.stringify(line));
      const parsed: unknown = typeof line === "string" && line.startsWith("{") ? JSON.parse(line) : {};
      if (Reflect.get(Object(parsed), "message") === "request") lines.push(parsed as Record<string, unknown>);
      if (Reflect.get(Object(parsed), "event") === "audit") audited.push(parsed as Record<string, unknown>);
    });
  }
});

afterEach(() => {
  for (const { operation, status } of lines) if (status === 200) told.add(operation);
  const log = everything.join("\n");
  for (const secret of [
    ...USERS,
    ADMIN.secretAccessKey,
    LIMITED.secretAccessKey,
    ANALYTICS_TOKEN,
    "Signature=",
    "eyJ",
  ]) {
    expect(log).not.toContain(secret);
  }
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The line of one call, but for what differs from call to call. */
async function lineOf(operation: string, input: object, options: CallOptions = { credential: ADMIN }) {
  await service.call(operation, input, options);
  const { requestId, durationMs, message, upstreamFetches, ...rest } = lines.at(-1) ?? {};
  expect([message, typeof requestId, typeof durationMs, upstreamFetches]).toEqual(["request", "string", "number", 0]);
  // The audit has one line for it, which says the same.
  const { caller, status: _, exception = "done", claimedCaller: _claimed, repeats: _repeats, ...same } = rest;
  const line = {
    event: "audit",
    what: operation,
    who: caller,
    outcome: exception,
    requestId,
    ...same,
    operation: undefined,
  };
  expect(audited.filter((entry) => entry["requestId"] === requestId)).toEqual(caller === undefined ? [] : [line]);
  return rest;
}

async function developerUser(IdentityPoolId: string, user: string): Promise<string> {
  const input = { IdentityPoolId, Logins: { [DEVELOPER]: user } };
  const identityId = textOf(await service.admin("GetOpenIdTokenForDeveloperIdentity", input), "IdentityId");
  await untilAtRest(identityId as ReturnType<typeof newIdentityId>);
  return identityId;
}

describe("a signed call names who signed it, and what it is about", () => {
  it("pools: made, described, changed, listed, deleted", async () => {
    const IdentityProviderName = "accounts.google.com";
    const SupportedLoginProviders = { [IdentityProviderName]: "client" };
    const settings = { IdentityPoolName: "app", AllowUnauthenticatedIdentities: true, SupportedLoginProviders };
    const made = await service.admin("CreateIdentityPool", settings);
    const IdentityPoolId = textOf(made, "IdentityPoolId");
    const common = { status: 200, caller: "admin", pool: IdentityPoolId };
    expect(lines.at(-1)).toMatchObject({ operation: "CreateIdentityPool", ...common });
    for (const [operation, input] of poolCalls(IdentityPoolId, IdentityProviderName, settings)) {
      expect(await lineOf(operation, input)).toEqual({ operation, ...common });
    }
    const adopted = { ...settings, IdentityPoolId: newPoolId() };
    expect(await lineOf("AdoptIdentityPool", adopted)).toEqual({
      operation: "AdoptIdentityPool",
      ...common,
      pool: adopted.IdentityPoolId,
    });
    expect(await lineOf("ListIdentityPools", { MaxResults: 1 })).toEqual({
      operation: "ListIdentityPools",
      status: 200,
      caller: "admin",
    });
  });

  it.each(IDENTITY_READS)("one identity: %s", async (operation) => {
    const { identityPoolId: pool } = await makePool();
    const IdentityId = await makeGuest(pool);
    const identity = await hashedIdentity(IdentityId);
    expect(await lineOf(operation, { IdentityId })).toEqual({
      operation,
      status: 200,
      caller: "admin",
      pool,
      identity,
    });
    // Also one that the credential may not see: whoever tried is named.
    expect(await lineOf(operation, { IdentityId }, { credential: LIMITED })).toMatchObject({
      exception: "AccessDeniedException",
      caller: "limited",
      pool,
      identity,
    });
  });

  it.each([
    ["DisableIdentity", "disabled"],
    ["EnableIdentity", "enabled"],
  ])("one identity, and what it is by then: %s", async (operation, effect) => {
    const { identityPoolId: pool } = await makePool();
    const IdentityId = await makeGuest(pool);
    const identity = await hashedIdentity(IdentityId);
    const common = { operation, caller: "admin", pool, identity };
    expect(await lineOf(operation, { IdentityId })).toEqual({ ...common, status: 200, effect });
    expect(await lineOf(operation, { IdentityId }, { credential: LIMITED })).toMatchObject({
      ...common,
      caller: "limited",
      exception: "AccessDeniedException",
    });
  });

  it("several identities: deleted, of one pool or of several, and which of them were not", async () => {
    const [one, other] = [await makePool(), await makePool()];
    const [first, second, third] = [
      await makeGuest(one.identityPoolId),
      await makeGuest(one.identityPoolId),
      await makeGuest(other.identityPoolId),
    ];
    const operation = "DeleteIdentities";
    const common = { operation, status: 200, caller: "admin" };
    const hashed = await Promise.all([first, second, third].map((id) => hashedIdentity(id)));
    expect(await lineOf(operation, { IdentityIdsToDelete: [third, first] }, { credential: LIMITED })).toEqual({
      ...common,
      caller: "limited",
      pools: expect.arrayContaining([one.identityPoolId, other.identityPoolId]),
      identities: [hashed[2], hashed[0]],
      unprocessed: [hashed[2], hashed[0]],
    });
    expect(await lineOf(operation, { IdentityIdsToDelete: [first, second, first] })).toEqual({
      ...common,
      pool: one.identityPoolId,
      identities: hashed.slice(0, 2),
      effect: "deleted",
    });
    const all = Array.from({ length: 59 }, () => newIdentityId());
    const many = await lineOf(operation, { IdentityIdsToDelete: [third, ...all] });
    expect(many["pool"]).toBe(other.identityPoolId);
    expect(many["identities"]).toHaveLength(60);
  });

  it("developer users: signed in, looked up, merged, unlinked; none is named", async () => {
    const { identityPoolId: pool } = await makePool({ developerProviderName: DEVELOPER });
    const [ann, bob] = [await developerUser(pool, USERS[0]), await developerUser(pool, USERS[1])];
    const [annHash, bobHash] = [await hashedIdentity(ann), await hashedIdentity(bob)];
    expect(lines.at(-1)).toMatchObject({ caller: "admin", pool, identity: bobHash, providers: [DEVELOPER] });
    const common = { status: 200, caller: "admin", pool };
    const lookUp = { IdentityPoolId: pool, DeveloperUserIdentifier: USERS[0] };
    expect(await lineOf("LookupDeveloperIdentity", lookUp)).toEqual({
      operation: "LookupDeveloperIdentity",
      ...common,
      identity: annHash,
    });
    const merge = { SourceUserIdentifier: USERS[1], DestinationUserIdentifier: USERS[0] };
    const where = { IdentityPoolId: pool, DeveloperProviderName: DEVELOPER };
    expect(await lineOf("MergeDeveloperIdentities", { ...merge, ...where })).toEqual({
      operation: "MergeDeveloperIdentities",
      ...common,
      identity: annHash,
      identities: [annHash, bobHash],
      effect: "merged",
    });
    const find = { IdentityPoolId: pool, ProviderName: DEVELOPER, Subject: USERS[1] };
    expect(await lineOf("FindIdentityByLogin", find)).toEqual({
      operation: "FindIdentityByLogin",
      ...common,
      identity: annHash,
    });
    const unlink = { IdentityId: ann, DeveloperUserIdentifier: USERS[1] };
    expect(await lineOf("UnlinkDeveloperIdentity", { ...unlink, ...where })).toEqual({
      operation: "UnlinkDeveloperIdentity",
      ...common,
      identity: annHash,
      effect: "unlinked",
    });
    expect(await lineOf("UnlinkDeveloperIdentity", { ...unlink, ...where, IdentityId: bob })).toMatchObject({
      caller: "admin",
      identity: bobHash,
    });
  });
});

describe("a signed call of the operator's own", () => {
  it("CheckIdentityPool names who signed it, and the pool", async () => {
    const { identityPoolId: pool } = await makePool();
    const line = await lineOf("CheckIdentityPool", { IdentityPoolId: pool });
    expect(line).toEqual({ operation: "CheckIdentityPool", status: 200, caller: "admin", pool });
  });

  it("CheckLogin names who signed it, the pool and its provider, and a stranger's name never", async () => {
    const { identityPoolId: pool } = await makePool({ supportedLoginProviders: { "issuer.example": "client" } });
    const Logins = { "issuer.example": USERS[0] };
    const common = { operation: "CheckLogin", status: 200, caller: "admin", pool };
    expect(await lineOf("CheckLogin", { IdentityPoolId: pool, Logins })).toEqual({
      ...common,
      providers: ["issuer.example"],
    });
    expect(await lineOf("CheckLogin", { IdentityPoolId: pool, Logins: { [USERS[1]]: USERS[0] } })).toEqual({
      ...common,
      providers: [],
    });
  });

  it("ImportIdentities and ExportIdentities name who signed it, the pool, and one identity where it is named", async () => {
    const { identityPoolId: pool } = await makePool();
    const where = { IdentityPoolId: pool };
    const identityId = newIdentityId();
    const common = { status: 200, caller: "admin", pool };
    const Identities = [{ identityId }, { links: USERS }, ...USERS];
    expect(await lineOf("ImportIdentities", { ...where, Identities })).toEqual({
      operation: "ImportIdentities",
      ...common,
    });
    expect(await lineOf("ExportIdentities", where)).toEqual({ operation: "ExportIdentities", ...common });
    expect(await lineOf("ExportIdentities", { IdentityId: identityId })).toEqual({
      operation: "ExportIdentities",
      ...common,
      identity: await hashedIdentity(identityId),
    });
  });

  it("GetMetrics names who signed it, and the pool where there is one", async () => {
    new FakeUpstream()
      .install()
      .serve(`${SQL_API}/${ANALYTICS_ACCOUNT}/analytics_engine/sql`, () => Response.json({ data: [] }));
    const IdentityPoolId = "us-east-1:de300000-0000-4000-8000-0000000de300";
    const common = { operation: "GetMetrics", status: 200, caller: "admin" };
    expect(await lineOf("GetMetrics", { Range: "1h" })).toEqual(common);
    expect(await lineOf("GetMetrics", { Range: "1h", IdentityPoolId })).toEqual({ ...common, pool: IdentityPoolId });
  });

  it.each([...SERVICE_READS.map((read) => [read, {}] as const), ["RotateSigningKey", { Force: true }] as const])(
    "%s names who signed it, and nothing else",
    async (operation, input) => {
      expect(await lineOf(operation, input)).toEqual({ operation, status: 200, caller: "admin" });
    },
  );
});

it("every signed operation is among them", () => {
  const all = Object.keys({ ...operations, ...extensions }) as (OperationName | ExtensionName)[];
  const signed = all.filter((name) => runnableOf(name).access === "signed");
  expect(signed.filter((name) => !told.has(name))).toEqual([]);
});

describe("a signature that is refused", () => {
  const operation = "ListIdentityPools";

  it("is logged with the key that it claims to be of, as a claim, if that is a configured one", async () => {
    const credential = { ...ADMIN, secretAccessKey: "another-secret-of-the-admin" };
    const line = await lineOf(operation, { MaxResults: 1 }, { credential });
    expect(line).toMatchObject({ exception: "InvalidSignatureException", claimedCaller: "admin" });
    expect(line).not.toHaveProperty("caller");
  });

  it.each([
    ["an unknown key", { credential: { ...ADMIN, accessKeyId: "AKIASTRANGER" } }],
    ["no signature", {}],
    ["what is none", { headers: { authorization: "Bearer admin" } }],
  ])("is logged without any, for %s", async (_, options: CallOptions) => {
    const line = await lineOf(operation, { MaxResults: 1 }, options);
    expect(line).not.toHaveProperty("caller");
    expect(line).not.toHaveProperty("claimedCaller");
    expect(everything.join("\n")).not.toContain("STRANGER");
  });

  it("of a public operation means nothing, and is not logged", async () => {
    const line = await lineOf("GetId", {}, { credential: ADMIN });
    expect(line).not.toHaveProperty("caller");
    expect(line).not.toHaveProperty("claimedCaller");
  });
});

it("what only looks like an id, or is none, is not logged, wherever it stands", async () => {
  const junk = ["eyJhbGciOiJub25lIn0", `us-east-1:${USERS[0]}`, 7, null, {}];
  await lineOf("DeleteIdentities", { IdentityIdsToDelete: junk, IdentityPoolId: USERS[1] });
  expect(lines.at(-1)).not.toHaveProperty("identities");
  expect(lines.at(-1)).not.toHaveProperty("pool");
});
