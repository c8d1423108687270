/** Providers in trouble are left alone: what the breaker makes of real questions, through the whole verifier. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Isolate } from "../../../src/isolate.ts";
import { amazonStandIn, facebookStandIn, type StandIn, twitterStandIn } from "../../support/provider-stand-ins.ts";
import { type Attempt, attempt, NOW, UNREACHABLE } from "../providers/access-token-logins.ts";

const APP = "1234567890";
const SECRET = "0123456789abcdef0123456789abcdef";
const CONSUMER = { consumerKey: "consumer-key", consumerSecret: "consumer-secret" };
const ORIGIN = "https://api.twitter.com";

const FACEBOOK: Attempt = {
  providerName: "graph.facebook.com",
  value: APP,
  token: "EAAgood",
  standIn: facebookStandIn({
    tokens: new Map([["EAAgood", { appId: APP, userId: "7" }]]),
    appSecrets: new Map([[APP, SECRET]]),
  }),
};
const FACEBOOK_WITH_SECRET = { ...FACEBOOK, settings: { FACEBOOK_APP_SECRETS: JSON.stringify({ [APP]: SECRET }) } };
const AMAZON: Attempt = {
  providerName: "www.amazon.com",
  value: "amzn1.client",
  token: "Atza|good",
  standIn: amazonStandIn(new Map([["Atza|good", { aud: "amzn1.client", appId: "amzn1.app", userId: "user-7" }]])),
};
const tokens = new Map(["7-ann", "8-bob"].map((token) => [token, { secret: "s", userId: token.slice(0, 1) }]));
const TWITTER: Attempt = {
  providerName: "api.twitter.com",
  value: `${CONSUMER.consumerKey};${CONSUMER.consumerSecret}`,
  token: "7-ann;s",
  standIn: twitterStandIn({ ...CONSUMER, tokens, origin: ORIGIN }),
};
const PROVIDERS = [
  ["Facebook", FACEBOOK],
  ["Facebook, with the app's secret", FACEBOOK_WITH_SECRET],
  ["Amazon", AMAZON],
  ["Twitter", TWITTER],
] as const;

let memory: Isolate;
let paused: unknown[];

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000, toFake: ["Date"] });
  memory = new Isolate();
  paused = [];
  vi.spyOn(console, "warn").mockImplementation((line: unknown) => void paused.push(JSON.parse(String(line))));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const answering = (status: number, headers: Record<string, string> = {}, body: object = {}): StandIn => {
  return async () => await Promise.resolve(Response.json(body, { status, headers }));
};
const down: StandIn = async () => await Promise.reject(new TypeError("connection refused"));

/** How often the provider was asked in so many logins one after the other. */
async function askedIn(count: number, login: Attempt): Promise<number> {
  let asked = 0;
  for (let index = 0; index < count; index++) asked += (await attempt({ memory, ...login })).asked.length;
  return asked;
}
const isGood = async (login: Attempt) => typeof (await attempt({ memory, ...login })).answer !== "string";

