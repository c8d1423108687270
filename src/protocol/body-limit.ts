/** The longest body that an operation's shape can need, so that no more of a request is read (T11). Pure; derived once. */
import { type ExtensionName, extensions } from "./extensions.ts";
import type { Shape, StructureShape } from "./shape-language.ts";
import { type OperationName, operations } from "./shapes.ts";

/** For every operation, in bytes: ten logins of 50 000 characters fit twice. */
export const MAX_BODY_BYTES = 1_048_576;

/** For white space, and members that no shape knows, which are passed over. */
const SPARE_BYTES = 4096;
/** Each UTF-16 unit of a text may be written as `\uXXXX`; none takes more, escaped or in UTF-8. */
const BYTES_PER_UNIT = 6;
/** The longest number that an SDK writes for 64 bits. */
const NUMBER_BYTES = 24;

const LIMITS: ReadonlyMap<string, number> = new Map(
  Object.entries({ ...operations, ...extensions }).map(([name, { input }]) => [name, longestOf(input) + SPARE_BYTES]),
);

/** In bytes, and never more than MAX_BODY_BYTES. */
export function bodyLimitOf(operation: OperationName | ExtensionName): number {
  return Math.min(MAX_BODY_BYTES, LIMITS.get(operation) ?? 0);
}

/** Bytes of the longest JSON text of a shape; Infinity where it has no bound. */
function longestOf(shape: Shape): number {
  switch (shape.type) {
    case "string":
      return longestText(shape.enum?.reduce((most, choice) => Math.max(most, choice.length), 0) ?? shape.max);
    case "integer":
    case "long":
    case "timestamp":
    case "double":
      return NUMBER_BYTES;
    case "boolean":
      return "false".length;
    case "document":
      return Number.POSITIVE_INFINITY;
    case "list":
      return bracketed(shape.max, longestOf(shape.member));
    case "map":
      return bracketed(shape.max, longestOf(shape.key) + ":".length + longestOf(shape.value));
    case "structure":
      return longestStructure(shape);
  }
}

function longestStructure({ members }: StructureShape): number {
  const lengths = Object.entries(members).map(([name, shape]) => longestText(name.length) + 1 + longestOf(shape));
  return lengths.reduce((sum, length) => sum + length + ",".length, "{}".length);
}

function longestText(units = Number.POSITIVE_INFINITY): number {
  return units * BYTES_PER_UNIT + '""'.length;
}

function bracketed(items = Number.POSITIVE_INFINITY, itemBytes: number): number {
  return items * (itemBytes + ",".length) + "[]".length;
}
