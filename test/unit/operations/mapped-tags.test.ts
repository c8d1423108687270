/** What the pool maps of a login's claims, in the tokens of GetOpenIdToken and of a developer: and that GetId maps nothing. */
import { decodeJwt } from "jose";
import { beforeEach, expect, it } from "vitest";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { type IdentityId, parseIdentityId } from "../../../src/domain/identifiers.ts";
import { TAGS_CLAIM } from "../../../src/domain/open-id-claims.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeGuest, makePool, makeSignIn, recordOf, type SignIn, untilAtRest } from "../../support/objects.ts";
import { type Answer, makeService, type Service, textOf } from "../../support/service.ts";

const DEVELOPER = "login.backend.example";

let signIn: SignIn;
let service: Service;
let pool: IdentityPool;

anHourAhead();

beforeEach(async () => {
  signIn = await makeSignIn(new FakeUpstream().install());
  service = makeService();
  pool = await makePool({ ...signIn.settings, developerProviderName: DEVELOPER });
  await map({ team: "team", user: "sub" });
});

async function map(PrincipalTags: Readonly<Record<string, string>>): Promise<void> {
  const provider = { IdentityPoolId: pool.identityPoolId, IdentityProviderName: signIn.providerName };
  await service.admin("SetPrincipalTagAttributeMap", { ...provider, UseDefaults: false, PrincipalTags });
}

const tagsIn = (answer: Answer): unknown => decodeJwt(textOf(answer, "Token"))[TAGS_CLAIM];

async function tokenFor(identityId: IdentityId, logins: ReadonlyMap<string, string>): Promise<Answer> {
  return await service.call("GetOpenIdToken", { IdentityId: identityId, Logins: logins });
}

async function developerToken(logins: ReadonlyMap<string, string>, PrincipalTags?: object): Promise<Answer> {
  const input = { IdentityPoolId: pool.identityPoolId, Logins: new Map([[DEVELOPER, "ann"], ...logins]) };
  return await service.admin("GetOpenIdTokenForDeveloperIdentity", { ...input, PrincipalTags });
}

const NOT_VALID = {
  status: 403,
  json: { message: "Invalid login token. The value of principal tag 'team' is not valid." },
};

it("GetOpenIdToken names the tags at the first link, and each time after it", async () => {
  const guest = await makeGuest(pool.identityPoolId);
  const logins = await signIn.logins("ann", { team: ["red"] });
  for (let time = 0; time < 3; time++) {
    expect(tagsIn(await tokenFor(guest, logins))).toEqual({ principal_tags: { team: ["red"], user: ["ann"] } });
    await untilAtRest(guest);
  }
});

it("they come with a guest who signs in as somebody who has an identity already", async () => {
  const logins = await signIn.logins("ann", { team: "red" });
  const identityId = parseIdentityId(
    textOf(await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins }), "IdentityId"),
  );
  const answer = await tokenFor(await makeGuest(pool.identityPoolId), logins);
  expect(textOf(answer, "IdentityId")).toBe(identityId);
  expect(tagsIn(answer)).toEqual({ principal_tags: { team: ["red"], user: ["ann"] } });
});

it("a guest has none", async () => {
  expect(tagsIn(await tokenFor(await makeGuest(pool.identityPoolId), new Map()))).toBe(undefined);
});

it("a value that no tag can have refuses the call, and nothing is linked; GetId looks at none", async () => {
  const guest = await makeGuest(pool.identityPoolId);
  const logins = await signIn.logins("ann", { team: "red;blue" });
  expect(await tokenFor(guest, logins)).toMatchObject(NOT_VALID);
  expect(await recordOf(guest)).toMatchObject({ standing: { kind: "guest" }, logins: [] });
  expect(await developerToken(logins)).toMatchObject(NOT_VALID);
  const got = await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins });
  expect(got).toMatchObject({ status: 200 });
});

it("a developer's tags stand before the mapped ones, and win, in whatever case the key is spelt", async () => {
  const logins = await signIn.logins("ben", { team: "red" });
  const mapped = { principal_tags: { team: ["red"], user: ["ben"] } };
  expect(tagsIn(await developerToken(logins))).toEqual(mapped);
  expect(tagsIn(await developerToken(logins, { Team: "blue", level: "9" }))).toEqual({
    principal_tags: { Team: ["blue"], level: ["9"], user: ["ben"] },
  });
  // The developer's own user has no claims: it is not asked of a provider.
  expect(tagsIn(await developerToken(new Map(), { level: "9" }))).toEqual({ principal_tags: { level: ["9"] } });
});
