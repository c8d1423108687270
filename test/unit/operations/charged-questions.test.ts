/** T47: what each call may cost a provider is charged before it is asked: to the address, and to the rate of the identity. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityId, IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeGuest, makePool, makeSignIn, type SignIn, untilAtRest } from "../../support/objects.ts";
import { amazonStandIn, facebookStandIn } from "../../support/provider-stand-ins.ts";
import { makeRateLimit } from "../../support/rate-limit-binding.ts";
import { ADMIN, type Answer, makeService, type Service } from "../../support/service.ts";

const LIMIT = 10;
/** wrangler.toml's default: tokens of one identity at once. */
const BURST = 20;
const over = { status: 429, json: { __type: "TooManyRequestsException", message: "Rate exceeded" } };
const AMAZON = "www.amazon.com";
const FACEBOOK = "graph.facebook.com";
const DEVELOPER = "login.example";

let signIn: SignIn;
let service: Service;
let bindings: Pick<Env, "CLIENT_RATE_LIMIT" | "NETWORK_RATE_LIMIT"> & ReturnType<typeof makeCounters>;
let identityPoolId: IdentityPoolId;
let asked: string[];
let addresses = 0;

function makeCounters() {
  return { CLIENT_RATE_LIMIT: makeRateLimit(LIMIT), NETWORK_RATE_LIMIT: makeRateLimit(3 * LIMIT) };
}

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const upstream = new FakeUpstream().install();
  signIn = await makeSignIn(upstream);
  const issuers = globalThis.fetch;
  const amazon = amazonStandIn(new Map([["Atza|good", { aud: "amzn1.client", appId: "amzn1.app", userId: "user-7" }]]));
  const facebook = facebookStandIn({ tokens: new Map([["EAAgood", { appId: "123", userId: "7" }]]) });
  asked = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit) => {
    const { host } = new URL(input);
    if (host !== "api.amazon.com" && host !== "graph.facebook.com") return await issuers(input, init);
    asked.push(host);
    return await (host === "api.amazon.com" ? amazon : facebook)(new Request(input, init));
  });
  const pool = await makePool({
    supportedLoginProviders: {
      ...signIn.settings.supportedLoginProviders,
      [AMAZON]: "amzn1.client",
      [FACEBOOK]: "123",
    },
    developerProviderName: DEVELOPER,
  });
  ({ identityPoolId } = pool);
  bindings = makeCounters();
  service = makeService({ settings: { CLIENT_LIMIT: "on" }, bindings });
});

const newAddress = () => ({ "cf-connecting-ip": `203.0.113.${++addresses}` });
const login = (name: string, token: string) => new Map([[name, token]]);
const statusesOf = (answers: readonly Answer[]) => answers.map(({ status }) => status);

/** A guest whose object counts as the Worker of the test does, and not by the platform's clock. */
async function newGuest(): Promise<IdentityId> {
  const identityId = await makeGuest(identityPoolId);
  await untilAtRest(identityId);
  await runInDurableObject(env.IDENTITY.getByName(identityId), (instance) => {
    Reflect.set(instance, "env", { ...Object(Reflect.get(instance, "env")), ...bindings });
  });
  return identityId;
}

async function linkedToAmazon(): Promise<IdentityId> {
  const identityId = await newGuest();
  const first = await service.call(
    "GetOpenIdToken",
    { IdentityId: identityId, Logins: login(AMAZON, "Atza|good") },
    { headers: newAddress() },
  );
  expect(first.status).toBe(200);
  await untilAtRest(identityId);
  vi.setSystemTime(Date.now() + 60_000);
  asked = [];
  return identityId;
}

