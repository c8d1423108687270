/**
 * A line of the log as the terminal of `npm start` shows it: one short line for each request, for a person; `--json` shows the
 * log itself. Text only. It repeats what the log holds, which is no token, secret or subject (T46), in printable ASCII.
 */
import { printableAscii } from "../src/domain/printable.ts";
import { isObject, type JsonObject, parseJson } from "../src/domain/json.ts";
import { LEVELS } from "../src/log/events.ts";

const OPERATION_WIDTH = "GetCredentialsForIdentity".length;
const levels: ReadonlyMap<string, string> = new Map(Object.entries(LEVELS));

/** `at` is when the line came. Null is a line that says nothing to a person: what went as it should and is no request. */
export function shortLine(line: string, at: Date): string | null {
  const time = at.toTimeString().slice(0, 8);
  const json = parseJson(line);
  // The runtime's own words are no JSON.
  if (!json.ok || !isObject(json.value)) return joined([time, line.trim()]);
  const { message, event, ...members } = json.value;
  if (message === "request") return joined([time, ...requestParts(members)]);
  const name = shown(event ?? message);
  return levels.get(name) === "log"
    ? null
    : joined([time, levels.get(name) ?? "", name, ...Object.entries(members).map(pair)]);
}

function requestParts({ status, operation, durationMs, exception, reason, providers }: JsonObject): readonly string[] {
  const what = typeof operation === "string" ? operation : "no operation";
  const outcome = exception === undefined ? listed(providers) : `${shown(exception)} (${shown(reason ?? "no reason")})`;
  return [shown(status), what.padEnd(OPERATION_WIDTH), `${shown(durationMs)} ms`.padStart(9), outcome];
}

function listed(providers: unknown): string {
  return Array.isArray(providers) ? providers.join(", ") : "";
}

function pair([name, value]: readonly [string, unknown]): string {
  return `${name}=${shown(value)}`;
}

/** Of a defect the stack is many lines, which the log has. */
function shown(value: unknown): string {
  if (isObject(value) && "stack" in value) return `${shown(value["name"])}: ${shown(value["message"])}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function joined(parts: readonly string[]): string {
  const text = parts.filter((part) => part !== "").join("  ");
  return printableAscii(text.replaceAll(/[\r\n\t]+ */g, " ")).trimEnd();
}
