// Every call that an identity waits for during a link, an unlink, a merge or a deletion, and a death of either side just
// before or just after it. Whatever the caller was told, a repeat of the same call brings about one and the same end.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import type { VerifiedLogin } from "../../../src/domain/login.ts";
import { isAtRest } from "../../../src/linking/identity-record.ts";
import { IdentityDirectoryObject, IdentityObject, LoginObject } from "../../../src/worker.ts";
import {
  crash,
  dieInNext,
  holdNext,
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  newIdentityId,
  recordOf,
  storedIn,
  until,
  untilAtRest,
} from "../../support/objects.ts";

let pool: IdentityPool;
let ann: VerifiedLogin;

const identity = (identityId: IdentityId) => env.IDENTITY.getByName(identityId);
const login = ({ loginId }: VerifiedLogin) => env.LOGIN.getByName(loginId);

const when = ["before", "after"] as const;
const twice = (methods: readonly (readonly [string, object, string])[]) =>
  methods.flatMap(([name, prototype, method]) => when.map((moment) => [moment, name, prototype, method] as const));

/** What a call that may die says: its reply, or that it failed. */
async function outcomeOf<T extends { readonly kind: string }>(call: () => Promise<T>): Promise<string> {
  try {
    return (await call()).kind;
  } catch {
    return "failed";
  }
}

/** Runs alarms until the identities are at rest, as the platform does. */
async function recover(...identityIds: readonly IdentityId[]): Promise<void> {
  vi.restoreAllMocks();
  for (const identityId of identityIds) {
    await until(async () => {
      vi.setSystemTime(Date.now() + 15_000);
      await runDurableObjectAlarm(identity(identityId));
      const record = await recordOf(identityId);
      return record === null || isAtRest(record);
    });
  }
}

async function expectOwner(owned: VerifiedLogin, owner: IdentityId): Promise<void> {
  const record = await recordOf(owner);
  const held = record?.logins.find(({ loginId }) => loginId === owned.loginId);
  expect(held).toBeDefined();
  const view = await login(owned).view(owned.loginId);
  expect(view).toEqual({ owner: { identityId: owner, linkId: held?.linkId }, holder: null });
}

async function expectFree(freed: VerifiedLogin): Promise<void> {
  const { entries, alarm } = await storedIn(login(freed));
  expect({ entries, alarm }).toEqual({ entries: new Map(), alarm: null });
}

/** A participant's call is under way; the one who waits for it dies, and the call ends for nobody. */
async function killWaiting(
  prototype: object,
  method: string,
  moment: "before" | "after",
  waiting: IdentityId,
  call: () => Promise<{ kind: string }>,
) {
  const held = holdNext(prototype, method, moment);
  const outcome = outcomeOf(call);
  await held.reached;
  await crash(identity(waiting));
  held.release();
  return await outcome;
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  pool = await makePool();
  ann = await loginOf(pool.identityPoolId, "p", "ann");
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a crash while a guest is linked", () => {
  const calls = twice([
    ["the reservation", LoginObject.prototype, "reserve"],
    ["the settlement", LoginObject.prototype, "settle"],
  ]);

  async function prepared() {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    const order = {
      identityId,
      identityPoolId: pool.identityPoolId,
      logins: [ann],
      absorb: [],
      guest: null,
      isBirth: false,
    };
    return { identityId, link: async () => await identity(identityId).link(order, [ann], false) };
  }

  it.each(calls)("of the identity %s %s", async (moment, _, prototype, method) => {
    const { identityId, link } = await prepared();
    await killWaiting(prototype, method, moment, identityId, link);
    expect(await outcomeOf(link)).toBe("linked");
    await recover(identityId);
    await expectOwner(ann, identityId);
  });

  it.each(calls)("of the login %s %s", async (moment, _, prototype, method) => {
    const { identityId, link } = await prepared();
    dieInNext(prototype, method, moment);
    const first = await outcomeOf(link);
    expect(["linked", "unreachable"]).toContain(first);
    await recover(identityId);
    if (first === "linked") await expectOwner(ann, identityId);
    else await expectFree(ann);
    expect(await outcomeOf(link)).toBe("linked");
    await recover(identityId);
    await expectOwner(ann, identityId);
  });

  it.each(calls)(
    "of the identity %s %s, and no repeat: the end is whole all the same",
    async (moment, _, prototype, method) => {
      const { identityId, link } = await prepared();
      const told = await killWaiting(prototype, method, moment, identityId, link);
      await recover(identityId);
      const isLinked = (await recordOf(identityId))?.standing.kind === "linked";
      // D1: what was acknowledged has come to stay.
      if (told === "linked") expect(isLinked).toBe(true);
      if (isLinked) await expectOwner(ann, identityId);
      else await expectFree(ann);
    },
  );
});

