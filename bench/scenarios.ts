/** What is asked of the product, scenario by scenario, as ready requests. Each prepares what it needs through the API. */
import type { TokenAlgorithm } from "../src/domain/token-algorithm.ts";
import type { Load } from "./load.ts";
import { type LoginIssuer, providerName, withWrongSignature } from "./logins.ts";
import { getId, getOpenIdToken, inParallel, type Logins, makeIdentities, publicCall, type Service } from "./service.ts";

/** Identities in rotation. */
export const ROTATION = 256;

export type Stage = {
  readonly service: Service;
  readonly issuer: LoginIssuer;
  /** Login maps of the users in rotation, by number of providers; signed once for the whole run. */
  readonly loginsOf: (providers: number) => Promise<readonly Logins[]>;
  /** Requests that a step of one-time requests uses up. */
  readonly oneTimeRequests: number;
};

export type Scenario = {
  readonly name: string;
  /** Prepares a step. Called before each step when the requests can be sent once only, else once. */
  prepare(stage: Stage): Promise<Load>;
};

const known = (requests: Load["requests"]): Load => ({ requests, expectedStatus: 200 });

async function linkedRequests({ service, loginsOf }: Stage, providers: number) {
  const logins = await loginsOf(providers);
  const identityIds = await makeIdentities(service, logins);
  return identityIds.map((identityId, index) => getOpenIdToken(identityId, logins[index]));
}

let subjects = 0;

/** Logins of users that nobody has seen before. */
async function newLogins(issuer: LoginIssuer, count: number): Promise<readonly Logins[]> {
  return await inParallel(Array.from({ length: count }), async () => {
    return { [providerName(1)]: await issuer.sign(1, `new-${++subjects}`) };
  });
}

/** The hot path: a returning user with one login. */
export const hotPath: Scenario = {
  name: "one login, linked",
  prepare: async (stage) => known(await linkedRequests(stage, 1)),
};

/** Of the floor, which is sent nothing and rotates by itself. The equal floor is sent what the product is: `hotPath`. */
export function floorLoad(algorithm: TokenAlgorithm): Load {
  return {
    requests: [{ method: "GET", path: `/full/${algorithm}` }],
    expectedStatus: 200,
    warmUpRequests: ROTATION,
  };
}

/** Scenarios that end in a token, and so in a signature. */
export const mints: readonly Scenario[] = [
  hotPath,
  {
    name: "one login, one identity",
    prepare: async (stage) => known((await linkedRequests(stage, 1)).slice(0, 1)),
  },
  { name: "three logins, linked", prepare: async (stage) => known(await linkedRequests(stage, 3)) },
  {
    name: "guest",
    prepare: async ({ service }) => {
      const identityIds = await makeIdentities(service, Array.from({ length: ROTATION }));
      return known(identityIds.map((identityId) => getOpenIdToken(identityId)));
    },
  },
];

/** Scenarios that end without a signature, or before one matters. */
export const others: readonly Scenario[] = [
  {
    name: "first link of a new login",
    prepare: async ({ service, issuer, oneTimeRequests: count }) => {
      const [guests, logins] = [
        await makeIdentities(service, Array.from({ length: count })),
        await newLogins(issuer, count),
      ];
      const requests = guests.map((identityId, index) => getOpenIdToken(identityId, logins[index]));
      return { requests, expectedStatus: 200, isOneTime: true };
    },
  },
  {
    name: "GetId, new login",
    prepare: async ({ service, issuer, oneTimeRequests }) => {
      const logins = await newLogins(issuer, oneTimeRequests);
      const requests = logins.map((entry) => getId(service.identityPoolId, entry));
      return { requests, expectedStatus: 200, isOneTime: true };
    },
  },
  {
    name: "GetId, new guest",
    // Every call makes another identity, so the one request serves for all.
    prepare: async ({ service }) => known([getId(service.identityPoolId)]),
  },
  {
    name: "GetId, known login",
    prepare: async ({ service, loginsOf }) => {
      const logins = await loginsOf(1);
      await makeIdentities(service, logins);
      return known(logins.map((entry) => getId(service.identityPoolId, entry)));
    },
  },
  { name: "JWKS", prepare: async () => known([{ method: "GET", path: "/.well-known/jwks.json" }]) },
  {
    name: "rejected: malformed JSON",
    prepare: async () => ({ requests: [publicCall("GetOpenIdToken", '{"IdentityId":')], expectedStatus: 400 }),
  },
  {
    name: "rejected: malformed id",
    prepare: async () => ({ requests: [getOpenIdToken("no identity id")], expectedStatus: 400 }),
  },
  {
    name: "rejected: unknown identity",
    prepare: async () => {
      const identityIds = Array.from({ length: ROTATION }, () => `us-east-1:${crypto.randomUUID()}`);
      return { requests: identityIds.map((identityId) => getOpenIdToken(identityId)), expectedStatus: 404 };
    },
  },
  {
    name: "rejected: bad signature",
    prepare: async (stage) => {
      const logins = await stage.loginsOf(1);
      const identityIds = await makeIdentities(stage.service, logins);
      const requests = identityIds.map((identityId, index) => {
        const wrong = Object.entries(logins[index] ?? {}).map(([name, token]) => [name, withWrongSignature(token)]);
        return getOpenIdToken(identityId, Object.fromEntries(wrong));
      });
      return { requests, expectedStatus: 403 };
    },
  },
];

/** Needs a service with the lowest rate limit: one guest, far over it. */
export const rateLimited: Scenario = {
  name: "rejected: rate-limited",
  prepare: async ({ service }) => {
    const [identityId = ""] = await makeIdentities(service, [undefined]);
    return { requests: [getOpenIdToken(identityId)], expectedStatus: 429, toleratedStatus: 200 };
  },
};
