// What an isolate asks for behind its answers, and what a cold one asks for side by side: the key of the token beside the grant, and in the grant the keys of providers that the
// identity has logins of beside its pool. For what only the caller's text names, nobody is asked before the pool has let it in.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { IdentityPoolObject, IssuerObject } from "../../../src/worker.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  dieInNext,
  holdNext,
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  makeSignIn,
  noteCalls,
  type SignIn,
  storedIn,
  until,
  untilAtRest,
} from "../../support/objects.ts";
import { makeService, type Service, textOf } from "../../support/service.ts";

const KEYS = "IssuerObject.keys";
const SIGNING_KEY = "KeyRingObject.signingKey";

let service: Service;
let linked: SignIn;
let other: SignIn;
let identityPoolId: IdentityPoolId;

/** A round trip to an object that has nothing to do with it. */
async function turn(): Promise<void> {
  await storedIn(env.LOGIN.getByName("of nobody"));
}

/** An identity of which the isolate knows nothing, with Ann's login at the issuer `linked`. */
async function identityOfAnn(isDeveloper = false): Promise<string> {
  const ann = await loginOf(identityPoolId, linked.providerName, "ann");
  const identityId = await makeLinked(identityPoolId, [isDeveloper ? { ...ann, isDeveloper } : ann]);
  await untilAtRest(identityId);
  return identityId;
}

function asked(operation: string, identityId: string, logins: ReadonlyMap<string, string>, more: object = {}) {
  const noted = noteCalls();
  const pool = holdNext(IdentityPoolObject.prototype, "read", "before");
  const answer = service.call(operation, { IdentityId: identityId, Logins: Object.fromEntries(logins), ...more });
  const hasAsked = async (...calls: string[]) => {
    await pool.reached;
    await until(async () => {
      await turn();
      return calls.every((call) => noted.includes(call));
    });
  };
  return { noted, pool, answer, hasAsked };
}

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const upstream = new FakeUpstream().install();
  [linked, other] = [await makeSignIn(upstream), await makeSignIn(upstream)];
  const { supportedLoginProviders } = linked.settings;
  const pool = await makePool({
    supportedLoginProviders: { ...supportedLoginProviders, ...other.settings.supportedLoginProviders },
  });
  ({ identityPoolId } = pool);
  service = makeService();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("the first token of a cold isolate", () => {
  it("waits for the pool, the issuer's keys and the signing key at once", async () => {
    const { pool, answer, hasAsked } = asked("GetOpenIdToken", await identityOfAnn(), await linked.logins("ann"));
    await hasAsked(KEYS, SIGNING_KEY);
    pool.release();
    expect(textOf(await answer, "Token")).not.toBe("");
  });

  it("asks for the keys once, under every spelling of the provider's name", async () => {
    const [[name = "", token = ""] = []] = await linked.logins("ann");
    const { noted, pool, answer, hasAsked } = asked(
      "GetOpenIdToken",
      await identityOfAnn(),
      new Map([[`${name}/`, token]]),
    );
    await hasAsked(KEYS);
    pool.release();
    expect((await answer).status).toBe(200);
    expect(noted.filter((call) => call === KEYS)).toHaveLength(1);
  });

  it("fetches keys once for a bad signature, as when they are asked for in turn", async () => {
    const { noted, pool, answer, hasAsked } = asked(
      "GetOpenIdToken",
      await identityOfAnn(),
      await linked.forged("ann"),
    );
    await hasAsked(KEYS);
    pool.release();
    expect((await answer).status).toBe(403);
    expect(noted.filter((call) => call === KEYS)).toHaveLength(1);
    expect(linked.upstream.fetched.filter((url) => url.includes(linked.providerName))).toHaveLength(2);
  });

  it("is there all the same when the keys could not be asked for ahead", async () => {
    const identityId = await identityOfAnn();
    dieInNext(IssuerObject.prototype, "keys", "before");
    const { noted, pool, answer, hasAsked } = asked("GetOpenIdToken", identityId, await linked.logins("ann"));
    await hasAsked(KEYS);
    pool.release();
    expect((await answer).status).toBe(200);
    expect(noted.filter((call) => call === KEYS)).toHaveLength(2);
  });

  it.each(["an issuer that the identity has no login of", "an issuer of the name of a developer's users"])(
    "T28: asks nobody for the keys of %s before the pool is known",
    async (which) => {
      const isDeveloper = which.includes("developer");
      const logins = await (isDeveloper ? linked : other).logins("ann");
      const { noted, pool, answer, hasAsked } = asked("GetOpenIdToken", await identityOfAnn(isDeveloper), logins);
      await hasAsked(SIGNING_KEY);
      for (let count = 0; count < 20; count++) await turn();
      expect(noted).not.toContain(KEYS);
      pool.release();
      await answer;
      expect(noted).toContain(KEYS);
    },
  );
});

it("an unlink in a cold isolate waits for the pool and the issuer's keys at once", async () => {
  const logins = await linked.logins("ann");
  const { pool, answer, hasAsked } = asked("UnlinkIdentity", await identityOfAnn(), logins, {
    LoginsToRemove: [linked.providerName],
  });
  await hasAsked(KEYS);
  pool.release();
  expect((await answer).status).toBe(200);
});

describe("a pool that has changed elsewhere is seen after the next answer", () => {
  // The Worker reads the one, and an identity's object the other.
  it.each(["GetId", "GetOpenIdToken"])("to %s", async (operation) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const identityId = await makeGuest(identityPoolId);
    const input = operation === "GetId" ? { IdentityPoolId: identityPoolId } : { IdentityId: identityId };
    const statusNow = async () => (await service.call(operation, input)).status;
    const noted = noteCalls();
    expect(await statusNow()).toBe(200);
    await env.IDENTITY_POOL.getByName(identityPoolId).update({ name: "p", allowsUnauthenticated: false });
    vi.setSystemTime(Date.now() + 16_000);
    expect(await statusNow()).toBe(200);
    await until(async () => (await statusNow()) !== 200);
    expect(noted.filter((call) => call === "IdentityPoolObject.read")).toHaveLength(2);
  });
});
