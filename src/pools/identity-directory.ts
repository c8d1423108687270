/**
 * One shard of a pool's list of identities. It is fed by the identities themselves, after they have answered, so that it
 * is never in a request's way; and it judges nothing: what an identity is, the identity says.
 */
import { type IdentityId, type IdentityPoolId, parseIdentityId } from "../domain/identifiers.ts";

/** Shards of a pool's directory: one for each first hex digit of an identity's random id. */
export const DIRECTORY_SHARDS = 16;

/** Name of a shard, from 0 on. */
export function directoryShard(identityPoolId: IdentityPoolId, shard: number): string {
  return `${identityPoolId}/${shard}`;
}

/** Name of the shard that lists the identity. */
export function directoryShardOf(identityPoolId: IdentityPoolId, identityId: IdentityId): string {
  const firstDigit = identityId.charAt(identityId.indexOf(":") + 1);
  return directoryShard(identityPoolId, Number.parseInt(firstDigit, 16) % DIRECTORY_SHARDS);
}

/** What the shard asks of the object that it lives in. Each change is one storage step, and may throw. */
export type ShardStorage = {
  isClosed(): boolean;
  /** For good. */
  close(): void;
  /** One that is there stays there. */
  add(identityId: IdentityId): void;
  /** Writes nothing where it is not there. */
  remove(identityId: IdentityId): void;
  /** At most `limit` ids after `after`, in their order. */
  idsAfter(after: string, limit: number): readonly string[];
};

export class IdentityDirectory {
  readonly #storage: ShardStorage;

  constructor(storage: ShardStorage) {
    this.#storage = storage;
  }

  /**
   * Adds or removes an identity; idempotent. Nobody is added once the pool was deleted. One that is added late, after it was
   * removed, is taken out by whoever meets the entry and no identity behind it (docs/adr/0058).
   */
  update(change: "add" | "remove", identityId: IdentityId): { readonly poolDeleted: boolean } {
    if (change === "remove") {
      this.#storage.remove(identityId);
      return { poolDeleted: false };
    }
    if (this.#storage.isClosed()) return { poolDeleted: true };
    this.#storage.add(identityId);
    return { poolDeleted: false };
  }

  /** At most `limit` identities after `after`, in the order of their ids. */
  page(after: string, limit: number): readonly IdentityId[] {
    return this.#storage.idsAfter(after, limit).flatMap((id) => parseIdentityId(id) ?? []);
  }

  /** The pool was deleted. The mark stays, so that an identity that comes late learns of it. */
  close(): void {
    if (!this.#storage.isClosed()) this.#storage.close();
  }
}
