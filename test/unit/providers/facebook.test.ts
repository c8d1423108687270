import { describe, expect, it, vi } from "vitest";
import { facebookStandIn, type FacebookToken, type StandIn } from "../../support/provider-stand-ins.ts";
import {
  attempt,
  EXPIRED,
  loggedOutcome,
  MALFORMED,
  NOT_SUPPORTED,
  NOT_VERIFIED,
  NOW,
  SECRETIVE,
  TROUBLES,
  troubleOf,
  UNUSABLE,
} from "./access-token-logins.ts";

const APP = "1234567890";
const OTHER_APP = "987654321";
// As long as a number can be without a loss.
const USER = "2215241773831025";
const SECRET = "0123456789abcdef0123456789abcdef";
const GRAPH = "https://graph.facebook.com";
const WITH_SECRET = { FACEBOOK_APP_SECRETS: JSON.stringify({ [APP]: SECRET }) };

const tokens = new Map<string, FacebookToken>([
  ["EAAgood", { appId: APP, userId: USER }],
  ["EAAforeign", { appId: OTHER_APP, userId: USER }],
  ["EAAexpired", { appId: APP, userId: USER, subcode: 463 }],
  ["EAAloggedOut", { appId: APP, userId: USER, subcode: 467 }],
  ["EAApassword", { appId: APP, userId: USER, subcode: 460 }],
  ["EAApage", { appId: APP, userId: USER, pageId: "555", type: "PAGE" }],
  ["EAAending", { appId: APP, userId: USER, expiresAt: NOW - 61 }],
  ["EAAskewed", { appId: APP, userId: USER, expiresAt: NOW - 59 }],
  [`${APP}|${SECRET}`, { appId: APP, type: "APP" }],
]);
const appSecrets = new Map([[APP, SECRET]]);

function login(token: string, more: { standIn?: StandIn; value?: string; settings?: Record<string, string> } = {}) {
  const standIn = facebookStandIn({ tokens, appSecrets });
  return attempt({ providerName: "graph.facebook.com", value: APP, token, standIn, ...more });
}

const AMR = ["graph.facebook.com", `graph.facebook.com:${APP}:${USER}`];

describe("Facebook, by the token alone", () => {
  it("T22: asks whose app the token is of, and then whose token it is", async () => {
    expect(await login("EAAgood")).toMatchObject({ answer: AMR, asked: [`GET ${GRAPH}/app`, `GET ${GRAPH}/me`] });
  });

  it("T22: refuses a good token of another app, and does not ask whose it is", async () => {
    const outcome = await login("EAAforeign");
    expect(outcome).toMatchObject({ answer: NOT_SUPPORTED, asked: [`GET ${GRAPH}/app`] });
  });

  it("accepts any app that the pool lists, and names that one in amr", async () => {
    expect(await login("EAAforeign", { value: `${APP};${OTHER_APP}` })).toMatchObject({
      answer: ["graph.facebook.com", `graph.facebook.com:${OTHER_APP}:${USER}`],
    });
    expect((await login("EAAgood", { value: "123456789;12345678901" })).answer).toBe(NOT_SUPPORTED);
  });

  it.each([
    ["that has expired", "EAAexpired", EXPIRED],
    ["whose user logged out", "EAAloggedOut", NOT_VERIFIED],
    ["whose user changed the password", "EAApassword", NOT_VERIFIED],
    ["that Facebook never made", "EAAforged", NOT_VERIFIED],
    ["T14: of a page", "EAApage", NOT_VERIFIED],
    ["T14: of the app itself", `${APP}|${SECRET}`, NOT_VERIFIED],
  ])("refuses a token %s", async (_, token, answer) => {
    expect(await login(token)).toMatchObject({ answer });
  });

  it.each(["", "two words", "EAA\u0000", "EAAé", "EAA\n", "E".repeat(4097)])(
    "T28: refuses %j unasked",
    async (token) => {
      expect(await login(token)).toMatchObject({ answer: MALFORMED, asked: [] });
    },
  );

  it("T46: puts neither the token nor anything that Facebook wrote into message or reason", async () => {
    const { answer, reason } = await login("EAAgood", { standIn: SECRETIVE });
    expect(answer).toBe(UNUSABLE);
    expect([answer, reason].join()).not.toMatch(/s3cret|EAAgood/);
  });
});

