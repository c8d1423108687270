/** The role and the tags of a grant at an identity: decided before anything is drawn or written, and carried to whoever goes on. */
import { describe, expect, it } from "vitest";
import { err, ok, RATE_EXCEEDED } from "../../../src/domain/errors.ts";
import type { GrantWish } from "../../../src/domain/grant-access.ts";
import type { PoolAccess } from "../../../src/domain/pool-access.ts";
import type { OwnProof } from "../../../src/linking/identity-calls.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import { CALL, except, presented, PUBLIC_POOL, Stage } from "./actor-stage.ts";
import { CLOSED, DELETED, frozen, GUEST, id, linkedTo, login, MERGED, NOW, OTHER_POOL, POOL } from "./records.ts";
import { role } from "../../support/account-roles.ts";

const ACCESS: PoolAccess = {
  roles: { authenticated: role("user"), unauthenticated: role("guest") },
  roleMappings: {},
  principalTagMaps: {},
};
const POOL_WITH_ROLES = { ...PUBLIC_POOL, access: ACCESS };
const ENHANCED: GrantWish = { flow: "enhanced" };
const USERS = ok({ roleArn: role("user"), principalTags: { team: "red" } });
const REFUSED = err({ kind: "role-denied", mappings: ["a"] } as const);

async function grant(stage: Stage, loginIds: readonly string[], access: typeof USERS | typeof REFUSED = USERS) {
  return await stage.actor.grant(id("a"), presented(loginIds, access), CALL, ENHANCED);
}

/** Nothing was drawn, sent or stored. */
function untouched({ limit, sent, saved }: Stage): unknown {
  return { draws: limit.draws, sent: sent.length, saved: saved.length };
}

const UNTOUCHED = { draws: 0, sent: 0, saved: 0 };

describe("credentials for a guest", () => {
  it("are for the guests' role, whatever else the pool has", async () => {
    const granted = await grant(new Stage(GUEST, { pool: POOL_WITH_ROLES }), []);
    expect(granted).toMatchObject({ kind: "granted", grant: { logins: [], roleArn: role("guest") } });
  });

  it.each<[string, PoolAccess | undefined, string | undefined, string]>([
    ["the pool has no roles", undefined, undefined, "no-role"],
    ["it has one for users alone", { ...ACCESS, roles: { authenticated: role("user") } }, undefined, "no-role"],
    ["it asks for the users' role", ACCESS, role("user"), "role-forbidden"],
  ])("are refused where %s, and nothing is drawn", async (_, access, customRoleArn, kind) => {
    const stage = new Stage(GUEST, { pool: { ...PUBLIC_POOL, ...(access !== undefined && { access }) } });
    const wish = customRoleArn === undefined ? ENHANCED : { ...ENHANCED, customRoleArn };
    expect(await stage.actor.grant(id("a"), presented([]), CALL, wish)).toMatchObject({ refusal: { kind } });
    expect(untouched(stage)).toEqual(UNTOUCHED);
  });

  it("have no role in a token, which nobody asked a role for", async () => {
    const granted = await new Stage(GUEST, { pool: POOL_WITH_ROLES }).grant([]);
    expect(granted).toMatchObject({ kind: "granted" });
    expect(JSON.stringify(granted)).not.toContain("role");
  });
});

