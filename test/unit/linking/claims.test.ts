/** Logins that nobody here ever had, and what the source says of them: who is asked, when, and what comes of the answer. */
import { beforeEach, describe, expect, it } from "vitest";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import { bringTogether, linkLogins, type LinkRequest } from "../../../src/linking/bring-together.ts";
import type { GrantReply } from "../../../src/linking/identity-calls.ts";
import { obtainGrant } from "../../../src/linking/obtain-grant.ts";
import type { SourceParty } from "../../../src/linking/source.ts";
import { CALL, presented } from "./actor-stage.ts";
import { LinkWorld } from "./link-world.ts";
import { CLOSED, DELETED, GUEST, id, linked, login, NOW, POOL, recordOf } from "./records.ts";

let world: LinkWorld;
beforeEach(() => {
  world = new LinkWorld();
});

const USER = { ...login("login.example/ann"), isDeveloper: true } as const;

function person(name: string, loginIds: readonly string[], changes: Partial<IdentityRecord> = {}): IdentityRecord {
  return recordOf({ kind: "linked" }, loginIds, { identityId: id(name), origin: "source", ...changes });
}

/** GetId with these logins. */
async function getId(loginIds: readonly string[], source: SourceParty, changes: Partial<LinkRequest> = {}) {
  const logins = loginIds.map((loginId) => login(loginId));
  const request = { identityPoolId: POOL, logins, mints: false, source, remembers: true as const, ...changes };
  const result = await bringTogether(world.parties, request);
  await world.rest();
  return result.ok ? result.value.identityId : result.error;
}

