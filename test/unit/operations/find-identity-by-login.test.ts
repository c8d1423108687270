import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { developerLoginIdOf, loginIdOf } from "../../../src/domain/login.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import {
  loginOf,
  makeLinked,
  makePool,
  newPoolId,
  NOTHING_STORED,
  noteCalls,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";
import { ADMIN, makeService, type Service, textOf } from "../../support/service.ts";

const GOOGLE = "accounts.google.com";
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";
const DEVELOPER = "login.example";
const SUBJECT = "subject-of-ann";
const LIMITED: AdminCredential = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };

let pool: IdentityPool;
let service: Service;
let logged: string[];

anHourAhead();

beforeEach(async () => {
  logged = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void logged.push(String(line)));
  pool = await makePool({ developerProviderName: DEVELOPER });
  service = makeService({ credentials: [ADMIN, LIMITED] });
});

const find = async (ProviderName: string, Subject: string, more: object = {}, credential = ADMIN) =>
  await service.call(
    "FindIdentityByLogin",
    { IdentityPoolId: pool.identityPoolId, ProviderName, Subject, ...more },
    { credential },
  );
const notFound = {
  status: 404,
  json: { __type: "ResourceNotFoundException", message: "No identity of the identity pool has this login." },
};

describe("FindIdentityByLogin", () => {
  it.each([
    ["as it is spelt", GOOGLE, GOOGLE],
    ["with the slash that an issuer may end in", GOOGLE, `${GOOGLE}/`],
    ["by the other issuer of a user pool", USER_POOL, `issuer-${USER_POOL}`],
  ])("finds whose a login is by its provider, %s", async (_, providerName, spelling) => {
    const identityId = await makeLinked(pool.identityPoolId, [
      await loginOf(pool.identityPoolId, providerName, SUBJECT),
    ]);
    await untilAtRest(identityId);
    expect(await find(spelling, SUBJECT)).toMatchObject({ status: 200, json: { IdentityId: identityId } });
  });

  it("finds a developer's user by the developer's provider, and nobody else by that name", async () => {
    const Logins = { [DEVELOPER]: "user-7" };
    const input = { IdentityPoolId: pool.identityPoolId, Logins };
    const identityId = textOf(await service.admin("GetOpenIdTokenForDeveloperIdentity", input), "IdentityId");
    expect((await find(DEVELOPER, "user-7")).json).toEqual({ IdentityId: identityId, IsSettled: false });
    expect(await find("other.example", "user-7")).toMatchObject(notFound);
    const publicLogin = await loginOf(pool.identityPoolId, DEVELOPER, "user-8");
    await makeLinked(pool.identityPoolId, [publicLogin]);
    expect(await find(DEVELOPER, "user-8")).toMatchObject(notFound);
  });

  it("says whether the login is settled, so that the pool's source is never asked about it again", async () => {
    const login = await loginOf(pool.identityPoolId, GOOGLE, SUBJECT);
    const identityId = await makeLinked(pool.identityPoolId, [login]);
    await untilAtRest(identityId);
    await env.LOGIN.getByName(login.loginId).remember(login.loginId);
    expect((await find(GOOGLE, SUBJECT)).json).toEqual({ IdentityId: identityId, IsSettled: true });
    const free = await loginIdOf(pool.identityPoolId, GOOGLE, "bob");
    await env.LOGIN.getByName(free).remember(free);
    expect(await find(GOOGLE, "bob")).toMatchObject(notFound);
  });

  it("takes the subject as it is: another case, another pool or another provider is another login", async () => {
    const identityId = await makeLinked(pool.identityPoolId, [await loginOf(pool.identityPoolId, GOOGLE, SUBJECT)]);
    await untilAtRest(identityId);
    const other = await makePool();
    expect(await find(GOOGLE, SUBJECT.toUpperCase())).toMatchObject(notFound);
    expect(await find("a.example", SUBJECT)).toMatchObject(notFound);
    expect(await find(GOOGLE, SUBJECT, { IdentityPoolId: other.identityPoolId })).toMatchObject(notFound);
    expect((await find(GOOGLE, SUBJECT)).status).toBe(200);
  });

  it("T38: asks one object, and makes nothing of a login that nobody has", async () => {
    await find(GOOGLE, "somebody else");
    const calls = noteCalls();
    expect(await find(GOOGLE, SUBJECT)).toMatchObject(notFound);
    expect(calls).toEqual(["LoginObject.view"]);
    for (const loginId of [
      await loginIdOf(pool.identityPoolId, GOOGLE, SUBJECT),
      await developerLoginIdOf(pool.identityPoolId, GOOGLE, SUBJECT),
    ]) {
      expect(await storedIn(env.LOGIN.getByName(loginId))).toEqual(NOTHING_STORED);
    }
  });

  it("T46, T51: repeats the subject nowhere, in no answer and no line", async () => {
    const subject = "secret-subject".repeat(80);
    const answers = [await find(GOOGLE, "secret-subject"), await find(GOOGLE, subject), await find(GOOGLE, "")];
    expect(answers.map(({ status }) => status)).toEqual([404, 400, 400]);
    expect(answers.map(({ text }) => text).join() + logged.join()).not.toContain("secret-subject");
    // Of the request and of the audit, one each.
    expect(logged).toHaveLength(2 * answers.length);
  });

  it("is refused to a credential of other pools, whether there is such a login or not; and of no pool there is none", async () => {
    expect(await find(GOOGLE, SUBJECT, {}, LIMITED)).toMatchObject({
      status: 403,
      json: { __type: "AccessDeniedException" },
    });
    expect(await find(GOOGLE, SUBJECT, { IdentityPoolId: newPoolId() })).toMatchObject({
      status: 404,
      json: { __type: "ResourceNotFoundException", message: expect.stringContaining("IdentityPool") },
    });
  });
});
