/** What a long step tells while it runs, on stderr: counts, and how long it will still take where that can be told. */
export type Status = {
  /** `share`: how much of the whole is done, from 0 to 1; undefined where nobody knows how much there is. */
  show(count: number, share?: number): void;
  end(): void;
};

const TERMINAL_EVERY_MS = 200;
const LOG_EVERY_MS = 10_000;

/** `start`: what earlier runs have done. */
export function makeStatus(what: string, start: { readonly count: number; readonly share?: number }): Status {
  const stream = process.stderr;
  const startedAt = performance.now();
  const every = stream.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
  let shownAt = startedAt;
  let isOnLine = false;
  return {
    show(count, share) {
      const now = performance.now();
      if (now - shownAt < every) return;
      shownAt = now;
      const line = statusLine(what, { ...start, now: { count, share }, elapsedMs: now - startedAt });
      stream.write(stream.isTTY ? `\r${line}\u001B[K` : `${line}\n`);
      isOnLine = stream.isTTY;
    },
    end() {
      if (isOnLine) stream.write("\r\u001B[K");
    },
  };
}

type Course = {
  readonly count: number;
  readonly share?: number;
  readonly now: { readonly count: number; readonly share: number | undefined };
  readonly elapsedMs: number;
};

/** By the pace of this run alone: an earlier one may have had another. */
export function statusLine(what: string, { count, share = 0, now, elapsedMs }: Course): string {
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const perSecond = (now.count - count) / seconds;
  const told = `${what}: ${now.count}, ${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`;
  if (now.share === undefined || now.share <= share) return told;
  const left = (seconds * (1 - now.share)) / (now.share - share);
  return `${told}, ${Math.floor(now.share * 100)} %, ${duration(left)} left`;
}

/** In its two largest units. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
