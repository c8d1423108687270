/** JSON that others wrote: text that may be none, and values that may be anything. */
import { textOf } from "./bytes.ts";
import { err, ok, type Result } from "./errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Members by name. A Map, so that `__proto__` and its like are members as any other (T39). */
export type Members = ReadonlyMap<string, unknown>;

/** A JSON object: no list, and not null. Its members may have any name: ask for own ones alone (T39). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own members of a JSON object, never of a prototype; of anything else none. */
export function membersOf(value: unknown): Members {
  return new Map(isObject(value) ? Object.entries(value) : []);
}

/** Of a member that stands twice the last one counts, here and everywhere (T9). What is nested too deep to parse is none (T11). */
export function parseJson(text: string): Result<unknown, "not-json"> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err("not-json");
  }
}

/** A byte order mark is no JSON (T10). */
export function parseJsonBytes(bytes: Uint8Array): Result<unknown, "not-utf8" | "not-json"> {
  const text = textOf(bytes);
  return text === undefined ? err("not-utf8") : parseJson(text);
}