describe("an address", () => {
  it.each([
    ["GetId, whose Worker asks", "GetId", async () => await Promise.resolve({ IdentityPoolId: identityPoolId })],
    ["GetOpenIdToken, whose identity asks", "GetOpenIdToken", async () => ({ IdentityId: await newGuest() })],
    [
      "UnlinkIdentity, whose identity asks",
      "UnlinkIdentity",
      async () => ({ IdentityId: await newGuest(), LoginsToRemove: [AMAZON] }),
    ],
  ])(
    "T47: has no more asked than its count, of however many bad tokens at once, by %s",
    async (_, operation, target) => {
      const headers = newAddress();
      const input = { ...(await target()), Logins: login(AMAZON, "Atza|bad") };
      const calls = Array.from({ length: 80 }, async () => await service.call(operation, input, { headers }));
      const statuses = statusesOf(await Promise.all(calls));
      expect(asked).toHaveLength(LIMIT);
      expect(statuses.filter((status) => status === 403)).toHaveLength(LIMIT);
      expect(statuses.filter((status) => status === 429)).toHaveLength(80 - LIMIT);
    },
  );

  it("T47: is charged for each question of a login, and the last one is not asked half", async () => {
    const headers = newAddress();
    const input = { IdentityPoolId: identityPoolId, Logins: login(FACEBOOK, "EAAgood") };
    const answers = [];
    for (let count = 0; count < 8; count++) answers.push(await service.call("GetId", input, { headers }));
    expect(statusesOf(answers)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(asked).toHaveLength(LIMIT);
    expect(answers[5]).toMatchObject(over);
    expect(answers[5]?.headers.get("retry-after")).toBe("10");
  });

  it("T47: has its whole /48 beside it", async () => {
    const input = { IdentityPoolId: identityPoolId, Logins: login(AMAZON, "Atza|bad") };
    for (let subnet = 1; subnet <= 5; subnet++) {
      const headers = { "cf-connecting-ip": `2001:db8:7:${subnet}::1` };
      await Promise.all(Array.from({ length: 20 }, async () => await service.call("GetId", input, { headers })));
    }
    expect(asked).toHaveLength(3 * LIMIT);
  });

  it("is charged nothing for ID tokens, however many users mint behind it", async () => {
    const headers = newAddress();
    const identityIds = await Promise.all(Array.from({ length: 3 * LIMIT }, async () => await newGuest()));
    const mints = identityIds.map(async (IdentityId, index) => {
      const Logins = await signIn.logins(`user-${index}`);
      return (await service.call("GetOpenIdToken", { IdentityId, Logins }, { headers })).status;
    });
    expect(new Set(await Promise.all(mints))).toEqual(new Set([200]));
    expect(bindings.CLIENT_RATE_LIMIT.counts.size).toBe(0);
  });

  it("is charged nothing for a backend's signed calls, behind which many users stand", async () => {
    const headers = newAddress();
    const statuses = [];
    for (let count = 0; count < LIMIT + 5; count++) {
      const Logins = new Map([
        [DEVELOPER, "ann"],
        [AMAZON, "Atza|good"],
      ]);
      const input = { IdentityPoolId: identityPoolId, Logins };
      const options = { headers, credential: ADMIN };
      statuses.push((await service.call("GetOpenIdTokenForDeveloperIdentity", input, options)).status);
      vi.setSystemTime(Date.now() + 1000);
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(asked).toHaveLength(LIMIT + 5);
    expect(bindings.CLIENT_RATE_LIMIT.counts.size).toBe(0);
  });

  it("of 80 bad ID tokens at once no more are answered than its count", async () => {
    const headers = newAddress();
    const IdentityId = await newGuest();
    const forged = await signIn.forged("ann");
    const input = { IdentityId, Logins: forged };
    const calls = Array.from({ length: 80 }, async () => await service.call("GetOpenIdToken", input, { headers }));
    const statuses = statusesOf(await Promise.all(calls));
    expect(statuses.filter((status) => status === 403)).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 429)).toHaveLength(80 - LIMIT);
  });
});

describe("an identity", () => {
  it.each([
    ["GetOpenIdToken", {}],
    ["UnlinkIdentity that removes nothing", { LoginsToRemove: ["nothing.example"] }],
  ])("T47: that is over its rate has nobody asked by %s, from however many addresses", async (name, more) => {
    const IdentityId = await linkedToAmazon();
    const [operation = ""] = name.split(" ");
    const input = { IdentityId, Logins: login(AMAZON, "Atza|good"), ...more };
    const answers = [];
    for (let count = 0; count < 3 * BURST; count++) {
      answers.push(await service.call(operation, input, { headers: newAddress() }));
    }
    expect(statusesOf(answers).filter((status) => status === 200)).toHaveLength(BURST);
    expect(answers.at(-1)).toMatchObject(over);
    expect(asked).toHaveLength(BURST);
    vi.setSystemTime(Date.now() + 1000);
    expect((await service.call(operation, input, { headers: newAddress() })).status).toBe(200);
  });

  it("T48: loses nothing of its rate to questions about tokens that are bad", async () => {
    const IdentityId = await linkedToAmazon();
    const call = async (token: string) =>
      await service.call("GetOpenIdToken", { IdentityId, Logins: login(AMAZON, token) }, { headers: newAddress() });
    for (let count = 0; count < 2 * BURST; count++) expect((await call("Atza|bad")).status).toBe(403);
    const own = await Promise.all(Array.from({ length: BURST }, async () => await call("Atza|good")));
    expect(new Set(statusesOf(own))).toEqual(new Set([200]));
  });
});
