import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { version } from "../../../package.json";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import { KEY_RING_NAME } from "../../../src/durable/stubs.ts";
import { NOTHING_STORED, noteCalls, storedIn } from "../../support/objects.ts";
import { ADMIN, makeService, type ServiceOptions } from "../../support/service.ts";

const POOL = "us-east-1:de300000-0000-4000-8000-0000000de300";
const ROLE = "arn:aws:iam::123456789012:role/app";
const READER: AdminCredential = {
  accessKeyId: "reader",
  secretAccessKey: "secret-of-the-reader",
  operations: ["DescribeService", "DescribeKeyRing", "ListIdentityPools", "GetId", "NoSuchOperation"],
  pools: [POOL],
};

type Described = {
  readonly Settings: readonly { readonly Name: string; readonly Value: string; readonly IsDefault: boolean }[];
  readonly Secrets: readonly { readonly Name: string; readonly IsSet: boolean }[];
  readonly Bindings: readonly { readonly Name: string; readonly IsBound: boolean }[];
  readonly Findings: readonly { readonly Code: string }[];
  readonly Caller: Readonly<Record<string, unknown>>;
};

async function describeService(options: ServiceOptions = {}, credential = ADMIN) {
  const service = makeService({ credentials: [ADMIN, READER], ...options });
  const answer = await service.call("DescribeService", {}, { credential });
  expect(answer.status).toBe(200);
  return { ...answer, described: answer.json as unknown as Described };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1, 0, 0, 0, 900) });
  vi.spyOn(console, "log").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("DescribeService", () => {
  it("says which release runs, where, and by which clock", async () => {
    const { json } = await describeService();
    expect(json).toMatchObject({
      Version: version,
      Region: "us-east-1",
      Issuer: "https://identity.example.com",
      Time: Date.UTC(2100, 0, 1) / 1000,
      Local: false,
    });
  });

  it("has each setting that is no secret, as it is and whether somebody set it", async () => {
    const { described } = await describeService({ settings: { CLOCK_SKEW_SECONDS: " 30 ", REGION: "" } });
    const settings = new Map(described.Settings.map((row) => [row.Name, row]));
    expect(settings.get("CLOCK_SKEW_SECONDS")).toEqual({ Name: "CLOCK_SKEW_SECONDS", Value: "30", IsDefault: false });
    expect(settings.get("REGION")).toEqual({ Name: "REGION", Value: "us-east-1", IsDefault: true });
    expect(settings.get("CLIENT_LIMIT")).toMatchObject({ Value: "off", IsDefault: false });
  });

  it("says of secrets whether they are set, and has no value of one", async () => {
    const FACEBOOK_APP_SECRETS = '{"1234567890":"0123456789abcdeffedcba9876543210"}';
    const secretAccessKey = "secret/of/the/source/that/has/40/letters";
    const SOURCE_CREDENTIALS = JSON.stringify({
      "us-east-1:de300000-0000-4000-8000-0000000de300": { accessKeyId: "AKIA0123456789ABCDEF", secretAccessKey },
    });
    const { described, text } = await describeService({ settings: { FACEBOOK_APP_SECRETS, SOURCE_CREDENTIALS } });
    expect(described.Secrets).toEqual([
      { Name: "KEY_ENCRYPTION_KEY", IsSet: true },
      { Name: "KEY_ENCRYPTION_KEY_OTHER", IsSet: false },
      { Name: "ADMIN_CREDENTIALS", IsSet: true },
      { Name: "FACEBOOK_APP_SECRETS", IsSet: true },
      { Name: "SOURCE_CREDENTIALS", IsSet: true },
      { Name: "ANALYTICS_TOKEN", IsSet: false },
    ]);
    for (const secret of [
      env.KEY_ENCRYPTION_KEY,
      ADMIN.secretAccessKey,
      READER.secretAccessKey,
      "0123456789abcdeffedcba9876543210",
      secretAccessKey,
    ]) {
      expect(text).not.toContain(secret);
    }
    const without = await describeService();
    expect(without.described.Secrets).toContainEqual({ Name: "FACEBOOK_APP_SECRETS", IsSet: false });
  });

  it("says which bindings there are, and finds the one that is missing", async () => {
    const { described } = await describeService();
    expect(described.Bindings.map(({ Name }) => Name)).toContain("NETWORK_RATE_LIMIT");
    const unbound = described.Bindings.filter(({ IsBound }) => !IsBound);
    expect(unbound.map(({ Name }) => Name)).toEqual(["ANALYTICS", "VERSION"]);
    expect(described.Findings.map(({ Code }) => Code)).not.toContain("binding-missing");
    const bindings = { NETWORK_RATE_LIMIT: undefined } as unknown as Partial<Env>;
    const without = await describeService({ bindings });
    expect(without.described.Bindings).toContainEqual({ Name: "NETWORK_RATE_LIMIT", IsBound: false });
    expect(without.described.Findings[0]).toMatchObject({
      Level: "error",
      Code: "binding-missing",
      About: "NETWORK_RATE_LIMIT",
    });
  });

  it("finds that calls come to another origin than tokens say", async () => {
    const { described } = await describeService({ settings: { ISSUER: "https://other.example.com" } });
    expect(described.Findings[0]).toMatchObject({ Level: "error", Code: "issuer-not-origin", About: "ISSUER" });
    expect((await describeService()).described.Findings.map(({ Code }) => Code)).not.toContain("issuer-not-origin");
  });

  it("tells a caller who may do everything so", async () => {
    const { described } = await describeService();
    const { AllowedOperations, ...rest } = described.Caller;
    expect(rest).toEqual({ AccessKeyId: "admin", AllowedPools: ["*"], AllowedRoles: ["*"] });
    expect(AllowedOperations).toEqual(expect.arrayContaining(["CreateIdentityPool", "DescribeService"]));
    expect(AllowedOperations).not.toContain("GetId");
  });

  it("tells a caller who may do less just that, without a right to any pool", async () => {
    expect((await describeService({}, READER)).described.Caller).toEqual({
      AccessKeyId: "reader",
      AllowedOperations: ["DescribeKeyRing", "DescribeService", "ListIdentityPools"],
      AllowedPools: [POOL],
      AllowedRoles: [],
    });
    const setter = { ...READER, roles: [ROLE] };
    const { described } = await describeService({ credentials: [ADMIN, setter] }, setter);
    expect(described.Caller["AllowedRoles"]).toEqual([ROLE]);
  });

  it("leaves out what needs all pools for a caller who may do everything with some", async () => {
    const limited = { ...READER, operations: "*" as const };
    const { described } = await describeService({ credentials: [ADMIN, limited] }, limited);
    const { described: everything } = await describeService();
    const [all, some] = [everything, described].map(({ Caller }) => Caller["AllowedOperations"] as readonly string[]);
    expect(all?.filter((name) => some?.includes(name) !== true)).toEqual(["CreateIdentityPool", "RotateSigningKey"]);
  });

  it("is refused to whom it is not allowed, and to whoever has not signed", async () => {
    const service = makeService({ credentials: [{ ...READER, operations: ["ListIdentityPools"] }] });
    const refused = await service.call("DescribeService", {}, { credential: READER });
    expect(refused).toMatchObject({ status: 403, json: { __type: "AccessDeniedException" } });
    const unsigned = await service.call("DescribeService", {});
    expect(unsigned).toMatchObject({ status: 400, json: { __type: "MissingAuthenticationTokenException" } });
    expect(unsigned.text).not.toContain(version);
  });
});

