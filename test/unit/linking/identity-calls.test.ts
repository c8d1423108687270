/** The calls that the Worker makes to one identity: what each standing answers, and whose bucket a call draws on (T48). */
import { describe, expect, it } from "vitest";
import { RATE_EXCEEDED } from "../../../src/domain/errors.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { Coordinator, type Host } from "../../../src/linking/coordinator.ts";
import {
  grantToGuest,
  grantToLogins,
  linkHere,
  removeIdentity,
  unlinkLogins,
} from "../../../src/linking/identity-calls.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import type { Message, Reply } from "../../../src/linking/messages.ts";
import { CLOSED, DELETED, frozen, GUEST, id, linkedTo, login, MERGED, NOW, orderOf, POOL } from "./records.ts";

const A = id("a");
const PUBLIC_POOL: IdentityPool = { identityPoolId: POOL, name: "pool", allowsUnauthenticated: true };

function reserveAll(message: Message): Reply {
  return message.kind === "reserve" ? { kind: "reserved", ticket: "k1" } : { kind: "settled" };
}

function standOn(stored: IdentityRecord | null, answer: (message: Message) => Reply = reserveAll, tokens = 100) {
  const drawn = { mints: 0 };
  let transactions = 0;
  const host: Host = {
    save: () => {},
    send: async (message) => answer(message),
    now: () => NOW,
    newTransactionId: () => `t${++transactions}`,
  };
  const drawForMint = () => (drawn.mints++ < tokens ? null : RATE_EXCEEDED);
  return { coordinator: new Coordinator(host, stored), drawForMint, drawn };
}

describe("a token for a guest", () => {
  it.each<[string, IdentityRecord | null, string]>([
    ["is granted to a guest", GUEST, "granted"],
    ["is refused to a linked identity (T33)", linkedTo("a/1"), "refused"],
    ["is refused to a closed identity", CLOSED, "refused"],
    ["is refused to a merged identity", MERGED, "refused"],
    ["is refused to nobody", null, "refused"],
    ["waits while the guest is being absorbed", frozen(GUEST), "busy"],
  ])("%s", (_, record, kind) => {
    const { coordinator, drawForMint } = standOn(record);
    expect(grantToGuest(coordinator, drawForMint, A, PUBLIC_POOL).kind).toBe(kind);
  });

  it("draws on the rate only when it is granted", () => {
    const { coordinator, drawForMint, drawn } = standOn(linkedTo("a/1"));
    grantToGuest(coordinator, drawForMint, A, PUBLIC_POOL);
    expect(drawn.mints).toBe(0);
    const empty = standOn(GUEST, reserveAll, 0);
    expect(grantToGuest(empty.coordinator, empty.drawForMint, A, PUBLIC_POOL)).toMatchObject({ error: RATE_EXCEEDED });
  });
});

describe("a token for logins", () => {
  it.each<[string, IdentityRecord | null, readonly string[], string]>([
    ["is granted for a login that is held", linkedTo("a/1"), ["a/1"], "granted"],
    ["is granted once a new login is linked", linkedTo("a/1"), ["a/1", "b/1"], "granted"],
    ["is granted to a guest that becomes linked", GUEST, ["a/1"], "granted"],
    ["is refused for somebody else's login (T32)", linkedTo("a/1"), ["b/1"], "refused"],
    ["is refused for a second user of a provider (T41)", linkedTo("a/1", "b/1"), ["b/1", "a/2"], "refused"],
    ["is the other identity's to grant, when the merge came between", MERGED, ["a/1"], "merged"],
    ["is refused to a deleted identity", DELETED, ["a/1"], "refused"],
    ["waits while the identity is being absorbed, even for what it holds", frozen(linkedTo("a/1")), ["a/1"], "busy"],
  ])("%s", async (_, record, loginIds, kind) => {
    const { coordinator, drawForMint } = standOn(record);
    const reply = await grantToLogins(coordinator, drawForMint, A, loginIds.map(login));
    expect(reply.kind).toBe(kind);
  });

  it("goes to the Worker when another identity owns a login", async () => {
    const { coordinator, drawForMint } = standOn(linkedTo("a/1"), (message) => {
      if (message.kind === "reserve") return { kind: "owned", owner: id("b"), linkId: "t7" };
      return message.kind === "confirm-owner" ? { kind: "ownership", owns: true } : reserveAll(message);
    });
    expect(await grantToLogins(coordinator, drawForMint, A, [login("a/1"), login("b/1")])).toMatchObject({
      kind: "to-link",
      isGuest: false,
    });
  });

  it("links nothing when the rate is exceeded", async () => {
    const { coordinator, drawForMint } = standOn(linkedTo("a/1"), reserveAll, 0);
    expect(await grantToLogins(coordinator, drawForMint, A, [login("a/1"), login("b/1")])).toMatchObject({
      error: RATE_EXCEEDED,
    });
    expect(coordinator.record).toEqual(linkedTo("a/1"));
  });

  it("lets nobody drain the bucket of an identity that he cannot prove (T48)", async () => {
    const { coordinator, drawForMint, drawn } = standOn(linkedTo("a/1"));
    await grantToLogins(coordinator, drawForMint, A, [login("b/1")]);
    expect(drawn.mints).toBe(0);
    await grantToLogins(coordinator, drawForMint, A, [login("a/1")]);
    expect(drawn.mints).toBe(1);
  });
});