describe.each(PROVIDERS)("%s", (_, login) => {
  it.each([
    ["is down", down],
    ["answers 500", answering(500)],
    ["answers 503", answering(503)],
    ["answers 429", answering(429)],
    ["answers 429 until a time that is no time", answering(429, { "retry-after": "later" })],
  ])("T47: is asked five times while it %s, and then left alone", async (__, standIn) => {
    expect(await askedIn(50, { ...login, standIn })).toBe(5);
    const refused = await attempt({ ...login, memory, standIn });
    expect(refused).toMatchObject({ answer: UNREACHABLE, asked: [], waits: 0, logged: [] });
    expect(refused.reason).toBe(`${login.providerName}: upstream-unreachable (not asked)`);
    expect(paused).toEqual([{ event: "provider-not-asked", provider: login.providerName, seconds: 2 }]);
  });

  it.each([
    ["429", "120", 120],
    ["503", "120", 120],
    ["429", "86400", 300],
    ["503", new Date((NOW + 90) * 1000).toUTCString(), 90],
  ])("T47: is left alone for as long as it says: %s, Retry-After: %s", async (status, retryAfter, seconds) => {
    const standIn = answering(Number(status), { "retry-after": retryAfter });
    expect(await askedIn(20, { ...login, standIn })).toBe(1);
    elapse(seconds - 1);
    expect(await askedIn(20, login)).toBe(0);
    elapse(1);
    expect(await isGood(login)).toBe(true);
    expect(paused).toEqual([{ event: "provider-not-asked", provider: login.providerName, seconds }]);
  });

  it("is asked by one probe at a time when it may be asked again, and by all once that was answered", async () => {
    await askedIn(10, { ...login, standIn: down });
    elapse(2);
    const hung = Promise.withResolvers<void>();
    const probe = attempt({
      ...login,
      memory,
      standIn: async (request) => {
        await hung.promise;
        return await login.standIn(request);
      },
    });
    await vi.waitFor(() => expect(memory.breaker.permits({ api: originOf(login) }, Date.now() / 1000)).toBe(false));
    expect(await askedIn(10, login)).toBe(0);
    hung.resolve();
    expect(typeof (await probe).answer).not.toBe("string");
    expect(await isGood(login)).toBe(true);
  });

  it("a probe that fails leaves it alone for twice as long", async () => {
    await askedIn(10, { ...login, standIn: down });
    elapse(2);
    expect(await askedIn(10, { ...login, standIn: down })).toBe(1);
    elapse(3);
    expect(await askedIn(10, login)).toBe(0);
    elapse(1);
    expect(await isGood(login)).toBe(true);
  });

  it("nobody's bad token, and no answer that is no answer, counts as its trouble", async () => {
    for (const standIn of [answering(400), answering(401), answering(403), answering(404), answering(200)]) {
      expect(await askedIn(10, { ...login, standIn })).toBeGreaterThanOrEqual(10);
    }
    expect(await isGood(login)).toBe(true);
    expect(paused).toEqual([]);
  });

  it("one that is charged too much is not asked, and takes no probe's place", async () => {
    const error = { type: "TooManyRequestsException", message: "Rate exceeded" } as const;
    const refused = await attempt({ ...login, memory, admitQuestion: async () => await Promise.resolve(error) });
    expect(refused).toMatchObject({ answer: "TooManyRequestsException: Rate exceeded", asked: [] });
    await askedIn(10, { ...login, standIn: down });
    elapse(2);
    await attempt({ ...login, memory, admitQuestion: async () => await Promise.resolve(error) });
    expect(await isGood(login)).toBe(true);
  });
});

describe("whose trouble it is", () => {
  it("invariant issuers-are-apart: no provider's trouble is another's", async () => {
    await askedIn(10, { ...AMAZON, standIn: answering(429, { "retry-after": "60" }) });
    await askedIn(10, { ...TWITTER, standIn: down });
    expect(await isGood(FACEBOOK)).toBe(true);
    expect(await isGood(AMAZON)).toBe(false);
  });

  it("T48: a user whom Twitter throttles shuts no other user out", async () => {
    expect(await askedIn(20, { ...TWITTER, standIn: answering(429, {}, { errors: [{ code: 88 }] }) })).toBe(5);
    expect(await isGood({ ...TWITTER, token: "8-bob;s" })).toBe(true);
    expect(await isGood(TWITTER)).toBe(false);
  });

  it("an app that Facebook throttles is left alone, and no other app is", async () => {
    const other = "555";
    const standIn: StandIn = async (request) => {
      const isOther = request.headers.get("authorization") === `Bearer ${other}|other-secret`;
      return isOther ? Response.json({ error: { code: 4 } }, { status: 403 }) : await FACEBOOK.standIn(request);
    };
    const settings = { FACEBOOK_APP_SECRETS: JSON.stringify({ [APP]: SECRET, [other]: "other-secret" }) };
    expect(await askedIn(20, { ...FACEBOOK, value: other, settings, standIn })).toBe(5);
    expect(await isGood({ ...FACEBOOK, settings, standIn })).toBe(true);
  });

  it("a wrong app secret of one pool's app keeps nobody else out, however often it is tried", async () => {
    const settings = { FACEBOOK_APP_SECRETS: JSON.stringify({ [APP]: "not the app's secret" }) };
    expect(await askedIn(20, { ...FACEBOOK, settings })).toBe(20);
    expect(await isGood(FACEBOOK_WITH_SECRET)).toBe(true);
  });

  it("trouble that is over is forgotten: four failures an hour never open it", async () => {
    for (let hour = 0; hour < 5; hour++) {
      await askedIn(4, { ...AMAZON, standIn: down });
      elapse(3600);
    }
    expect(await isGood(AMAZON)).toBe(true);
    expect(paused).toEqual([]);
  });
});

function originOf({ providerName }: Attempt): string {
  return `https://${providerName === "www.amazon.com" ? "api.amazon.com" : providerName}`;
}
