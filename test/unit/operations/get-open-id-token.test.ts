import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type IdentityId, parseIdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { loginIdOf } from "../../../src/domain/login.ts";
import { IdentityObject, KeyRingObject } from "../../../src/worker.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  holdNext,
  intercept,
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

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool(signIn.settings);
  service = makeService();
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

  it("invariant all-or-nothing: one bad login among good ones refuses all, and links none", async () => {
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

  it("asks a provider about an access token once, however often something is in the way", async () => {
    const [appId, token] = ["amzn1.application.1", "Atza|good"];
    const { identityPoolId } = await makePool({ supportedLoginProviders: { "www.amazon.com": appId } });
    const query = new URLSearchParams({ access_token: token }).toString();
    const question = `https://api.amazon.com/auth/o2/tokeninfo?${query}`;
    signIn.upstream.serve(question, () =>
      Response.json({
        aud: appId,
        app_id: appId,
        user_id: "amzn1.account.ann",
        iss: "https://www.amazon.com",
        exp: 600,
      }),
    );
    const asked = () => signIn.upstream.fetched.filter((url) => url === question).length;
    const identityId = await makeGuest(identityPoolId);
    // Whoever holds these two is gone: each attempt finds another one in its way, settles it, and tries again.
    const gone = { transactionId: "gone", coordinator: newIdentityId() };
    const loginId = await loginIdOf(identityPoolId, "www.amazon.com", "amzn1.account.ann");
    const freeze = { kind: "freeze", ...gone, identityId, identityPoolId, isGuest: true, loginIds: [] } as const;
    expect(await identity(identityId).freeze(freeze)).toMatchObject({ kind: "frozen" });
    const reserve = { kind: "reserve", ...gone, loginId, absorbed: [] } as const;
    expect(await env.LOGIN.getByName(loginId).reserve(reserve)).toMatchObject({ kind: "reserved" });
    const noted = noteCalls();
    expect(await tokenFor(identityId, new Map([["www.amazon.com", token]]))).toMatchObject({ status: 200 });
    expect(noted.filter((name) => name.startsWith("IdentityObject.grant"))).toEqual([
      "IdentityObject.grant",
      "IdentityObject.grant",
      "IdentityObject.grantVerified",
    ]);
    expect(asked()).toBe(1);
  });

  it("T38: a flood of unknown identity ids leaves nothing behind", async () => {
    const ids = Array.from({ length: 20 }, newIdentityId);
    for (const identityId of ids) expect((await tokenFor(identityId)).status).toBe(404);
    for (const identityId of ids) expect(await storedIn(identity(identityId))).toEqual(NOTHING_STORED);
  });
});

/** The next question for the signing key is answered by a failure. */
function failNextKey(): void {
  let isNext = true;
  intercept(KeyRingObject.prototype, "signingKey", (_, proceed) => {
    if (!isNext) return proceed();
    isNext = false;
    throw new Error("the key ring does not answer");
  });
}

describe("the signing key", () => {
  it("is asked for beside the grant", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const grant = holdNext(IdentityObject.prototype, "grant", "before");
    const signingKey = holdNext(KeyRingObject.prototype, "signingKey", "before");
    const answer = tokenFor(identityId);
    // Neither waits for the other.
    await Promise.all([grant.reached, signingKey.reached]);
    grant.release();
    signingKey.release();
    expect((await answer).status).toBe(200);
  });

  it("that cannot be had is the trouble of whom a token is granted, and of nobody else", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    failNextKey();
    expect(await tokenFor(newIdentityId())).toMatchObject(refusal(404, "ResourceNotFoundException"));
    failNextKey();
    expect(await tokenFor(identityId)).toMatchObject(refusal(500, "InternalErrorException"));
    expect((await tokenFor(identityId)).status).toBe(200);
  });

  it("is renewed behind an answer, and the next one needs nobody for it", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await tokenFor(identityId);
    // Past half of its life, and before the end of any.
    elapse(40);
    const calls = noteCalls();
    const held = holdNext(KeyRingObject.prototype, "signingKey", "before");
    const answer = tokenFor(identityId);
    await held.reached;
    held.release();
    expect((await answer).status).toBe(200);
    expect(calls.filter((call) => call === "KeyRingObject.signingKey")).toHaveLength(1);
    elapse(20);
    expect((await tokenFor(identityId)).status).toBe(200);
    expect(calls.filter((call) => call === "KeyRingObject.signingKey")).toHaveLength(1);
  });
});