describe("a link that the Worker asks for", () => {
  it("draws only when a token is to be minted here", async () => {
    const { coordinator, drawForMint, drawn } = standOn(linkedTo("a/1"));
    expect((await linkHere(coordinator, null, orderOf(["a/1"]), [login("a/1")])).kind).toBe("linked");
    expect(drawn.mints).toBe(0);
    expect((await linkHere(coordinator, drawForMint, orderOf(["a/1"]), [login("a/1")])).kind).toBe("linked");
    expect(drawn.mints).toBe(1);
  });

  it("is made once of two that come together, and both are answered", async () => {
    const { coordinator } = standOn(GUEST);
    const both = [orderOf(["a/1"]), orderOf(["a/1"])].map(
      async (order) =>
        await linkHere(
          coordinator,
          null,
          order,
          order.logins.map(({ loginId }) => login(loginId)),
        ),
    );
    expect((await Promise.all(both)).map(({ kind }) => kind)).toEqual(["linked", "linked"]);
    expect(coordinator.record?.logins.map(({ linkId }) => linkId)).toEqual(["t1"]);
  });

  it("lets one of two strangers claim a guest (I4)", async () => {
    const { coordinator } = standOn(GUEST);
    const both = ["a/1", "b/1"].map(
      async (loginId) => await linkHere(coordinator, null, orderOf([loginId]), [login(loginId)]),
    );
    expect((await Promise.all(both)).map(({ kind }) => kind)).toEqual(["linked", "stale"]);
  });
});

describe("unlink and delete", () => {
  it("unlinks by a proof, and says so again to a retry", async () => {
    const { coordinator, drawForMint } = standOn(linkedTo("a/1", "b/1"));
    for (let tries = 0; tries < 2; tries++) {
      expect(await unlinkLogins(coordinator, drawForMint, A, [login("a/1")], ["a"])).toEqual({ kind: "done" });
    }
    expect(coordinator.record?.logins.map(({ loginId }) => loginId)).toEqual(["b/1"]);
  });

  it("draws on the rate for an unlink that is proved, also one that removes nothing, and none beyond it is done (T47)", async () => {
    const { coordinator, drawForMint, drawn } = standOn(linkedTo("a/1", "b/1"), reserveAll, 2);
    expect(await unlinkLogins(coordinator, drawForMint, A, [login("a/1")], ["c"])).toEqual({ kind: "done" });
    expect(await unlinkLogins(coordinator, drawForMint, A, [login("a/1"), login("b/1")], ["c"])).toEqual({
      kind: "done",
    });
    expect(drawn.mints).toBe(2);
    expect(await unlinkLogins(coordinator, drawForMint, A, [login("a/1")], ["b"])).toEqual({
      kind: "refused",
      error: RATE_EXCEEDED,
    });
    expect(coordinator.record).toEqual(linkedTo("a/1", "b/1"));
  });

  it("draws for a proved unlink that is refused, too: its proof may have cost a provider a question (T47)", async () => {
    const record = linkedTo("a/1", "d/1");
    const logins = record.logins.map((held) =>
      held.loginId === "d/1" ? { ...held, subject: "1", isDeveloper: true as const } : held,
    );
    const { coordinator, drawForMint, drawn } = standOn({ ...record, logins }, reserveAll, 1);
    expect(await unlinkLogins(coordinator, drawForMint, A, [login("a/1")], ["d"])).toMatchObject({
      error: { type: "NotAuthorizedException" },
    });
    expect(drawn.mints).toBe(1);
    expect(await unlinkLogins(coordinator, drawForMint, A, [login("a/1")], ["d"])).toMatchObject({
      error: RATE_EXCEEDED,
    });
  });

  it("refuses an unlink without a proof, and draws nothing for it (T48)", async () => {
    const { coordinator, drawForMint, drawn } = standOn(linkedTo("a/1"));
    expect(await unlinkLogins(coordinator, drawForMint, A, [login("a/2")], ["a"])).toMatchObject({
      error: { type: "NotAuthorizedException" },
    });
    expect(drawn.mints).toBe(0);
    expect(coordinator.record).toEqual(linkedTo("a/1"));
  });

  it("waits for a link that is under way", async () => {
    const { coordinator, drawForMint, drawn } = standOn(linkedTo("a/1"));
    const linking = coordinator.link(orderOf(["a/1", "b/1"]));
    const unlinking = unlinkLogins(coordinator, drawForMint, A, [login("a/1")], ["b"]);
    expect([(await linking).kind, (await unlinking).kind]).toEqual(["linked", "done"]);
    expect(drawn.mints).toBe(1);
    expect(coordinator.record?.logins.map(({ loginId }) => loginId)).toEqual(["a/1"]);
  });

  it("deletes for a credential of the pool, and for no other (T37)", async () => {
    const { coordinator } = standOn(linkedTo("a/1"));
    expect(await removeIdentity(coordinator, A, ["us-east-1:9"])).toMatchObject({
      error: { type: "AccessDeniedException" },
    });
    expect(coordinator.record?.standing.kind).toBe("linked");
    expect(await removeIdentity(coordinator, A, [POOL])).toEqual({ kind: "done" });
    expect(coordinator.record?.standing.kind).toBe("deleted");
  });

  it("has deleted what was never there", async () => {
    expect(await removeIdentity(standOn(null).coordinator, A, "*")).toEqual({ kind: "done" });
  });
});
