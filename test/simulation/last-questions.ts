/** Clients who ask once nothing fails any more: what all operations say of each login, and merges that were done, once more. */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { Client } from "./clients.ts";
import type { World } from "./world.ts";

type NewClient = (name: string) => Client;
type LoginName = readonly [identityPoolId: IdentityPoolId, providerName: string, subject: string];

/** Invariant operations-agree: all operations agree on each login of the pools that were used. */
export function checkersOf(world: World, names: readonly LoginName[], newClient: NewClient): readonly Client[] {
  const { identities, logins } = world;
  const used = new Set([...identities.values()].map(({ stored }) => stored?.identityPoolId));
  return names
    .filter(([identityPoolId]) => used.has(identityPoolId))
    .map((name) => {
      const login = world.login(...name);
      const client = newClient(`asks-${name.join("/")}`);
      const before = logins.get(login.loginId)?.stored?.owner?.identityId ?? null;
      running(world, client.agree(name[0], login, before));
      return client;
    });
}

/** Invariant no-second-effect: for each identity of two developer users, their merge once more. */
export function mergersOf(world: World, newClient: NewClient): readonly Client[] {
  return [...world.identities.values()].flatMap(({ stored: record }) => {
    const users = (record?.logins ?? []).flatMap(({ isDeveloper, subject }) => (isDeveloper ? (subject ?? []) : []));
    const [destination, source] = users;
    if (record === null || destination === undefined || source === undefined) return [];
    const client = newClient(`merges-${record.identityId}`);
    running(world, client.mergeAgain(record.identityPoolId, [destination, source], record.identityId));
    return [client];
  });
}

/** What throws on the way is a defect. */
export function running(world: Pick<World, "network">, work: Promise<void>): void {
  void work.catch((error: unknown) => {
    world.network.violate(`defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  });
}
