// What each kind of request costs, counted exactly and not timed (`Cost` says how). A figure here that has to grow is a price
// that every such request pays from then on.
import { evictDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Cost, measure } from "../../support/cost.ts";
import { type Call, CostStage } from "../../support/cost-stage.ts";
import { loginOf, newIdentityId, storedIn } from "../../support/objects.ts";
import { textOf } from "../../support/service.ts";

type Scenario = {
  readonly name: string;
  /** All that comes before the request that is measured. */
  readonly prepare: (stage: CostStage) => Promise<Call> | Call;
  readonly cost: Cost;
};

/** Nothing but the calls that are named beside it, and the deadline of the request's body, set and cleared. */
const ONLY = { rowsRead: 0, rowsWritten: 0, fetched: 0, timers: 1, tasks: 0, hops: 1, commits: [] };
/** A request without a body has no deadline. */
const WITHOUT_BODY = { ...ONLY, timers: 0 };
const GRANT = ["IdentityObject.grant"];
/** A user with one login that is linked already, in a warm isolate: what nearly every request is. */
const HOT_PATH: Cost = { ...ONLY, status: 200, calls: GRANT, rpcBytes: [767] };

const TOKENS: readonly Scenario[] = [
  {
    name: "a guest: one call, and nothing else",
    prepare: async (stage) => stage.asking(await stage.getId()),
    cost: { ...ONLY, status: 200, calls: GRANT, rpcBytes: [278] },
  },
  {
    name: "the hot path, a login already linked: one call, and nothing else",
    prepare: async (stage) => await stage.returning(await stage.logins()),
    cost: HOT_PATH,
  },
  {
    name: "three logins already linked: one call, and nothing else",
    prepare: async (stage) => await stage.returning(await stage.threeLogins()),
    cost: { ...ONLY, status: 200, calls: GRANT, rpcBytes: [1749] },
  },
  {
    name: "a login whose claims become session tags: one call, and nothing else",
    async prepare(stage) {
      await stage.mapTag();
      await stage.warmUp();
      return await stage.returning(await stage.logins({ team: "red" }));
    },
    cost: { ...HOT_PATH, rpcBytes: [815] },
  },
  {
    name: "an identity that is not in memory: its record and its bucket are read",
    async prepare(stage) {
      const logins = await stage.logins();
      const identityId = await stage.getId(logins);
      await evictDurableObject(env.IDENTITY.getByName(identityId));
      return stage.asking(identityId, logins);
    },
    cost: { ...HOT_PATH, rowsRead: 2 },
  },
  {
    name: "an identity that wakes in the first moments of its isolate: the bucket is written as well",
    async prepare(stage) {
      stage.beginIsolateOfObjects();
      await stage.warmUp();
      return await stage.linkedElsewhere();
    },
    cost: { ...HOT_PATH, rowsRead: 2, rowsWritten: 1, commits: ["IdentityObject"] },
  },
  {
    name: "the sixth token of one instant: the bucket is written",
    prepare: async (stage) => await stage.hurrying(5),
    cost: { ...ONLY, status: 200, calls: GRANT, rpcBytes: [278], rowsWritten: 1, commits: ["IdentityObject"] },
  },
  {
    name: "the first link of a login: one call to reserve it before the answer, one to settle it after",
    prepare: async (stage) => stage.asking(await stage.getId(), await stage.logins()),
    cost: {
      ...ONLY,
      status: 200,
      calls: [...GRANT, "LoginObject.reserve", "LoginObject.settle"],
      rpcBytes: [784, 294, 336],
      hops: 2,
      // Nothing is stored before the reservation, and the identity's alarm comes after the answer.
      commits: ["IdentityObject", "LoginObject and alarm"],
      rowsRead: 1,
      // The identity committed and settled; the login reserved and owned; the alarm of each, set and cleared.
      rowsWritten: 8,
      // The alarm, cleared; the line of the audit; the delivery after the answer.
      tasks: 3,
    },
  },
  {
    name: "a guest who signs in and has an identity: absorbed by that one",
    async prepare(stage) {
      const logins = await stage.logins();
      await stage.getId(logins);
      return stage.asking(await stage.getId(), logins);
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: [
        "IdentityObject.freeze",
        "IdentityObject.grant",
        "IdentityObject.link",
        "IdentityObject.settle",
        "LoginObject.reserve",
      ],
      rpcBytes: [467, 1003, 1042, 276, 348],
      // The guest, the login, the owner, and the guest once more, which stands still.
      hops: 4,
      commits: ["IdentityObject", "IdentityObject and alarm"],
      // The guest frozen and merged; the owner committed and settled; the alarm of each, set and cleared.
      rowsWritten: 8,
      // The alarm of each, cleared; the line of the audit; the deliveries after the answers.
      tasks: 5,
    },
  },
];

