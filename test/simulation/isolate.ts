/**
 * An isolate of the Worker, of which there are two: its memories of the pools and of the keys, which are the product's own,
 * each as old as it happens to be, and the context that it gives to the code of src/operations. It stores nothing.
 */
import { parseConfig } from "../../src/config.ts";
import { sha256Hex } from "../../src/domain/digest.ts";
import { ok } from "../../src/domain/errors.ts";
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { OpenIdClaims } from "../../src/domain/open-id-claims.ts";
import { ROLES_CLAIM } from "../../src/domain/role-claims.ts";
import { Isolate as ProductIsolate } from "../../src/isolate.ts";
import type { KeyRingActor } from "../../src/keys/key-ring-actor.ts";
import type { Caller, SignedContext } from "../../src/operations/context.ts";
import { createSigner, type KeyAsker, type Signer } from "../../src/keys/signer.ts";
import { poolDirectoryOf } from "../../src/pools/pool-directory.ts";
import { unlinkAtSource } from "../../src/source/at-source.ts";
import { sourcePartyOf } from "../../src/source/source-party.ts";
import { KEY_ENCRYPTION_KEY, OTHER_POOL_ID, OTHER_TOKEN_SECONDS } from "./settings.ts";
import { callToolsOf, sourceToolsOf } from "./source-tools.ts";
import { openerOf, type Party } from "./key-change.ts";
import { LeaseJudge } from "./key-judge.ts";
import { ringIn } from "./keys.ts";
import type { Random } from "../support/random.ts";
import type { Reachable } from "./stubs.ts";
import { type Life, lifeOf } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

/** How long a signature takes that is overtaken by a rotation. */
const SLOWEST_SIGNATURE_MS = 20;

const CALLER: Caller = {
  credential: { accessKeyId: "AKID", secretAccessKey: "", operations: "*", pools: "*" },
  signature: "",
  callKey: null,
  origin: "https://identity.example.com",
};

function configOf(mergePolicy: "conflict" | "merge") {
  const config = parseConfig({
    ISSUER: "https://identity.example.com",
    REGION: "r",
    MERGE_POLICY: mergePolicy,
    KEY_ENCRYPTION_KEY,
    ADMIN_CREDENTIALS: "[]",
  });
  if (!config.ok) throw new Error(config.error.join());
  return config.value;
}

const CONFIGS = { conflict: configOf("conflict"), merge: configOf("merge") } as const;

export class Isolate {
  readonly #world: Surroundings;
  readonly #product: ProductIsolate;
  /** When a pool was last changed through this isolate. */
  readonly #changedAtMs = new Map<IdentityPoolId, number>();
  readonly #leaseJudge: LeaseJudge;
  readonly party: Party;
  readonly #signerOf: (asker: KeyAsker) => Signer;
  signsWith: string | null = null;
  publishes: string | null = null;

  /** `random` draws when what it holds ends. */
  constructor(world: Surroundings, party: Party, random: Random) {
    this.#world = world;
    this.party = party;
    this.#leaseJudge = new LeaseJudge(world.network, world.keyJudge);
    const open = openerOf(world.network, () => world.keyChange.keysOf(party));
    this.#signerOf = createSigner(open, () => random.next());
    this.#product = new ProductIsolate(() => random.next());
  }

  /** With other settings, and nothing in memory of what the key ring has told it. */
  redeployed(): void {
    this.#signerOf(this.#askerOf(lifeOf(this.party))).forget();
  }

