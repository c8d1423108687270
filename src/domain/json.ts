/** JSON that others wrote: text that may be none, and values that may be anything. */
import { err, ok, type Result } from "./errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object: no list, and not null. Its members may have any name: ask for own ones alone (T39). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function parseJson(text: string): Result<unknown, "not-json"> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err("not-json");
  }
}