describe("credentials for logins", () => {
  it.each([
    ["linked already", linkedTo("a/1"), ["a/1"]],
    ["linked by this call", GUEST, ["a/1"]],
  ])("have what was decided with logins that are %s", async (_, record, loginIds) => {
    expect(await grant(new Stage(record), loginIds)).toMatchObject({ kind: "granted", grant: USERS.value });
  });

  it.each<[string, IdentityRecord, readonly string[]]>([
    ["of a returning user", linkedTo("a/1"), ["a/1"]],
    ["of a guest that would be linked", GUEST, ["a/1"]],
    ["of a user who brings one more", linkedTo("a/1"), ["a/1", "b/1"]],
  ])("refused for their role, nothing %s is drawn, sent or stored", async (_, record, loginIds) => {
    const stage = new Stage(record);
    expect(await grant(stage, loginIds, REFUSED)).toMatchObject({ kind: "refused", refusal: REFUSED.error });
    expect(untouched(stage)).toEqual(UNTOUCHED);
  });

  it("carry the decision to the Worker where another identity owns a login", async () => {
    const owned = except("reserve", { kind: "owned", owner: id("b"), linkId: "t7" });
    expect(await grant(new Stage(linkedTo("a/1"), { answer: owned }), ["a/1", "b/1"])).toMatchObject({
      kind: "to-link",
      ...USERS.value,
    });
  });

  it("carry it to the identity that absorbed this one while the logins were verified", async () => {
    const stage = new Stage(linkedTo("a/1"));
    const logins = presented(["a/1"], USERS);
    const ref = { transactionId: "t9", coordinator: id("b") };
    const verifyForGrant: typeof logins.verifyForGrant = async (...asked) => {
      const named = { identityId: id("a"), identityPoolId: POOL, isGuest: false, loginIds: ["a/1"] };
      stage.actor.freeze({ kind: "freeze", ...ref, ...named });
      const participant = { kind: "identity", identityId: id("a") } as const;
      stage.actor.settle({ kind: "settle", ...ref, participant, outcome: "committed", decidedAt: NOW });
      return await logins.verifyForGrant(...asked);
    };
    const reply = await stage.actor.grant(id("a"), { ...logins, verifyForGrant }, CALL, ENHANCED);
    const verified = { identityPoolId: POOL, logins: [login("a/1")], ...USERS.value };
    expect(reply).toEqual({ kind: "merged", into: id("b"), verified });
  });

  it("carry it where something is in the way", async () => {
    const holder = {
      transactionId: "t",
      coordinator: id("b"),
      participant: { kind: "login", loginId: "b/1", ticket: null },
    } as const;
    const busy = except("reserve", { kind: "busy", holder });
    expect(await grant(new Stage(linkedTo("a/1"), { answer: busy }), ["a/1", "b/1"])).toMatchObject({
      kind: "busy",
      verified: USERS.value,
    });
  });
});

describe("credentials for a token of this service", () => {
  const PROOF: OwnProof = {
    identityPoolId: POOL,
    candidates: [[login("x/longer"), login("a/1")]],
    principalTags: { team: "red" },
  };
  const ask = async (record: IdentityRecord | null, proof = PROOF, scene = {}) => {
    const stage = new Stage(record, { pool: POOL_WITH_ROLES, ...scene });
    return { stage, reply: await stage.actor.grantToOwnProof(id("a"), proof) };
  };
  const NOT_OURS = {
    kind: "refused",
    error: { type: "NotAuthorizedException", message: "Invalid login token. Not a Cognito token." },
  };

  it("are for the users' role, and name what the token named", async () => {
    const { reply, stage } = await ask(linkedTo("a/1", "b/1"));
    expect(reply).toMatchObject({
      kind: "granted",
      grant: { logins: [login("a/1")], roleArn: role("user"), principalTags: { team: "red" } },
    });
    expect(stage.limit.draws).toBe(1);
    expect(stage.saved).toEqual([]);
  });

  it.each<[string, IdentityRecord, OwnProof]>([
    ["a login that was unlinked since", linkedTo("b/1"), PROOF],
    ["one of two logins that was", linkedTo("a/1"), { ...PROOF, candidates: [[login("a/1")], [login("b/1")]] }],
    ["an identity of another pool", linkedTo("a/1"), { ...PROOF, identityPoolId: OTHER_POOL }],
    ["no login at all", linkedTo("a/1"), { ...PROOF, candidates: [] }],
    ["a guest, which has none", GUEST, PROOF],
  ])("are refused for %s", async (_, record, proof) => {
    const { reply, stage } = await ask(record, proof);
    expect(reply).toMatchObject(NOT_OURS);
    expect(untouched(stage)).toEqual(UNTOUCHED);
  });

  it.each<[string, IdentityRecord | null]>([
    ["merged", MERGED],
    ["closed", CLOSED],
    ["deleted", DELETED],
    ["unknown", null],
  ])("are refused to an identity that is %s, and nobody is sent on", async (_, record) => {
    const { reply, stage } = await ask(record);
    expect(reply).toMatchObject({ kind: "refused" });
    expect(untouched(stage)).toEqual(UNTOUCHED);
  });

  it("wait while the identity stands still", async () => {
    expect((await ask(frozen(linkedTo("a/1")))).reply).toMatchObject({ kind: "busy" });
  });

  it("are refused for another role, where there is none, and beyond the rate", async () => {
    const custom = await ask(linkedTo("a/1"), { ...PROOF, customRoleArn: role("admin") });
    expect(custom.reply).toMatchObject({ refusal: { kind: "role-forbidden" } });
    const without = await ask(linkedTo("a/1"), PROOF, { pool: PUBLIC_POOL });
    expect(without.reply).toMatchObject({ refusal: { kind: "no-role" } });
    expect([untouched(custom.stage), untouched(without.stage)]).toEqual([UNTOUCHED, UNTOUCHED]);
    expect((await ask(linkedTo("a/1"), PROOF, { tokens: 0 })).reply).toMatchObject({ error: RATE_EXCEEDED });
  });
});
