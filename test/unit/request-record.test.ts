import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityId } from "../../src/domain/identifiers.ts";
import { identityIdOfInput } from "../../src/operations/context.ts";
import { makeDataset } from "../support/analytics-dataset.ts";
import { FakeUpstream } from "../support/fake-upstream.ts";
import { makeGuest, makePool, makeSignIn, newPoolId, untilAtRest } from "../support/objects.ts";
import { type Answer, makeService, textOf } from "../support/service.ts";

/** Everything that was logged of requests, and of defects. */
let lines: Record<string, unknown>[];

beforeEach(() => {
  lines = [];
  for (const method of ["log", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => {
      const parsed: unknown = typeof line === "string" && line.startsWith("{") ? JSON.parse(line) : {};
      if (Reflect.has(Object(parsed), "message")) lines.push(parsed as Record<string, unknown>);
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function identityIdIn(answer: Answer): IdentityId {
  return identityIdOfInput(textOf(answer, "IdentityId"));
}

function measured(settings: Readonly<Record<string, string>> = {}) {
  const ANALYTICS = makeDataset();
  const service = makeService({ settings, bindings: { ANALYTICS, VERSION: { id: "v1", tag: "", timestamp: "" } } });
  const effects = () => ANALYTICS.points.map(({ blobs }) => [blobs[0], blobs[1], blobs[3]]);
  return { service, points: ANALYTICS.points, effects };
}

describe("where Analytics Engine is bound", () => {
  it("each request has a point, which says what became of identities", async () => {
    const { service, points, effects } = measured();
    const { identityPoolId: IdentityPoolId } = await makePool({ developerProviderName: "login.example" });
    const IdentityId = identityIdIn(await service.call("GetId", { IdentityPoolId }));
    await service.call("GetOpenIdToken", { IdentityId });
    const developer = (user: string, named: object = {}) =>
      service.admin("GetOpenIdTokenForDeveloperIdentity", {
        IdentityPoolId,
        Logins: { "login.example": user },
        ...named,
      });
    await developer("ann", { IdentityId });
    const other = await developer("bob");
    await untilAtRest(identityIdIn(other));
    await developer("bob");
    const DeveloperProviderName = "login.example";
    const merge = { SourceUserIdentifier: "bob", DestinationUserIdentifier: "ann", DeveloperProviderName };
    await service.admin("MergeDeveloperIdentities", { IdentityPoolId, ...merge });
    await untilAtRest(IdentityId);
    const user = { DeveloperProviderName, DeveloperUserIdentifier: "bob" };
    await service.admin("UnlinkDeveloperIdentity", { IdentityPoolId, IdentityId, ...user });
    await service.admin("DescribeIdentity", { IdentityId });
    await service.admin("DeleteIdentities", { IdentityIdsToDelete: [IdentityId] });
    expect(effects()).toEqual([
      ["GetId", "ok", "created-guest"],
      ["GetOpenIdToken", "ok", "minted"],
      ["GetOpenIdTokenForDeveloperIdentity", "ok", "linked"],
      ["GetOpenIdTokenForDeveloperIdentity", "ok", "created"],
      ["GetOpenIdTokenForDeveloperIdentity", "ok", "minted"],
      ["MergeDeveloperIdentities", "ok", "merged"],
      ["UnlinkDeveloperIdentity", "ok", "unlinked"],
      ["DescribeIdentity", "ok", "none"],
      ["DeleteIdentities", "ok", "deleted"],
    ]);
    expect(points.map(({ indexes }) => indexes[0])).toEqual(Array.from(points, () => IdentityPoolId));
    expect(lines.map(({ effect }) => effect ?? "none")).toEqual(effects().map(([, , effect]) => effect));
  });

  it("T46: a point holds no text that the request's log line does not hold, and no identity of it", async () => {
    const { service, points } = measured();
    const signIn = await makeSignIn(new FakeUpstream().install());
    const { identityPoolId: IdentityPoolId } = await makePool(signIn.settings);
    const Logins = await signIn.logins("alice@mail.example");
    const IdentityId = textOf(await service.call("GetId", { IdentityPoolId, Logins }), "IdentityId");
    await service.call("GetOpenIdToken", { IdentityId, Logins });
    await service.call("GetOpenIdToken", { IdentityId, Logins: await signIn.forged("alice@mail.example") });
    await service.call("GetOpenIdToken", { IdentityId, Logins: { "alice.example": "eyJhbGciOiJub25lIn0.e30." } });
    await service.call("GetId", { IdentityPoolId: newPoolId(), Logins });
    expect(points.map(({ blobs }) => [blobs[1], blobs[3], blobs[4]])).toEqual([
      ["ok", "created", signIn.providerName],
      ["ok", "minted", signIn.providerName],
      ["NotAuthorizedException", "none", signIn.providerName],
      ["NotAuthorizedException", "none", "-"],
      ["ResourceNotFoundException", "none", "-"],
    ]);
    for (const [at, { indexes, blobs }] of points.entries()) {
      const { identity, ...line } = lines[at] ?? {};
      const known = JSON.stringify(line);
      for (const text of [...indexes, ...blobs].join(" ").split(" ")) {
        const isOurs = ["-", "ok", "none", "v1"].includes(text);
        expect([text, isOurs || known.includes(text)]).toEqual([text, true]);
      }
      expect(JSON.stringify(points[at])).not.toContain(identity);
    }
  });

  it.each([
    ["off", []],
    ["errors", ["NotAuthorizedException"]],
    ["all", ["ok", "NotAuthorizedException"]],
  ])("METRICS=%s leaves these outcomes: %j", async (METRICS, outcomes) => {
    const { service, effects } = measured({ METRICS });
    const { identityPoolId } = await makePool();
    const { identityPoolId: closed } = await makePool({ allowsUnauthenticated: false });
    await service.call("GetId", { IdentityPoolId: identityPoolId });
    await service.call("GetId", { IdentityPoolId: closed });
    expect(effects().map(([, outcome]) => outcome)).toEqual(outcomes);
  });

  it("a service whose settings are not whole counts its refusals, too", async () => {
    const { service, points } = measured({ ISSUER: "", METRICS: "off" });
    await service.call("GetId", { IdentityPoolId: newPoolId() });
    expect(points).toMatchObject([
      { blobs: ["-", "InternalErrorException", "not-configured", "none", "-", "-", "v1"] },
    ]);
  });

  it("a point that cannot be written changes no answer, and the log says so", async () => {
    const writeDataPoint = () => {
      throw new Error("too much");
    };
    const service = makeService({ bindings: { ANALYTICS: { writeDataPoint } } });
    const { identityPoolId } = await makePool();
    expect((await service.call("GetOpenIdToken", { IdentityId: await makeGuest(identityPoolId) })).status).toBe(200);
    expect(lines).toMatchObject([
      { message: "request", status: 200 },
      { message: "defect", operation: "GetOpenIdToken", cause: { message: "too much" } },
    ]);
  });
});