describe("Facebook, with the app's secret", () => {
  it("asks debug_token with the app's own credential, and /me with the proof of it", async () => {
    const seen: (readonly [query: string, authorization: string | null])[] = [];
    const standIn = facebookStandIn({ tokens, appSecrets, requireProof: new Set([APP]) });
    const noting: StandIn = async (request) => {
      seen.push([new URL(request.url).search, request.headers.get("authorization")]);
      return await standIn(request);
    };
    expect(await login("EAAgood", { settings: WITH_SECRET, standIn: noting })).toMatchObject({
      answer: AMR,
      asked: [`GET ${GRAPH}/debug_token`, `GET ${GRAPH}/me`],
    });
    // openssl: printf EAAgood | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    expect(seen).toEqual([
      ["?input_token=EAAgood", `Bearer ${APP}|${SECRET}`],
      [
        "?fields=id&access_token=EAAgood&appsecret_proof=c8b12c274fb1481a2c1857b31921a29bcb2513efca856f92458cbb20f3bc37da",
        null,
      ],
    ]);
  });

  it.each([
    ["of another app", "EAAforeign", NOT_SUPPORTED],
    ["that has expired", "EAAexpired", EXPIRED],
    ["that ended longer ago than clocks differ", "EAAending", EXPIRED],
    ["whose user logged out", "EAAloggedOut", NOT_VERIFIED],
    ["that Facebook never made", "EAAforged", NOT_VERIFIED],
    ["of a page", "EAApage", NOT_VERIFIED],
    ["of the app itself", `${APP}|${SECRET}`, NOT_VERIFIED],
  ])("refuses a token %s", async (_, token, answer) => {
    const outcome = await login(token, { settings: WITH_SECRET });
    expect(outcome).toMatchObject({ answer, asked: [`GET ${GRAPH}/debug_token`] });
  });

  it("T46: has its secret in no address, whatever Facebook answers, nor in what is logged", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const addresses: string[] = [];
    const good = facebookStandIn({ tokens, appSecrets });
    for (const standIn of [good, SECRETIVE, async () => await Promise.resolve(new Response("", { status: 503 }))]) {
      const noting: StandIn = async (request) => {
        addresses.push(decodeURIComponent(request.url));
        return await standIn(request);
      };
      await login("EAAgood", { settings: WITH_SECRET, standIn: noting });
    }
    expect(addresses.length).toBeGreaterThanOrEqual(3);
    for (const text of [...addresses, JSON.stringify(log.mock.calls)]) expect(text).not.toContain(SECRET);
    log.mockRestore();
  });

  it("accepts a token that ended within the clock skew", async () => {
    expect((await login("EAAskewed", { settings: WITH_SECRET })).answer).toEqual(AMR);
  });

  it("asks by the token alone for an app whose secret it does not have", async () => {
    const outcome = await login("EAAforeign", { settings: WITH_SECRET, value: `${APP};${OTHER_APP}` });
    expect(outcome.answer).toEqual(["graph.facebook.com", `graph.facebook.com:${OTHER_APP}:${USER}`]);
    expect(outcome.asked).toEqual([`GET ${GRAPH}/debug_token`, `GET ${GRAPH}/app`, `GET ${GRAPH}/me`]);
  });

  it.each([
    ["accepts a user's token", "EAAgood", AMR],
    ["T22: refuses a token of another app", "EAAforeign", NOT_SUPPORTED],
    ["refuses an expired token", "EAAexpired", EXPIRED],
    ["T14: refuses a page's token", "EAApage", NOT_VERIFIED],
    ["T14: refuses the app's own token", `${APP}|${SECRET}`, NOT_VERIFIED],
  ])("with an older version of the API, %s", async (_, token, answer) => {
    const standIn = facebookStandIn({ tokens, appSecrets, writesOldForm: true });
    expect((await login(token, { standIn, settings: WITH_SECRET })).answer).toEqual(answer);
  });

  it("takes the answer that Facebook's manual shows for debug_token", async () => {
    // Facebook Login, Manually Build a Login Flow, "Inspecting access tokens": the app's id is a number, the user's a text.
    const published = {
      data: {
        app_id: 138483919580948,
        type: "USER",
        application: "Social Cafe",
        expires_at: 1352419328,
        is_valid: true,
        issued_at: 1347235328,
        metadata: { sso: "iphone-safari" },
        scopes: ["email", "publish_actions"],
        user_id: "1207059",
      },
    };
    const standIn: StandIn = async (request) => {
      const body = request.url.includes("/debug_token")
        ? { data: { ...published.data, expires_at: NOW + 60 } }
        : { id: "1207059" };
      return await Promise.resolve(Response.json(body));
    };
    const value = "138483919580948";
    const settings = { FACEBOOK_APP_SECRETS: JSON.stringify({ [value]: SECRET }) };
    const { answer } = await login("EAApublished", { standIn, settings, value });
    expect(answer).toEqual(["graph.facebook.com", `graph.facebook.com:${value}:1207059`]);
  });

  it.each([null, 1.5, 2 ** 53, true, [], {}])("T18: takes %j for no id of a user", async (user_id) => {
    const standIn: StandIn = async (request) => {
      const data = { app_id: APP, type: "USER", is_valid: true, user_id };
      return await Promise.resolve(Response.json(request.url.includes("/debug_token") ? { data } : { id: USER }));
    };
    expect((await login("EAAgood", { standIn, settings: WITH_SECRET })).answer).toBe(UNUSABLE);
  });

  it("refuses a token whose user is another in the two answers", async () => {
    const standIn = facebookStandIn({ tokens, appSecrets });
    const twoFaced: StandIn = async (request) => {
      return request.url.includes("/me") ? Response.json({ id: "4711" }) : await standIn(request);
    };
    expect((await login("EAAgood", { settings: WITH_SECRET, standIn: twoFaced })).answer).toBe(NOT_VERIFIED);
  });

  it("does not blame the token when it is the app's secret that Facebook refuses", async () => {
    const settings = { FACEBOOK_APP_SECRETS: JSON.stringify({ [APP]: "wrong" }) };
    const outcome = await login("EAAgood", { settings });
    expect(outcome).toMatchObject(troubleOf("graph.facebook.com", "debug_token error 190"));
  });

  it("lets the trouble of one app's secret be no other app's", async () => {
    const settings = { FACEBOOK_APP_SECRETS: JSON.stringify({ [APP]: "wrong" }) };
    const value = `${APP};${OTHER_APP}`;
    expect((await login("EAAforeign", { settings, value })).answer).toEqual([
      "graph.facebook.com",
      `graph.facebook.com:${OTHER_APP}:${USER}`,
    ]);
    // Whose app it is of was said, and it is the one in trouble.
    expect((await login("EAAgood", { settings, value })).answer).toBe(UNUSABLE);
  });

  it.each([
    [1, UNUSABLE],
    [4, UNUSABLE],
    [100, NOT_SUPPORTED],
    [102, NOT_VERIFIED],
    [190, NOT_VERIFIED],
    [undefined, NOT_VERIFIED],
  ])("judges an invalid token by the code %s that debug_token gives beside it", async (code, answer) => {
    const data = { is_valid: false, app_id: APP, error: { code, message: "s3cret" } };
    const standIn: StandIn = async () => await Promise.resolve(Response.json({ data }));
    expect((await login("EAAgood", { settings: WITH_SECRET, standIn })).answer).toBe(answer);
  });
});

