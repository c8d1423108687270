import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeGuest, makePool, makeSignIn, newPoolId, type SignIn, untilAtRest } from "../../support/objects.ts";
import { ADMIN, type Answer, claimsIn, makeService, type Service, textOf } from "../../support/service.ts";

const DEVELOPER = "login.example";
const LIMITED: AdminCredential = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool({ ...signIn.settings, developerProviderName: DEVELOPER });
  service = makeService({ credentials: [ADMIN, LIMITED] });
});

const set = async (TokenSeconds?: unknown): Promise<Answer> =>
  await service.admin("SetTokenLifetime", { IdentityPoolId: pool.identityPoolId, TokenSeconds });
const get = async (): Promise<unknown> =>
  (await service.admin("GetTokenLifetime", { IdentityPoolId: pool.identityPoolId })).json["TokenSeconds"];

function lifeOf(answer: Answer): number {
  const { exp, iat } = claimsIn(textOf(answer, "Token"));
  return Number(exp) - Number(iat);
}

/** Of a token for whoever these logins are, or for a guest. */
async function tokenFor(logins?: ReadonlyMap<string, string>): Promise<Answer> {
  const IdentityId = await makeGuest(pool.identityPoolId);
  return await service.call("GetOpenIdToken", { IdentityId, ...(logins !== undefined && { Logins: logins }) });
}

describe("SetTokenLifetime", () => {
  it("is the life of the next token on, and is 600 seconds where nobody sets it", async () => {
    expect([await get(), lifeOf(await tokenFor())]).toEqual([600, 600]);
    expect((await set(60)).json).toEqual({ IdentityPoolId: pool.identityPoolId, TokenSeconds: 60 });
    expect([await get(), lifeOf(await tokenFor())]).toEqual([60, 60]);
    expect((await set()).json).toMatchObject({ TokenSeconds: 600 });
    expect([await get(), lifeOf(await tokenFor())]).toEqual([600, 600]);
  });

  it("is that of whoever signs in: at first, again, and as a guest whom the owner of the login absorbs", async () => {
    await set(120);
    const logins = await signIn.logins("ann");
    const first = await tokenFor(logins);
    await untilAtRest(textOf(first, "IdentityId") as Awaited<ReturnType<typeof makeGuest>>);
    const again = await service.call("GetOpenIdToken", { IdentityId: textOf(first, "IdentityId"), Logins: logins });
    const absorbed = await tokenFor(logins);
    expect(textOf(absorbed, "IdentityId")).toBe(textOf(first, "IdentityId"));
    expect([first, again, absorbed].map(lifeOf)).toEqual([120, 120, 120]);
  });

  it("is that of a developer's token which asks for none", async () => {
    const ask = async (more: object = {}): Promise<number> => {
      const input = { IdentityPoolId: pool.identityPoolId, Logins: { [DEVELOPER]: "user" }, ...more };
      return lifeOf(await service.admin("GetOpenIdTokenForDeveloperIdentity", input));
    };
    expect(await ask()).toBe(900);
    await set(120);
    expect([await ask(), await ask({ TokenDuration: 3600 }), await ask({ TokenDuration: 1 })]).toEqual([120, 3600, 1]);
  });

  it("is kept by an update of the pool, which shows nothing of it", async () => {
    await set(60);
    const update = {
      IdentityPoolId: pool.identityPoolId,
      IdentityPoolName: "new",
      AllowUnauthenticatedIdentities: true,
    };
    expect((await service.admin("UpdateIdentityPool", update)).text).not.toContain("60");
    expect(await get()).toBe(60);
  });

  it.each([59, 601, 0, -60, 90.5, "60", Number.MAX_SAFE_INTEGER])("is not %j", async (seconds) => {
    expect((await set(seconds)).status).toBe(400);
    expect(await get()).toBe(600);
  });

  it("is refused for no pool, and to a credential of another one", async () => {
    for (const operation of ["SetTokenLifetime", "GetTokenLifetime"]) {
      const nobodys = { IdentityPoolId: newPoolId() };
      expect((await service.admin(operation, nobodys)).json).toMatchObject({ __type: "ResourceNotFoundException" });
      const own = { IdentityPoolId: pool.identityPoolId };
      expect((await service.call(operation, own, { credential: LIMITED })).json).toMatchObject({
        __type: "AccessDeniedException",
      });
    }
  });
});
