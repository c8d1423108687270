/**
 * One source pool as an actor: how often it may be asked, and what became of that. Its bucket rests in memory, since a lost one was
 * nearly full; what is counted is stored with each ask that was made, and costs nothing where none was.
 */
import { type Bucket, draw } from "../limits/rate-limit.ts";
import type { SourceFact } from "../linking/source.ts";
import type { SourceProblem } from "./source-answer.ts";

/** `notFound`: Cognito knows no such id, or not with these logins. `failed`: all other trouble. */
export type AskOutcome = "ok" | "notFound" | "throttled" | "failed";

/** What became of an ask, or of its answer here. */
export type Told = {
  readonly outcome?: AskOutcome;
  readonly problem?: SourceProblem;
  readonly fact?: SourceFact;
};

export type SourceCounts = {
  /** Of the day, by UTC. */
  readonly asksToday: Readonly<Record<AskOutcome, number>>;
  /** Of the day, each once. */
  readonly problems: readonly SourceProblem[];
  /** Since it was first asked. */
  readonly conflicts: number;
  readonly barred: number;
};

export type SourceRecord = SourceCounts & {
  readonly version: 1;
  /** Days since the epoch, of what is counted by the day. */
  readonly day: number;
};

export type SourceHost = {
  /** Epoch seconds. */
  now(): number;
  /** Throws where nothing was stored. */
  save(record: SourceRecord): void;
};

const NO_ASKS = { ok: 0, notFound: 0, throttled: 0, failed: 0 };
/** The bucket holds what comes back in so many seconds. */
const BURST_SECONDS = 2;

export class SourceActor {
  readonly #host: SourceHost;
  readonly #perSecond: number;
  #record: SourceRecord;
  #bucket: Bucket | null = null;

  constructor(host: SourceHost, record: SourceRecord | null, perSecond: number) {
    this.#host = host;
    this.#perSecond = perSecond;
    this.#record = record ?? { version: 1, day: 0, asksToday: NO_ASKS, problems: [], conflicts: 0, barred: 0 };
  }

  /** Whether the source may be asked now. One that may not is counted, and stored with the next that may: a flood writes nothing. */
  draw(): boolean {
    const limit = { perSecond: this.#perSecond, burst: this.#perSecond * BURST_SECONDS };
    const drawn = draw(this.#bucket, limit, this.#host.now() * 1000);
    this.#bucket = drawn.bucket;
    if (!drawn.ok) this.#record = withTold(this.#today(), { outcome: "throttled" });
    return drawn.ok;
  }

  tell(told: Told): void {
    const record = withTold(this.#today(), told);
    this.#host.save(record);
    this.#record = record;
  }

  counts(): SourceCounts {
    const { asksToday, problems, conflicts, barred } = this.#today();
    return { asksToday, problems, conflicts, barred };
  }

  #today(): SourceRecord {
    const day = Math.floor(this.#host.now() / 86_400);
    return day === this.#record.day ? this.#record : { ...this.#record, day, asksToday: NO_ASKS, problems: [] };
  }
}

function withTold(record: SourceRecord, { outcome, problem, fact }: Told): SourceRecord {
  const { asksToday, problems, conflicts, barred } = record;
  return {
    ...record,
    ...(outcome !== undefined && { asksToday: { ...asksToday, [outcome]: asksToday[outcome] + 1 } }),
    ...(problem !== undefined && { problems: [...new Set([...problems, problem])] }),
    ...(fact === "conflict" && { conflicts: conflicts + 1 }),
    ...(fact === "barred" && { barred: barred + 1 }),
  };
}
