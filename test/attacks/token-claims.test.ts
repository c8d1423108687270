/** T16 to T22 over HTTP: what a genuine signature says, and says wrongly. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminClient, appClient, createPool, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import {
  amazonStandIn,
  type AmazonToken,
  facebookStandIn,
  type FacebookToken,
  type StandIn,
} from "../support/provider-stand-ins.ts";
import { serveStandIn } from "../support/stand-in-server.ts";
import { call } from "../support/wire-call.ts";
import { startWorker } from "../support/worker-process.ts";
import { compactOf, tokenOf } from "./forge.ts";
import { CLIENT_ID, errorOf, newPerson, setStage, type Stage } from "./stage.ts";

let stage: Stage;
let other: Stage;
beforeAll(async () => {
  [stage, other] = await Promise.all([setStage(), setStage()]);
  await stage.expectAccepted(stage.token());
});
afterAll(async () => {
  await Promise.all([stage.close(), other.close()]);
});

const now = () => Math.floor(Date.now() / 1000);

describe("the issuer", () => {
  it("T16: is compared byte for byte, but for one slash at its end", async () => {
    const { issuer } = stage.issuer;
    await stage.expectAccepted(stage.token({ iss: `${issuer}/` }));
    const wrong = [
      `${issuer}//`,
      `${issuer}/.`,
      `${issuer}/x`,
      `${issuer}%2F`,
      `${issuer}\\`,
      issuer.toUpperCase(),
      issuer.replace("http:", "https:"),
      issuer.replace("http://", "http://user@"),
      `${issuer}#`,
      `${issuer}?`,
      `${issuer}.evil.example`,
      `${issuer}0`,
      issuer.slice(0, -1),
      issuer.replace("127.0.0.1", "127.0.0.1."),
      issuer.replace("127.0.0.1", "localhost"),
      issuer.replace("127.0.0.1", "127.1"),
      issuer.replace("1", "１"),
      ` ${issuer}`,
      `${issuer}\n`,
      issuer.replace("http://", ""),
      [issuer],
      { toString: issuer },
      null,
      "",
    ];
    for (const iss of wrong) {
      expect(await stage.expectRefused(stage.token({ iss }))).toBe(
        "Invalid login token. Issuer doesn't match providerName",
      );
    }
    expect(await stage.expectRefused(stage.token({ iss: undefined }))).toContain("Missing a required claim: iss");
  });
});

describe("the audience", () => {
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["the empty text", ""],
    ["a prefix", "client"],
    ["a longer text", "client-10"],
    ["another case", "CLIENT-1"],
    ["white space around it", " client-1"],
    ["a list of others", ["client-2", "client-3"]],
    ["an empty list", []],
    ["a nested list", [[CLIENT_ID]]],
    ["an object", { 0: CLIENT_ID, length: 1 }],
    ["a list with a number", [CLIENT_ID, 7]],
    ["us and a stranger, without azp", [CLIENT_ID, "client-2"]],
    ["several joined in one text", "client-1;client-2"],
  ])("T17: %s is not this client", async (_, aud) => {
    await stage.expectRefused(stage.token({ aud }));
  });

  it("T17: a foreign azp takes the token away, and one of ours makes a list good", async () => {
    await stage.expectRefused(stage.token({ azp: "client-2" }));
    await stage.expectRefused(stage.token({ aud: [CLIENT_ID, "client-2"], azp: "client-2" }));
    await stage.expectRefused(stage.token({ azp: [CLIENT_ID] }));
    // An azp of ours makes no list good that is none of texts, nor one that lacks us.
    for (const aud of [[CLIENT_ID, 7], [CLIENT_ID, null], [CLIENT_ID, ["client-2"]], ["client-2"], "client-2"]) {
      await stage.expectRefused(stage.token({ aud, azp: CLIENT_ID }));
    }
    await stage.expectAccepted(stage.token({ aud: [CLIENT_ID, "client-2"], azp: CLIENT_ID }));
    await stage.expectAccepted(stage.token({ aud: [CLIENT_ID] }));
  });
});

describe("the subject and the times", () => {
  it.each([undefined, null, "", 7, ["ann"], { a: 1 }, "a".repeat(1025), "a\u0000b", "a\nb", "a\u0085b"])(
    "T18: a sub of %j names nobody",
    async (sub) => {
      await stage.expectRefused(stage.token({ sub }));
    },
  );

  it("T18: half of a surrogate pair, escaped in the JSON, names nobody", async () => {
    const header = JSON.stringify({ alg: "ES256", typ: "JWT", kid: stage.key.kid });
    for (const half of ["\\ud83d", "\\ude00", "\\ude00\\ud83d"]) {
      const claims = JSON.stringify(stage.claims({ sub: "ann-" })).replace('"ann-"', `"ann-${half}"`);
      await stage.expectRefused(compactOf(stage.key, header, claims));
    }
  });

  it("T18: subjects are not folded, trimmed or normalised: who looks alike is somebody else", async () => {
    const name = newPerson();
    const ids = new Set<string>();
    const alike = [name, name.toUpperCase(), ` ${name}`, `${name} `, `${name}.`, `${name}é`, `${name}e\u0301`];
    for (const sub of alike) {
      ids.add(await getId(stage.app, stage.identityPoolId, { [stage.issuer.providerName]: stage.token({ sub }) }));
    }
    expect(ids.size).toBe(alike.length);
  });

  it.each<[string, () => object]>([
    ["no exp", () => ({ exp: undefined })],
    ["an exp in text", () => ({ exp: String(now() + 600) })],
    ["an exp that is null", () => ({ exp: null })],
    ["an exp an hour ago", () => ({ exp: now() - 3600 })],
    ["an exp just beyond the skew", () => ({ exp: now() - 61 })],
    ["no iat", () => ({ iat: undefined })],
    ["an iat in text", () => ({ iat: "now" })],
    ["an iat ahead of the skew", () => ({ iat: now() + 90 })],
    ["an nbf ahead of the skew", () => ({ nbf: now() + 90 })],
    ["an nbf in text", () => ({ nbf: "0" })],
  ])("T19: a token with %s is not valid now", async (_, changes) => {
    await stage.expectRefused(stage.token(changes()));
  });

  it("T19: numbers that JSON can write and time cannot be are refused", async () => {
    const header = JSON.stringify({ alg: "ES256", typ: "JWT", kid: stage.key.kid });
    const claims = JSON.stringify(stage.claims());
    for (const number of ["1e400", "-1e400"]) {
      await stage.expectRefused(compactOf(stage.key, header, claims.replace(/"exp":\d+/, `"exp":${number}`)));
      await stage.expectRefused(compactOf(stage.key, header, claims.replace(/"iat":\d+/, `"iat":${number}`)));
    }
    await stage.expectAccepted(stage.token({ exp: now() - 30, iat: now() - 600, nbf: now() + 20 }));
  });

  it("T20: a nonce is neither asked for nor handed on", async () => {
    const { guest, answer } = await stage.present(stage.token({ nonce: "n-0S6_WzA2Mj" }));
    expect(answer.status).toBe(200);
    const { Token: token } = JSON.parse(answer.body) as { Token: string };
    expect(decodeJwt(token)).toMatchObject({ sub: guest });
    expect(decodeJwt(token)["nonce"]).toBe(undefined);
  });
});

describe("a token of somebody else's", () => {
  it("T21: is good under its own provider, for its own pool, and nowhere else", async () => {
    const pair = { [stage.issuer.providerName]: "client-a", [other.issuer.providerName]: "client-b" };
    const both = await createPool(stage.admin, { SupportedLoginProviders: pair });
    const ofFirst = stage.token({ aud: "client-a" });
    const ofSecond = other.token({ aud: "client-b" });
    const forged = [
      { [other.issuer.providerName]: ofFirst },
      { [stage.issuer.providerName]: ofSecond },
      // Our issuer's key under the other's name, and the other's client at our issuer.
      { [other.issuer.providerName]: tokenOf(stage.key, other.claims({ aud: "client-b" })) },
      { [stage.issuer.providerName]: stage.token({ aud: "client-b" }) },
      // In order at its own issuer, and for the client of the other's: only the issuer is the wrong one.
      { [other.issuer.providerName]: stage.token({ aud: "client-b" }) },
      { [stage.issuer.providerName]: other.token({ aud: "client-a" }) },
    ];
    for (const logins of forged) {
      const answer = await call(stage.endpoint, "GetId", { IdentityPoolId: both, Logins: logins });
      expect([answer.status, errorOf(answer).type]).toEqual([403, "NotAuthorizedException"]);
    }
    const genuine = { [stage.issuer.providerName]: ofFirst, [other.issuer.providerName]: ofSecond };
    expect((await call(stage.endpoint, "GetId", { IdentityPoolId: both, Logins: genuine })).status).toBe(200);
    const elsewhere = { IdentityPoolId: stage.identityPoolId, Logins: { [stage.issuer.providerName]: ofFirst } };
    expect((await call(stage.endpoint, "GetId", elsewhere)).status).toBe(403);
  });

  it("T22: an access token that another app was given opens nothing, although the provider says that it is good", async () => {
    const facebookTokens = new Map<string, FacebookToken>();
    const amazonTokens = new Map<string, AmazonToken>();
    const [ownApp, secretApp] = ["1234567890", "2345678901"];
    const appSecret = "0123456789abcdef0123456789abcdef";
    const [facebook, amazon] = await Promise.all([
      serveStandIn(() =>
        talkative(facebookStandIn({ tokens: facebookTokens, appSecrets: new Map([[secretApp, appSecret]]) })),
      ),
      serveStandIn(() => amazonStandIn(amazonTokens)),
    ]);
    const worker = await startWorker({
      settings: {
        FACEBOOK_GRAPH_URL: facebook.address,
        FACEBOOK_APP_SECRETS: JSON.stringify({ [secretApp]: appSecret }),
        AMAZON_API_URL: amazon.address,
      },
    });
    try {
      const [app, admin] = [appClient(worker.endpoint), adminClient(worker.endpoint)];
      const amazonClient = "amzn1.application-oa2-client.1";
      const providers = { "graph.facebook.com": ownApp, "www.amazon.com": amazonClient };
      const pool = await createPool(admin, { SupportedLoginProviders: providers });
      // Where its secret is known, the app itself asks whose token it is; elsewhere the token is asked for its app.
      const secretPool = await createPool(admin, { SupportedLoginProviders: { "graph.facebook.com": secretApp } });
      const victim = { userId: "10001" };
      facebookTokens
        .set("EAAours", { appId: ownApp, ...victim })
        .set("EAAsecret", { appId: secretApp, ...victim })
        .set("EAAtheirs", { appId: "999", ...victim })
        .set("EAAtalkative", { appId: secretApp, ...victim });
      const ours = { aud: amazonClient, appId: "amzn1.application.1", userId: "amzn1.account.V" };
      amazonTokens
        .set("Atza|ours", ours)
        .set("Atza|theirs", { ...ours, aud: "amzn1.application-oa2-client.2", appId: "x" });
      for (const [identityPoolId, name, good, foreign] of [
        [pool, "graph.facebook.com", "EAAours", ["EAAtheirs", "EAAsecret"]],
        [secretPool, "graph.facebook.com", "EAAsecret", ["EAAtheirs", "EAAours", "EAAtalkative"]],
        [pool, "www.amazon.com", "Atza|ours", ["Atza|theirs"]],
      ] as const) {
        const identityId = await getId(app, identityPoolId, { [name]: good });
        for (const token of foreign) {
          const input = { IdentityId: identityId, Logins: { [name]: token } };
          const answer = await call(worker.endpoint, "GetOpenIdToken", input);
          expect([token, answer.status, errorOf(answer).type]).toEqual([token, 403, "NotAuthorizedException"]);
        }
        expect((await getOpenIdToken(app, identityId, { [name]: good })).identityId).toBe(identityId);
      }
    } finally {
      await Promise.all([worker.stop(), facebook.close(), amazon.close()]);
    }
  });
});

/** A Graph API that says of one token that it is another app's, as good as any, where the real one refuses to say it. */
function talkative(standIn: StandIn): StandIn {
  const data = { app_id: "999", type: "USER", is_valid: true, user_id: "10001", expires_at: 0 };
  return async (request) => {
    const isAsked = new URL(request.url).searchParams.get("input_token") === "EAAtalkative";
    return isAsked ? Response.json({ data }) : await standIn(request);
  };
}
