import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type IdentityId, parseIdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { developerLoginIdOf } from "../../../src/domain/login.ts";
import { isolate } from "../../../src/isolate.ts";
import type { PoolRecord } from "../../../src/pools/pool-host.ts";
import { IdentityObject, IdentityPoolObject, KeyRingObject, LoginObject } from "../../../src/worker.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  holdNext,
  makeGuest,
  makePool,
  makeSignIn,
  newIdentityId,
  noteCalls,
  recordOf,
  type SignIn,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";
import { ADMIN, type Answer, makeService, type Service, textOf } from "../../support/service.ts";

const DEVELOPER = "login.backend.example";

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;

type Input = Readonly<Record<string, unknown>>;

async function token(user: string, more: Input = {}, logins: ReadonlyMap<string, string> = new Map()): Promise<Answer> {
  const input = { IdentityPoolId: pool.identityPoolId, Logins: new Map([[DEVELOPER, user], ...logins]), ...more };
  return await service.admin("GetOpenIdTokenForDeveloperIdentity", input);
}

async function merge(source: string, destination: string): Promise<Answer> {
  return await service.admin("MergeDeveloperIdentities", {
    IdentityPoolId: pool.identityPoolId,
    DeveloperProviderName: DEVELOPER,
    SourceUserIdentifier: source,
    DestinationUserIdentifier: destination,
  });
}

async function unlink(identityId: string, user: string, callId?: string): Promise<Answer> {
  const input = {
    IdentityPoolId: pool.identityPoolId,
    IdentityId: identityId,
    DeveloperProviderName: DEVELOPER,
    DeveloperUserIdentifier: user,
  };
  const headers = callId === undefined ? {} : { "amz-sdk-invocation-id": callId };
  return await service.call("UnlinkDeveloperIdentity", input, { credential: ADMIN, headers });
}

async function lookUp(input: Input): Promise<Answer> {
  return await service.admin("LookupDeveloperIdentity", { IdentityPoolId: pool.identityPoolId, ...input });
}

function idIn(answer: Answer): IdentityId {
  const identityId = parseIdentityId(textOf(answer, "IdentityId"));
  if (identityId === undefined) throw new Error("no identity id");
  return identityId;
}

const failed = (type: string) => ({ json: expect.objectContaining({ __type: type }) });

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool({ ...signIn.settings, developerProviderName: DEVELOPER });
  service = makeService();
});