/** Users of a pool that has a source. */
const SOURCED: readonly Scenario[] = [
  {
    name: "a returning user: one call, and nothing else",
    async prepare(stage) {
      await stage.takeOver();
      return await stage.returning(await stage.logins());
    },
    cost: HOT_PATH,
  },
  {
    name: "GetId of a returning user: nobody is asked",
    async prepare(stage) {
      await stage.takeOver();
      const logins = await stage.logins();
      await stage.getId(logins);
      return async () => await stage.idFor(logins);
    },
    cost: { ...ONLY, status: 200, calls: ["IdentityObject.link", "LoginObject.view"], rpcBytes: [968, 216], hops: 2 },
  },
  {
    name: "GetId with a login that nobody here has: the source names its id, which is adopted",
    async prepare(stage) {
      await stage.takeOver();
      const logins = await stage.logins();
      return async () => await stage.idFor(logins);
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: [
        "IdentityDirectoryObject.update",
        "IdentityObject.link",
        "IdentityObject.standingHere",
        "IdentityPoolObject.read",
        "LoginObject.reserve",
        "LoginObject.settle",
        "LoginObject.view",
        "SourceObject.draw",
        "SourceObject.tell",
      ],
      rpcBytes: [77, 1126, 64, 358, 310, 336, 92, 4, 16],
      hops: 6,
      commits: ["IdentityObject", "LoginObject and alarm", "SourceObject"],
      rowsRead: 5,
      rowsWritten: 10,
      fetched: 1,
      timers: 2,
      tasks: 3,
    },
  },
  {
    name: "a new guest, who is born at the source",
    async prepare(stage) {
      await stage.takeOver();
      return async () => await stage.idFor();
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: [
        "IdentityDirectoryObject.update",
        "IdentityObject.createGuest",
        "IdentityPoolObject.read",
        "SourceObject.draw",
        "SourceObject.tell",
      ],
      rpcBytes: [83, 102, 358, 4, 16],
      hops: 3,
      commits: ["IdentityObject and alarm", "SourceObject"],
      rowsRead: 4,
      rowsWritten: 6,
      fetched: 1,
      timers: 2,
      tasks: 3,
    },
  },
  {
    name: "a guest who signs in: the source keeps his id, and so does he",
    async prepare(stage) {
      await stage.takeOver();
      const guest = await stage.getId();
      return stage.asking(guest, await stage.logins());
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: [
        "IdentityObject.grant",
        "IdentityObject.link",
        "IdentityObject.standingHere",
        "LoginObject.reserve",
        "LoginObject.settle",
        "LoginObject.view",
        "SourceObject.draw",
        "SourceObject.tell",
      ],
      rpcBytes: [856, 1170, 91, 310, 336, 92, 4, 16],
      hops: 6,
      commits: ["IdentityObject", "LoginObject and alarm", "SourceObject"],
      rowsRead: 1,
      rowsWritten: 9,
      fetched: 1,
      timers: 2,
      tasks: 3,
    },
  },
  {
    name: "an id that is none here, with its login: adopted, and a token for it",
    async prepare(stage) {
      const cognito = await stage.takeOver();
      const unknown = newIdentityId();
      cognito.says(unknown);
      await stage.asking(newIdentityId())();
      return stage.asking(unknown, await stage.logins());
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: [
        "IdentityDirectoryObject.update",
        "IdentityObject.grant",
        "IdentityObject.link",
        "IdentityObject.standingHere",
        "LoginObject.reserve",
        "LoginObject.settle",
        "LoginObject.view",
        "SourceObject.draw",
        "SourceObject.tell",
      ],
      rpcBytes: [77, 660, 1125, 64, 310, 336, 92, 4, 16],
      hops: 6,
      commits: ["IdentityObject", "LoginObject and alarm", "SourceObject"],
      rowsRead: 4,
      rowsWritten: 10,
      fetched: 1,
      timers: 2,
      tasks: 3,
    },
  },
];

