/** A place for one source pool (source/source-actor.ts), named by its id: storage and clock. */
import { SourceActor, type SourceCounts, type SourceRecord, type Told } from "../source/source-actor.ts";
import { ConfiguredObject } from "./configured-object.ts";
import type { ParseConfig } from "../isolate.ts";
import { ofKnownVersion } from "./stored-record.ts";

const RECORD_KEY = "source";

export class SourceObject extends ConfiguredObject {
  readonly #source: SourceActor;

  constructor(ctx: DurableObjectState, env: Env, parse?: ParseConfig) {
    super(ctx, env, parse);
    const { kv } = ctx.storage;
    const stored = ofKnownVersion(kv.get<SourceRecord>(RECORD_KEY), RECORD_KEY, [1]);
    const host = { now: () => Date.now() / 1000, save: (record: SourceRecord) => kv.put(RECORD_KEY, record) };
    this.#source = new SourceActor(host, stored, this.config.sourceRatePerSecond);
  }

  async draw(): Promise<boolean> {
    return this.#source.draw();
  }

  async tell(told: Told): Promise<void> {
    this.#source.tell(told);
  }

  async counts(): Promise<SourceCounts> {
    return this.#source.counts();
  }
}
