/**
 * How an input value is quoted in a message: as Java prints it, short, printable, and never a secret.
 * The live service prints whole values, login tokens too; here at most 64 printable characters leave (T51).
 */
import type { Shape } from "./shape-language.ts";

/** Longest quotation of one value, in characters. */
const MAX_QUOTED_LENGTH = 64;
/** Most entries of a map that are named: as many as a valid map of logins can have. */
const MAX_QUOTED_ENTRIES = 10;

const REDACTED = "***";
// Control, format (among them the ones that turn the direction of text) and unpaired surrogate characters, and line ends.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** At most 64 characters of `text`, with `?` for each that does not print. */
export function printable(text: string): string {
  // Cut by code points, so that no half of a pair is left; the first slice keeps a megabyte from becoming an array.
  const characters = Array.from(text.slice(0, 2 * MAX_QUOTED_LENGTH + 1));
  const shown = characters.slice(0, MAX_QUOTED_LENGTH).map((character) => character.replace(UNPRINTABLE, "?"));
  const head = shown.join("");
  return characters.length > MAX_QUOTED_LENGTH ? `${head}...` : head;
}

/** The quotation of `json`, as sent, under its shape. */
export function quote(shape: Shape, json: unknown): string {
  if (shape.type === "map" && isSecret(shape.value)) return quoteKeys(json);
  return isSecret(shape) && json !== "" ? REDACTED : printable(print(json));
}

function isSecret(shape: Shape): boolean {
  if (shape.type === "list") return isSecret(shape.member);
  return shape.type === "string" && shape.secret === true;
}

/** A map of secrets by its keys. A long key is no provider name, and may be a token that was put on the wrong side. */
function quoteKeys(json: unknown): string {
  const keys = typeof json === "object" && json !== null ? Object.keys(json) : [];
  const entries = keys
    .slice(0, MAX_QUOTED_ENTRIES)
    .map((key) => `${key.length > MAX_QUOTED_LENGTH ? REDACTED : printable(key)}=${REDACTED}`);
  return `{${entries.join(", ")}${keys.length > MAX_QUOTED_ENTRIES ? ", ..." : ""}}`;
}

/** Java's `toString`, no further than the quotation can reach; structures are not spelled out. */
function print(json: unknown): string {
  if (Array.isArray(json)) {
    return `[${json.slice(0, MAX_QUOTED_LENGTH).map(printItem).join(", ")}]`;
  }
  if (typeof json === "object" && json !== null) {
    const entries = Object.entries(json).slice(0, MAX_QUOTED_LENGTH);
    return `{${entries.map(([key, value]) => `${key}=${printItem(value)}`).join(", ")}}`;
  }
  return String(json);
}

function printItem(json: unknown): string {
  return typeof json === "object" && json !== null ? "{...}" : String(json);
}
