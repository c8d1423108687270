/** How old a proof may be that links or unlinks: judged on the identity's own record, by its own clock (T34, T36). */
import { describe, expect, it } from "vitest";
import type { VerifiedLogin } from "../../../src/domain/login.ts";
import { freeze } from "../../../src/linking/absorption.ts";
import type { IdentityHost } from "../../../src/linking/identity-host.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import type { Freeze } from "../../../src/linking/messages.ts";
import { except, presented, Stage } from "./actor-stage.ts";
import { GUEST, id, linked, linkedTo, login, NOW, orderOf, POOL } from "./records.ts";

const [A, B, G] = [id("a"), id("b"), id("g")];
const FRESH_NEEDED = expect.stringMatching(/^A fresh sign-in is needed/);
const PROOF_RULE: NonNullable<IdentityHost["proofRule"]> = { maxAgeSeconds: 600, clockSkewSeconds: 60 };

const fresh = (loginId: string): VerifiedLogin => ({ ...login(loginId), issuedAt: NOW - 5 });
const old = (loginId: string): VerifiedLogin => ({ ...login(loginId), issuedAt: NOW - 3600 });

/** The reply to a freeze is that of an identity in the state `absorbed`. */
function standOn(
  stored: IdentityRecord | null,
  absorbed: IdentityRecord = GUEST,
  proofRule: NonNullable<IdentityHost["proofRule"]> | null = PROOF_RULE,
): Stage {
  const answer = except("freeze", (message) => {
    return message.kind === "freeze" ? freeze(absorbed, message, NOW).reply : { kind: "failed" };
  });
  return new Stage(stored, { answer, proofRule });
}

describe("GetOpenIdToken of a linked identity", () => {
  it.each([
    ["links by a fresh proof", [fresh("a/1"), old("b/1")], "granted"],
    ["links nothing by an old one, however fresh the other's token", [old("a/1"), fresh("b/1")], "refused"],
    ["links nothing by one of unknown age", [login("a/1"), fresh("b/1")], "refused"],
    ["mints by an old proof, as long as nothing is linked", [old("a/1")], "granted"],
  ])("%s", async (_, logins, kind) => {
    const stage = standOn(linkedTo("a/1"));
    const reply = await stage.grant(logins);
    expect(reply.kind).toBe(kind);
    if (reply.kind === "refused") {
      expect(reply.error).toMatchObject({ type: "NotAuthorizedException", message: FRESH_NEEDED });
      expect(stage.saved).toEqual([]);
    }
  });

  it("any one of its own logins is proof enough, if that one is fresh", async () => {
    const stage = standOn(linkedTo("a/1", "c/1"));
    const logins = [old("a/1"), fresh("c/1"), fresh("b/1")];
    expect((await stage.grant(logins)).kind).toBe("granted");
  });

  it("a guest has no login that could be stolen: any proof is its first", async () => {
    expect((await standOn(GUEST).grant([old("a/1")])).kind).toBe("granted");
  });

  it("a developer's signed call is proof of its user by itself, and of nobody else", async () => {
    const user = { ...login("d/1"), isDeveloper: true as const };
    const own = { ...linked("d/1"), isDeveloper: true as const, subject: "1" };
    const ofUser = { ...linkedTo(), logins: [own] };
    expect((await standOn(ofUser).grant([user, old("b/1")])).kind).toBe("granted");
    expect((await standOn(linkedTo("a/1")).grant([user, old("a/1")])).kind).toBe("refused");
  });

  it("without the rule, as at the live service, a proof is a proof", async () => {
    const stage = standOn(linkedTo("a/1"), GUEST, null);
    expect((await stage.grant([old("a/1"), old("b/1")])).kind).toBe("granted");
  });
});