const REFUSALS: readonly Scenario[] = [
  {
    name: "a bad signature: one call, and nothing else",
    async prepare(stage) {
      const call = stage.asking(await stage.getId(), await stage.signIn.forged("ann"));
      await call();
      return call;
    },
    cost: { ...ONLY, status: 403, calls: GRANT, rpcBytes: [669] },
  },
  {
    name: "the first bad signature in half a minute: the issuer is asked whether its key was replaced",
    prepare: async (stage) => stage.asking(await stage.getId(), await stage.signIn.forged("ann")),
    cost: {
      ...ONLY,
      status: 403,
      calls: [...GRANT, "IssuerObject.keys"],
      rpcBytes: [689, 334],
      hops: 2,
      commits: ["IssuerObject"],
      rowsWritten: 1,
      fetched: 2,
      // The deadlines of the body and of each fetch, cleared.
      timers: 3,
    },
  },
  {
    name: "an expired login token",
    prepare: async (stage) => stage.asking(await stage.getId(), await stage.logins({ exp: 1_000_000_000 })),
    cost: { ...ONLY, status: 403, calls: GRANT, rpcBytes: [673] },
  },
  {
    name: "an identity that is not there, for which its object has to look",
    async prepare(stage) {
      const call = stage.asking(newIdentityId(), await stage.logins());
      await stage.asking(newIdentityId())();
      return call;
    },
    // The tag of the refusal, and its words for a Worker of the release before.
    cost: { ...ONLY, status: 404, calls: GRANT, rpcBytes: [660], rowsRead: 2 },
  },
  {
    name: "a call beyond the rate",
    prepare: async (stage) => await stage.hurrying(20),
    cost: { ...ONLY, status: 429, calls: GRANT, rpcBytes: [274] },
  },
  {
    name: "a malformed identity id, of which no object hears",
    prepare: (stage) => stage.asking("nonsense"),
    cost: { ...ONLY, status: 400, calls: [], rpcBytes: [], hops: 0 },
  },
  {
    name: "a malformed login, of which no object hears",
    prepare: async (stage) => stage.asking(await stage.getId(), new Map([[stage.signIn.providerName, ""]])),
    cost: { ...ONLY, status: 400, calls: [], rpcBytes: [], hops: 0 },
  },
];

const IDS: readonly Scenario[] = [
  {
    name: "a new guest: it is made, and the directory hears of it after the answer",
    prepare: (stage) => async () => await stage.idFor(),
    cost: {
      ...ONLY,
      status: 200,
      calls: ["IdentityDirectoryObject.update", "IdentityObject.createGuest"],
      rpcBytes: [70, 96],
      commits: ["IdentityObject and alarm"],
      rowsRead: 3,
      // Made and listed; the alarm, set and cleared; the entry of the directory.
      rowsWritten: 5,
      // The alarm, set and cleared; the delivery after the answer.
      tasks: 3,
    },
  },
  {
    name: "a login that nobody has: an identity is born with it",
    async prepare(stage) {
      const logins = await stage.logins();
      return async () => await stage.idFor(logins);
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: [
        "IdentityDirectoryObject.update",
        "IdentityObject.link",
        "LoginObject.reserve",
        "LoginObject.settle",
        "LoginObject.view",
      ],
      rpcBytes: [70, 950, 294, 336, 92],
      hops: 3,
      commits: ["IdentityObject", "LoginObject and alarm"],
      rowsRead: 4,
      // As the first link, and the entry of the directory.
      rowsWritten: 9,
      tasks: 3,
    },
  },
  {
    name: "a login that an identity has: two calls, and nothing else",
    async prepare(stage) {
      const logins = await stage.logins();
      await stage.getId(logins);
      return async () => await stage.idFor(logins);
    },
    cost: { ...ONLY, status: 200, calls: ["IdentityObject.link", "LoginObject.view"], rpcBytes: [951, 199], hops: 2 },
  },
];

