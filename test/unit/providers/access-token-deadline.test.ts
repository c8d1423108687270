/** Slow providers of access tokens: one deadline for all calls about one token, by a clock that the test turns. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  amazonStandIn,
  facebookStandIn,
  type FacebookToken,
  type StandIn,
  twitterStandIn,
} from "../../support/provider-stand-ins.ts";
import { type Attempt, attempt, NOW, type Outcome, UNREACHABLE } from "./access-token-logins.ts";

const DEADLINE_MS = 5000;
const APP = "1234567890";
const SECRET = "0123456789abcdef0123456789abcdef";
const CONSUMER = { consumerKey: "consumer-key", consumerSecret: "consumer-secret" };

const facebookTokens = new Map<string, FacebookToken>([["EAAgood", { appId: APP, userId: "7" }]]);
const amazonTokens = new Map([["Atza|good", { aud: "amzn1.client", appId: "amzn1.app", userId: "amzn1.account.7" }]]);
const twitterTokens = new Map([["7-ann", { secret: "s", userId: "7" }]]);

const FACEBOOK: Attempt = {
  providerName: "graph.facebook.com",
  value: APP,
  token: "EAAgood",
  standIn: facebookStandIn({ tokens: facebookTokens, appSecrets: new Map([[APP, SECRET]]) }),
};
const FACEBOOK_WITH_SECRET = { ...FACEBOOK, settings: { FACEBOOK_APP_SECRETS: JSON.stringify({ [APP]: SECRET }) } };
const AMAZON: Attempt = {
  providerName: "www.amazon.com",
  value: "amzn1.client",
  token: "Atza|good",
  standIn: amazonStandIn(amazonTokens),
};
const TWITTER: Attempt = {
  providerName: "api.twitter.com",
  value: `${CONSUMER.consumerKey};${CONSUMER.consumerSecret}`,
  token: "7-ann;s",
  standIn: twitterStandIn({ ...CONSUMER, tokens: twitterTokens, origin: "https://api.twitter.com" }),
};
const PROVIDERS = [
  ["Facebook", FACEBOOK],
  ["Facebook, with the app's secret", FACEBOOK_WITH_SECRET],
  ["Amazon", AMAZON],
  ["Twitter", TWITTER],
] as const;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000, toFake: ["Date", "performance", "setTimeout", "clearTimeout"] });
});
afterEach(() => vi.useRealTimers());

/** The outcome, and the millisecond at which it was there. */
async function timed(login: Attempt): Promise<Outcome & { readonly afterMs: number }> {
  const startedAt = performance.now();
  const pending = attempt(login).then((outcome) => ({ ...outcome, afterMs: performance.now() - startedAt }));
  await vi.advanceTimersByTimeAsync(20_000);
  return await pending;
}

/** Answers after so many milliseconds. */
function late(standIn: StandIn, delayMs: number): StandIn {
  return async (request) => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return await standIn(request);
  };
}

const never: StandIn = () => new Promise(() => undefined);
const half: StandIn = async () => {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"id":')) });
  return await Promise.resolve(new Response(body, { headers: { "content-type": "application/json" } }));
};

describe.each(PROVIDERS)("%s", (_, login) => {
  it.each([
    ["never answers", never],
    ["starts an answer and never ends it", half],
    ["answers a moment too late", late(login.standIn, DEADLINE_MS + 1)],
  ])("T25: is given up after five seconds when it %s, and the log says so", async (_what, standIn) => {
    expect(await timed({ ...login, standIn })).toMatchObject({
      answer: UNREACHABLE,
      reason: `${login.providerName}: upstream-unreachable (deadline)`,
      logged: [`${login.providerName} deadline`],
      afterMs: DEADLINE_MS,
    });
  });

  it("is believed when it answers in time", async () => {
    const { answer } = await timed({ ...login, standIn: late(login.standIn, 2000) });
    expect(answer).toEqual([login.providerName, expect.stringContaining(login.providerName)]);
  });
});

it.each(PROVIDERS.slice(0, 2))("%s: two slow answers do not make two deadlines (T25)", async (_, login) => {
  const outcome = await timed({ ...login, standIn: late(login.standIn, 3000) });
  expect(outcome).toMatchObject({ answer: UNREACHABLE, afterMs: DEADLINE_MS });
  expect(outcome.asked).toHaveLength(2);
});
