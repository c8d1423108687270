/**
 * What administrators are told of a world at rest, by the operations themselves: of each pool its settings and those of its
 * identities that are there, and of all pools the live ones by name (invariants lists-are-true and latest-settings).
 * Afterwards no list has an entry too many.
 */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import { isVisible } from "../../src/domain/identity.ts";
import type { SignedContext } from "../../src/operations/context.ts";
import { identitiesOf, listedPools, servePool } from "./pool-operations.ts";
import { type Random, streamOf } from "../support/random.ts";
import { lifeOf } from "./slots.ts";
import { objectsOf } from "./stubs.ts";
import type { World } from "./world.ts";

/** By then no isolate remembers a pool that is gone. */
const MEMORIES_GONE_MS = 40_000;

export class PoolChecks {
  isDone = false;
  readonly #world: World;
  readonly #random: Random;
  readonly #context: SignedContext;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#random = streamOf(seed, "pool checks");
    const life = lifeOf("administrator");
    const presentsNothing = async () => await Promise.reject(new Error("no login token is presented"));
    this.#context = world.isolates[1].contextOf(life, objectsOf(world, life), this.#random, {
      call: { askedAt: world.network.nowMs / 1000, callId: "at rest" },
      verifyLogins: presentsNothing,
      verifyForGrant: presentsNothing,
    });
  }

  async run(): Promise<void> {
    await this.#world.network.sleep(lifeOf("administrator"), MEMORIES_GONE_MS);
    for (const identityPoolId of this.#world.judge.pools.known) {
      // oxlint-disable-next-line no-await-in-loop -- one administrator asks one thing after the other
      await this.#check(identityPoolId);
    }
    await this.#checkPools();
    this.isDone = true;
  }

  async #check(identityPoolId: IdentityPoolId): Promise<void> {
    const { network, pools } = this.#world;
    const isLive = pools.isLive(identityPoolId);
    const described = await this.#describe(identityPoolId);
    if (described !== isLive)
      network.violate(`lists-are-true: ${identityPoolId} is live: ${isLive}, and described: ${described}`);
    const listed = await identitiesOf(this.#context, identityPoolId, this.#size());
    if (listed.ok !== isLive)
      network.violate(`lists-are-true: ${identityPoolId} is live: ${isLive}, and lists: ${listed.ok}`);
    if (!listed.ok) return;
    const wanted = this.#identitiesIn(identityPoolId).join(" ");
    const all = [...this.#identitiesIn(identityPoolId), ...this.#toCome(identityPoolId)].toSorted().join(" ");
    const named = listed.value.toSorted().join(" ");
    if (named !== all) network.violate(`lists-are-true: ${identityPoolId} lists [${named}] and has [${all}]`);
    const entries = [...pools.shards].flatMap(([name, { stored }]) => {
      return name.startsWith(`${identityPoolId}/`) ? [...(stored?.tables.listed.keys() ?? [])] : [];
    });
    const rest = entries.toSorted().join(" ");
    if (rest !== wanted)
      network.violate(`lists-are-true: the lists of ${identityPoolId} hold [${rest}] after they were read`);
  }

  async #describe(identityPoolId: IdentityPoolId): Promise<boolean> {
    const administration = { world: this.#world, isolate: this.#world.isolates[1], context: this.#context };
    const request = {
      kind: "administer",
      act: "describe",
      identityPoolId,
      name: "",
      hasSecret: false,
      size: 0,
    } as const;
    return (await servePool(administration, request)).ok;
  }

  #identitiesIn(identityPoolId: IdentityPoolId): readonly string[] {
    return [...this.#world.identities.values()]
      .flatMap(({ stored: record }) => {
        return record?.identityPoolId === identityPoolId && isVisible(record) ? [record.identityId] : [];
      })
      .toSorted();
  }

  /** Those of an import list of whom nothing was ever heard here. */
  #toCome(identityPoolId: IdentityPoolId): readonly string[] {
    const { sources, identities, judge, pools } = this.#world;
    const taken = (sources?.listed ?? []).filter((kept) => kept.identityPoolId === identityPoolId);
    // Whether an import was carried out that was never answered, the lists alone know.
    const shards = judge.imports.isUsed ? [...pools.shards] : [];
    const rows = shards.flatMap(([name, { stored }]) => {
      return name.startsWith(`${identityPoolId}/`) ? [...(stored?.tables.imported.keys() ?? [])] : [];
    });
    const ids = new Set<string>([...taken.map(({ identityId }) => identityId), ...rows]);
    return [...ids].filter((identityId) => (identities.get(identityId)?.stored ?? null) === null);
  }

  async #checkPools(): Promise<void> {
    const { network, pools } = this.#world;
    const listed = await listedPools(this.#context, this.#size());
    const wanted = [...pools.slots].flatMap(([identityPoolId, { stored }]) => {
      return stored?.state === "live" ? [`${identityPoolId} as ${stored.pool.name}`] : [];
    });
    const isAsWanted = listed.ok && listed.value.join() === wanted.toSorted().join();
    if (!isAsWanted)
      network.violate(`lists-are-true: the pools are ${wanted.join()}, and listed is ${JSON.stringify(listed)}`);
  }

  #size(): number {
    return 1 + this.#random.below(4);
  }
}
