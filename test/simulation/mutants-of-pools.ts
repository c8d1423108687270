/** Mistakes that somebody could make with pools: between them, in their settings, their lists and their end. */
import type { Mutant } from "./mutants-of-merges.ts";

const POOL = "src/pools/pool-actor.ts";
const SWEEP = "src/pools/shard-sweep.ts";
const DIRECTORY = "src/pools/pool-directory.ts";
const SETTINGS = "src/pools/pool-settings.ts";
const CHANGES = "src/pools/pool-changes.ts";
const MEMORY = "src/pools/pool-memory.ts";
const OPERATIONS = "src/operations/identity-pools.ts";
const LISTS = "src/operations/list-identities.ts";
const IDENTITY = "src/linking/identity-actor.ts";

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name: `pools: ${name}`, edits: [{ file, find, replace }] };
}

export const MUTANTS_OF_POOLS: readonly Mutant[] = [
  // Between them.
  mutant(
    "an identity takes logins that were verified for another pool",
    IDENTITY,
    "if (admitted.pool.identityPoolId !== identityPoolId) {",
    "if (admitted.pool.identityPoolId.length !== identityPoolId.length) {",
  ),
  mutant(
    "one pool is told of the developer's users in another",
    IDENTITY,
    "return identity?.identityPoolId === identityPoolId ? {",
    "return identity?.identityPoolId.length === identityPoolId.length ? {",
  ),
  // The directory of pools.
  mutant(
    "a name that comes late wins over a newer one",
    DIRECTORY,
    "if (revision >= (this.#rows.revisionOf(identityPoolId) ?? 0))\n      ",
    "",
  ),
  mutant(
    "a name that comes late brings a deleted pool back",
    DIRECTORY,
    "    if (this.#rows.hasEnded(identityPoolId)) return;\n",
    "",
  ),
  mutant(
    "each change of a pool is its first",
    POOL,
    "return Math.max((this.#record?.revision ?? 0) + 1, Math.floor(this.#host.now() * 1000));",
    "return 1;",
  ),
  // Settings.
  mutant(
    "a pool that was listed forgets what came meanwhile",
    POOL,
    "if (this.#record === record) this.#save",
    "this.#save",
  ),
  mutant(
    "a creation that comes again gives its settings again",
    POOL,
    "return this.#record === null ? await this.#put(identityPoolId, settings, sealed, null, shards) : await this.read();",
    "return await this.#put(identityPoolId, settings, sealed);",
  ),
  mutant(
    "a creation that comes again makes another pool",
    OPERATIONS,
    "await uuidOf(`${requestKey} ${generation}`)",
    "context.newUuid()",
  ),
  mutant(
    "settings are remembered for too long",
    "src/isolate.ts",
    "<RememberedPool>(1000, 30)",
    "<RememberedPool>(1000, 60)",
  ),
  mutant(
    "a renewal under way undoes that the pool was forgotten",
    MEMORY,
    "if (this.#changes !== changesBefore) return pool;",
    "",
  ),
  mutant(
    "a renewal gives what it is to replace another life",
    MEMORY,
    "    try {\n      await this.#ask(",
    "    this.#pools.set(identityPoolId, known, now);\n    try {\n      await this.#ask(",
  ),
  mutant(
    "an isolate remembers what it has changed itself",
    OPERATIONS,
    ".update(settings, context.caller.callKey);\n  context.objects.forgetPool(identityPoolId);",
    ".update(settings, context.caller.callKey);",
  ),
  mutant(
    "an isolate remembers a pool that it has deleted itself",
    OPERATIONS,
    ".remove(context.caller.callKey);\n  context.objects.forgetPool(identityPoolId);",
    ".remove(context.caller.callKey);",
  ),
  mutant("what is secret rests in the clear", POOL, "pool: withoutSecrets(pool, sealed),", "pool,"),
  // What is beside the settings.
  mutant(
    "new settings drop the roles",
    SETTINGS,
    "    ...(current.access !== undefined && { access: current.access }),\n",
    "",
  ),
  mutant("new settings drop the tags", SETTINGS, "tags = current.tags ?? {}", "tags = {}"),
  mutant(
    "roles are answered before they are stored",
    POOL,
    "    this.#save({ ...this.#record, pool: changed.value, changedBy, ...untold });\n",
    "    this.#record = { ...this.#record, pool: changed.value, changedBy, ...untold };\n",
  ),
  mutant(
    "a tag takes the place of the roles",
    CHANGES,
    "ok(count === 0 ? untagged : { ...pool, tags })",
    "ok({ ...pool, access: NO_ACCESS, tags })",
  ),
  mutant(
    "a late copy of a call sets the roles again",
    POOL,
    "    if (this.#wasDone(callKey)) return ok(undefined);\n",
    "",
  ),
  mutant(
    "a late copy of a call gives its settings again",
    POOL,
    "    if (this.#wasDone(callKey)) {\n      const pool",
    "    if (this.#wasDone(null)) {\n      const pool",
  ),
  // The end.
  mutant(
    "its secrets outlive it",
    POOL,
    "const { sealed: _, ...record } = this.#record;",
    "const record = this.#record;",
  ),
  mutant("nobody notes which call deleted it", POOL, ", deletedBy: callKey,", ","),
  mutant(
    "what is left is left for good",
    POOL,
    "    this.#host.setAlarm(now + backoffSeconds(now - movedAt, pool.identityPoolId));\n",
    "",
  ),
  mutant(
    "a list that was closed takes whoever comes late",
    "src/pools/identity-directory.ts",
    "    if (this.#storage.isClosed()) return { poolDeleted: true };\n",
    "",
  ),
  {
    // The pool would ask the shard again, and the shard would come back by itself.
    name: "pools: an identity that stands still is gone past for good",
    edits: [
      {
        file: SWEEP,
        find: "    if (this.#isEmpty()) {\n      this.#host.save",
        replace: "    if (at === null) {\n      this.#host.save",
      },
      {
        file: POOL,
        find: "(await this.#host.closeShard(name)) === true",
        replace: "(await this.#host.closeShard(name)) !== undefined",
      },
    ],
  },
  mutant(
    "a list that did not hear of the end counts as empty",
    POOL,
    '      this.#host.leftOver("its identities", cause);\n      return false;',
    '      this.#host.leftOver("its identities", cause);\n      return true;',
  ),
  // Lists of identities.
  mutant("a page goes on behind what it has not shown", LISTS, "found.length > wanted ? page.at(-1)?.place : at", "at"),
  mutant(
    "an entry without an identity stays",
    LISTS,
    '  await context.objects.directoryShard(shardName).update("remove", identityId);\n',
    "",
  ),
];
