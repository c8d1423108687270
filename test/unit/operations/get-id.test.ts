import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type IdentityId, parseIdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  loginOf,
  makePool,
  makeSignIn,
  newPoolId,
  noteCalls,
  recordOf,
  type SignIn,
  storedIn,
  until,
  untilAtRest,
} from "../../support/objects.ts";
import { makeSigningKey, signToken } from "../../support/login-tokens.ts";
import { type Answer, makeService, type Service, textOf } from "../../support/service.ts";

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;

const getId = async (logins?: ReadonlyMap<string, string>): Promise<Answer> =>
  await service.call("GetId", { IdentityPoolId: pool.identityPoolId, ...(logins && { Logins: logins }) });

function idIn(answer: Answer): IdentityId {
  const identityId = parseIdentityId(textOf(answer, "IdentityId"));
  if (identityId === undefined) throw new Error("no identity id");
  return identityId;
}

async function twoProviders(settings: Readonly<Record<string, string>> = {}): Promise<SignIn> {
  const second = await makeSignIn(signIn.upstream);
  pool = await makePool({
    supportedLoginProviders: { ...signIn.settings.supportedLoginProviders, ...second.settings.supportedLoginProviders },
  });
  service = makeService({ settings });
  return second;
}

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool(signIn.settings);
  service = makeService();
});