describe("DescribeKeyRing", () => {
  const ring = () => env.KEY_RING.getByName(KEY_RING_NAME);
  const describeKeyRing = async (credential = ADMIN) => {
    const answer = await makeService({ credentials: [ADMIN, READER] }).call("DescribeKeyRing", {}, { credential });
    expect(answer.status).toBe(200);
    return answer.json as {
      readonly Keys: readonly { readonly KeyId: string }[];
      readonly SealedUnder?: string;
      readonly Findings: readonly { readonly Code: string }[];
    };
  };

  it("makes no ring where there is none, and says so", async () => {
    const calls = noteCalls();
    expect(await describeKeyRing()).toMatchObject({ Keys: [], Findings: [{ Level: "advice", Code: "no-key-yet" }] });
    expect(calls).toEqual(["KeyRingObject.describe"]);
    expect(await storedIn(ring())).toEqual(NOTHING_STORED);
  });

  it("has the published keys, the one that signs first, with their dates, also for a caller of no pool", async () => {
    const service = makeService();
    const { json } = await service.fetch("/.well-known/jwks.json");
    const published = (json["keys"] as readonly { readonly kid: string }[]).map(({ kid }) => kid);
    const before = await storedIn(ring());
    const described = await describeKeyRing(READER);
    expect(described.Keys.map(({ KeyId }) => KeyId)).toEqual(published);
    const now = Date.UTC(2100, 0, 1) / 1000;
    const handover = now + 90 * 86_400;
    expect(described).toMatchObject({
      Keys: [
        { Algorithm: "RS256", State: "active", PublishedAt: now, ActivatedAt: now, RetiresAt: handover },
        { Algorithm: "RS256", State: "next", PublishedAt: now, ActivatesAt: handover },
      ],
      NextStepAt: handover,
      SealedUnder: expect.stringMatching(/^[0-9a-f]{16}$/),
      Findings: [],
    });
    expect(env.KEY_ENCRYPTION_KEY).not.toContain(described.SealedUnder);
    expect(await storedIn(ring())).toEqual(before);
  });

  it("takes no step that is due, and says that it is late", async () => {
    await makeService().fetch("/.well-known/jwks.json");
    await evictDurableObject(ring());
    vi.setSystemTime(Date.now() + 91 * 86_400_000);
    const { entries } = await storedIn(ring());
    expect((await describeKeyRing()).Findings).toMatchObject([{ Level: "error", Code: "rotation-late" }]);
    expect((await storedIn(ring())).entries).toEqual(entries);
  });

  it("says that a stored ring cannot be read, and answers", async () => {
    await runInDurableObject(ring(), (_, { storage }) => storage.kv.put("key-ring", { version: 1, retired: 7 }));
    expect(await describeKeyRing()).toMatchObject({
      Keys: [],
      Findings: [{ Level: "error", Code: "key-ring-unreadable" }],
    });
  });
});
