// The ones that a link transaction asks, with every blow at each of their waits: the login, the identity that is absorbed,
// and the coordinator that is asked afterwards. Their own waits are few; what matters is that no side of a link is left over.
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import type { IdentityId, IdentityPoolId } from "../../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../../src/domain/login.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { type Scene, silence, strikeEveryWait } from "../../support/every-wait.ts";
import { loginOf, makeGuest, makeLinked, makePool, newIdentityId, untilAtRest } from "../../support/objects.ts";
import { alarmOf, World } from "../../support/scene.ts";

let identityPoolId: IdentityPoolId;
let ann: VerifiedLogin;
let bob: VerifiedLogin;
let guest: IdentityId;

const identity = (identityId: IdentityId) => env.IDENTITY.getByName(identityId);
const login = ({ loginId }: VerifiedLogin) => env.LOGIN.getByName(loginId);

async function sceneOf(
  subject: Scene["subject"],
  identities: Record<string, IdentityId>,
  logins: Record<string, VerifiedLogin>,
  call: () => Promise<unknown>,
): Promise<Scene> {
  const world = new World(identityPoolId, identities, logins);
  const setUp = await world.kept();
  return {
    async begin() {
      vi.setSystemTime(Date.now() + 60_000);
      await setUp();
    },
    subject,
    call,
    // The coordinator of a link hashes names for its log.
    ownsGlobals: false,
    rest: async (isHelped) => await world.rest(isHelped),
    observe: async () => await world.observe(),
  };
}

/** A reservation of a transaction that its coordinator, a guest, has never heard of. */
async function leftReserved(): Promise<{ readonly transactionId: string; readonly ticket: string }> {
  const message = {
    kind: "reserve",
    transactionId: "left",
    coordinator: guest,
    loginId: ann.loginId,
    absorbed: [],
  } as const;
  const reply = await login(ann).reserve(message);
  if (reply.kind !== "reserved") throw new Error(reply.kind);
  return { transactionId: "left", ticket: reply.ticket };
}

async function leftFrozen(): Promise<IdentityId> {
  const coordinator = newIdentityId();
  const ref = { transactionId: "left", coordinator, identityId: guest, identityPoolId };
  await identity(guest).freeze({ kind: "freeze", ...ref, isGuest: true, loginIds: [] });
  return coordinator;
}

const calls: Record<string, { readonly through: readonly string[]; readonly make: () => Promise<Scene> }> = {
  "the login of a link": {
    through: ["storage.setAlarm", "storage.deleteAlarm"],
    async make() {
      const order = { identityId: guest, identityPoolId, logins: [ann], absorb: [], guest: null, isBirth: false };
      return await sceneOf(
        () => login(ann),
        { guest },
        { ann },
        () => identity(guest).link(order, [ann], false),
      );
    },
  },
  "a free login of a link that another login's owner forbids": {
    through: ["storage.setAlarm", "storage.deleteAll"],
    async make() {
      const owner = await makeLinked(identityPoolId, [bob]);
      await untilAtRest(owner);
      const logins = [ann, bob];
      const order = { identityId: guest, identityPoolId, logins, absorb: [], guest: null, isBirth: false };
      const link = () => identity(guest).link(order, logins, false);
      return await sceneOf(() => login(ann), { guest, owner }, { ann, bob }, link);
    },
  },
  "the login of an identity that is deleted": {
    through: ["storage.deleteAll"],
    async make() {
      const owner = await makeLinked(identityPoolId, [ann]);
      await untilAtRest(owner);
      return await sceneOf(
        () => login(ann),
        { owner },
        { ann },
        () => identity(owner).remove(owner, "*"),
      );
    },
  },
  "the alarm of a login whose coordinator knows of no transaction": {
    through: ["IDENTITY.outcome", "storage.deleteAll"],
    async make() {
      await leftReserved();
      return await sceneOf(
        () => login(ann),
        { guest },
        { ann },
        alarmOf(() => login(ann)),
      );
    },
  },
  "the coordinator that a login asks": {
    through: ["LOGIN.settle"],
    async make() {
      const { transactionId, ticket } = await leftReserved();
      const participant = { kind: "login", loginId: ann.loginId, ticket } as const;
      const question = { kind: "ask-outcome", transactionId, coordinator: guest, participant } as const;
      return await sceneOf(
        () => identity(guest),
        { guest },
        { ann },
        () => identity(guest).outcome(question),
      );
    },
  },
  "an identity that is asked for a login which it never had": {
    through: ["LOGIN.release"],
    async make() {
      const { transactionId, ticket } = await leftReserved();
      const participant = { kind: "login", loginId: ann.loginId, ticket } as const;
      const settle = { kind: "settle", transactionId, coordinator: guest, participant, outcome: "committed" } as const;
      await login(ann).settle(settle);
      const question = { kind: "confirm-owner", identityId: guest, loginId: ann.loginId, linkId: "left" } as const;
      return await sceneOf(
        () => identity(guest),
        { guest },
        { ann },
        () => identity(guest).confirmOwner(question),
      );
    },
  },
  "a guest that is merged": {
    through: ["storage.setAlarm", "storage.deleteAlarm"],
    async make() {
      const owner = await makeLinked(identityPoolId, [ann]);
      await untilAtRest(owner);
      const order = { identityId: owner, identityPoolId, logins: [ann], absorb: [guest], guest, isBirth: false };
      const merge = () => identity(owner).link(order, [ann], false);
      return await sceneOf(() => identity(guest), { owner, guest }, { ann }, merge);
    },
  },
  "the alarm of a guest whose coordinator knows of no merge": {
    through: ["IDENTITY.outcome"],
    async make() {
      await leftFrozen();
      return await sceneOf(
        () => identity(guest),
        { guest },
        {},
        alarmOf(() => identity(guest)),
      );
    },
  },
  "a frozen guest that is described": {
    through: ["IDENTITY.outcome"],
    async make() {
      await leftFrozen();
      return await sceneOf(
        () => identity(guest),
        { guest },
        {},
        async () => {
          return (await identity(guest).describe()) !== null;
        },
      );
    },
  },
  "a frozen guest whose developer's users are asked for": {
    through: ["IDENTITY.outcome"],
    async make() {
      await leftFrozen();
      return await sceneOf(
        () => identity(guest),
        { guest },
        {},
        async () => {
          return (await identity(guest).developerUsers(identityPoolId)) !== null;
        },
      );
    },
  },
};

anHourAhead();

beforeEach(async () => {
  silence();
  ({ identityPoolId } = await makePool());
  [ann, bob] = [await loginOf(identityPoolId, "p", "ann"), await loginOf(identityPoolId, "q", "bob")];
  guest = await makeGuest(identityPoolId);
  await untilAtRest(guest);
});

it.each(Object.entries(calls))("%s: whatever falls on whichever wait, it is whole", async (_, { through, make }) => {
  const waits = await strikeEveryWait(await make());
  expect(waits).toEqual(expect.arrayContaining([...through]));
});
