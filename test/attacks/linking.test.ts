/** T32 to T41 over HTTP: attempts on somebody's identity, by people with perfectly good logins of their own. */
import {
  DeleteIdentitiesCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  InvalidParameterException,
  NotAuthorizedException,
  ResourceConflictException,
  ResourceNotFoundException,
  UnlinkIdentityCommand,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, inject, it } from "vitest";
import {
  adminClient,
  appClient,
  createPool,
  getId,
  getOpenIdToken,
  linkedProviders,
  present,
  refusalOf,
} from "../support/cognito-clients.ts";
import { startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { useProviders } from "../support/providers.ts";
import { call } from "../support/wire-call.ts";
import { errorOf, newPerson } from "./stage.ts";

const endpoint = inject("endpoint");
const [app, admin] = [appClient(endpoint), adminClient(endpoint)];
const providers = useProviders(3);
let identityPoolId: string;

beforeAll(async () => {
  identityPoolId = await providers.newPool(admin);
});
function nameAt(index: number): string {
  return present(providers.names[index]);
}

describe("taking over an identity", () => {
  it("T32: a stranger's good login opens, links and unlinks nothing of an identity that is named", async () => {
    const alice = newPerson();
    const identityId = await getId(app, identityPoolId, await providers.logins(alice));
    const known = newPerson();
    await getId(app, identityPoolId, await providers.logins(known, [0]));
    for (const stranger of [await providers.logins(newPerson(), [1]), await providers.logins(known, [0])]) {
      await refusalOf(getOpenIdToken(app, identityId, stranger), NotAuthorizedException);
      const unlink = { IdentityId: identityId, Logins: stranger, LoginsToRemove: [nameAt(0)] };
      await refusalOf(app.send(new UnlinkIdentityCommand(unlink)), NotAuthorizedException);
    }
    expect(await linkedProviders(admin, identityId)).toEqual([nameAt(0)]);
  });

  it("T32: of many tokens a single bad one, wherever it stands, ends the whole request", async () => {
    for (const bad of [0, 1, 2]) {
      const person = newPerson();
      const guest = await getId(app, identityPoolId);
      const logins = await providers.logins(person, [0, 1, 2]);
      const expired = Math.floor(Date.now() / 1000) - 3600;
      const spoiled = { ...logins, ...(await providers.logins(person, [bad], { exp: expired })) };
      await refusalOf(getOpenIdToken(app, guest, spoiled), NotAuthorizedException);
      await refusalOf(getId(app, identityPoolId, spoiled), NotAuthorizedException);
      expect(await linkedProviders(admin, guest)).toEqual([]);
      expect((await getOpenIdToken(app, guest, logins)).identityId).toBe(guest);
    }
  });

  it("T32: a developer provider that takes over the name of a public one takes over nobody, in however many updates", async () => {
    const settings = { IdentityPoolName: "takeover", AllowUnauthenticatedIdentities: true };
    const IdentityPoolId = await createPool(admin, { SupportedLoginProviders: { "idp.example.com": "client-1" } });
    const update = async (more: object) =>
      await admin.send(new UpdateIdentityPoolCommand({ IdentityPoolId, ...settings, ...more }));
    await update({});
    await update({ SupportedLoginProviders: { "other.example.com": "client-1" } });
    for (const DeveloperProviderName of [
      "idp.example.com",
      "IDP.example.com",
      "idp.example.com.",
      "other.example.com",
    ]) {
      await refusalOf(update({ DeveloperProviderName }), InvalidParameterException);
    }
    await update({ DeveloperProviderName: "login.example.com" });
    await refusalOf(
      update({ SupportedLoginProviders: { "login.example.com": "client-1" } }),
      InvalidParameterException,
    );
  });

  it("T32: no word of amr, and no name that is somebody else's, is a developer provider's", async () => {
    const own = new URL(endpoint).hostname;
    for (const name of ["authenticated", "Unauthenticated.", "Accounts.Google.com", "graph.facebook.com..", own]) {
      await refusalOf(createPool(admin, { DeveloperProviderName: name }), InvalidParameterException);
    }
  });

  it("T32: a login token unlinks no developer's user, whose links are the developer's to end", async () => {
    const pool = { SupportedLoginProviders: { [nameAt(0)]: "client-1" }, DeveloperProviderName: "login.example.com" };
    const IdentityPoolId = await createPool(admin, pool);
    const logins = await providers.logins(newPerson());
    const Logins = { ...logins, "login.example.com": "ann" };
    const signedIn = await admin.send(new GetOpenIdTokenForDeveloperIdentityCommand({ IdentityPoolId, Logins }));
    const IdentityId = present(signedIn.IdentityId);
    const unlink = { IdentityId, Logins: logins, LoginsToRemove: ["login.example.com"] };
    await refusalOf(app.send(new UnlinkIdentityCommand(unlink)), NotAuthorizedException);
    expect(await linkedProviders(admin, IdentityId)).toContain("login.example.com");
  });

  it("T33: who made the guest that somebody else signed in with is out, for good", async () => {
    const guest = await getId(app, identityPoolId);
    const before = await getOpenIdToken(app, guest);
    expect(decodeJwt(before.token)["amr"]).toEqual(["unauthenticated"]);
    const victim = await providers.logins(newPerson());
    expect((await getOpenIdToken(app, guest, victim)).identityId).toBe(guest);
    const attacker = await providers.logins(newPerson(), [1]);
    for (const logins of [undefined, {}, attacker]) {
      await refusalOf(getOpenIdToken(app, guest, logins), NotAuthorizedException);
    }
    const unlink = { IdentityId: guest, Logins: victim, LoginsToRemove: [nameAt(0)] };
    await app.send(new UnlinkIdentityCommand(unlink));
    // One way: without its last login it is closed, and never a guest again.
    await refusalOf(getOpenIdToken(app, guest), NotAuthorizedException);
    await refusalOf(getOpenIdToken(app, guest, attacker), NotAuthorizedException);
  });

  it("T34: every login of an identity is shown, and each can be thrown out by another one", async () => {
    const victim = newPerson();
    const logins = await providers.logins(victim, [0]);
    const identityId = await getId(app, identityPoolId, logins);
    // Somebody holds the victim's token for a moment, and adds a login of his own.
    const trojan = await providers.logins(newPerson(), [1]);
    await getOpenIdToken(app, identityId, { ...logins, ...trojan });
    expect((await linkedProviders(admin, identityId)).toSorted()).toEqual([nameAt(0), nameAt(1)].toSorted());
    const unlink = { IdentityId: identityId, Logins: logins, LoginsToRemove: [nameAt(1)] };
    await app.send(new UnlinkIdentityCommand(unlink));
    await refusalOf(getOpenIdToken(app, identityId, trojan), NotAuthorizedException);
    expect(await getId(app, identityPoolId, trojan)).not.toBe(identityId);
    expect(await linkedProviders(admin, identityId)).toEqual([nameAt(0)]);
  });

  it("T35: an e-mail address makes nobody the same person, verified or not", async () => {
    const claims = { email: "ann@example.com", email_verified: true, preferred_username: "ann", name: "Ann" };
    const first = await getId(app, identityPoolId, await providers.logins(newPerson(), [0], claims));
    const second = await getId(app, identityPoolId, await providers.logins(newPerson(), [0], claims));
    const third = await getId(app, identityPoolId, await providers.logins(newPerson(), [1], claims));
    expect(new Set([first, second, third]).size).toBe(3);
  });

  it("T36: a login token serves until it expires, and not longer", async () => {
    const person = newPerson();
    const now = Math.floor(Date.now() / 1000);
    // A minute of skew is allowed: this one has a few seconds left.
    const last = await providers.logins(person, [0], { iat: now - 600, exp: now - 50 });
    const identityId = await getId(app, identityPoolId, last);
    expect((await getOpenIdToken(app, identityId, last)).identityId).toBe(identityId);
    const over = await providers.logins(person, [0], { iat: now - 600, exp: now - 70 });
    await refusalOf(getOpenIdToken(app, identityId, over), NotAuthorizedException);
  });
});

describe("crossing a border", () => {
  it("T37: an identity belongs to its pool: no login, no claim and no administrator of another one reaches it", async () => {
    const otherPool = await providers.newPool(admin);
    const person = newPerson();
    const logins = await providers.logins(person);
    const [here, there] = [await getId(app, identityPoolId, logins), await getId(app, otherPool, logins)];
    expect(here).not.toBe(there);
    const { token } = await getOpenIdToken(app, there, logins);
    expect(decodeJwt(token)).toMatchObject({ sub: there, aud: otherPool });
    const narrow = await createPool(admin, { SupportedLoginProviders: { [nameAt(1)]: "client-1" } });
    const guest = await getId(app, narrow);
    await refusalOf(getOpenIdToken(app, guest, logins), NotAuthorizedException);
    // Our own token is no login anywhere.
    const own = { "cognito-identity.amazonaws.com": token };
    await refusalOf(getId(app, identityPoolId, own), NotAuthorizedException);
  });

  it("T38: ids are random, and one that is guessed is one that is not there", async () => {
    const guests = await Promise.all(Array.from({ length: 20 }, async () => await getId(app, identityPoolId)));
    expect(new Set(guests).size).toBe(20);
    for (const guest of guests) {
      expect(guest).toMatch(/^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    const deleted = present(guests[0]);
    await admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [deleted] }));
    const words = new Set<string>();
    // One that never was, and one that was: nobody can tell them apart.
    for (const identityId of [`us-east-1:${crypto.randomUUID()}`, deleted]) {
      const refusal = await refusalOf(getOpenIdToken(app, identityId), ResourceNotFoundException);
      words.add(refusal.message.replace(identityId, "ID"));
    }
    expect(words.size).toBe(1);
  });

  it("T38: who made a guest does not learn the id of the identity that it was merged into", async () => {
    for (const end of ["deleted", "closed"] as const) {
      const victim = await providers.logins(newPerson());
      const identityId = await getId(app, identityPoolId, victim);
      const guest = await getId(app, identityPoolId);
      expect((await getOpenIdToken(app, guest, victim)).identityId).toBe(identityId);
      const stranger = await providers.logins(newPerson());
      const attempts = async () =>
        await Promise.all(
          [undefined, { [nameAt(0)]: "junk" }, stranger].map(async (logins) => {
            return await refusalOf(getOpenIdToken(app, guest, logins), NotAuthorizedException);
          }),
        );
      const told = await attempts();
      const unlink = { IdentityId: identityId, Logins: victim, LoginsToRemove: [nameAt(0)] };
      if (end === "closed") await app.send(new UnlinkIdentityCommand(unlink));
      else await admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] }));
      told.push(...(await attempts()));
      for (const { message } of told) expect(message).not.toContain(identityId);
    }
  });

  it("T38: nor does a call learn it that was under way while the guest was merged", async () => {
    const slow = await startLoopbackIssuer();
    const settings = { SupportedLoginProviders: { [nameAt(0)]: "client-1", [slow.providerName]: "client-1" } };
    const pool = await createPool(admin, settings);
    const victim = await providers.logins(newPerson());
    const [identityId, guest] = [await getId(app, pool, victim), await getId(app, pool)];
    const [asked, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    slow.answer("/.well-known/openid-configuration", (response) => {
      asked.resolve();
      const metadata = { issuer: slow.issuer, jwks_uri: `${slow.issuer}/.well-known/jwks.json` };
      void told.promise.then(() => response.end(JSON.stringify(metadata)));
    });
    const stranger = { [slow.providerName]: await slow.loginToken({ sub: newPerson(), aud: "client-1" }) };
    const attempt = call(endpoint, "GetOpenIdToken", { IdentityId: guest, Logins: stranger });
    // The stranger's keys are waited for: meanwhile the guest becomes the victim's, and the victim closes his identity.
    await asked.promise;
    expect((await getOpenIdToken(app, guest, victim)).identityId).toBe(identityId);
    const unlink = { IdentityId: identityId, Logins: victim, LoginsToRemove: [nameAt(0)] };
    await app.send(new UnlinkIdentityCommand(unlink));
    told.resolve();
    const answer = await attempt;
    expect([answer.status, errorOf(answer).type]).toEqual([403, "NotAuthorizedException"]);
    expect(answer.body).not.toContain(identityId);
    await slow.close();
  });

  it.each(["__proto__", "constructor", "then", "toJSON", "hasOwnProperty", "toString", "valueOf"])(
    "T39: a provider called %s is one that no pool has",
    async (name) => {
      const token = Object.values(await providers.logins(newPerson()))[0] ?? "";
      // Written by hand: an object literal would lose `__proto__`.
      const logins = `{${JSON.stringify(name)}:${JSON.stringify(token)}}`;
      const guest = await getId(app, identityPoolId);
      const refused = [
        await call(endpoint, "GetOpenIdToken", `{"IdentityId":"${guest}","Logins":${logins}}`),
        await call(endpoint, "GetId", `{"IdentityPoolId":"${identityPoolId}","Logins":${logins}}`),
      ];
      for (const answer of refused)
        expect([answer.status, errorOf(answer).type]).toEqual([403, "NotAuthorizedException"]);
      const polluted = await call(endpoint, "GetOpenIdToken", `{"__proto__":{"IdentityId":"${guest}"},"${name}":1}`);
      expect([polluted.status, errorOf(polluted).type]).toEqual([400, "ValidationException"]);
      expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
    },
  );

  it("T40: a provider's name is its bytes: no other case, form, space or separator is the same", async () => {
    const named = nameAt(0);
    const token = Object.values(await providers.logins(newPerson()))[0] ?? "";
    const alike = [
      ` ${named}`,
      `${named} `,
      `${named}//`,
      `/${named}`,
      `${named}\u0000`,
      `http://${named}`,
      named.replace("1", "１"),
      `${named}|a`,
    ];
    for (const name of alike) {
      const answer = await call(endpoint, "GetId", { IdentityPoolId: identityPoolId, Logins: { [name]: token } });
      expect([400, 403]).toContain(answer.status);
    }
    // (a|b, c) and (a, b|c) are different logins.
    const ids = new Set<string>();
    for (const [index, sub] of [
      [0, "a|b"],
      [0, "a"],
      [0, `${nameAt(1)}|a`],
      [1, "a"],
      [1, "a|b"],
    ] as const) {
      ids.add(await getId(app, identityPoolId, await providers.logins(sub, [index])));
    }
    expect(ids.size).toBe(5);
  });

  it("T41: a second user of a provider is a conflict, and changes neither identity", async () => {
    const [alice, bob] = [newPerson(), newPerson()];
    const ofAlice = await getId(app, identityPoolId, await providers.logins(alice, [0, 1]));
    const mixed = { ...(await providers.logins(bob, [0])), ...(await providers.logins(alice, [1])) };
    await refusalOf(getOpenIdToken(app, ofAlice, mixed), ResourceConflictException);
    expect(await getId(app, identityPoolId, await providers.logins(alice, [0]))).toBe(ofAlice);
    expect(await getId(app, identityPoolId, await providers.logins(bob, [0]))).not.toBe(ofAlice);
  });
});