describe("bringing identities together", () => {
  const order = (logins: readonly VerifiedLogin[], changes: object) => orderOf([], { logins, ...changes });

  it("absorbs a linked identity only where both have proved themselves afresh", async () => {
    const outcomes = [];
    for (const logins of [
      [fresh("a/1"), fresh("b/1")],
      [old("a/1"), fresh("b/1")],
      [fresh("a/1"), old("b/1")],
      [old("a/1"), old("b/1")],
    ]) {
      const stage = standOn(linkedTo("a/1"), { ...linkedTo("b/1"), identityId: B });
      outcomes.push((await stage.link(order(logins, { absorb: [B] }))).kind);
    }
    expect(outcomes).toEqual(["linked", "proof-too-old", "proof-too-old", "proof-too-old"]);
  });

  it("takes in a guest by an old proof: it brings no login, and its user merely returns", async () => {
    const stage = standOn(linkedTo("a/1"), { ...GUEST, identityId: G });
    const logins = [old("a/1")];
    expect((await stage.link(order(logins, { absorb: [G], guest: G }))).kind).toBe("linked");
  });

  it("but not one that was linked meanwhile", async () => {
    const stage = standOn(linkedTo("a/1"), { ...linkedTo("b/1"), identityId: G });
    const logins = [old("a/1"), fresh("b/1")];
    const reply = await stage.link(order(logins, { absorb: [G], guest: G }));
    expect(["stale", "proof-too-old"]).toContain(reply.kind);
  });

  it("a freeze of code that knows no ages is judged as it was", () => {
    const message: Freeze = {
      kind: "freeze",
      transactionId: "t1",
      coordinator: A,
      identityId: B,
      identityPoolId: POOL,
      isGuest: false,
      loginIds: ["b/1"],
    };
    expect(freeze(linkedTo("b/1"), message, NOW).reply.kind).toBe("frozen");
    expect(freeze(linkedTo("b/1"), { ...message, freshIds: [] }, NOW)).toEqual({
      record: linkedTo("b/1"),
      reply: { kind: "proof-too-old" },
    });
    // Who has proved nothing is told nothing of ages.
    expect(freeze(linkedTo("c/1"), { ...message, freshIds: [] }, NOW).reply.kind).toBe("unsuitable");
  });
});

describe("UnlinkIdentity", () => {
  it.each([
    ["by a fresh proof", [fresh("a/1")], ["b"], "done"],
    ["by an old one", [old("a/1")], ["b"], "refused"],
    ["of itself, by an old one", [old("a/1")], ["a"], "refused"],
    ["by one of unknown age", [login("b/1")], ["a"], "refused"],
    ["by an old and a fresh one", [old("a/1"), fresh("b/1")], ["a"], "done"],
    ["by a fresh one of somebody else, and an old one", [old("a/1"), fresh("e/1")], ["b"], "refused"],
    ["of what is not linked, which changes nothing", [old("a/1")], ["z"], "done"],
  ])("%s", async (_, logins, names, kind) => {
    const stage = standOn(linkedTo("a/1", "b/1"));
    const reply = await stage.actor.unlink(A, presented(logins), names);
    expect(reply.kind).toBe(kind);
    if (reply.kind === "refused") {
      expect(reply.error).toMatchObject({ type: "NotAuthorizedException", message: FRESH_NEEDED });
      expect(stage.saved).toEqual([]);
    }
  });

  it("tells nobody of ages who has proved nothing", async () => {
    const stage = standOn(linkedTo("a/1"));
    expect(await stage.actor.unlink(A, presented([old("e/1")]), ["a"])).toMatchObject({
      error: { message: expect.stringMatching(/^Logins don't match/) },
    });
  });

  it("answers the repeat of a call that was done, though its proof has grown old meanwhile", async () => {
    const stage = standOn(linkedTo("a/1", "b/1"));
    expect((await stage.actor.unlink(A, presented([fresh("a/1")]), ["a"])).kind).toBe("done");
    expect((await stage.actor.unlink(A, presented([old("a/1")]), ["a"])).kind).toBe("done");
  });
});