describe("GetOpenIdTokenForDeveloperIdentity", () => {
  it("writes nothing for a user who returns", async () => {
    const identityId = idIn(await token("ann"));
    await untilAtRest(identityId);
    const before = await storedIn(env.IDENTITY.getByName(identityId));
    const calls = noteCalls();
    expect(idIn(await token("ann"))).toBe(identityId);
    expect(calls.filter((call) => !call.startsWith("KeyRing"))).toEqual(["LoginObject.view", "IdentityObject.link"]);
    expect(await storedIn(env.IDENTITY.getByName(identityId))).toEqual(before);
  });

  it("knows the user as a developer's login, and stores the identifier as it was given", async () => {
    const user = "  Ann\u0000é@example.com|x ";
    const identityId = idIn(await token(user));
    expect((await recordOf(identityId))?.logins).toMatchObject([
      { providerName: DEVELOPER, subject: user, isDeveloper: true },
    ]);
    expect(idIn(await token(user.trim()))).not.toBe(identityId);
  });

  it("a race for one user ends with one identity: the other call is told that the user is registered", async () => {
    const [first, second] = await Promise.all([makeGuest(pool.identityPoolId), makeGuest(pool.identityPoolId)]);
    const answers = await Promise.all([token("ann", { IdentityId: first }), token("ann", { IdentityId: second })]);
    const winners = answers.filter(({ status }) => status === 200).map(idIn);
    expect(winners).toHaveLength(1);
    expect(answers).toContainEqual(expect.objectContaining(failed("DeveloperUserAlreadyRegisteredException")));
    expect(idIn(await token("ann"))).toBe(winners[0]);
    const loser = winners[0] === first ? second : first;
    expect((await recordOf(loser))?.standing).toEqual({ kind: "guest" });
  });

  it("T21, T32: has nothing of who logged in by tokens, even if the pool came to call its developer provider so", async () => {
    const { providerName, settings } = signIn;
    const { identityPoolId } = await makePool(settings);
    const IdentityPoolId: string = identityPoolId;
    const getId = { IdentityPoolId, Logins: await signIn.logins("ann") };
    const IdentityId = textOf(await service.call("GetId", getId), "IdentityId");
    // By no operation could it: here the disk is simply given the settings.
    const stub = env.IDENTITY_POOL.getByName(identityPoolId);
    await runInDurableObject(stub, (_, { storage }) => {
      const given = { identityPoolId, name: "p", allowsUnauthenticated: true, developerProviderName: providerName };
      storage.kv.put("pool", { ...storage.kv.get<PoolRecord>("pool"), pool: given });
    });
    await evictDurableObject(stub);
    isolate.pools.forget(identityPoolId);

    const named = { IdentityPoolId, IdentityId, DeveloperProviderName: providerName };
    const asked = { IdentityPoolId, Logins: { [providerName]: "ann" } };
    const attempts: readonly (readonly [string, object])[] = [
      ["GetOpenIdTokenForDeveloperIdentity", { ...asked, IdentityId }],
      ["LookupDeveloperIdentity", { IdentityPoolId, DeveloperUserIdentifier: "ann" }],
      ["UnlinkDeveloperIdentity", { ...named, DeveloperUserIdentifier: "ann" }],
      ["MergeDeveloperIdentities", { ...named, SourceUserIdentifier: "ann", DestinationUserIdentifier: "ann" }],
    ];
    for (const [operation, input] of attempts) {
      expect((await service.admin(operation, input)).status, operation).not.toBe(200);
    }
    expect((await service.admin("LookupDeveloperIdentity", { IdentityPoolId, IdentityId })).json).toMatchObject({
      DeveloperUserIdentifierList: [],
    });
    expect(idIn(await service.admin("GetOpenIdTokenForDeveloperIdentity", asked))).not.toBe(IdentityId);
  });

  it("does not absorb the guest that it names, when the user gets another identity in mid-call", async () => {
    const guest = await makeGuest(pool.identityPoolId);
    const held = holdNext(LoginObject.prototype, "reserve", "before");
    const call = token("ann", { IdentityId: guest });
    await held.reached;
    const rival = idIn(await token("ann"));
    held.release();
    expect(await call).toMatchObject(failed("DeveloperUserAlreadyRegisteredException"));
    expect((await recordOf(guest))?.standing).toEqual({ kind: "guest" });
    expect(idIn(await token("ann"))).toBe(rival);
  });

  it("under the merge policy, too, a user of another identity stays where it is", async () => {
    service = makeService({ settings: { MERGE_POLICY: "merge" } });
    const ann = idIn(await token("ann"));
    vi.setSystemTime(Date.now() + 1000);
    const bob = idIn(await token("bob"));
    const logins = await signIn.logins("ann");
    await token("ann", {}, logins);
    expect(await token("bob", { IdentityId: ann }, logins)).toMatchObject(
      failed("DeveloperUserAlreadyRegisteredException"),
    );
    expect(idIn(await token("bob"))).toBe(bob);
    // Without an id the call is as any other that proves logins of two identities: the older survives.
    expect(idIn(await token("bob", {}, logins))).toBe(ann);
  });

  it("takes a public login of another identity along with a guest: its owner's id is the answer", async () => {
    const owner = idIn(await token("bob", {}, await signIn.logins("bob")));
    const guest = await makeGuest(pool.identityPoolId);
    expect(idIn(await token("ann", { IdentityId: guest }, await signIn.logins("bob")))).toBe(owner);
    expect((await lookUp({ IdentityId: owner })).json["DeveloperUserIdentifierList"]).toEqual(["ann", "bob"]);
  });

  it("draws on the rate of the identity", async () => {
    service = makeService({ settings: { RATE_LIMIT_BURST: "20", RATE_LIMIT_PER_SECOND: "5" } });
    const statuses: number[] = [];
    for (let count = 0; count < 22; count++) statuses.push((await token("ann")).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.slice(-2)).toEqual([429, 429]);
    expect((await token("bob")).status).toBe(200);
  });

  it("T46: neither an answer that fails nor the log holds the user's identifier", async () => {
    const log = vi.spyOn(console, "log");
    const guest = await makeGuest(pool.identityPoolId);
    await token("ann@secret.example");
    const answers = [
      await token("ann@secret.example", { IdentityId: guest }),
      await lookUp({ DeveloperUserIdentifier: "bob@secret.example" }),
      await merge("bob@secret.example", "ann@secret.example"),
      await unlink(guest, "ann@secret.example"),
    ];
    for (const { status, text } of answers) expect([status, text]).not.toEqual([200, expect.anything()]);
    expect(answers.map(({ text }) => text).join()).not.toContain("secret.example");
    expect(JSON.stringify(log.mock.calls)).not.toContain("secret.example");
  });
});