describe("a crash while an identity is born with its login", () => {
  it.each(
    twice([
      ["the reservation", LoginObject.prototype, "reserve"],
      ["the settlement", LoginObject.prototype, "settle"],
      ["the listing", IdentityDirectoryObject.prototype, "update"],
    ]),
  )("of the identity %s %s: it is there with its login, or nothing of it is", async (moment, _, prototype, method) => {
    const identityId = newIdentityId();
    const order = {
      identityId,
      identityPoolId: pool.identityPoolId,
      logins: [ann],
      absorb: [],
      guest: null,
      isBirth: true,
    };
    const told = await killWaiting(prototype, method, moment, identityId, async () => {
      return await identity(identityId).link(order, [ann], false);
    });
    await recover(identityId);
    const record = await recordOf(identityId);
    if (told === "linked") expect(record).not.toBeNull();
    if (record === null) {
      await expectFree(ann);
      expect((await storedIn(identity(identityId))).entries).toEqual(new Map());
    } else {
      await expectOwner(ann, identityId);
      expect(record.listing).toBe("listed");
    }
  });
});

describe("a crash while a guest is merged into the owner of its login", () => {
  const calls = twice([
    ["the freeze", IdentityObject.prototype, "freeze"],
    ["the settlement of the guest", IdentityObject.prototype, "settle"],
  ]);

  async function prepared() {
    const owner = await makeLinked(pool.identityPoolId, [ann]);
    const guest = await makeGuest(pool.identityPoolId);
    await untilAtRest(owner, guest);
    const { identityPoolId } = pool;
    const order = { identityId: owner, identityPoolId, logins: [ann], absorb: [guest], guest, isBirth: false };
    return { owner, guest, merge: async () => await identity(owner).link(order, [ann], false) };
  }

  async function expectMerged(owner: IdentityId, guest: IdentityId): Promise<void> {
    expect((await recordOf(guest))?.standing).toEqual({ kind: "merged", into: owner });
    await expectOwner(ann, owner);
    expect(await identity(guest).createGuest(guest, pool.identityPoolId)).toBe(false);
  }

  it.each(calls)("of the owner %s %s", async (moment, _, prototype, method) => {
    const { owner, guest, merge } = await prepared();
    const told = await killWaiting(prototype, method, moment, owner, merge);
    await recover(owner, guest);
    const standing = (await recordOf(guest))?.standing.kind;
    if (told === "linked") expect(standing).toBe("merged");
    if (standing === "guest") expect(await outcomeOf(merge)).toBe("linked");
    await recover(owner, guest);
    await expectMerged(owner, guest);
  });

  it.each(calls)("of the guest %s %s", async (moment, _, prototype, method) => {
    const { owner, guest, merge } = await prepared();
    dieInNext(prototype, method, moment);
    const told = await outcomeOf(merge);
    await recover(owner, guest);
    const standing = (await recordOf(guest))?.standing.kind;
    if (told === "linked") expect(standing).toBe("merged");
    else expect(standing).toBe("guest");
    if (standing === "guest") expect(await outcomeOf(merge)).toBe("linked");
    await recover(owner, guest);
    await expectMerged(owner, guest);
  });
});

describe("a crash while an identity is deleted", () => {
  const calls = twice([
    ["the release of its login", LoginObject.prototype, "release"],
    ["the end of its listing", IdentityDirectoryObject.prototype, "update"],
  ]);

  async function prepared() {
    const identityId = await makeLinked(pool.identityPoolId, [ann]);
    await untilAtRest(identityId);
    return { identityId, remove: async () => await identity(identityId).remove(identityId, "*") };
  }

  async function expectGone(identityId: IdentityId): Promise<void> {
    expect(await identity(identityId).describe()).toBeNull();
    await expectFree(ann);
    const shard = Number.parseInt(identityId.charAt("us-east-1:".length), 16);
    expect(await env.IDENTITY_DIRECTORY.getByName(`${pool.identityPoolId}/${shard}`).page("", 10)).toEqual([]);
  }

  it.each(calls)("of the identity %s %s", async (moment, _, prototype, method) => {
    const { identityId, remove } = await prepared();
    // It was told before the delivery began: from then on it holds.
    expect(await killWaiting(prototype, method, moment, identityId, remove)).toBe("done");
    expect(await outcomeOf(remove)).toBe("done");
    await recover(identityId);
    await expectGone(identityId);
  });

  it.each(calls)("of the other side %s %s", async (moment, _, prototype, method) => {
    const { identityId, remove } = await prepared();
    dieInNext(prototype, method, moment);
    expect(await outcomeOf(remove)).toBe("done");
    await recover(identityId);
    await expectGone(identityId);
  });
});
