/** An operator's deployments while KEY_ENCRYPTION_KEY is changed, and clients who return meanwhile. */
import type { KeyChange, Party } from "./key-change.ts";
import type { KeyRingSlot } from "./keys.ts";
import type { Network } from "./network.ts";
import type { Operation } from "./operations.ts";
import { pauseOf, type Race, times } from "./races.ts";
import type { Random } from "../support/random.ts";
import { type Life, NetworkFailure } from "./slots.ts";

type World = {
  readonly network: Network;
  readonly keyRing: KeyRingSlot;
  readonly keyChange: KeyChange;
  readonly isolates: readonly { readonly party: Party; redeployed(): void }[];
};

/** By then nothing is on its way that was sealed before the last deployment. */
const ALL_ARRIVED_MS = 65_000;
const SLOWEST_DEPLOYMENT_MS = 4000;
/** How often the operator asks for a token, and looks whether the ring rests under the new key. */
const LOOK_EVERY_MS = 2000;
const LOOKS = 30;

/** Guests who return for their tokens for as long as the change takes, and at times an operator who drops a signing key. */
export function keyChangeOf(random: Random): Race {
  const mint = (): Operation => ({ kind: "get-token", target: random.below(2), tokens: [], isOwn: false });
  const guests = times(1 + random.below(2), (): readonly Operation[] => [
    { kind: "get-id", tokens: [] },
    ...times(16, () => [pauseOf(random, [50, 5000, 15_000, 25_000]), mint()]).flat(),
  ]);
  const deployments = times(3, (): readonly Operation[] => [pauseOf(random, [50, 2000]), { kind: "change-key" }]);
  const order = (): readonly Operation[] => [
    pauseOf(random, [5000, 40_000, 80_000]),
    { kind: "rotate-key", isForced: random.chance(0.7) },
  ];
  const orders = random.chance(0.5) ? [times(1 + random.below(2), order).flat()] : [];
  return { clients: [...guests, deployments.flat(), ...orders] };
}

/** The next step, or what is left of one that was broken off. */
export async function deployStep(world: World, life: Life, random: Random): Promise<void> {
  const { network, keyChange } = world;
  if (keyChange.givesUpOld && !(await isSealedAnew(world, life))) return;
  await network.sleep(life, ALL_ARRIVED_MS);
  const order = keyChange.waiting.toSorted(() => random.next() - 0.5);
  for (const party of order) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, which is the point
    await network.sleep(life, random.below(SLOWEST_DEPLOYMENT_MS));
    keyChange.deploy(party);
    network.note(() => `${party} is deployed with ${JSON.stringify(keyChange.keysOf(party))}`);
    if (party === "ring" && world.keyRing.life !== null) network.kill(world.keyRing.life);
    world.isolates.find((isolate) => isolate.party === party)?.redeployed();
  }
}

async function isSealedAnew({ network, keyRing, keyChange }: World, life: Life): Promise<boolean> {
  for (let looks = 0; looks < LOOKS; looks++) {
    // oxlint-disable-next-line no-await-in-loop -- until it is so
    const report = await network
      .call(life, keyRing, "sign and describe", async (node) => {
        await node.signingKey();
        return await node.describe();
      })
      .catch((error: unknown) => {
        if (!(error instanceof NetworkFailure)) throw error;
        return null;
      });
    if (report !== null && keyChange.isNew(report.sealedUnder)) return true;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await network.sleep(life, LOOK_EVERY_MS);
  }
  return false;
}
