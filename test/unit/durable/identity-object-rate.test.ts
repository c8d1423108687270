import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  anyCall,
  grant,
  loginOf,
  makeGuest,
  makePool,
  makeSignIn,
  recordOf,
  type SignIn,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";

// The defaults of wrangler.toml's settings: 5 a second, 20 at once.
const BURST = 20;
const PER_SECOND = 5;

let signIn: SignIn;
let pool: IdentityPool;

const identity = (identityId: IdentityId) => env.IDENTITY.getByName(identityId);
const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

type Reply = { readonly kind: string };

const tokenFor = async (identityId: IdentityId, logins: ReadonlyMap<string, string>): Promise<Reply> =>
  await grant(identityId, new Map(logins), anyCall());
const guest = async (identityId: IdentityId) => await tokenFor(identityId, new Map());
const rateError = (retryAfterSeconds: number) => ({
  type: "TooManyRequestsException",
  message: "Rate exceeded",
  retryAfterSeconds,
});
const rateExceeded = (retryAfterSeconds: number): unknown =>
  expect.objectContaining({ kind: "refused", error: rateError(retryAfterSeconds) });

/** Calls until the first refusal, at most `limit`: how many were granted, and the last reply. */
async function exhaust(call: () => Promise<Reply>, limit = 100): Promise<[number, Reply]> {
  for (let granted = 0; ; granted++) {
    const reply = await call();
    if (reply.kind !== "granted" || granted === limit) return [granted, reply];
  }
}

async function makeUser(subject: string): Promise<IdentityId> {
  const identityId = await makeGuest(pool.identityPoolId);
  expect(await tokenFor(identityId, await signIn.logins(subject))).toMatchObject({ kind: "granted" });
  await untilAtRest(identityId);
  elapse(60);
  return identityId;
}

/** Another issuer in the pool, whose keys nobody has yet. */
async function addIssuer(): Promise<SignIn> {
  const other = await makeSignIn(signIn.upstream);
  const supportedLoginProviders = {
    ...signIn.settings.supportedLoginProviders,
    ...other.settings.supportedLoginProviders,
  };
  const reply = await env.IDENTITY_POOL.getByName(pool.identityPoolId).update({ ...pool, supportedLoginProviders });
  expect(reply?.ok).toBe(true);
  // The isolate remembers the pool for a while (isolate.ts).
  elapse(60);
  return other;
}

anHourAhead();

beforeEach(async () => {
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool(signIn.settings);
});

describe("IdentityObject: the rate of one identity", () => {
  it("grants a burst, then says when to come again, and keeps its word", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    expect(await exhaust(() => guest(identityId))).toEqual([BURST, rateExceeded(1)]);
    elapse(1);
    expect(await exhaust(() => guest(identityId))).toEqual([PER_SECOND, rateExceeded(1)]);
    elapse(3600);
    expect((await exhaust(() => guest(identityId)))[0]).toBe(BURST);
  });

  it("grants no more than a burst to a hundred calls at once", async () => {
    const identityId = await makeUser("ann");
    const logins = await signIn.logins("ann");
    const replies = await Promise.all(Array.from({ length: 100 }, () => tokenFor(identityId, logins)));
    expect(replies.filter(({ kind }) => kind === "granted")).toHaveLength(BURST);
  });

  it("one identity's flood takes nothing from another", async () => {
    const [busy, quiet] = [await makeGuest(pool.identityPoolId), await makeGuest(pool.identityPoolId)];
    await exhaust(() => guest(busy));
    expect(await guest(quiet)).toMatchObject({ kind: "granted" });
  });

  it("invariant bounded-rate: evictions in the middle of a burst grant no second one", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    let granted = 0;
    for (let life = 0; life < 8; life++) {
      granted += (await exhaust(() => guest(identityId), 6))[0];
      await evictDurableObject(identity(identityId));
    }
    expect(granted).toBeLessThanOrEqual(BURST);
    expect(granted).toBeGreaterThanOrEqual(6);
  });

  it("a flood of refusals writes nothing", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    await exhaust(() => guest(identityId));
    const before = await storedIn(identity(identityId));
    for (let count = 0; count < 20; count++) expect(await guest(identityId)).toEqual(rateExceeded(1));
    expect(await storedIn(identity(identityId))).toEqual(before);
  });

  it("refusals for other reasons draw nothing: a pool without guests, an identity that needs its login", async () => {
    const identityId = await makeUser("ann");
    for (let count = 0; count < 3 * BURST; count++) {
      expect(await guest(identityId)).toMatchObject({ error: { type: "NotAuthorizedException" } });
    }
    expect((await exhaust(async () => tokenFor(identityId, await signIn.logins("ann"))))[0]).toBe(BURST);
  });
});