describe("Facebook in trouble", () => {
  it.each(TROUBLES)("T31: answers ExternalServiceException when it %s", async (_, reason, standIn) => {
    for (const settings of [{}, WITH_SECRET]) {
      const outcome = await login("EAAgood", { standIn, settings });
      expect(outcome).toMatchObject(troubleOf("graph.facebook.com", reason));
      expect(outcome.logged).toEqual([expect.stringMatching(loggedOutcome("graph.facebook.com", reason))]);
      expect(outcome.asked).toHaveLength(1);
    }
  });

  it.each(TROUBLES)(
    "T31: answers ExternalServiceException when it %s, once the app is known",
    async (_, reason, standIn) => {
      for (const settings of [{}, WITH_SECRET]) {
        const untilMe: StandIn = async (request) =>
          new URL(request.url).pathname === "/me"
            ? await standIn(request)
            : await facebookStandIn({ tokens, appSecrets })(request);
        const outcome = await login("EAAgood", { standIn: untilMe, settings });
        expect(outcome).toMatchObject(troubleOf("graph.facebook.com", reason));
        expect(outcome.logged).toEqual([
          "graph.facebook.com 200",
          expect.stringMatching(loggedOutcome("graph.facebook.com", reason)),
        ]);
      }
    },
  );

  it.each([101, 102, 190])("blames the token for code %i, whichever call it answers", async (code) => {
    for (const path of ["/app", "/me"]) {
      const standIn: StandIn = async (request) =>
        new URL(request.url).pathname === path
          ? Response.json({ error: { message: "s3cret", type: "OAuthException", code } }, { status: 401 })
          : await facebookStandIn({ tokens, appSecrets })(request);
      expect((await login("EAAgood", { standIn })).answer).toBe(NOT_VERIFIED);
    }
  });

  // Graph API, Handling Errors and Rate Limits; 100 to `/app` asks for the proof, and 2500 says that the path is none.
  it.each([1, 2, 4, 17, 32, 100, 341, 368, 613, 2500])(
    "T31: does not blame the token for error %i of the API",
    async (code) => {
      const standIn: StandIn = async () => {
        return await Promise.resolve(
          Response.json({ error: { message: "try later", type: "OAuthException", code } }, { status: 400 }),
        );
      };
      expect(await login("EAAgood", { standIn })).toMatchObject(troubleOf("graph.facebook.com", `error ${code}`));
    },
  );

  it("does not blame the token when Facebook refuses the proof", async () => {
    const standIn: StandIn = async (request) => {
      if (request.url.includes("/debug_token")) return await facebookStandIn({ tokens, appSecrets })(request);
      const message = "Invalid appsecret_proof provided in the API argument";
      return Response.json({ error: { message, type: "GraphMethodException", code: 100 } }, { status: 400 });
    };
    expect(await login("EAAgood", { standIn, settings: WITH_SECRET })).toMatchObject({ answer: UNUSABLE });
  });

  it("T18: takes no user id that is none", async () => {
    for (const id of ["", 12, null, "a b", "é", "1".repeat(256), { toString: "1" }]) {
      const standIn: StandIn = async (request) => {
        return await Promise.resolve(Response.json(request.url.includes("/me") ? { id } : { id: APP }));
      };
      expect((await login("EAAgood", { standIn })).answer).toBe(UNUSABLE);
    }
  });

  it("asks the address of the setting, below its path", async () => {
    const settings = { FACEBOOK_GRAPH_URL: "https://graph.example/v25.0/" };
    const standIn: StandIn = async (request) => {
      const url = new URL(request.url);
      url.pathname = url.pathname.replace("/v25.0", "");
      return await facebookStandIn({ tokens })(new Request(url));
    };
    const { asked, answer } = await login("EAAgood", { settings, standIn });
    expect(answer).toEqual(AMR);
    expect(asked).toEqual(["GET https://graph.example/v25.0/app", "GET https://graph.example/v25.0/me"]);
  });
});