describe("MergeDeveloperIdentities", () => {
  it("works whatever MERGE_POLICY says, and leaves the login objects with their new owner", async () => {
    const [ann, bob] = [idIn(await token("ann")), idIn(await token("bob", {}, await signIn.logins("bob")))];
    expect(idIn(await merge("bob", "ann"))).toBe(ann);
    await untilAtRest(ann, bob);
    expect((await recordOf(bob))?.standing).toEqual({ kind: "merged", into: ann });
    for (const login of (await recordOf(ann))?.logins ?? []) {
      const view = await env.LOGIN.getByName(login.loginId).view(login.loginId);
      expect(view).toMatchObject({ owner: { identityId: ann }, holder: null });
    }
    expect((await recordOf(ann))?.logins).toHaveLength(3);
  });

  it("two merges of the same users in opposite directions end with one identity", async () => {
    const [ann, bob] = [idIn(await token("ann")), idIn(await token("bob"))];
    const answers = await Promise.all([merge("ann", "bob"), merge("bob", "ann")]);
    const ids = answers.map(idIn);
    expect([ann, bob]).toContain(ids[0]);
    expect(new Set(ids).size).toBe(1);
    expect([idIn(await token("ann")), idIn(await token("bob"))]).toEqual([ids[0], ids[0]]);
  });
});

describe("two looks at users who move between them", () => {
  it("MergeDeveloperIdentities does not take them for merged whom no moment saw together", async () => {
    const identityId = idIn(await token("ann"));
    await token("bob");
    await merge("bob", "ann");
    await untilAtRest(identityId);
    const held = holdNext(IdentityObject.prototype, "confirmOwner", "after");
    const call = merge("bob", "ann");
    await held.reached;
    expect((await unlink(identityId, "ann")).status).toBe(200);
    held.release();
    expect(await call).toMatchObject(failed("ResourceNotFoundException"));
    expect((await recordOf(identityId))?.logins).toMatchObject([{ subject: "bob" }]);
  });

  it("GetOpenIdTokenForDeveloperIdentity does not say that the user is another's who has just joined the identity", async () => {
    const logins = await signIn.logins("ann");
    const identityId = idIn(await token("bob", {}, logins));
    const held = holdNext(IdentityObject.prototype, "grantVerified", "after");
    const call = token("ann", { IdentityId: identityId });
    await held.reached;
    expect(idIn(await token("ann", { IdentityId: identityId }, logins))).toBe(identityId);
    held.release();
    // What was so when the call was judged: it proves no login of the identity.
    expect(await call).toMatchObject(failed("NotAuthorizedException"));
    expect(idIn(await token("ann", { IdentityId: identityId }))).toBe(identityId);
  });

  it("LookupDeveloperIdentity names no identity that its user has left", async () => {
    const identityId = idIn(await token("ann"));
    await token("bob");
    await merge("bob", "ann");
    await untilAtRest(identityId);
    const held = holdNext(IdentityObject.prototype, "confirmOwner", "after");
    const call = lookUp({ DeveloperUserIdentifier: "ann" });
    await held.reached;
    expect((await unlink(identityId, "ann")).status).toBe(200);
    held.release();
    expect(await call).toMatchObject(failed("ResourceNotFoundException"));
  });
});

