/** The objects as the operations see them: the calls that they make to identities, logins and pools, over the simulated network. */
import type { ClientCall } from "../../src/domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { Flow } from "../../src/domain/mint-rules.ts";
import { readGrantReply, writeGrantReply } from "../../src/durable/identity-rpc.ts";
import type { Objects } from "../../src/durable/objects.ts";
import type { RotationOrder } from "../../src/keys/key-ring-actor.ts";
import type { LinkOrder } from "../../src/linking/link-order.ts";
import { FIRST_SHARDS } from "../../src/pools/directory-shards.ts";
import type { KeyRingSlot } from "./keys.ts";
import type { LoginSlot } from "./login-node.ts";
import type { Network } from "./network.ts";
import type { IdentityNode, IdentitySlot } from "./nodes.ts";
import { type PoolDirectoryNode, type PoolNode, type ShardNode } from "./pool-nodes.ts";
import type { Pools } from "./pools.ts";
import type { SourceJudge } from "./source-judge.ts";
import type { Sources } from "./sources.ts";
import type { Life } from "./slots.ts";

type World = {
  readonly network: Network;
  identity(identityId: IdentityId): IdentitySlot;
  loginSlot(loginId: string): LoginSlot;
  readonly keyRing: KeyRingSlot;
  readonly pools: Pools;
  readonly sources: Pick<Sources, "judge"> | null;
};

/** What an operation may call of an identity. */
const METHODS = [
  "grantVerified",
  "grantToOwnProof",
  "link",
  "createGuest",
  "standingHere",
  "unlink",
  "unlinkDeveloperUser",
  "remove",
  "bury",
  "setDisabled",
  "restore",
  "exported",
  "describe",
  "developerUsers",
  "confirmOwner",
  "outcome",
] as const satisfies readonly (keyof IdentityNode)[];

/** Its methods are on the prototype: a stub is made for each call. */
class IdentityStub {
  readonly world: World;
  readonly life: Life;
  readonly slot: IdentitySlot;

  constructor(world: World, life: Life, slot: IdentitySlot) {
    this.world = world;
    this.life = life;
    this.slot = slot;
  }
}

for (const name of METHODS) {
  Object.defineProperty(IdentityStub.prototype, name, {
    value(this: IdentityStub, ...args: readonly unknown[]): Promise<unknown> {
      if (this.world.sources !== null) noteClaim(this.world.sources.judge, this.life, name, args);
      return this.world.network.call(this.life, this.slot, name, (node): unknown => {
        const run: unknown = node[name];
        return typeof run === "function" ? Reflect.apply(run, node, args) : undefined;
      });
    },
  });
}

/** What is done on the word of a source is judged as it leaves: what comes twice, or late, was told once. */
function noteClaim(judge: SourceJudge, life: Life, name: (typeof METHODS)[number], args: readonly unknown[]): void {
  if (name === "link") judge.claims(life, args[0] as LinkOrder);
  if (name === "createGuest" && args[2] === "source") judge.claimsGuest(life, String(args[0]));
}

export type Reachable = Pick<
  Objects,
  "grant" | "identity" | "login" | "keyRing" | "identityPool" | "directoryShard" | "shardedPool" | "poolDirectory"
>;

/** What imports and exports ask of a shard. */
function transferCallsOf({ network, pools }: World, life: Life, name: string) {
  const shard = pools.shard(name);
  return {
    update: async (...given: Parameters<ShardNode["update"]>) =>
      await network.call(life, shard, `${given[0]} ${given[1]}`, (node) => node.update(...given)),
    importIdentities: async (...given: Parameters<ShardNode["importIdentities"]>) =>
      await network.call(life, shard, "import", (node) => node.importIdentities(...given)),
    keepFreed: async (...given: Parameters<ShardNode["keepFreed"]>) =>
      await network.call(life, shard, "keep freed", (node) => node.keepFreed(...given)),
    exportPage: async (...given: Parameters<ShardNode["exportPage"]>) =>
      await network.call(life, shard, "export", (node) => node.exportPage(...given)),
  };
}

type GrantArguments = [ReadonlyMap<string, string>, ClientCall, Flow, client?: undefined, customRoleArn?: string];

export function objectsOf(world: World, life: Life): Reachable {
  const { network } = world;
  const objects: unknown = {
    grant: async (identityId: IdentityId, ...more: GrantArguments) =>
      readGrantReply(
        await network.call(life, world.identity(identityId), "grant", async (node) =>
          writeGrantReply(await node.grant(identityId, ...more)),
        ),
      ),
    identity: (identityId: IdentityId) => new IdentityStub(world, life, world.identity(identityId)),
    login(loginId: string) {
      const slot = world.loginSlot(loginId);
      return {
        view: async () => await network.call(life, slot, "view", (node) => node.view()),
        remember: async () => await network.call(life, slot, "remember", async (node) => await node.remember()),
      };
    },
    identityPool(identityPoolId: IdentityPoolId) {
      const pool = world.pools.pool(identityPoolId);
      return {
        read: async () => await network.call(life, pool, "read", async (node) => await node.read()),
        create: async (...[id, settings]: Parameters<PoolNode["create"]>) =>
          await network.call(life, pool, "create", async (node) => await node.create(id, settings)),
        update: async (...order: Parameters<PoolNode["update"]>) =>
          await network.call(life, pool, "update", async (node) => await node.update(...order)),
        change: async (...order: Parameters<PoolNode["change"]>) =>
          await network.call(life, pool, "change", async (node) => await node.change(...order)),
        adopt: async (...[id, settings, callKey]: Parameters<PoolNode["adopt"]>) =>
          await network.call(life, pool, "adopt", async (node) => await node.adopt(id, settings, callKey)),
        remove: async (callKey: string | null) =>
          await network.call(life, pool, "delete", async (node) => await node.remove(callKey)),
      };
    },
    // Of few shards: whoever knows their number has to be asked for nothing that changes.
    shardedPool: async (identityPoolId: IdentityPoolId) =>
      await Promise.resolve({ identityPoolId, shards: FIRST_SHARDS }),
    directoryShard(name: string) {
      return {
        page: async (...given: Parameters<ShardNode["page"]>) =>
          await network.call(life, world.pools.shard(name), "page", (node) => node.page(...given)),
        ...transferCallsOf(world, life, name),
        findImported: async (identityId: IdentityId) =>
          await network.call(life, world.pools.shard(name), "find", (node) => node.findImported(identityId)),
      };
    },
    poolDirectory: () => ({
      noteImports: async (identityPoolId: IdentityPoolId) =>
        await network.call(life, world.pools.directory, "note imports", (node) => node.noteImports(identityPoolId)),
      importing: async () => await network.call(life, world.pools.directory, "importing", (node) => node.importing()),
      page: async (...position: Parameters<PoolDirectoryNode["page"]>) =>
        await network.call(life, world.pools.directory, "page", (node) => node.page(...position)),
      sourced: async () => await network.call(life, world.pools.directory, "sourced", (node) => node.sourced()),
    }),
    keyRing: () => ({
      rotateNow: async (order: RotationOrder) =>
        await network.call(life, world.keyRing, "rotate now", async (node) => await node.rotateNow(order)),
    }),
  };
  // Only the stubs' own shape, which no test can build, is asserted: every method runs the code of the real object.
  return objects as Reachable;
}