describe("IdentityObject: who cannot use up the rate of another (T48)", () => {
  it.each([
    ["tokens that have expired", { exp: 1 }],
    ["tokens for another application", { aud: "other" }],
    ["tokens of another issuer", { iss: "https://evil.example" }],
  ])("a flood of %s does not lock the user out", async (_, claims) => {
    const identityId = await makeUser("ann");
    for (let count = 0; count < 3 * BURST; count++) {
      const reply = await tokenFor(identityId, await signIn.logins("ann", claims));
      expect(reply).toMatchObject({ kind: "refused", error: { type: "NotAuthorizedException" } });
    }
    const good = await signIn.logins("ann");
    expect((await exhaust(() => tokenFor(identityId, good)))[0]).toBe(BURST);
  });

  it("nor does a flood of forged tokens", async () => {
    const identityId = await makeUser("ann");
    const forged = await signIn.forged("ann");
    for (let count = 0; count < 3 * BURST; count++) {
      expect(await tokenFor(identityId, forged)).toMatchObject({ error: { type: "NotAuthorizedException" } });
    }
    const good = await signIn.logins("ann");
    expect((await exhaust(() => tokenFor(identityId, good)))[0]).toBe(BURST);
  });

  it("T32: nor does a flood of good tokens of somebody else, which move nothing", async () => {
    const identityId = await makeUser("ann");
    const before = await recordOf(identityId);
    const eve = await signIn.logins("eve");
    for (let count = 0; count < 3 * BURST; count++) {
      expect(await tokenFor(identityId, eve)).toMatchObject({ error: { type: "NotAuthorizedException" } });
    }
    expect(await recordOf(identityId)).toEqual(before);
    const { loginId } = await loginOf(pool.identityPoolId, signIn.providerName, "eve");
    expect((await storedIn(env.LOGIN.getByName(loginId))).rowsWritten).toBe(0);
    const good = await signIn.logins("ann");
    expect((await exhaust(() => tokenFor(identityId, good)))[0]).toBe(BURST);
  });

  it("nor does a flood of unlinks by somebody else", async () => {
    const identityId = await makeUser("ann");
    const eve = await signIn.logins("eve");
    for (let count = 0; count < 3 * BURST; count++) {
      const reply = await identity(identityId).unlink(identityId, eve, [signIn.providerName]);
      expect(reply).toMatchObject({ error: { type: "NotAuthorizedException" } });
    }
    const good = await signIn.logins("ann");
    expect((await exhaust(() => tokenFor(identityId, good)))[0]).toBe(BURST);
  });

  it("nor does a flood of forged tokens when the user's own take a question upstream", async () => {
    const identityId = await makeUser("ann");
    const other = await addIssuer();
    const both = new Map([...(await signIn.logins("ann")), ...(await other.logins("ann"))]);
    expect(await tokenFor(identityId, both)).toMatchObject({ kind: "granted" });
    await untilAtRest(identityId);
    // Nobody has the keys of either issuer any more.
    elapse(3600);
    const forged = await signIn.forged("ann");
    for (let count = 0; count < 3 * BURST; count++) {
      expect(await tokenFor(identityId, forged)).toMatchObject({ error: { type: "NotAuthorizedException" } });
    }
    const fetched = signIn.upstream.fetched.length;
    const good = await other.logins("ann");
    expect((await exhaust(() => tokenFor(identityId, good)))[0]).toBe(BURST);
    expect(signIn.upstream.fetched).toHaveLength(fetched + 2);
  });

  it("nor does an outage of an upstream, which each call is told of", async () => {
    const identityId = await makeUser("ann");
    const other = await addIssuer();
    signIn.upstream.goDown();
    const logins = new Map([...(await signIn.logins("ann")), ...(await other.logins("ann"))]);
    for (let count = 0; count < 2 * BURST; count++) {
      const reply = await tokenFor(identityId, logins);
      expect(reply).toMatchObject({ kind: "refused", error: { type: "ExternalServiceException" } });
    }
    const good = await signIn.logins("ann");
    expect((await exhaust(() => tokenFor(identityId, good)))[0]).toBe(BURST);
  });
});

describe("IdentityObject: a guest that is merged into the owner of its login", () => {
  it("draws on the owner's rate, so that guests are no way around it", async () => {
    const owner = await makeUser("ann");
    const login = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    const merge = async () => {
      const named = await makeGuest(pool.identityPoolId);
      await untilAtRest(named);
      const order = {
        identityId: owner,
        identityPoolId: pool.identityPoolId,
        logins: [login],
        absorb: [named],
        guest: named,
        isBirth: false,
      };
      return await identity(owner).link(order, [login], true);
    };
    for (let count = 0; count < BURST; count++) expect(await merge()).toMatchObject({ kind: "linked" });
    expect(await merge()).toEqual({ kind: "rate-limited", error: rateError(1) });
    const good = await signIn.logins("ann");
    expect(await tokenFor(owner, good)).toEqual(rateExceeded(1));
  });
});