describe("GetId with a login that nobody here has", () => {
  it("adopts the id that the source names, with all logins of the call", async () => {
    expect(await getId(["a/1", "c/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.asked).toEqual([[null, "public"]]);
    expect([world.ownerOf("a/1"), world.ownerOf("c/1")]).toEqual([id("x"), id("x")]);
    expect(world.recordOf("x")).toMatchObject({ origin: "source", standing: { kind: "linked" } });
  });

  it("asks nobody about a login of another provider, nor about one that is or was somebody's (invariant asked-once)", async () => {
    const born = await getId(["c/1"], world.source({}));
    expect(world.recordOf("new-1")).toMatchObject({ origin: "here" });
    expect(born).toBe(id("new-1"));
    await getId(["a/1"], world.source({ public: "x" }));
    expect(await getId(["a/1"], world.source({}))).toBe(id("x"));
    await world.identity(id("x")).actor.remove(id("x"), "*");
    await world.rest();
    expect(world.ownerOf("a/1")).toBeNull();
    expect(await getId(["a/1"], world.source({}))).toBe(id("new-2"));
  });

  it("tells the source's refusal, and nothing is stored", async () => {
    const refusal = { kind: "worded", error: { type: "ExternalServiceException", message: "down" } } as const;
    expect(await getId(["a/1"], world.source({ public: refusal }))).toEqual(refusal);
    expect([world.login("a/1").record, world.identities.size]).toEqual([null, 0]);
  });

  it("links it to the identity that the source names, if that one is here", async () => {
    await world.put(person("x", ["b/1"]));
    expect(await getId(["a/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.ownerOf("a/1")).toBe(id("x"));
  });

  it("makes a user of a guest that is one at the source", async () => {
    await world.put({ ...GUEST, identityId: id("x"), origin: "source" });
    expect(await getId(["a/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.recordOf("x")?.standing.kind).toBe("linked");
  });

  it("follows merges of here, four at most", async () => {
    const merged = (from: string, into: string) =>
      world.put(recordOf({ kind: "merged", into: id(into) }, [], { identityId: id(from) }));
    await world.put(person("w4", ["b/1"]));
    for (const [from, into] of [
      ["w0", "w1"],
      ["w1", "w2"],
      ["w2", "w3"],
      ["w3", "w4"],
    ] as const)
      await merged(from, into);
    expect(await getId(["a/1"], world.source({ public: "w0" }))).toBe(id("w4"));
    await merged("w", "w0");
    expect(await getId(["a/2"], world.source({ public: "w" }))).toBe(id("new-1"));
  });

  it.each<[string, IdentityRecord]>([
    ["closed", CLOSED],
    ["deleted", DELETED],
    ["barred to the provider", person("x", ["b/1"], { barred: ["a"] })],
  ])(
    "is born here where the source names one that is %s (invariants never-comes-back, dead-ids-stay-dead)",
    async (_, record) => {
      await world.put({ ...record, identityId: id("x") });
      expect(await getId(["a/1"], world.source({ public: "x" }))).toBe(id("new-1"));
      expect(world.recordOf("new-1")?.origin).toBe("here");
      expect(world.counted).toEqual(["barred"]);
    },
  );

  it("is refused where the source names one that an operator has disabled", async () => {
    await world.put(person("x", ["b/1"], { isDisabled: true }));
    expect(await getId(["a/1"], world.source({ public: "x" }))).toMatchObject({ kind: "access-forbidden" });
  });

  it("is not the source's to say where an owner of another of the logins was born here", async () => {
    await world.put(person("h", ["b/1"], { origin: "here" }));
    expect(await getId(["a/1", "b/1"], world.source({}))).toBe(id("h"));
    expect(world.ownerOf("a/1")).toBe(id("h"));
  });

  it("goes by the policy where the source names another one than the owner of another of the logins", async () => {
    await world.put(person("x", ["b/1"]));
    expect(await getId(["a/1", "b/1"], world.source({ public: "y" }))).toEqual({
      kind: "login-conflict",
      providerName: "b",
    });
    expect([world.ownerOf("a/1"), world.recordOf("y"), world.counted]).toEqual([null, null, ["conflict"]]);
    world = new LinkWorld("merge");
    await world.put(person("x", ["b/1"]));
    expect(await getId(["a/1", "b/1"], world.source({ public: "y" }))).toBe(id("x"));
    expect(world.recordOf("y")).toMatchObject({ standing: { kind: "merged", into: id("x") }, origin: "source" });
  });

  it("asks once, however often the call is tried", async () => {
    const reservation = { transactionId: "t9", coordinator: id("z"), ticket: "k" };
    world.login("c/1", { version: 1, loginId: "c/1", owner: null, reservation });
    await world.put(person("x", ["b/1"], { freeze: { transactionId: "t9", coordinator: id("z"), since: NOW } }));
    expect(await getId(["a/1", "c/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.asked).toHaveLength(1);
  });

  it("is adopted once of two calls at once, and both are told the same", async () => {
    const source = world.source({ public: "x" });
    const both = await Promise.all([getId(["a/1"], source), getId(["a/1", "b/1"], source)]);
    expect(both).toEqual([id("x"), id("x")]);
    expect([world.ownerOf("a/1"), world.ownerOf("b/1")]).toEqual([id("x"), id("x")]);
  });
});

describe("a developer's user that nobody here has", () => {
  it("is looked up, and adopted where it is known", async () => {
    const logins = [USER];
    expect(await getId([], world.source({ developer: "x" }), { logins })).toBe(id("x"));
    expect(world.recordOf("x")?.logins).toMatchObject([{ isDeveloper: true, subject: "ann" }]);
  });

  it("is born here where it is not, and so are public logins only if they are nobody's there", async () => {
    expect(await getId([], world.source({ developer: null }), { logins: [USER] })).toBe(id("new-1"));
    const bob = { ...login("login.example/bob"), isDeveloper: true } as const;
    const logins = [bob, login("a/1")];
    expect(await getId([], world.source({ developer: null, public: "x" }), { logins })).toBe(id("x"));
    expect(world.ownerOf(bob.loginId)).toBe(id("x"));
  });

  it("is refused where it is another's there than the identity that the call names", async () => {
    await world.put(person("x", ["b/1"]));
    const named = { identityId: id("x"), isGuest: false, origin: "source" } as const;
    const request = { identityPoolId: POOL, logins: [USER, login("b/1")], mints: true, named, pinned: USER.loginId };
    const source = world.source({ developer: "y" });
    expect(await linkLogins(world.parties, { ...request, source })).toMatchObject({
      ok: false,
      error: { kind: "developer-user-registered" },
    });
  });
});

/** GetOpenIdToken for an id; `met` is where the id may be from, if it is none here. */
async function getToken(name: string, loginIds: readonly string[], source: SourceParty | null) {
  const logins = loginIds.map((loginId) => login(loginId));
  const call = { ...CALL, askedAt: NOW - 1 };
  const ask = async (identityId: IdentityId): Promise<GrantReply> =>
    await world.identity(identityId).actor.grant(identityId, presented(loginIds), call, { flow: "basic" });
  const granted = await obtainGrant(world.parties, id(name), call, ask, {
    sources: {
      of: async () => source ?? world.source({}),
      meet: async () => ({ ok: true, value: source && { identityPoolId: POOL, logins, source } }),
    },
  });
  await world.rest();
  return granted.ok ? granted.value.identityId : granted.error;
}

describe("GetOpenIdToken with a login that nobody here has", () => {
  it("has the source link it to the named identity, and does so here", async () => {
    await world.put(person("x", ["b/1"]));
    expect(await getToken("x", ["b/1", "a/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.asked).toEqual([[id("x"), "public"]]);
    expect(world.ownerOf("a/1")).toBe(id("x"));
  });

  it("gives it to the named identity that has none of the call's logins here, if the source says that it is its own", async () => {
    await world.put(person("x", ["b/1"]));
    expect(await getToken("x", ["a/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.asked).toEqual([[id("x"), "public"]]);
    expect(world.ownerOf("a/1")).toBe(id("x"));
  });

  it.each(["conflict", "merge"] as const)(
    "gives a stranger nothing of the named identity, nor the other way round, whom the source names for his login (%s)",
    async (mergePolicy) => {
      world = new LinkWorld(mergePolicy);
      await world.put(person("x", ["b/1"]));
      expect(await getToken("x", ["a/1"], world.source({ public: "y" }))).toEqual({ kind: "logins-do-not-match" });
      const refusal = { kind: "logins-do-not-match" } as const;
      expect(await getToken("x", ["a/2"], world.source({ public: refusal }))).toEqual(refusal);
      expect([world.ownerOf("a/1"), world.ownerOf("b/1")]).toEqual([null, id("x")]);
    },
  );

  it("asks nobody whose the login of another identity of here is", async () => {
    await world.put(person("x", ["b/1"]));
    await world.put(person("y", ["a/1"]));
    expect(await getToken("x", ["a/1"], world.source({}))).toEqual({ kind: "logins-do-not-match" });
  });

  it("gives it to the named guest of the source, who keeps his id", async () => {
    await world.put({ ...GUEST, identityId: id("x"), origin: "source" });
    expect(await getToken("x", ["a/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.recordOf("x")?.standing.kind).toBe("linked");
  });

  it("asks by the logins alone for a guest that was born here, whom the owner at the source absorbs", async () => {
    await world.put({ ...GUEST, identityId: id("h") });
    expect(await getToken("h", ["a/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.asked).toEqual([[null, "public"]]);
    expect(world.recordOf("h")?.standing).toMatchObject({ kind: "merged", into: id("x") });
  });

  it("asks nobody for an identity with logins that was born here", async () => {
    await world.put(person("h", ["b/1"], { origin: "here" }));
    expect(await getToken("h", ["b/1", "a/1"], world.source({}))).toBe(id("h"));
    expect(world.ownerOf("a/1")).toBe(id("h"));
  });

  it("brings back what was unlinked only with a login of the identity, and lifts its bar", async () => {
    await world.put(person("x", ["b/1"], { barred: ["a"] }));
    expect(await getToken("x", ["b/1", "a/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.recordOf("x")).toMatchObject({ barred: [], logins: [linked("b/1"), { loginId: "a/1" }] });
  });
});

describe("an id that is none here", () => {
  it("is adopted as the guest that it is at the source", async () => {
    expect(await getToken("x", [], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.recordOf("x")).toMatchObject({ standing: { kind: "guest" }, origin: "source" });
    expect(world.asked).toEqual([[id("x"), "public"]]);
  });

  it("is no guest where the source answers with another id", async () => {
    expect(await getToken("x", [], world.source({ public: "y" }))).toMatchObject({ kind: "identity-not-found" });
    expect([world.recordOf("x"), world.recordOf("y")]).toEqual([null, null]);
  });

  it("is adopted with the logins that the source proves for it", async () => {
    expect(await getToken("x", ["a/1"], world.source({ public: "x" }))).toBe(id("x"));
    expect(world.ownerOf("a/1")).toBe(id("x"));
  });

  it("is stored as merged into the one that the source names in its place", async () => {
    expect(await getToken("x", ["a/1"], world.source({ public: "y" }))).toBe(id("y"));
    expect(world.recordOf("x")).toMatchObject({ standing: { kind: "merged", into: id("y") }, origin: "source" });
    expect(world.recordOf("y")?.standing.kind).toBe("linked");
  });

  it("is merged into the owner of its login here, if that is the same at the source, and is else a conflict", async () => {
    await world.put(person("y", ["a/1"]));
    expect(await getToken("x", ["a/1"], world.source({ public: "y" }))).toBe(id("y"));
    expect(world.recordOf("x")?.standing.kind).toBe("merged");
    expect(await getToken("z", ["a/1"], world.source({ public: "z" }))).toMatchObject({ kind: "login-conflict" });
    expect(world.recordOf("z")).toBeNull();
  });

  it("is not found where there is no pool that it could be of, where it was deleted, or where its place is dead", async () => {
    expect(await getToken("x", ["a/1"], null)).toMatchObject({ kind: "identity-not-found", identityId: id("x") });
    await world.put({ ...DELETED, identityId: id("d"), origin: "source" });
    expect(await getToken("d", ["a/1"], world.source({}))).toMatchObject({ kind: "identity-not-found" });
    expect(await getToken("y", ["a/1"], world.source({ public: "d" }))).toMatchObject({
      kind: "identity-not-found",
      identityId: id("y"),
    });
    expect(world.ownerOf("a/1")).toBeNull();
  });

  it("is merged once of two calls at once, and both are told of the one in its place", async () => {
    const source = world.source({ public: "y" });
    const both = await Promise.all([getToken("x", ["a/1"], source), getToken("x", ["a/1"], source)]);
    expect(both).toEqual([id("y"), id("y")]);
    expect(world.recordOf("x")?.standing).toMatchObject({ kind: "merged", into: id("y") });
  });

  it("is adopted once of two calls at once", async () => {
    const source = world.source({ public: "x" });
    const both = await Promise.all([getToken("x", ["a/1"], source), getToken("x", ["a/1"], source)]);
    expect(both).toEqual([id("x"), id("x")]);
    expect(world.recordOf("x")?.logins).toHaveLength(1);
  });
});