/** A scenario whose pool has roles, and whose answer needs one from the token service. */
const CREDENTIALS: readonly Scenario[] = [
  {
    name: "a guest: one call, one question to the token service, and nothing written",
    async prepare(stage) {
      await stage.giveRoles();
      return stage.askingForCredentials(await stage.getId());
    },
    // The deadlines of the body and of the question, cleared.
    cost: { ...ONLY, status: 200, calls: GRANT, rpcBytes: [336], fetched: 1, timers: 2 },
  },
  {
    name: "a login already linked: one call, one question to the token service, and nothing written",
    async prepare(stage) {
      await stage.giveRoles();
      const logins = await stage.logins();
      return stage.askingForCredentials(await stage.getId(logins), logins);
    },
    cost: { ...ONLY, status: 200, calls: GRANT, rpcBytes: [824], fetched: 1, timers: 2 },
  },
  {
    name: "a role that the claims choose, and a tag: one call, one question, and nothing written",
    async prepare(stage) {
      await stage.giveRoles();
      await stage.mapTag();
      await stage.mapRole();
      const logins = await stage.logins({
        team: ["red"],
        "cognito:preferred_role": "arn:aws:iam::123456789012:role/ops",
      });
      const call = stage.askingForCredentials(await stage.getId(logins), logins);
      await call();
      return call;
    },
    cost: { ...ONLY, status: 200, calls: GRANT, rpcBytes: [955], fetched: 1, timers: 2 },
  },
  {
    name: "a role that the claims do not choose: one call, and nothing drawn, written or asked",
    async prepare(stage) {
      await stage.giveRoles();
      await stage.mapRole();
      const call = stage.askingForCredentials(await stage.getId(), await stage.logins());
      await call();
      return call;
    },
    cost: { ...ONLY, status: 403, calls: GRANT, rpcBytes: [726] },
  },
  {
    name: "a token of this service as the login: one call, one question, and nothing written",
    async prepare(stage) {
      await stage.giveRoles();
      const logins = await stage.logins();
      const identityId = await stage.getId(logins);
      const token = textOf(await stage.tokenFor(identityId, logins), "Token");
      const call = stage.askingForCredentials(identityId, new Map([["cognito-identity.amazonaws.com", token]]));
      await call();
      return call;
    },
    cost: { ...ONLY, status: 200, calls: ["IdentityObject.grantToOwnProof"], rpcBytes: [970], fetched: 1, timers: 2 },
  },
  {
    name: "a pool without a role: one call, and nobody else is asked",
    prepare: async (stage) => stage.askingForCredentials(await stage.getId()),
    cost: { ...ONLY, status: 400, calls: GRANT, rpcBytes: [388] },
  },
];

