/** A place for one shard of a pool's list of identities (pools/identity-directory.ts, shard-sweep.ts): its tables, its end, and its alarm. */
import { DurableObject } from "cloudflare:workers";
import { regionOfBytes } from "../pools/directory-shards.ts";
import { IdentityDirectory } from "../pools/identity-directory.ts";
import { ShardSweep } from "../pools/shard-sweep.ts";
import { type ShardCounts, ShardTables } from "./shard-tables.ts";
import { sweepHostOf } from "./shard-sweep-host.ts";

const CLOSED_KEY = "closed";
/** Of ids that rest as bytes; not there where they are text, or where nothing is. */
const REGION_KEY = "region";

/** What the method of that name is given, as the directory has it. */
type Given<Name extends keyof IdentityDirectory> = Parameters<IdentityDirectory[Name]>;

export class IdentityDirectoryObject extends DurableObject<Env> {
  readonly #tables: ShardTables;
  readonly #directory: IdentityDirectory;
  readonly #sweep: ShardSweep;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { kv, sql } = ctx.storage;
    const tables = new ShardTables(
      sql,
      // An object that an alarm wakes may not know its name; and what has text keeps it.
      (hasTables) => kv.get<string>(REGION_KEY) ?? (hasTables ? null : regionOfBytes(ctx.id.name ?? "")),
      (region) => kv.put(REGION_KEY, region),
    );
    this.#tables = tables;
    this.#directory = new IdentityDirectory({
      isClosed: () => kv.get<boolean>(CLOSED_KEY) === true,
      close: () => {
        // With no await between them they are stored together or not at all.
        kv.put(CLOSED_KEY, true);
        tables.drop();
      },
      listed: tables.listed,
      imported: tables.imported,
      freed: tables.freed,
      gone: tables.gone,
    });
    this.#sweep = new ShardSweep(sweepHostOf({ ctx: () => this.ctx, env: () => this.env }), this.#directory);
  }

  update(...given: Given<"update">) {
    return this.#directory.update(...given);
  }
  page(...given: Given<"page">) {
    return this.#directory.page(...given);
  }
  findImported(...given: Given<"findImported">) {
    return this.#directory.findImported(...given);
  }
  importIdentities(...given: Given<"importIdentities">) {
    return this.#directory.importIdentities(...given);
  }
  keepFreed(...given: Given<"keepFreed">): void {
    this.#directory.keepFreed(...given);
  }
  exportPage(...given: Given<"exportPage">) {
    return this.#directory.exportPage(...given);
  }
  close(): boolean {
    return this.#sweep.close();
  }
  override async alarm(): Promise<void> {
    await this.#sweep.alarm();
  }

  /** `since` in epoch seconds. It may read each row once. */
  counts(since: number): ShardCounts {
    return this.#tables.counts(since);
  }
}
