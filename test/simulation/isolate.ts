/**
 * An isolate of the Worker, of which there are two: its memory of the pools (pools/pool-memory.ts) and of the keys (keys/lease.ts), each as old as
 * it happens to be, and the context that it gives to the code of src/operations. It stores nothing.
 */
import { parseConfig } from "../../src/config.ts";
import { ok } from "../../src/domain/errors.ts";
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { CacheTerms } from "../../src/keys/key-ring.ts";
import type { KeyRingActor } from "../../src/keys/key-ring-actor.ts";
import type { Caller, SignedContext } from "../../src/operations/context.ts";
import { createLease, type Lease } from "../../src/keys/lease.ts";
import { PoolMemory } from "../../src/pools/pool-memory.ts";
import type { Signer } from "../../src/keys/signer.ts";
import { LeaseJudge } from "./key-judge.ts";
import { ringIn } from "./keys.ts";
import type { Random } from "./random.ts";
import type { Reachable } from "./stubs.ts";
import type { Life } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

/** How long a signature takes that is overtaken by a rotation. */
const SLOWEST_SIGNATURE_MS = 20;

const CALLER: Caller = {
  credential: { accessKeyId: "AKID", secretAccessKey: "", operations: "*", pools: "*" },
  signature: "",
  callKey: null,
};

function configOf(mergePolicy: "conflict" | "merge") {
  const config = parseConfig({
    ISSUER: "https://identity.example.com",
    REGION: "r",
    MERGE_POLICY: mergePolicy,
    KEY_ENCRYPTION_KEY: "dGVzdC1vbmx5LWtleS1lbmNyeXB0aW9uLWtleS0wMDE=",
    ADMIN_CREDENTIALS: "[]",
  });
  if (!config.ok) throw new Error(config.error.join());
  return config.value;
}

const CONFIGS = { conflict: configOf("conflict"), merge: configOf("merge") } as const;

export class Isolate {
  readonly #world: Surroundings;
  readonly #pools = new PoolMemory();
  readonly #leaseJudge: LeaseJudge;
  #signingKey: Lease<string>;
  #publishedKeys: Lease<readonly string[]>;
  /** The request that asks: a lease asks within the call that finds it empty. */
  #life: Life | null = null;
  signsWith: string | null = null;
  publishes: string | null = null;

  constructor(world: Surroundings) {
    this.#world = world;
    this.#leaseJudge = new LeaseJudge(world.network, world.keyJudge);
    this.#signingKey = this.#leaseSigningKey();
    this.#publishedKeys = this.#leasePublishedKeys();
  }

  #leaseSigningKey(): Lease<string> {
    const world = this.#world;
    return createLease(async () => {
      const [life, askedAtMs] = [this.#life, world.network.nowMs];
      const answer = await this.#ask("signing key", async (node) => await node.signingKey());
      if (answer.ok && life !== null) this.#leaseJudge.answered(life, answer.value.kid, askedAtMs);
      return answer.ok ? ok({ value: answer.value.kid, terms: termsOf(answer.value) }) : answer;
    });
  }

  #leasePublishedKeys(): Lease<readonly string[]> {
    return createLease(async () => {
      const answer = await this.#ask("published keys", async (node) => await node.publishedKeys());
      if (!answer.ok) return answer;
      return ok({ value: answer.value.keys.map(({ kid }) => kid), terms: termsOf(answer.value) });
    });
  }

  async readPool(life: Life, identityPoolId: IdentityPoolId): Promise<IdentityPool | null> {
    const { network, pools } = this.#world;
    return await this.#pools.read(identityPoolId, network.nowMs / 1000, async () => {
      return await network.call(life, pools.pool(identityPoolId), "read", async (node) => await node.read());
    });
  }

  /** A relying party reads the JWKS here. */
  async publish(life: Life): Promise<void> {
    const { network, relyingParties, keyRing, isolates } = this.#world;
    this.#life = life;
    const kids = await this.#publishedKeys(network.nowMs / 1000);
    if (!kids.ok || !life.isAlive) return;
    this.publishes = kids.value.join();
    relyingParties.served(kids.value);
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
    given: Pick<SignedContext, "call" | "verifyLogins">,
  ): SignedContext {
    const { network, newUuid, mergePolicy } = this.#world;
    return {
      config: CONFIGS[mergePolicy],
      objects: {
        ...objects,
        readPool: async (identityPoolId) => await this.readPool(life, identityPoolId),
        forgetPool: (identityPoolId) => this.#pools.forget(identityPoolId),
      },
      signer: this.#signerFor(life, random),
      now: () => network.nowMs / 1000,
      newUuid,
      ...given,
      caller: { ...CALLER, callKey: given.call.callId },
      client: null,
      pause: async (ms) => await network.sleep(life, ms),
      random: () => random.next(),
    };
  }

  #signerFor(life: Life, random: Random): Signer {
    const { network, relyingParties, keyRing, isolates } = this.#world;
    return {
      sign: async (claims, now) => {
        this.#life = life;
        this.#leaseJudge.began(life);
        const kid = await this.#signingKey(now);
        if (!kid.ok) return kid;
        this.#leaseJudge.chosen(life, kid.value);
        if (network.faults.strikes("key-rotates")) {
          this.#world.rotateKeys();
          await network.sleep(life, random.below(SLOWEST_SIGNATURE_MS));
        }
        const activeKid = ringIn(keyRing.stored).active?.kid;
        if (activeKid !== kid.value) network.coverage.hit("F11 the active key changes between choosing and signing");
        this.signsWith = kid.value;
        if (isolates.some((other) => other.signsWith !== null && other.signsWith !== kid.value)) {
          network.coverage.hit("F17 two isolates sign with different keys");
        }
        relyingParties.signed(kid.value, claims.exp - claims.iat);
        network.note(() => `${life.name} signs with ${kid.value} for ${claims.sub}: ${claims.amr.join(" ")}`);
        return ok(kid.value);
      },
      publishedKeys: async () => ok([]),
      forget: () => {
        this.#signingKey = this.#leaseSigningKey();
        this.#publishedKeys = this.#leasePublishedKeys();
      },
    };
  }

  async #ask<T>(label: string, ask: (node: KeyRingActor) => T | Promise<T>): Promise<T> {
    const life = this.#life;
    if (life === null) throw new Error("a lease asked outside a request");
    try {
      return await this.#world.network.call(life, this.#world.keyRing, label, ask);
    } catch (error) {
      this.#leaseJudge.failed(life);
      throw error;
    }
  }
}

function termsOf({ refreshAfterSeconds, useForSeconds }: CacheTerms): CacheTerms {
  return { refreshAfterSeconds, useForSeconds };
}
