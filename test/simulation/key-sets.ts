/**
 * An issuer of the simulated world, and the object that fetches its keys for everybody: the product's own actor over a simulated
 * host. The issuer changes its keys, and is down, at instants that are drawn; a key is a name here, and how a set is fetched and
 * read is left out.
 */
import { err, ok, type Result } from "../../src/domain/errors.ts";
import type { KeptKeySet } from "../../src/key-sets/kept-key-set.ts";
import { KeySetActor, type KeySetHost } from "../../src/key-sets/key-set-actor.ts";
import type { KeySetAnswer } from "../../src/key-sets/key-set-life.ts";
import type { KeySet, KeySetFailure } from "../../src/key-sets/load-key-set.ts";
import type { PublicKey } from "../../src/key-sets/public-keys.ts";
import { productionUpstreams } from "../../src/outbound/upstream-policy.ts";
import { type Random, streamOf } from "../support/random.ts";
import { KeySetJudge } from "./key-set-judge.ts";
import type { Network } from "./network.ts";
import { type Life, type Slot, StorageFailure } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

export type IssuerSlot = Slot<IssuerNode, KeptKeySet>;
type World = Pick<Surroundings, "network" | "store">;

const ISSUER = "https://issuer.example";
const SLOWEST_LOAD_MS = [50, 50, 4000] as const;
/** How old the set is that is stored when a schedule begins, in seconds; null is none. */
const AGES_SECONDS = [null, null, 60, 470, 590, 3000, 86_300] as const;
/** How long after one change of its keys the next one comes. */
const CHANGES_MS = [10_000, 60_000, 300_000, 2_000_000] as const;
const OUTAGES_MS = [1000, 20_000, 200_000, 1_500_000] as const;
const LATEST_OUTAGE_MS = 1_500_000;
const CHANGES = 12;

function keyOf(version: number): PublicKey {
  const bytes = Buffer.alloc(32, 1);
  bytes.writeUInt32LE(version);
  return { kid: `key${version}`, kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") };
}

/** What the issuer publishes, and when it is not there. */
class Truth {
  readonly #network: Network;
  readonly #changesAtMs: readonly number[];
  readonly #outages: readonly (readonly [fromMs: number, untilMs: number])[];

  constructor(network: Network, random: Random) {
    this.#network = network;
    let atMs = network.nowMs;
    this.#changesAtMs = Array.from({ length: CHANGES }, () => (atMs += random.below(random.pick(CHANGES_MS))));
    this.#outages = Array.from({ length: random.below(4) }, () => {
      const fromMs = network.nowMs + random.below(random.pick([20_000, LATEST_OUTAGE_MS]));
      return [fromMs, fromMs + random.below(random.pick(OUTAGES_MS))] as const;
    });
  }

  get version(): number {
    return this.#changesAtMs.filter((atMs) => atMs <= this.#network.nowMs).length;
  }

  get isDown(): boolean {
    const { nowMs, faults } = this.#network;
    return this.#outages.some(([from, until]) => from <= nowMs && nowMs < until) || faults.strikes("issuer-fails");
  }
}

export class KeySets {
  readonly judge: KeySetJudge;
  readonly truth: Truth;
  readonly #network: Network;
  readonly #slot: IssuerSlot;

  constructor(world: World, seed: number) {
    const { network } = world;
    const random = streamOf(seed, "issuer");
    this.#network = network;
    this.truth = new Truth(network, random);
    this.judge = new KeySetJudge(network);
    this.#slot = network.addSlot<IssuerNode, KeptKeySet>("issuer", "issuer", (slot, life) => {
      return new IssuerNode(world, this, slot, life);
    });
    const age = random.pick(AGES_SECONDS);
    if (age === null) return;
    const fetchedAt = network.nowMs / 1000 - age;
    this.judge.loaded(0, network.nowMs - age * 1000, fetchedAt);
    const source = `${ISSUER}/.well-known/openid-configuration`;
    this.#slot.stored = { issuer: ISSUER, keySetUrl: `${ISSUER}/keys`, keys: [keyOf(0)], fetchedAt, source };
    network.setAlarm(this.#slot, (fetchedAt + 86_400) * 1000);
  }

  get stored(): KeptKeySet | null {
    return this.#slot.stored;
  }

  /** As an isolate asks, at times about a token that no key fits of the set that it was told of last. */
  async ask(life: Life, isUnfit: boolean): Promise<KeySetAnswer> {
    const { lastFetchedAt } = this.judge;
    const more = isUnfit && lastFetchedAt !== null ? { newerThan: lastFetchedAt } : {};
    const label = isUnfit ? "newer keys" : "keys";
    return await this.#network.call(life, this.#slot, label, async (node) => await node.keys(more));
  }
}

class IssuerNode {
  readonly #world: World;
  readonly #sets: KeySets;
  readonly #slot: IssuerSlot;
  readonly #life: Life;
  readonly #actor: KeySetActor;

  constructor(world: World, sets: KeySets, slot: IssuerSlot, life: Life) {
    this.#world = world;
    this.#sets = sets;
    this.#slot = slot;
    this.#life = life;
    this.#actor = new KeySetActor(this.#host());
  }

  async keys(request: { readonly newerThan?: number }): Promise<KeySetAnswer> {
    const answer = await this.#actor.keys({ issuer: ISSUER, ...request });
    if (this.#life.isAlive) this.#sets.judge.answered(this.#life, answer, request.newerThan ?? null);
    return answer;
  }

  async alarm(): Promise<void> {
    try {
      await this.#actor.alarm();
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error;
      // The platform runs an alarm again whose run has failed.
      this.#world.network.setAlarm(this.#slot, this.#world.network.clockOf(this.#slot));
    }
  }

  #host(): KeySetHost {
    const { network } = this.#world;
    const setAlarm = (at: number) => {
      if (this.#life.isAlive) network.setAlarm(this.#slot, at * 1000);
    };
    return {
      issuer: () => ISSUER,
      settings: () => ({ upstreams: productionUpstreams, keySources: new Map() }),
      load: async () => await this.#load(),
      now: () => network.clockOf(this.#slot) / 1000,
      kept: () => this.#slot.stored ?? undefined,
      save: (keySet, wakeAt) => {
        this.#world.store(this.#life, this.#slot, keySet, () => {
          if (wakeAt !== null) setAlarm(wakeAt);
        });
      },
      erase: async () => {
        this.#world.store(this.#life, this.#slot, null, () => {});
        await network.sleep(this.#life, 1);
      },
      setAlarm,
      behindAnswer: (work) => {
        work.catch((cause: unknown) => {
          if (!(cause instanceof StorageFailure)) network.violate(`defect: ${String(cause)}`);
        });
      },
      notLoaded: () => {},
    };
  }

  async #load(): Promise<Result<KeySet, KeySetFailure>> {
    const { network } = this.#world;
    const { judge, truth } = this.#sets;
    const random = network.streamOf(this.#life);
    judge.begins(this.#life, this.#slot.stored?.fetchedAt ?? null);
    await network.sleep(this.#life, 1 + random.below(random.pick(SLOWEST_LOAD_MS)));
    const { version } = truth;
    const isDown = truth.isDown;
    judge.ends(this.#life, isDown);
    network.note(() => `the issuer ${isDown ? "does not answer" : `publishes key${version}`}`);
    if (isDown) return err("connection");
    judge.loaded(version, network.nowMs, network.clockOf(this.#slot) / 1000);
    return ok({ issuer: ISSUER, keySetUrl: `${ISSUER}/keys`, keys: [keyOf(version)] });
  }
}
