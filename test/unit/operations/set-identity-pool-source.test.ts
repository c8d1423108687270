import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import { type IdentityPoolId as PoolId, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { objectsOf } from "../../../src/durable/objects.ts";
import { newPoolId } from "../../support/objects.ts";
import { ADMIN, makeService, type Service } from "../../support/service.ts";

const GOOGLE = "accounts.google.com";
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";
const LIMITED: AdminCredential = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };
const minimal = { IdentityPoolName: "pool", AllowUnauthenticatedIdentities: true };
const defaults = { Proof: "OpenIdToken", Guests: "Source", UnknownIds: "Ask" };

let service: Service;
let IdentityPoolId: PoolId;
let seconds = 0;

const adopt = async (input: object = {}) =>
  await service.admin("AdoptIdentityPool", { IdentityPoolId, ...minimal, ...input });
const setSource = async (Source?: object) => await service.admin("SetIdentityPoolSource", { IdentityPoolId, Source });
const stored = async () => await env.IDENTITY_POOL.getByName(IdentityPoolId).read();
const sourced = async () => (await objectsOf(env).readSourcedPools("us-east-1")).map((pool) => pool.identityPoolId);
const refusal = (status: number, type: string, message: unknown = expect.any(String)) => ({
  status,
  json: { __type: type, message },
});
/** A signature holds for a second, so that the next call is another one. */
const nextCall = () => vi.setSystemTime(Date.now() + 1000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  // Past what the tests before had remembered.
  seconds += 3600;
  vi.setSystemTime(Date.now() + seconds * 1000);
  vi.spyOn(console, "log").mockImplementation(() => {});
  service = makeService({ credentials: [ADMIN, LIMITED] });
  IdentityPoolId = newPoolId();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("AdoptIdentityPool", () => {
  it("makes a pool under the id that it is given, with all that CreateIdentityPool takes", async () => {
    const input = {
      AllowClassicFlow: true,
      SupportedLoginProviders: { [GOOGLE]: "client" },
      DeveloperProviderName: "login.example",
      IdentityPoolTags: { team: "edge" },
    };
    const adopted = await adopt(input);
    expect(adopted).toMatchObject({ status: 200, json: { IdentityPoolId, ...minimal, ...input } });
    expect((await service.admin("DescribeIdentityPool", { IdentityPoolId })).json).toEqual(adopted.json);
    expect((await service.call("GetId", { IdentityPoolId })).status).toBe(200);
  });

  it("answers the repeat of a call as the call itself, and refuses the id to every other one", async () => {
    const conflict = refusal(409, "ResourceConflictException");
    const first = await adopt();
    expect((await adopt()).json).toEqual(first.json);
    nextCall();
    expect(await adopt()).toMatchObject(conflict);
    expect(await adopt({ IdentityPoolName: "another" })).toMatchObject(conflict);
    await service.admin("DeleteIdentityPool", { IdentityPoolId });
    nextCall();
    expect(await adopt()).toMatchObject(conflict);
    expect(await stored()).toBeNull();
  });

  it("a repeat that comes after its pool was deleted brings nothing back", async () => {
    await adopt();
    await service.admin("DeleteIdentityPool", { IdentityPoolId });
    expect(await adopt()).toMatchObject(refusal(409, "ResourceConflictException"));
    expect(await stored()).toBeNull();
  });

  it.each([
    ["of another region", identityPoolIdOf("eu-west-1", crypto.randomUUID())],
    ["of a longer region", identityPoolIdOf("us-east-12", crypto.randomUUID())],
    ["without a UUID", identityPoolIdOf("us-east-1", "de30")],
    ["with more than a UUID", identityPoolIdOf("us-east-1", `${crypto.randomUUID()}-0`)],
  ])("refuses an id %s", async (_, id) => {
    IdentityPoolId = id;
    expect(await adopt()).toMatchObject(
      refusal(400, "InvalidParameterException", expect.stringContaining("us-east-1")),
    );
    expect(await stored()).toBeNull();
  });

  it("judges the settings as CreateIdentityPool does", async () => {
    const tags = { IdentityPoolTags: { "aws:x": "y" } };
    expect(await adopt(tags)).toMatchObject(refusal(400, "InvalidParameterException"));
    expect(await adopt({ IdentityPoolName: undefined })).toMatchObject(refusal(400, "ValidationException"));
  });

  it("is refused to a credential of other pools", async () => {
    const answer = await service.call("AdoptIdentityPool", { IdentityPoolId, ...minimal }, { credential: LIMITED });
    expect(answer).toMatchObject(refusal(403, "AccessDeniedException"));
  });
});

describe("SetIdentityPoolSource", () => {
  beforeEach(async () => {
    await adopt();
  });

  it("stores a source, says what is not given, and has each provider by its one name", async () => {
    const Providers = [GOOGLE, `issuer-${USER_POOL}`];
    const answer = await setSource({ Providers });
    const Source = { IdentityPoolId, ...defaults, Providers: [GOOGLE, USER_POOL] };
    expect(answer).toMatchObject({ status: 200, json: { Source } });
    expect(await stored()).toMatchObject({
      source: {
        identityPoolId: IdentityPoolId,
        proof: "open-id-token",
        guests: "source",
        unknownIds: "ask",
        providers: [GOOGLE, USER_POOL],
      },
      hadSource: true,
    });
  });

  it("takes another pool's id, and the other choices", async () => {
    const other = { Proof: "Credentials", Guests: "Local", UnknownIds: "Imported", Providers: [GOOGLE] };
    const Source = { ...other, IdentityPoolId: newPoolId() };
    expect((await setSource(Source)).json).toEqual({ Source });
    expect(await stored()).toMatchObject({ source: { proof: "credentials", guests: "local", unknownIds: "imported" } });
  });

  it("takes one of guests alone, which has no providers", async () => {
    const answer = await setSource({ Providers: [] });
    expect(answer).toMatchObject({ status: 200, json: { Source: { IdentityPoolId, ...defaults, Providers: [] } } });
    expect(await stored()).toMatchObject({ source: { guests: "source", providers: [] } });
  });

  it("ends it where none is given, and the pool remembers that it had one", async () => {
    expect((await setSource()).json).toEqual({});
    expect(await stored()).not.toHaveProperty("hadSource");
    await setSource({ Providers: [GOOGLE] });
    nextCall();
    expect(await setSource()).toMatchObject({ status: 200, json: {} });
    expect(await stored()).not.toHaveProperty("source");
    expect(await stored()).toMatchObject({ hadSource: true });
  });

  it("stays through every other change of the pool", async () => {
    await setSource({ Providers: [GOOGLE] });
    const { source } = (await stored()) ?? {};
    nextCall();
    const update = { IdentityPoolId, ...minimal, IdentityPoolName: "renamed" };
    expect((await service.admin("UpdateIdentityPool", update)).json).toEqual(update);
    await service.admin("SetIdentityPoolRoles", { IdentityPoolId, Roles: {} });
    expect(await stored()).toMatchObject({ name: "renamed", source, hadSource: true });
  });

  it.each([
    ["of another region", { IdentityPoolId: identityPoolIdOf("eu-west-1", crypto.randomUUID()) }, "region"],
    ["that Amazon could not have made", { IdentityPoolId: "us-east-1:de30" }, "Amazon"],
    ["with a region that is no host's", { IdentityPoolId: `x:${crypto.randomUUID()}` }, "Amazon"],
    ["whose proof is credentials, while every id is asked about", { Proof: "Credentials" }, "UnknownIds Imported"],
    ["with a provider twice", { Providers: [USER_POOL, `issuer-${USER_POOL}`] }, "Duplicate"],
  ])("refuses a source %s", async (_, members, words) => {
    const answer = await setSource({ Providers: [GOOGLE], ...members });
    expect(answer).toMatchObject(refusal(400, "InvalidParameterException", expect.stringContaining(words)));
    expect(await stored()).not.toHaveProperty("source");
  });

  it.each([
    ["no providers", {}],
    ["more than a pool can have", { Providers: Array.from({ length: 262 }, (_, index) => `issuer-${index}.example`) }],
    ["a proof that is none", { Providers: [GOOGLE], Proof: "Word" }],
  ])("refuses %s by its shape", async (_, source) => {
    expect(await setSource(source)).toMatchObject(refusal(400, "ValidationException"));
  });

  it("is refused for a pool that is none, and to a credential of other pools", async () => {
    const source = { Source: { Providers: [GOOGLE] } };
    const nobodys = { IdentityPoolId: newPoolId(), ...source };
    expect(await service.admin("SetIdentityPoolSource", nobodys)).toMatchObject(
      refusal(404, "ResourceNotFoundException"),
    );
    const input = { IdentityPoolId, ...source };
    expect(await service.call("SetIdentityPoolSource", input, { credential: LIMITED })).toMatchObject(
      refusal(403, "AccessDeniedException"),
    );
  });

  it("T89: takes a pool at Cognito from no credential that is not of that one, too", async () => {
    const own: AdminCredential = { ...LIMITED, accessKeyId: "own", pools: [IdentityPoolId] };
    service = makeService({ credentials: [ADMIN, own] });
    const setAs = async (Source: object) =>
      await service.call("SetIdentityPoolSource", { IdentityPoolId, Source }, { credential: own });
    const another = { IdentityPoolId: newPoolId(), Providers: [GOOGLE] };
    expect(await setAs(another)).toMatchObject(refusal(403, "AccessDeniedException"));
    expect(await stored()).not.toHaveProperty("source");
    expect((await setAs({ Providers: [GOOGLE] })).status).toBe(200);
  });
});

describe("the pools with a source", () => {
  it("are known to the region's directory, from the call that sets one to the call that ends it", async () => {
    await adopt();
    expect(await sourced()).not.toContain(IdentityPoolId);
    await setSource({ Providers: [GOOGLE] });
    expect(await sourced()).toContain(IdentityPoolId);
    nextCall();
    await setSource();
    expect(await sourced()).not.toContain(IdentityPoolId);
  });

  it("are forgotten with the pool", async () => {
    await adopt();
    await setSource({ Providers: [GOOGLE] });
    expect(await sourced()).toContain(IdentityPoolId);
    await service.admin("DeleteIdentityPool", { IdentityPoolId });
    expect(await sourced()).not.toContain(IdentityPoolId);
  });

  it("are remembered for 30 seconds, and asked for again after them", async () => {
    await adopt();
    await sourced();
    // As another isolate sets it.
    await env.IDENTITY_POOL.getByName(IdentityPoolId).change({
      kind: "source",
      source: {
        identityPoolId: IdentityPoolId,
        proof: "open-id-token",
        guests: "source",
        unknownIds: "ask",
        providers: [GOOGLE],
      },
    });
    expect(await sourced()).not.toContain(IdentityPoolId);
    vi.setSystemTime(Date.now() + 30_000);
    expect(await sourced()).toContain(IdentityPoolId);
  });

  it("are 100 at most: one more is refused, while one of them may change", async () => {
    const directory = env.POOL_DIRECTORY.getByName("us-east-1");
    const fill = async (count: number) => {
      const ids = Array.from({ length: count }, () => newPoolId());
      for (const id of ids) await directory.update(id, "other", 1, true);
      return ids;
    };
    const others = await fill(100);
    await adopt();
    expect(await setSource({ Providers: [GOOGLE] })).toMatchObject(refusal(400, "LimitExceededException"));
    for (const id of others) await directory.update(id, null, 2);
    nextCall();
    expect((await setSource({ Providers: [GOOGLE] })).status).toBe(200);
    const more = await fill(99);
    nextCall();
    expect((await setSource({ Providers: [GOOGLE], Guests: "Local" })).status).toBe(200);
    for (const id of more) await directory.update(id, null, 2);
  });
});