/** What an operator reads: whatever is asked, nothing is made, drawn or written. */
const READS: readonly Scenario[] = [
  {
    name: "CheckIdentityPool, of one issuer whose keys are fresh: the pool as it is stored, and the issuer's object",
    async prepare(stage) {
      await stage.warmUp();
      return async () => await stage.service.admin("CheckIdentityPool", { IdentityPoolId: stage.pool.identityPoolId });
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: ["IdentityPoolObject.read", "IssuerObject.keys"],
      rpcBytes: [168, 293],
      hops: 2,
    },
  },
  {
    name: "CheckLogin, the issuer's keys in memory: one call, of the pool as it is stored",
    async prepare(stage) {
      const logins = await stage.logins();
      await stage.getId(logins);
      const input = { IdentityPoolId: stage.pool.identityPoolId, Logins: logins };
      return async () => await stage.service.admin("CheckLogin", input);
    },
    cost: { ...ONLY, status: 200, calls: ["IdentityPoolObject.read"], rpcBytes: [168] },
  },
  {
    name: "CheckService, keys in memory: an identity that never lived, and the key ring; no row is written",
    async prepare(stage) {
      await stage.service.admin("CheckService", {});
      return async () => await stage.service.admin("CheckService", {});
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: ["IdentityObject.describe", "KeyRingObject.describe"],
      rpcBytes: [4, 360],
      rowsRead: 3,
      hops: 2,
    },
  },
  {
    name: "GetMetrics that is not set up: no call at all, and nobody is asked",
    prepare: (stage) => async () => await stage.service.admin("GetMetrics", { Range: "1h" }),
    cost: { ...ONLY, status: 404, calls: [], rpcBytes: [], hops: 0 },
  },
  {
    name: "DescribeService: no call at all",
    prepare: (stage) => async () => await stage.service.admin("DescribeService", {}),
    cost: { ...ONLY, status: 200, calls: [], rpcBytes: [], hops: 0 },
  },
  {
    name: "DescribeIdentityInFull: one call",
    async prepare(stage) {
      const input = { IdentityId: await stage.getId(await stage.logins()) };
      return async () => await stage.service.admin("DescribeIdentityInFull", input);
    },
    cost: { ...ONLY, status: 200, calls: ["IdentityObject.describeInFull"], rpcBytes: [573] },
  },
  {
    name: "DescribeIdentityInFull of one that is not in memory: its record and its bucket are read, and nothing is written",
    async prepare(stage) {
      const identityId = await stage.getId(await stage.logins());
      await evictDurableObject(env.IDENTITY.getByName(identityId));
      return async () => await stage.service.admin("DescribeIdentityInFull", { IdentityId: identityId });
    },
    cost: { ...ONLY, status: 200, calls: ["IdentityObject.describeInFull"], rpcBytes: [573], rowsRead: 2 },
  },
  {
    name: "DisableIdentity: one call, one row",
    async prepare(stage) {
      const input = { IdentityId: await stage.getId(await stage.logins()) };
      return async () => await stage.service.admin("DisableIdentity", input);
    },
    cost: {
      ...ONLY,
      status: 200,
      calls: ["IdentityObject.setDisabled"],
      rpcBytes: [188],
      rowsWritten: 1,
      commits: ["IdentityObject"],
    },
  },
  {
    name: "FindIdentityByLogin: one call",
    async prepare(stage) {
      const { pool, signIn, service } = stage;
      await stage.getId(await stage.logins());
      const input = { IdentityPoolId: pool.identityPoolId, ProviderName: signIn.providerName, Subject: "ann" };
      return async () => await service.admin("FindIdentityByLogin", input);
    },
    cost: { ...ONLY, status: 200, calls: ["LoginObject.view"], rpcBytes: [199] },
  },
  {
    name: "DescribeKeyRing: one call",
    prepare: (stage) => async () => await stage.service.admin("DescribeKeyRing", {}),
    cost: { ...ONLY, status: 200, calls: ["KeyRingObject.describe"], rpcBytes: [360], rowsRead: 1 },
  },
];

/** Where the objects of the service lie is asked once in an isolate's life, beside all that is asked for the token. */
const LOOK = "PoolDirectoryObject.jurisdiction";

const FIRST_TOKEN = [
  "IdentityObject.grant",
  "IdentityPoolObject.read",
  "IssuerObject.keys",
  "KeyRingObject.signingKey",
  LOOK,
];

const COLD: readonly Scenario[] = [
  {
    name: "the first token of all with an issuer: pool, key set and signing key once each, two documents fetched",
    prepare: async (stage) => await stage.linkedElsewhere(),
    cost: {
      status: 200,
      calls: FIRST_TOKEN,
      rpcBytes: [902, 168, 310, 362, 4],
      // The identity, and the signing key beside it; its pool, and the issuer's keys beside that.
      hops: 2,
      commits: ["IssuerObject and alarm"],
      // The identity, its bucket and the issuer's keys; the key ring and its alarm; what is fixed, and whether there is a pool.
      rowsRead: 7,
      // The set, and the alarm that will erase it.
      rowsWritten: 2,
      fetched: 2,
      // The deadlines of the body and of each fetch, cleared.
      timers: 3,
      tasks: 1,
    },
  },
  {
    name: "the first token of an isolate, from objects that are not in memory: nothing is fetched or written",
    async prepare(stage) {
      await stage.restElsewhere();
      return await stage.linkedElsewhere();
    },
    cost: { ...ONLY, status: 200, calls: FIRST_TOKEN, rpcBytes: [767, 168, 293, 362, 4], rowsRead: 8, hops: 2 },
  },
  {
    name: "the first refusal of an isolate: the signing key was asked for beside it",
    prepare: (stage) => stage.asking(newIdentityId()),
    cost: {
      ...ONLY,
      status: 404,
      calls: ["IdentityObject.grant", "KeyRingObject.signingKey", LOOK, "PoolDirectoryObject.sourced"],
      rpcBytes: [362, 362, 4, 2],
      // Whether a source may know it: once in half a minute.
      hops: 2,
      // The identity and its bucket, of which there is neither; the key ring and its alarm; LOOK; the pools with a source.
      rowsRead: 7,
    },
  },
  {
    name: "the first document of keys",
    prepare: (stage) => async () => await stage.service.fetch("/.well-known/jwks.json"),
    // The ring is asked once it is known to be that of this service: whoever asks a ring first has it made.
    cost: {
      ...WITHOUT_BODY,
      status: 200,
      calls: ["KeyRingObject.publishedKeys", LOOK],
      rpcBytes: [435, 4],
      hops: 2,
      rowsRead: 4,
    },
  },
  {
    name: "every document after that: no call at all",
    async prepare(stage) {
      await stage.service.fetch("/.well-known/jwks.json");
      return async () => await stage.service.fetch("/.well-known/openid-configuration");
    },
    cost: { ...WITHOUT_BODY, status: 200, calls: [], rpcBytes: [], hops: 0 },
  },
];

