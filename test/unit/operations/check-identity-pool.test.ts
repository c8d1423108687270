import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makePool, makeSignIn, newPoolId, noteCalls, type SignIn } from "../../support/objects.ts";
import { ADMIN, makeService } from "../../support/service.ts";

const LIMITED: AdminCredential = {
  accessKeyId: "limited",
  secretAccessKey: "secret-of-the-limited",
  operations: ["CheckIdentityPool"],
  pools: ["us-east-1:de300000-0000-4000-8000-0000000de300"],
};
const service = makeService({ credentials: [ADMIN, LIMITED] });

let signIn: SignIn;

anHourAhead();

beforeEach(async () => {
  for (const method of ["log", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
});

describe("CheckIdentityPool", () => {
  it("loads the keys of the pool's issuers through their objects, and finds nothing where all is well", async () => {
    const { identityPoolId: IdentityPoolId } = await makePool(signIn.settings);
    const calls = noteCalls();
    const keySet = { ProviderName: signIn.providerName, Issuer: `https://${signIn.providerName}`, KeyCount: 1 };
    expect((await service.admin("CheckIdentityPool", { IdentityPoolId })).json).toEqual({
      Findings: [],
      KeySets: [{ ...keySet, LoadedAt: Date.now() / 1000 }],
    });
    expect(calls).toEqual(["IdentityPoolObject.read", "IssuerObject.keys"]);
    const { length } = signIn.upstream.fetched;
    expect(length).toBeGreaterThan(0);
    await service.admin("CheckIdentityPool", { IdentityPoolId });
    expect(signIn.upstream.fetched).toHaveLength(length);
  });

  it("tells which issuer cannot be reached, and asks it no more often than logins would", async () => {
    const { identityPoolId: IdentityPoolId } = await makePool({
      supportedLoginProviders: { "down.example": "client" },
    });
    const finding = {
      Level: "error",
      Code: "issuer-keys-not-loaded",
      About: "down.example",
      Message: expect.stringContaining("connection"),
      Action: expect.any(String),
    };
    const keySet = { ProviderName: "down.example", Issuer: "https://down.example", KeyCount: 0, Failure: "connection" };
    expect((await service.admin("CheckIdentityPool", { IdentityPoolId })).json).toEqual({
      Findings: [finding],
      KeySets: [keySet],
    });
    const { length } = signIn.upstream.fetched;
    await service.admin("CheckIdentityPool", { IdentityPoolId });
    expect(signIn.upstream.fetched).toHaveLength(length);
  });

  it("sees a change at once, whatever this isolate remembers of the pool", async () => {
    const { identityPoolId: IdentityPoolId } = await makePool(signIn.settings);
    const Logins = await signIn.logins("ann");
    await service.call("GetId", { IdentityPoolId, Logins });
    await makeService().admin("UpdateIdentityPool", {
      IdentityPoolId,
      IdentityPoolName: "pool",
      AllowUnauthenticatedIdentities: false,
    });
    const { json } = await service.admin("CheckIdentityPool", { IdentityPoolId });
    expect(json).toMatchObject({ Findings: [{ Code: "nobody-can-enter" }] });
  });

  it("is for the pools of the credential, and for a pool that is there", async () => {
    const { identityPoolId: IdentityPoolId } = await makePool({});
    const refused = await service.call("CheckIdentityPool", { IdentityPoolId }, { credential: LIMITED });
    expect(refused.json["__type"]).toBe("AccessDeniedException");
    const missing = await service.admin("CheckIdentityPool", { IdentityPoolId: newPoolId() });
    expect(missing.json["__type"]).toBe("ResourceNotFoundException");
  });
});
