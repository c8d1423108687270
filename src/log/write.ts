/** The one place that writes into the log. */
import { LEVELS, type LogEvent, nameOf } from "./events.ts";

/** The end of every line of this isolate, which is of one version for all its life: src/isolate.ts says which. */
let end = "}";

/** `version` as the platform names it; undefined where it names none, as in local development. */
export function writeAs(version: string | undefined): void {
  end = version === undefined ? "}" : `,"version":${JSON.stringify(version)}}`;
}

/** One line of JSON. */
export function writeEvent(event: LogEvent): void {
  console[LEVELS[nameOf(event)]](JSON.stringify(event).slice(0, -1) + end);
}
