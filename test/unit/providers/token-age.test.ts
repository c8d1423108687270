/** When a login token was issued: by its own word, by its provider's, or unknown. */
import { describe, expect, it } from "vitest";
import { attempt, NOW } from "./access-token-logins.ts";
import type { StandIn } from "../../support/provider-stand-ins.ts";

const ASKED = { LINK_PROOF_MAX_AGE_SECONDS: "600" };
const [APP, USER] = ["1234567890", "2215241773831025"];
const WITH_SECRET = { ...ASKED, FACEBOOK_APP_SECRETS: JSON.stringify({ [APP]: "0123456789abcdef0123456789abcdef" }) };

function answering(answers: Readonly<Record<string, object>>): StandIn {
  return async ({ url }) => await Promise.resolve(Response.json(answers[new URL(url).pathname] ?? {}));
}

function facebook(issuedAt: unknown, settings: Readonly<Record<string, string>>) {
  const data = { is_valid: true, app_id: APP, user_id: USER, type: "USER", issued_at: issuedAt };
  const standIn = answering({ "/debug_token": { data }, "/app": { id: APP }, "/me": { id: USER } });
  return attempt({ providerName: "graph.facebook.com", value: APP, token: "EAAgood", standIn, settings });
}

function amazon(iat: unknown, settings: Readonly<Record<string, string>> = ASKED) {
  const info = { iss: "https://www.amazon.com", aud: "app", user_id: "amzn1.account.A", exp: 60, iat };
  const standIn = answering({ "/auth/o2/tokeninfo": info });
  return attempt({ providerName: "www.amazon.com", value: "app", token: "Atza|good", standIn, settings });
}

describe("an access token", () => {
  it("of Facebook is as old as debug_token says, and of unknown age where that is not asked or does not say", async () => {
    expect((await facebook(NOW - 30, WITH_SECRET)).issuedAt).toBe(NOW - 30);
    expect((await facebook(NOW - 30, ASKED)).issuedAt).toBeUndefined();
    for (const nothing of [undefined, null, "1790000000", 0, -1]) {
      const outcome = await facebook(nothing, WITH_SECRET);
      expect([outcome.reason, outcome.issuedAt]).toEqual([undefined, undefined]);
    }
  });

  it("of Amazon is as old as tokeninfo says", async () => {
    expect((await amazon(NOW - 30)).issuedAt).toBe(NOW - 30);
    for (const nothing of [undefined, "1790000000", null]) {
      const outcome = await amazon(nothing);
      expect([outcome.reason, outcome.issuedAt]).toEqual([undefined, undefined]);
    }
  });

  it("of Twitter says nothing of its age, nor does Twitter", async () => {
    const standIn = answering({ "/1.1/account/verify_credentials.json": { id_str: "7", issued_at: NOW } });
    const login = { providerName: "api.twitter.com", value: "key;secret", token: "good;secret", standIn };
    const { reason, issuedAt } = await attempt({ ...login, settings: ASKED });
    expect([reason, issuedAt]).toEqual([undefined, undefined]);
  });

  it("has no age where nobody asks: the replies of the hot path stay as short as they were", async () => {
    expect((await amazon(NOW - 30, {})).issuedAt).toBeUndefined();
  });
});
