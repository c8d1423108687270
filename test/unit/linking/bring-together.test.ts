import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { objectsOf } from "../../../src/durable/objects.ts";
import { linkLogins, type LinkRequest } from "../../../src/linking/bring-together.ts";
import { IdentityObject } from "../../../src/worker.ts";
import {
  holdNext,
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  noteCalls,
  plant,
  recordOf,
  untilAtRest,
} from "../../support/objects.ts";

const context = {
  objects: objectsOf(env),
  config: { region: "us-east-1", mergePolicy: "merge" },
  pause: async () => {},
  random: () => 0,
  newUuid: () => crypto.randomUUID(),
} as const;

/** A call for `target` that names its developer user, with public logins of `target` and of another identity. */
async function stage() {
  const { identityPoolId } = await makePool();
  const [own, other] = [await loginOf(identityPoolId, "p", "own"), await loginOf(identityPoolId, "q", "other")];
  const user = { ...(await loginOf(identityPoolId, "login.backend.example", "ann")), isDeveloper: true } as const;
  const [target, rival] = [await makeLinked(identityPoolId, [own]), await makeLinked(identityPoolId, [other])];
  await untilAtRest(target, rival);
  const logins = [user, own, other];
  const named = { identityId: target, isGuest: false };
  const request: LinkRequest = { identityPoolId, logins, named, mints: false, pinned: user.loginId };
  /** The rival's own call for the same user. */
  const outrun = async () => {
    const order = { identityId: rival, identityPoolId, logins: [user, other], absorb: [], guest: null, isBirth: false };
    expect(await env.IDENTITY.getByName(rival).link(order, [user, other], false)).toMatchObject({ kind: "linked" });
  };
  return { target, rival, user, own, other, request, outrun };
}

const loginIds = (record: Awaited<ReturnType<typeof recordOf>>) =>
  record?.logins.map(({ loginId }) => loginId).toSorted();
const idsOf = (...logins: readonly { readonly loginId: string }[]) => logins.map(({ loginId }) => loginId).toSorted();

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a call that names an identity and its developer user", () => {
  it("absorbs the owner of a public login that it proves, under the merge policy", async () => {
    const { target, user, own, other, request } = await stage();
    expect(await linkLogins(context, request)).toMatchObject({ ok: true, value: { identityId: target } });
    expect(loginIds(await recordOf(target))).toEqual(idsOf(user, own, other));
  });

  it("does not absorb it when that one has gained the user between the look and the freeze (invariant no-theft)", async () => {
    const { target, rival, user, own, other, request, outrun } = await stage();
    const held = holdNext(IdentityObject.prototype, "freeze", "before");
    const call = linkLogins(context, request);
    await held.reached;
    await outrun();
    held.release();
    // The named identity judges anew, and its caller is told that the user is registered.
    expect(await call).toEqual({ kind: "busy" });
    expect(await linkLogins(context, request)).toMatchObject({
      ok: false,
      error: { kind: "developer-user-registered" },
    });
    await untilAtRest(target, rival);
    expect(loginIds(await recordOf(target))).toEqual(idsOf(own));
    expect(loginIds(await recordOf(rival))).toEqual(idsOf(user, other));
    expect(await recordOf(rival)).toMatchObject({ standing: { kind: "linked" }, freeze: null });
  });
});

describe("owners that the logins have told the named identity", () => {
  it("spare the first look", async () => {
    const { identityPoolId } = await makePool();
    const ann = await loginOf(identityPoolId, "p", "ann");
    const [owner, guest] = [await makeLinked(identityPoolId, [ann]), await makeGuest(identityPoolId)];
    await untilAtRest(owner, guest);
    const [{ linkId } = { linkId: "" }] = (await recordOf(owner))?.logins ?? [];
    const calls = noteCalls();
    const owners = [{ identityId: owner, loginId: ann.loginId, linkId }];
    const named = { identityId: guest, isGuest: true };
    const linked = await linkLogins(context, { identityPoolId, logins: [ann], named, mints: false, owners });
    expect(linked).toMatchObject({ ok: true, value: { identityId: owner } });
    expect(calls).not.toContain("LoginObject.view");
  });

  it("are not believed where the owner has let the login go: the owner is the judge", async () => {
    const { identityPoolId } = await makePool();
    const ann = await loginOf(identityPoolId, "p", "ann");
    const [owner, guest] = [await makeLinked(identityPoolId, [ann]), await makeGuest(identityPoolId)];
    await untilAtRest(owner, guest);
    const [{ linkId } = { linkId: "" }] = (await recordOf(owner))?.logins ?? [];
    // The login's object has not heard of it.
    await plant(env.IDENTITY.getByName(owner), "identity", (record) => {
      return { ...Object(record), logins: [], standing: { kind: "closed" } };
    });
    await evictDurableObject(env.IDENTITY.getByName(owner));
    const owners = [{ identityId: owner, loginId: ann.loginId, linkId }];
    const named = { identityId: guest, isGuest: true };
    const linked = await linkLogins(context, { identityPoolId, logins: [ann], named, mints: false, owners });
    expect(linked).toMatchObject({ ok: true, value: { identityId: guest } });
  });
});