  async readPool(life: Life, identityPoolId: IdentityPoolId): Promise<IdentityPool | null> {
    const { network, pools, judge } = this.#world;
    const askedAtMs = network.nowMs;
    const pool = await this.#product.pools.read(identityPoolId, askedAtMs / 1000, {
      ask: async () => await network.call(life, pools.pool(identityPoolId), "read", async (node) => await node.read()),
      // A request goes on when it is answered, until its isolate goes away.
      later: () => {},
    });
    judge.pools.seen(identityPoolId, pool?.name ?? null, askedAtMs, this.#changedAtMs.get(identityPoolId) ?? 0);
    return pool;
  }

  /** A change of the pool is answered here: from now on none of its readers sees what was before. */
  changedPool(identityPoolId: IdentityPoolId): void {
    this.#changedAtMs.set(identityPoolId, this.#world.network.nowMs);
  }

  /** A relying party reads the JWKS here. */
  async publish(life: Life): Promise<void> {
    const { network, relyingParties, keyRing, isolates } = this.#world;
    const keys = await this.#signerOf(this.#askerOf(life)).publishedKeys(network.nowMs / 1000);
    if (!keys.ok || !life.isAlive) return;
    const kids = keys.value.map(({ kid }) => kid);
    this.publishes = kids.join();
    relyingParties.served(kids);
    network.note(() => `${life.name} reads the key set: ${this.publishes}`);
    if (ringIn(keyRing.stored).retired.length > 0) {
      network.coverage.hit("F11 the key set is read before, in and after a rotation");
    }
    if (isolates.some((other) => other.publishes !== null && other.publishes !== this.publishes)) {
      network.coverage.hit("F17 two isolates publish different key sets");
    }
  }

  contextOf(
    life: Life,
    objects: Reachable,
    random: Random,
    given: Pick<SignedContext, "call" | "verifyLogins" | "verifyForGrant">,
  ): SignedContext {
    const { network, newUuid, mergePolicy, sources } = this.#world;
    return {
      config: CONFIGS[mergePolicy],
      bindings: [],
      objects: {
        ...objects,
        readPool: async (identityPoolId) => await this.readPool(life, identityPoolId),
        readSourcedPools: async (region) => {
          const ids = await this.#sourcedPools(region, objects);
          const pools = await Promise.all(ids.map(async (identityPoolId) => await this.readPool(life, identityPoolId)));
          return pools.flatMap((pool) => (pool?.source === undefined ? [] : pool));
        },
        forgetPool: (identityPoolId) => {
          this.#product.pools.forget(identityPoolId);
          this.#product.sourcedPools.delete(poolDirectoryOf(identityPoolId));
        },
        poolDirectoryOutside: (region) => objects.poolDirectory(region),
        source() {
          throw new Error("no operation of this world asks for a report");
        },
        importedIdentity: (identityId) => objects.identity(identityId),
        importedLogin: (loginId) => objects.login(loginId),
        issuer() {
          throw new Error("no operation of this world asks an issuer for its keys");
        },
      },
      signer: this.#signerFor(life, random),
      hash: sha256Hex,
      now: () => network.nowMs / 1000,
      newUuid,
      ...given,
      // Nobody of this world asks why.
      explainLogins: given.verifyLogins,
      caller: { ...CALLER, callKey: given.call.callId },
      client: null,
      pause: async (ms) => await network.sleep(life, ms),
      random: () => random.next(),
      sourceOf: (pool, logins) => {
        if (sources === null) return null;
        const tools = callToolsOf(sources, life, given.call, this.#product.refusedAtSource, () => network.nowMs / 1000);
        return sourcePartyOf(pool, logins, tools);
      },
      // Nobody waits for it, and it goes with the isolate of its call.
      chargeForLists: async () => await Promise.resolve(null),
      unlinkAtSource(source, identityId, logins, names) {
        if (sources === null) return;
        const tools = sourceToolsOf(sources, life, given.call.askedAt * 1000);
        void unlinkAtSource(source, identityId, logins, names, tools);
      },
      // Nobody has set one here.
      fixJurisdiction: async () => ok(undefined),
      askPoints: async () => await Promise.reject(new Error("no operation of this world asks for metrics")),
      // Whoever gives credentials is beyond this world, and gives them for whatever was signed.
      assumeRole: async ({ roleArn }) => {
        const credentials = {
          accessKeyId: "A",
          secretAccessKey: "S",
          sessionToken: "T",
          expiresAt: network.nowMs / 1000,
        };
        return { credentials: ok(credentials), trace: { role: roleArn } };
      },
    };
  }

  async #sourcedPools(region: string, objects: Reachable): Promise<readonly IdentityPoolId[]> {
    const now = this.#world.network.nowMs / 1000;
    const known = this.#product.sourcedPools.get(region, now);
    if (known !== undefined) return known;
    const ids = await objects.poolDirectory(region).sourced();
    this.#product.sourcedPools.set(region, ids, now);
    return ids;
  }

  #signerFor(life: Life, random: Random): Signer {
    const signer = this.#signerOf(this.#askerOf(life));
    return {
      ...signer,
      begin: (now) => {
        this.#leaseJudge.began(life);
        const signing = signer.begin(now);
        return {
          sign: async (claims, clock) => {
            const kid = await signing.sign(claims, clock);
            if (kid.ok) await this.#signs(life, kid.value, claims, random);
            return kid;
          },
        };
      },
    };
  }

  /** Between the choice of a key and the signature, the ring may go on. */
  async #signs(life: Life, kid: string, claims: OpenIdClaims, random: Random): Promise<void> {
    const { network, relyingParties, keyRing, isolates } = this.#world;
    this.#leaseJudge.chosen(life, kid);
    if (network.faults.strikes("key-rotates")) {
      this.#world.rotateKeys();
      await network.sleep(life, random.below(SLOWEST_SIGNATURE_MS));
    }
    const activeKid = ringIn(keyRing.stored).active?.kid;
    if (activeKid !== kid) network.coverage.hit("F11 the active key changes between choosing and signing");
    this.signsWith = kid;
    if (isolates.some((other) => other.signsWith !== null && other.signsWith !== kid)) {
      network.coverage.hit("F17 two isolates sign with different keys");
    }
    relyingParties.signed(kid, claims.exp - claims.iat);
    this.#judgeLife(claims);
    network.note(() => `${life.name} signs with ${kid} for ${claims.sub}: ${claims.amr.join(" ")}`);
  }

  /** Invariant lives-as-its-pool-says: nobody asks for a life of his own here, and the neighbour's pool has one. */
  #judgeLife({ aud, exp, iat, ...others }: OpenIdClaims): void {
    if (aud !== OTHER_POOL_ID || ROLES_CLAIM in others || exp - iat === OTHER_TOKEN_SECONDS) return;
    this.#world.network.violate(`lives-as-its-pool-says: a token of ${aud} is signed for ${exp - iat} s`);
  }

  #askerOf(life: Life): KeyAsker {
    const { network } = this.#world;
    return {
      keyRing: () => ({
        signingKey: async () => {
          const askedAtMs = network.nowMs;
          const answer = await this.#ask(life, "signing key", async (node) => await node.signingKey());
          // A full storage keeps no new key: that is no matter of what the others are sealed under.
          const isForSeal = !answer.ok && answer.error.reason?.startsWith("no signing key could be made") !== true;
          if (isForSeal) network.violate(`keys-outlive-their-seal: the ring refuses: ${answer.error.reason}`);
          if (answer.ok) this.#leaseJudge.answered(life, answer.value.kid, askedAtMs);
          return answer;
        },
        publishedKeys: async () => await this.#ask(life, "published keys", async (node) => await node.publishedKeys()),
      }),
      // A request goes on when it is answered, until its isolate goes away.
      later: () => {},
    };
  }

  async #ask<T>(life: Life, label: string, ask: (node: KeyRingActor) => Promise<T>): Promise<T> {
    try {
      return await this.#world.network.call(life, this.#world.keyRing, label, ask);
    } catch (error) {
      this.#leaseJudge.failed(life);
      throw error;
    }
  }
}