describe("UnlinkDeveloperIdentity", () => {
  it("frees the login's object, so that the user is a new identity", async () => {
    const identityId = idIn(await token("ann"));
    expect((await unlink(identityId, "ann")).status).toBe(200);
    await untilAtRest(identityId);
    const loginId = await developerLoginIdOf(pool.identityPoolId, DEVELOPER, "ann");
    expect(await env.LOGIN.getByName(loginId).view(loginId)).toEqual({ owner: null, holder: null });
    expect((await recordOf(identityId))?.standing).toEqual({ kind: "closed" });
    expect(idIn(await token("ann"))).not.toBe(identityId);
  });

  it("takes the user off once for each call: a late copy of one leaves who has come back", async () => {
    const logins = await signIn.logins("ann");
    const identityId = idIn(await token("ann", {}, logins));
    const users = async () => (await recordOf(identityId))?.logins.flatMap(({ subject }) => subject ?? []);
    const callId = crypto.randomUUID();
    expect((await unlink(identityId, "ann", callId)).status).toBe(200);
    expect(await users()).toEqual([]);
    expect(idIn(await token("ann", { IdentityId: identityId }, logins))).toBe(identityId);
    expect((await unlink(identityId, "ann", callId)).status).toBe(200);
    expect(await users()).toEqual(["ann"]);
    expect((await unlink(identityId, "ann", crypto.randomUUID())).status).toBe(200);
    expect(await users()).toEqual([]);
  });

  it("stores nothing under an id that nobody was given", async () => {
    const identityId = newIdentityId();
    expect(await unlink(identityId, "ann")).toMatchObject(failed("ResourceNotFoundException"));
    expect(await lookUp({ IdentityId: identityId })).toMatchObject(failed("ResourceNotFoundException"));
    expect((await storedIn(env.IDENTITY.getByName(identityId))).rowsWritten).toBe(0);
  });
});

describe("a credential", () => {
  const calls: readonly (readonly [string, Input])[] = [
    ["GetOpenIdTokenForDeveloperIdentity", { Logins: { [DEVELOPER]: "ann" } }],
    ["LookupDeveloperIdentity", { DeveloperUserIdentifier: "ann" }],
    [
      "MergeDeveloperIdentities",
      { DeveloperProviderName: DEVELOPER, SourceUserIdentifier: "ann", DestinationUserIdentifier: "ann" },
    ],
    [
      "UnlinkDeveloperIdentity",
      { DeveloperProviderName: DEVELOPER, DeveloperUserIdentifier: "ann", IdentityId: newIdentityId() },
    ],
  ];

  it.each(calls)(
    "%s: is good for its own pools, and says nothing of others, whether they are there or not",
    async (name, input) => {
      await token("ann");
      const credential = { ...ADMIN, accessKeyId: "backend", pools: ["us-east-1:0"] };
      service = makeService({ credentials: [ADMIN, credential] });
      for (const IdentityPoolId of [pool.identityPoolId, "us-east-1:1"]) {
        const answer = await service.call(name, { IdentityPoolId, ...input }, { credential });
        expect(answer).toMatchObject(failed("AccessDeniedException"));
      }
      const own = { ...credential, pools: [pool.identityPoolId] };
      service = makeService({ credentials: [own] });
      const answer = await service.call(name, { IdentityPoolId: pool.identityPoolId, ...input }, { credential: own });
      expect(answer.json["__type"]).not.toBe("AccessDeniedException");
    },
  );

  it.each(calls)(
    "%s: is refused to one that does not name the operation, and to a call without a signature",
    async (name, input) => {
      const credential = { ...ADMIN, operations: ["DescribeIdentity"] };
      service = makeService({ credentials: [credential] });
      const full = { IdentityPoolId: pool.identityPoolId, ...input };
      expect(await service.call(name, full, { credential })).toMatchObject(failed("AccessDeniedException"));
      expect(await service.call(name, full)).toMatchObject(failed("MissingAuthenticationTokenException"));
    },
  );
});

it("the signing key is asked for beside the pool of a developer's user, and all that follows", async () => {
  const cold = makeService();
  isolate.pools.forget(pool.identityPoolId);
  const read = holdNext(IdentityPoolObject.prototype, "read", "before");
  const signingKey = holdNext(KeyRingObject.prototype, "signingKey", "before");
  const input = { IdentityPoolId: pool.identityPoolId, Logins: new Map([[DEVELOPER, "user"]]) };
  const answer = cold.admin("GetOpenIdTokenForDeveloperIdentity", input);
  // Neither waits for the other.
  await Promise.all([read.reached, signingKey.reached]);
  read.release();
  signingKey.release();
  expect((await answer).status).toBe(200);
});
