// Every call to an identity, with every blow at each of its waits: the death of the identity or of the one it waits for, its
// alarm, the same call once more. Whatever the caller was told, a repeat brings about one and the same end.
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import type { IdentityId, IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { loginIdOf, type VerifiedLogin } from "../../../src/domain/login.ts";
import { isolate } from "../../../src/isolate.ts";
import { hashedIdentity } from "../../../src/domain/trace.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { type Scene, silence, strikeEveryWait } from "../../support/every-wait.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  anyCall,
  grant,
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  makeSignIn,
  newIdentityId,
  type SignIn,
  untilAtRest,
} from "../../support/objects.ts";
import { World } from "../../support/scene.ts";

const upstream = new FakeUpstream();
let signIn: SignIn;
let identityPoolId: IdentityPoolId;
let ann: VerifiedLogin;
/** Ann's, as fresh as the performance. */
let tokens: ReadonlyMap<string, string>;

const identity = (identityId: IdentityId) => env.IDENTITY.getByName(identityId);

/** Each performance is a while after the last: an isolate forgets pools after half a minute, and keys after ten. */
async function sceneOf(
  subject: IdentityId,
  cast: { readonly identities: Record<string, IdentityId>; readonly logins?: Record<string, VerifiedLogin> },
  call: () => Promise<unknown>,
  pauseMs = 60_000,
): Promise<Scene> {
  const world = new World(identityPoolId, cast.identities, cast.logins);
  const setUp = await world.kept();
  return {
    async begin() {
      vi.setSystemTime(Date.now() + pauseMs);
      upstream.install();
      tokens = await signIn.logins(ann.subject);
      // For ever: here each performance is to ask for it.
      isolate.directoryShards.delete(identityPoolId);
      await setUp();
    },
    subject: () => identity(subject),
    call,
    // Web Crypto verifies login tokens, by the same code in every call, and hashes names for the log: once is enough.
    ownsGlobals: false,
    rest: async (isHelped) => await world.rest(isHelped),
    observe: async () => await world.observe(),
  };
}

async function guestAtRest(): Promise<IdentityId> {
  const guest = await makeGuest(identityPoolId);
  await untilAtRest(guest);
  return guest;
}

async function linkedAtRest(logins: readonly VerifiedLogin[]): Promise<IdentityId> {
  const owner = await makeLinked(identityPoolId, logins);
  await untilAtRest(owner);
  return owner;
}

const calls: Record<string, { readonly through: readonly string[]; readonly make: () => Promise<Scene> }> = {
  "GetId makes a guest": {
    through: ["storage.setAlarm", "IDENTITY_DIRECTORY.update", "storage.deleteAlarm"],
    async make() {
      const guest = newIdentityId();
      // False is how a repeat learns that the first one was done.
      return await sceneOf(guest, { identities: { guest } }, async () => {
        await identity(guest).createGuest(guest, identityPoolId);
      });
    },
  },
  "a guest asks for a token": {
    through: ["IDENTITY_POOL.read"],
    async make() {
      const guest = await guestAtRest();
      return await sceneOf(guest, { identities: { guest } }, () => grant(guest, new Map(), anyCall()));
    },
  },
  "a guest signs in": {
    through: ["IDENTITY_POOL.read", "ISSUER_KEYS.keys", "crypto.verify", "LOGIN.reserve", "LOGIN.settle"],
    async make() {
      const guest = await guestAtRest();
      // The audit and the name of the login's object: the isolate remembers both hashes, so that from here on each performance
      // has the same waits, and those for a hash, at which nothing is stored, are none of them.
      await hashedIdentity(guest, isolate.hash);
      await loginIdOf(identityPoolId, ann.providerName, ann.subject, isolate.hash);
      const cast = { identities: { guest }, logins: { ann } };
      return {
        ...(await sceneOf(guest, cast, () => grant(guest, tokens, anyCall()), 3_600_000)),
        ownsGlobals: true,
      };
    },
  },
  "a developer's user asks for a token": {
    through: ["IDENTITY_POOL.read"],
    async make() {
      const logins = [{ ...ann, isDeveloper: true }] as const;
      const owner = await linkedAtRest(logins);
      return await sceneOf(owner, { identities: { owner }, logins: { ann } }, () =>
        identity(owner).grantVerified(owner, identityPoolId, logins, { askedAt: Date.now() / 1000, callId: null }),
      );
    },
  },
  "an identity is born with its login": {
    through: ["LOGIN.reserve", "LOGIN.settle", "IDENTITY_DIRECTORY.update"],
    async make() {
      const born = newIdentityId();
      const order = { identityId: born, identityPoolId, logins: [ann], absorb: [], guest: null, isBirth: true };
      const cast = { identities: { born }, logins: { ann } };
      return await sceneOf(born, cast, () => identity(born).link(order, [ann], false));
    },
  },
  "a guest is merged into the owner of a login, who gains another": {
    through: ["IDENTITY.freeze", "LOGIN.reserve", "LOGIN.settle", "IDENTITY.settle"],
    async make() {
      const bob = await loginOf(identityPoolId, "p", "bob");
      const [owner, guest] = [await linkedAtRest([ann]), await guestAtRest()];
      const logins = [ann, bob];
      const order = { identityId: owner, identityPoolId, logins, absorb: [guest], guest, isBirth: false };
      const cast = { identities: { owner, guest }, logins: { ann, bob } };
      return await sceneOf(owner, cast, () => identity(owner).link(order, logins, false));
    },
  },
  "a login is unlinked": {
    through: ["IDENTITY_POOL.read", "ISSUER_KEYS.keys", "LOGIN.release"],
    async make() {
      const owner = await linkedAtRest([ann]);
      const cast = { identities: { owner }, logins: { ann } };
      return await sceneOf(owner, cast, () => identity(owner).unlink(owner, tokens, [ann.providerName]), 3_600_000);
    },
  },
  "a developer's user is unlinked": {
    through: ["LOGIN.release"],
    async make() {
      const owner = await linkedAtRest([{ ...ann, isDeveloper: true }]);
      const cast = { identities: { owner }, logins: { ann } };
      return await sceneOf(owner, cast, () => identity(owner).unlinkDeveloperUser(owner, identityPoolId, ann.loginId));
    },
  },
  "an identity is deleted": {
    through: ["LOGIN.release", "IDENTITY_DIRECTORY.update"],
    async make() {
      const owner = await linkedAtRest([ann]);
      return await sceneOf(owner, { identities: { owner }, logins: { ann } }, () => identity(owner).remove(owner, "*"));
    },
  },
};

anHourAhead();

beforeEach(async () => {
  silence();
  upstream.install();
  signIn = await makeSignIn(upstream);
  const { identityPoolId: made } = await makePool(signIn.settings);
  identityPoolId = made;
  ann = await loginOf(identityPoolId, signIn.providerName, "ann");
});

it.each(Object.entries(calls))("%s: whatever falls on whichever wait, it is whole", async (_, { through, make }) => {
  const waits = await strikeEveryWait(await make());
  expect(waits).toEqual(expect.arrayContaining([...through]));
});