/** What an answer that changed something may leave under way (docs/ARCHITECTURE.md, "One login"). */
const FOR_LATER = new Set(["IdentityDirectoryObject.update", "LoginObject.settle", "task"]);
/** What a refusal does not wait for: the key was asked for before anybody knew that there was nothing to sign. */
const FOR_OTHERS = "KeyRingObject.signingKey";

let stage: CostStage;

/** Whatever the call sets off is done in the end, and nothing is under way at its answer but what is meant for later. */
async function costOf(call: Call): Promise<Cost> {
  const { cost, leftAtAnswer, leftAtRest } = await measure(stage.signIn.upstream, call);
  const forLater = (name: string) =>
    (cost.tasks > 0 && FOR_LATER.has(name)) || (cost.status > 200 && name === FOR_OTHERS);
  expect(leftAtAnswer.filter((name) => !forLater(name))).toEqual([]);
  expect(leftAtRest).toEqual([]);
  return cost;
}

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  stage = await CostStage.make();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe.each([
  ["GetOpenIdToken in a warm isolate costs", TOKENS],
  ["GetId in a warm isolate costs", IDS],
  ["a pool with a source costs", SOURCED],
  ["a refusal costs", REFUSALS],
  ["GetCredentialsForIdentity in a warm isolate costs", CREDENTIALS],
  ["a read of the operator's costs", READS],
])("%s", (_, scenarios) => {
  it.each(scenarios)("$name", async ({ prepare, cost }) => {
    await stage.warmUp();
    expect(await costOf(await prepare(stage))).toEqual(cost);
  });
});

describe("a cold isolate costs", () => {
  it.each(COLD)("$name", async ({ prepare, cost }) => {
    expect(await costOf(await prepare(stage))).toEqual(cost);
  });
});

it("the hot path through the deployed entry costs the same, time after time", async () => {
  const logins = await stage.logins();
  const body = JSON.stringify({ IdentityId: await stage.getId(logins), Logins: Object.fromEntries(logins) });
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "AWSCognitoIdentityService.GetOpenIdToken",
  };
  const send = () => exports.default.fetch("https://identity.example.com/", { method: "POST", headers, body });
  expect((await send()).status).toBe(200);
  for (let count = 0; count < 3; count++) {
    expect(await costOf(send)).toEqual(HOT_PATH);
    vi.setSystemTime(Date.now() + 1000);
  }
});

it("the rows written are those that SQLite counts", async () => {
  await stage.warmUp();
  const identityId = await stage.getId();
  const identity = env.IDENTITY.getByName(identityId);
  const { loginId } = await loginOf(stage.pool.identityPoolId, stage.signIn.providerName, "ann");
  const before = (await storedIn(identity)).rowsWritten;
  const { rowsWritten } = await costOf(stage.asking(identityId, await stage.logins()));
  const ofIdentity = (await storedIn(identity)).rowsWritten - before;
  expect(rowsWritten).toBe(ofIdentity + (await storedIn(env.LOGIN.getByName(loginId))).rowsWritten);
});
