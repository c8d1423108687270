/** A pool with a source, and Cognito as a list of answers: what each question says, and what is left behind. */
import { sha256Hex } from "../../../src/domain/digest.ts";
import type { ServiceError } from "../../../src/domain/errors.ts";
import { type IdentityId, identityIdOf, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { IsolateCache } from "../../../src/domain/isolate-cache.ts";
import type { PoolSource } from "../../../src/domain/pool-source.ts";
import type { TaggedRefusal } from "../../../src/domain/refusals.ts";
import { productionUpstreams } from "../../../src/outbound/upstream-policy.ts";
import { writeEvent } from "../../../src/log/write.ts";
import type { SourceTools } from "../../../src/source/ask-source.ts";
import { askCognito, type CognitoTools } from "../../../src/source/cognito.ts";
import type { Told } from "../../../src/source/source-actor.ts";
import { sourcePartyOf } from "../../../src/source/source-party.ts";

export const REGION = "us-east-1";
export const ADDRESS = "https://cognito-identity.us-east-1.amazonaws.com/";
export const GOOGLE = "accounts.google.com";
export const DEVELOPER = "login.example";
export const NOW = 1_800_000_000;
export const SOURCE_POOL = identityPoolIdOf(REGION, "11111111-1111-4111-8111-111111111111");
export const OTHER_POOL = identityPoolIdOf(REGION, "22222222-2222-4222-8222-222222222222");
export const X: IdentityId = identityIdOf(REGION, "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa");
export const Y: IdentityId = identityIdOf(REGION, "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb");
export const CREDENTIAL = {
  accessKeyId: "AKIAEXAMPLEEXAMPLE00",
  secretAccessKey: "secret/of/the/source/that/has/40/letters",
};

export const source: PoolSource = {
  identityPoolId: SOURCE_POOL,
  proof: "open-id-token",
  guests: "source",
  unknownIds: "ask",
  providers: [GOOGLE, DEVELOPER],
};

export const pool: IdentityPool = {
  identityPoolId: SOURCE_POOL,
  name: "pool",
  allowsUnauthenticated: true,
  developerProviderName: DEVELOPER,
  source,
  hadSource: true,
};

export type Asked = {
  readonly operation: string;
  readonly input: unknown;
  readonly url: string;
  readonly init: RequestInit;
};
type Answer = Response | "refused" | "silent";

export const answerOf = (members: object, status = 200) =>
  new Response(JSON.stringify(members), { status, headers: { "content-type": "application/x-amz-json-1.1" } });
export const exception = (__type: string, message: string, status = 400) => answerOf({ __type, message }, status);

const segment = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url", omitPadding: true });
/** As Cognito writes it; nobody looks at the signature. */
export const tokenOf = (claims: object) =>
  `${segment({ kid: "us-east-11", typ: "JWS", alg: "RS512" })}.${segment(claims)}.c2ln`;

/** Answers in the order of the questions, the last again and again. */
export class Stage {
  readonly asked: Asked[] = [];
  readonly told: (Told & { readonly pool: string })[] = [];
  readonly refused = new IsolateCache<TaggedRefusal>(1000, 60);
  readonly drawnFrom: string[] = [];
  charges = 0;
  fetches = 0;
  nowSeconds = NOW;
  budget: boolean | "away" = true;
  isTellingAway = false;
  charge: ServiceError | null = null;
  credentials = new Map([[SOURCE_POOL as string, CREDENTIAL]]);
  readonly #answers: readonly Answer[];
  readonly #later: Promise<void>[] = [];

  constructor(...answers: readonly Answer[]) {
    this.#answers = answers;
  }

  get tools(): SourceTools {
    const wayOut: CognitoTools = {
      fetch: async (url, init) => {
        const answer = this.#answers[Math.min(this.asked.length, this.#answers.length - 1)] ?? "refused";
        const headers = new Headers(init.headers);
        const operation = headers.get("x-amz-target")?.split(".")[1] ?? "";
        this.asked.push({ operation, input: JSON.parse(typeof init.body === "string" ? init.body : ""), url, init });
        if (answer === "refused") throw new TypeError("connection refused");
        return answer === "silent" ? await new Promise<Response>(() => {}) : answer.clone();
      },
      upstreams: productionUpstreams,
    };
    return {
      askCognito: async (question) => await askCognito(question, wayOut),
      log: writeEvent,
      region: REGION,
      credentials: this.credentials,
      budgetOf: (sourcePoolId) => ({
        draw: async () => {
          this.drawnFrom.push(sourcePoolId);
          return await (this.budget === "away" ? Promise.reject(new Error("away")) : Promise.resolve(this.budget));
        },
        tell: async (told) => {
          if (this.isTellingAway) throw new Error("away");
          await Promise.resolve(this.told.push({ ...told, pool: sourcePoolId }));
        },
      }),
    };
  }

  party(logins: Readonly<Record<string, string>> = {}, given: IdentityPool = pool) {
    const party = sourcePartyOf(given, new Map(Object.entries(logins)), {
      ...this.tools,
      later: (work) => void this.#later.push(work),
      refused: this.refused,
      hash: sha256Hex,
      now: () => this.nowSeconds,
      charge: async () => {
        this.charges += 1;
        return await Promise.resolve(this.charge);
      },
      note: ({ upstreamFetches = 0 }) => void (this.fetches += upstreamFetches),
    });
    if (party === null) throw new Error("the pool has no source");
    return party;
  }

  /** All that the calls left to be done behind their answers. */
  async settle(): Promise<void> {
    await Promise.all(this.#later);
  }

  get operations(): readonly string[] {
    return this.asked.map(({ operation }) => operation);
  }
}
