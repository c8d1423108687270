/** The one place that writes into the log. */
import { LEVELS, type LogEvent, nameOf } from "./events.ts";

/** One line of JSON. */
export function writeEvent(event: LogEvent): void {
  console[LEVELS[nameOf(event)]](JSON.stringify(event));
}