describe("GetId", () => {
  it("T21: takes no token of this very service for a login, though a pool of before names it, and asks nobody", async () => {
    const { upstream } = signIn;
    const key = await makeSigningKey("ES256", "key-1");
    upstream.serveIssuer("https://identity.example.com", [key.publicJwk]);
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: "https://identity.example.com", sub: "ann", aud: "client", iat: now, exp: now + 600 };
    pool = await makePool({ supportedLoginProviders: { "identity.example.com": "client" } });
    const token = await signToken(key, claims);
    for (const name of ["identity.example.com", "identity.example.com/"]) {
      expect(await getId(new Map([[name, token]]))).toMatchObject({
        json: { __type: "NotAuthorizedException" },
      });
    }
    expect(upstream.fetched).toEqual([]);
  });

  it("T38: gives every guest a new, random id", async () => {
    const ids = (await Promise.all(Array.from({ length: 10 }, () => getId()))).map(idIn);
    expect(new Set(ids).size).toBe(10);
    for (const identityId of ids)
      expect(identityId).toMatch(/^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("gives one user the same id every time, and another user another", async () => {
    const ann = idIn(await getId(await signIn.logins("ann")));
    expect(idIn(await getId(await signIn.logins("ann")))).toBe(ann);
    expect(idIn(await getId(await signIn.logins("bob")))).not.toBe(ann);
  });

  it("of ten first calls of one user at once, all get the same id, and no other is left", async () => {
    const logins = await signIn.logins("ann");
    const ids = (await Promise.all(Array.from({ length: 10 }, () => getId(logins)))).map(idIn);
    expect(new Set(ids).size).toBe(1);
    await untilAtRest(...ids);
    const { loginId } = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    expect((await env.LOGIN.getByName(loginId).view(loginId)).owner?.identityId).toBe(ids[0]);
  });

  it("T40: the same user of another pool is another identity", async () => {
    const logins = await signIn.logins("ann");
    const here = idIn(await getId(logins));
    pool = await makePool(signIn.settings);
    expect(idIn(await getId(logins))).not.toBe(here);
  });

  it("links a new login to the identity of a known one that comes with it", async () => {
    const second = await twoProviders();
    const [one, two] = [await signIn.logins("ann"), await second.logins("ann")];
    const identityId = idIn(await getId(one));
    expect(idIn(await getId(new Map([...one, ...two])))).toBe(identityId);
    await untilAtRest(identityId);
    expect(idIn(await getId(two))).toBe(identityId);
  });

  it("does not link a second user of one provider: that is a conflict", async () => {
    const second = await twoProviders();
    const [ann, eve] = [await signIn.logins("ann"), await signIn.logins("eve")];
    const shared = await second.logins("shared");
    await getId(new Map([...ann, ...shared]));
    expect(await getId(new Map([...eve, ...shared]))).toMatchObject({
      status: 409,
      json: { __type: "ResourceConflictException" },
    });
    const { loginId } = await loginOf(pool.identityPoolId, signIn.providerName, "eve");
    expect((await storedIn(env.LOGIN.getByName(loginId))).entries).toEqual(new Map());
  });

  it("under MERGE_POLICY merge the older identity survives", async () => {
    const second = await twoProviders({ MERGE_POLICY: "merge" });
    const [one, two] = [await signIn.logins("ann"), await second.logins("ann")];
    const older = idIn(await getId(two));
    vi.setSystemTime(Date.now() + 60_000);
    const younger = idIn(await getId(one));
    await untilAtRest(older, younger);
    expect(idIn(await getId(new Map([...one, ...two])))).toBe(older);
    await untilAtRest(older, younger);
    expect((await recordOf(younger))?.standing).toEqual({ kind: "merged", into: older });
  });

  it.each([
    [
      "guests where the pool wants none",
      async () => (pool = await makePool({ allowsUnauthenticated: false })),
      403,
      "NotAuthorizedException",
    ],
    [
      "a pool that is not there",
      async () => (pool = { ...pool, identityPoolId: newPoolId() }),
      404,
      "ResourceNotFoundException",
    ],
  ])("refuses %s", async (_, arrange, status, type) => {
    await arrange();
    expect(await getId()).toMatchObject({ status, json: { __type: type } });
  });

  it("invariant all-or-nothing: refuses a forged login and makes nothing of it", async () => {
    const calls = noteCalls();
    expect(await getId(await signIn.forged("ann"))).toMatchObject({
      status: 403,
      json: { __type: "NotAuthorizedException" },
    });
    expect(calls.filter((call) => !/^(IdentityPoolObject|IssuerObject)\./.test(call))).toEqual([]);
  });
});

describe("GetId: what it costs, counted", () => {
  async function costOf(call: () => Promise<Answer>) {
    const calls = noteCalls();
    const answer = await call();
    const identityId = idIn(answer);
    await untilAtRest(identityId);
    const { rowsWritten } = await storedIn(env.IDENTITY.getByName(identityId));
    return { calls: [...calls], rowsWritten };
  }

  it("a new guest: one object call before the answer, one to the directory after it", async () => {
    await untilAtRest(idIn(await getId()));
    expect(await costOf(() => getId())).toEqual({
      calls: ["IdentityObject.createGuest", "IdentityDirectoryObject.update"],
      // The record and the alarm that looks after its listing; both again once it is listed.
      rowsWritten: 4,
    });
  });

  it("a known login: one look at the login, one at its identity, and nothing written", async () => {
    const logins = await signIn.logins("ann");
    const identityId = idIn(await getId(logins));
    await untilAtRest(identityId);
    const before = await storedIn(env.IDENTITY.getByName(identityId));
    const { loginId } = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    const loginBefore = await storedIn(env.LOGIN.getByName(loginId));
    expect(await costOf(() => getId(logins))).toEqual({
      calls: ["LoginObject.view", "IdentityObject.link"],
      rowsWritten: before.rowsWritten,
    });
    expect(await storedIn(env.LOGIN.getByName(loginId))).toEqual(loginBefore);
  });

  it("a new login: look, link and reserve before the answer; settle and list after it", async () => {
    await untilAtRest(idIn(await getId(await signIn.logins("somebody"))));
    expect(await costOf(async () => getId(await signIn.logins("ann")))).toEqual({
      calls: [
        "LoginObject.view",
        "IdentityObject.link",
        "LoginObject.reserve",
        "LoginObject.settle",
        "IdentityDirectoryObject.update",
      ],
      // Of the identity: its commit, what it owed, and the alarm, set and cleared.
      rowsWritten: 4,
    });
  });

  it("a pool that is not there: one object call, and nothing stored", async () => {
    pool = { ...pool, identityPoolId: newPoolId() };
    const calls = noteCalls();
    expect((await getId()).status).toBe(404);
    expect(calls).toEqual(["IdentityPoolObject.read"]);
    expect((await storedIn(env.IDENTITY_POOL.getByName(pool.identityPoolId))).rowsWritten).toBe(0);
  });

  it("losers of a race for one login leave nothing: their ids were never told to anybody (invariant no-orphans)", async () => {
    const logins = await signIn.logins("ann");
    const made: string[] = [];
    const randomUUID = crypto.randomUUID.bind(crypto);
    const spy = vi.spyOn(crypto, "randomUUID").mockImplementation(() => {
      const uuid = randomUUID();
      made.push(`us-east-1:${uuid}`);
      return uuid;
    });
    const ids = (await Promise.all(Array.from({ length: 6 }, () => getId(logins)))).map(idIn);
    spy.mockRestore();
    await untilAtRest(...ids);
    const losers = made.flatMap((text) => parseIdentityId(text) ?? []).filter((identityId) => identityId !== ids[0]);
    for (const identityId of losers) await until(async () => (await recordOf(identityId)) === null);
  });
});
