import { env, exports } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type IdentityId, parseIdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  makeGuest,
  makePool,
  makeSignIn,
  newIdentityId,
  noteCalls,
  NOTHING_STORED,
  recordOf,
  type SignIn,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";
import { type Answer, claimsIn, makeService, type Service, textOf } from "../../support/service.ts";

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;

const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const identity = (identityId: IdentityId) => env.IDENTITY.getByName(identityId);

const tokenFor = async (identityId: string, logins?: ReadonlyMap<string, string>, callId?: string): Promise<Answer> => {
  const headers = callId === undefined ? {} : { "amz-sdk-invocation-id": callId };
  return await service.call(
    "GetOpenIdToken",
    { IdentityId: identityId, ...(logins && { Logins: logins }) },
    { headers },
  );
};

const refusal = (status: number, type: string) => ({ status, json: { __type: type, message: expect.any(String) } });

/** GetId, as a client does it. */
async function getId(logins?: ReadonlyMap<string, string>): Promise<IdentityId> {
  const answer = await service.call("GetId", {
    IdentityPoolId: pool.identityPoolId,
    ...(logins && { Logins: logins }),
  });
  const identityId = parseIdentityId(textOf(answer, "IdentityId"));
  if (identityId === undefined) throw new Error("no identity id");
  await untilAtRest(identityId);
  return identityId;
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  // An hour ahead of the platform's clock, so that no alarm fires but those that a test runs.
  elapse(3600);
  vi.spyOn(console, "log").mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool(signIn.settings);
  service = makeService();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("GetOpenIdToken", () => {
  it("gives a guest a token that says so, for ten minutes", async () => {
    const identityId = await getId();
    const answer = await tokenFor(identityId);
    expect(answer).toMatchObject({ status: 200, json: { IdentityId: identityId } });
    const now = Math.floor(Date.now() / 1000);
    expect(claimsIn(textOf(answer, "Token"))).toEqual({
      sub: identityId,
      aud: pool.identityPoolId,
      amr: ["unauthenticated"],
      iss: "https://identity.example.com",
      exp: now + 600,
      iat: now,
      jti: expect.any(String),
    });
  });

  it("names exactly the login that was verified, in both its forms", async () => {
    const identityId = await getId();
    const answer = await tokenFor(identityId, await signIn.logins("ann"));
    const { providerName } = signIn;
    const amr = ["authenticated", providerName, `${providerName}:client:ann`];
    expect(claimsIn(textOf(answer, "Token"))["amr"]).toEqual(amr);
    expect(claimsIn(textOf(answer, "Token"))["sub"]).toBe(identityId);
  });

  it("every token has a jti of its own", async () => {
    const identityId = await getId();
    const answers = await Promise.all(Array.from({ length: 5 }, () => tokenFor(identityId)));
    expect(new Set(answers.map((answer) => claimsIn(textOf(answer, "Token"))["jti"])).size).toBe(5);
  });

  it("a guest with the login of another identity becomes that identity, and is never a guest again", async () => {
    const ann = await signIn.logins("ann");
    const owner = await getId(ann);
    const guest = await getId();
    const answer = await tokenFor(guest, ann);
    expect(answer).toMatchObject({ status: 200, json: { IdentityId: owner } });
    expect(claimsIn(textOf(answer, "Token"))["sub"]).toBe(owner);
    await untilAtRest(owner, guest);
    expect((await recordOf(guest))?.standing).toEqual({ kind: "merged", into: owner });
    expect(await tokenFor(guest)).toMatchObject(refusal(403, "NotAuthorizedException"));
    expect(await tokenFor(guest, ann)).toMatchObject(refusal(403, "NotAuthorizedException"));
    expect(await getId(ann)).toBe(owner);
  });

  it("the repeat of a call that merged a guest is answered as the first one was, to its own user alone", async () => {
    const ann = await signIn.logins("ann");
    const owner = await getId(ann);
    const guest = await getId();
    const callId = crypto.randomUUID();
    expect(await tokenFor(guest, ann, callId)).toMatchObject({ status: 200, json: { IdentityId: owner } });
    await untilAtRest(owner, guest);
    elapse(1);
    expect(await tokenFor(guest, ann, callId)).toMatchObject({ status: 200, json: { IdentityId: owner } });
    expect(await tokenFor(guest, ann, crypto.randomUUID())).toMatchObject(refusal(403, "NotAuthorizedException"));
    expect(await tokenFor(guest, await signIn.logins("eve"), callId)).toMatchObject(
      refusal(403, "NotAuthorizedException"),
    );
  });

  it("T32: the good login of one user does not open the identity of another", async () => {
    const victim = await getId(await signIn.logins("ann"));
    const eve = await signIn.logins("eve");
    await getId(eve);
    expect(await tokenFor(victim, eve)).toMatchObject(refusal(403, "NotAuthorizedException"));
    expect(await tokenFor(victim)).toMatchObject(refusal(403, "NotAuthorizedException"));
  });

  it("I9: one bad login among good ones refuses all, and links none", async () => {
    const second = await makeSignIn(signIn.upstream);
    pool = await makePool({
      supportedLoginProviders: {
        ...signIn.settings.supportedLoginProviders,
        ...second.settings.supportedLoginProviders,
      },
    });
    const identityId = await getId();
    const logins = new Map([...(await signIn.logins("ann")), ...(await second.forged("ann"))]);
    expect(await tokenFor(identityId, logins)).toMatchObject(refusal(403, "NotAuthorizedException"));
    expect((await recordOf(identityId))?.standing).toEqual({ kind: "guest" });
    const good = new Map([...(await signIn.logins("ann")), ...(await second.logins("ann"))]);
    expect((await tokenFor(identityId, good)).status).toBe(200);
    expect((await recordOf(identityId))?.logins).toHaveLength(2);
  });

  describe("two identities of one user that meet", () => {
    async function twoIdentities() {
      const second = await makeSignIn(signIn.upstream);
      pool = await makePool({
        supportedLoginProviders: {
          ...signIn.settings.supportedLoginProviders,
          ...second.settings.supportedLoginProviders,
        },
      });
      const [one, two] = [await signIn.logins("ann"), await second.logins("ann")];
      const [first, other] = [await getId(one), await getId(two)];
      return { first, other, one, two, both: new Map([...one, ...two]) };
    }

    it("are a conflict, and nothing changes", async () => {
      const { first, other, one, two, both } = await twoIdentities();
      expect(await tokenFor(first, both)).toMatchObject(refusal(409, "ResourceConflictException"));
      expect([await getId(one), await getId(two)]).toEqual([first, other]);
    });

    it("become the named one under MERGE_POLICY merge", async () => {
      service = makeService({ settings: { MERGE_POLICY: "merge" } });
      const { first, other, one, two, both } = await twoIdentities();
      expect(await tokenFor(first, both)).toMatchObject({ status: 200, json: { IdentityId: first } });
      await untilAtRest(first, other);
      expect([await getId(one), await getId(two)]).toEqual([first, first]);
      elapse(1);
      expect(await tokenFor(other, two)).toMatchObject(refusal(403, "NotAuthorizedException"));
      expect(await tokenFor(other)).toMatchObject(refusal(403, "NotAuthorizedException"));
    });
  });

  it.each([
    ["guests where the pool wants none", { allowsUnauthenticated: false }, 403, "NotAuthorizedException"],
    ["a pool without the classic flow", { allowsClassicFlow: false }, 400, "InvalidParameterException"],
  ])("refuses %s", async (_, settings, status, type) => {
    const strict = await makePool(settings);
    expect(await tokenFor(await makeGuest(strict.identityPoolId))).toMatchObject(refusal(status, type));
  });

  it("refuses with Retry-After beyond the rate", async () => {
    const identityId = await getId();
    const answers = await Promise.all(Array.from({ length: 25 }, () => tokenFor(identityId)));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(5);
    for (const answer of refused) {
      expect(answer).toMatchObject({
        status: 429,
        json: { __type: "TooManyRequestsException", message: "Rate exceeded" },
      });
      expect(answer.headers.get("retry-after")).toBe("1");
    }
  });

  it("an upstream that is down is an ExternalServiceException that does not say where it is", async () => {
    const identityId = await getId();
    signIn.upstream.goDown();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const answer = await tokenFor(identityId, await signIn.logins("ann"));
    expect(answer).toMatchObject(refusal(400, "ExternalServiceException"));
    expect(answer.text).not.toContain(signIn.providerName);
  });
});

describe("GetOpenIdToken: what it costs, counted", () => {
  const signer = "KeyRingObject.signingKey";

  /** What one call costs: calls of objects by anybody, rows written by the identity, fetches. */
  async function costOf(identityId: IdentityId, call: () => Promise<Answer>) {
    const before = (await storedIn(identity(identityId))).rowsWritten;
    const fetchedBefore = signIn.upstream.fetched.length;
    const calls = noteCalls();
    const { status } = await call();
    await untilAtRest(identityId);
    const rowsWritten = (await storedIn(identity(identityId))).rowsWritten - before;
    return { status, calls: [...calls], rowsWritten, fetched: signIn.upstream.fetched.length - fetchedBefore };
  }

  /** The isolate has the pool, the issuer's keys and the signing key. */
  async function warmUp(): Promise<void> {
    const identityId = await makeGuest(pool.identityPoolId);
    expect((await tokenFor(identityId, await signIn.logins(crypto.randomUUID()))).status).toBe(200);
    await untilAtRest(identityId);
  }

  it("a guest: one object call, nothing written, nothing fetched", async () => {
    await warmUp();
    const identityId = await getId();
    expect(await costOf(identityId, () => tokenFor(identityId))).toEqual({
      status: 200,
      calls: ["IdentityObject.grant"],
      rowsWritten: 0,
      fetched: 0,
    });
  });

  it("the hot path, a login already linked: one object call, nothing written, nothing fetched", async () => {
    await warmUp();
    const ann = await signIn.logins("ann");
    const identityId = await getId(ann);
    for (let count = 0; count < 3; count++) {
      expect(await costOf(identityId, () => tokenFor(identityId, ann))).toEqual({
        status: 200,
        calls: ["IdentityObject.grant"],
        rowsWritten: 0,
        fetched: 0,
      });
      elapse(1);
    }
  });

  it("the hot path through the deployed entry is the same, and leaves no timer and no task behind", async () => {
    const ann = await signIn.logins("ann");
    const identityId = await getId(ann);
    const body = JSON.stringify({ IdentityId: identityId, Logins: Object.fromEntries(ann) });
    const headers = {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AWSCognitoIdentityService.GetOpenIdToken",
    };
    const send = () => exports.default.fetch("https://identity.example.com/", { method: "POST", headers, body });
    expect((await send()).status).toBe(200);
    const tasks = await runInDurableObject(identity(identityId), (_, state) => vi.spyOn(state, "waitUntil").mock.calls);
    const timers = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "setInterval")];
    const before = await storedIn(identity(identityId));
    const fetched = signIn.upstream.fetched.length;
    const calls = noteCalls();
    const response = await send();
    expect(response.status).toBe(200);
    expect(calls).toEqual(["IdentityObject.grant"]);
    expect(tasks).toEqual([]);
    expect(timers.map((timer) => timer.mock.calls)).toEqual([[], []]);
    expect(await storedIn(identity(identityId))).toEqual(before);
    expect(signIn.upstream.fetched).toHaveLength(fetched);
  });

  it("three logins already linked cost as much as one", async () => {
    const others = [await makeSignIn(signIn.upstream), await makeSignIn(signIn.upstream)];
    const all = [signIn, ...others];
    pool = await makePool({
      supportedLoginProviders: Object.assign({}, ...all.map(({ settings }) => settings.supportedLoginProviders)),
    });
    const maps = await Promise.all(all.map((one) => one.logins("ann")));
    const logins = new Map(maps.flatMap((map) => [...map]));
    const identityId = await getId(logins);
    expect((await tokenFor(identityId, logins)).status).toBe(200);
    expect(await costOf(identityId, () => tokenFor(identityId, logins))).toEqual({
      status: 200,
      calls: ["IdentityObject.grant"],
      rowsWritten: 0,
      fetched: 0,
    });
  });

  it("the first of a cold isolate: pool, key set and signing key once each, two documents fetched", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    service = makeService();
    const { calls, fetched } = await costOf(identityId, async () => tokenFor(identityId, await signIn.logins("ann")));
    expect(calls.toSorted()).toEqual(
      [
        "IdentityObject.grant",
        "IdentityPoolObject.read",
        "IssuerObject.keys",
        "LoginObject.reserve",
        "LoginObject.settle",
        signer,
      ].toSorted(),
    );
    expect(fetched).toBe(2);
  });

  it("the first link of a new login: one call to reserve before the answer, one to settle after it", async () => {
    await warmUp();
    const identityId = await getId();
    const ann = await signIn.logins("ann");
    expect(await costOf(identityId, () => tokenFor(identityId, ann))).toEqual({
      status: 200,
      calls: ["IdentityObject.grant", "LoginObject.reserve", "LoginObject.settle"],
      // Prepared, committed and settled: three times the record; and the alarm, set and taken back.
      rowsWritten: 5,
      fetched: 0,
    });
  });

  it.each([
    [
      "an unknown identity",
      async () => [newIdentityId(), await signIn.logins("ann")] as const,
      404,
      ["IdentityObject.grant"],
    ],
    [
      "a bad signature",
      async () => [await getId(), await signIn.forged("ann")] as const,
      403,
      ["IdentityObject.grant"],
    ],
    [
      "an expired token",
      async () => [await getId(), await signIn.logins("ann", { exp: 1 })] as const,
      403,
      ["IdentityObject.grant"],
    ],
  ])("a rejection of %s: one object call, nothing written, nothing fetched", async (_, make, status, calls) => {
    await warmUp();
    const [identityId, logins] = await make();
    expect(await costOf(identityId, () => tokenFor(identityId, logins))).toEqual({
      status,
      calls,
      rowsWritten: 0,
      fetched: 0,
    });
  });

  it("a rejection of a malformed request calls no object at all", async () => {
    const calls = noteCalls();
    expect((await tokenFor("nonsense")).status).toBe(400);
    expect((await tokenFor("us-east-1:00", new Map([["p", ""]]))).status).toBe(400);
    expect(calls).toEqual([]);
  });

  it("a rejection beyond the rate: one object call, nothing written", async () => {
    await warmUp();
    const identityId = await getId();
    for (let count = 0; count < 20; count++) await tokenFor(identityId);
    expect(await costOf(identityId, () => tokenFor(identityId))).toEqual({
      status: 429,
      calls: ["IdentityObject.grant"],
      rowsWritten: 0,
      fetched: 0,
    });
  });

  it("T38: a flood of unknown identity ids leaves nothing behind", async () => {
    const ids = Array.from({ length: 20 }, newIdentityId);
    for (const identityId of ids) expect((await tokenFor(identityId)).status).toBe(404);
    for (const identityId of ids) expect(await storedIn(identity(identityId))).toEqual(NOTHING_STORED);
  });
});
