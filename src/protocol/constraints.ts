/**
 * The constraints of a shape, each with the text of the live service and its test. Pure.
 * Java's meaning is kept: lengths in UTF-16 units, patterns over the whole string, `\w`, `\d` and `\s` in ASCII.
 */
import { extensions } from "./extensions.ts";
import type { NumberShape, Shape, StringShape } from "./shape-language.ts";
import { operations } from "./shapes.ts";

export type Constraint<T> = { readonly text: string; readonly holds: (value: T) => boolean };

/** Of the shapes of all inputs, made at the start: a list of 300 000 items must not compile its pattern as often. */
const KNOWN: ReadonlyMap<StringShape, readonly Constraint<string>[]> = new Map(
  Object.values({ ...operations, ...extensions })
    .flatMap(({ input }) => stringsIn(input))
    .map((shape) => [shape, makeStringConstraints(shape)]),
);

function stringsIn(shape: Shape): readonly StringShape[] {
  switch (shape.type) {
    case "string":
      return [shape];
    case "list":
      return stringsIn(shape.member);
    case "map":
      return [shape.key, ...stringsIn(shape.value)];
    case "structure":
      return Object.values(shape.members).flatMap(stringsIn);
    default:
      return [];
  }
}

/** In the order that the live service prints: longest, shortest, pattern; then the choices. */
export function stringConstraints(shape: StringShape): readonly Constraint<string>[] {
  return KNOWN.get(shape) ?? makeStringConstraints(shape);
}

function makeStringConstraints(shape: StringShape): readonly Constraint<string>[] {
  const constraints: Constraint<string>[] = sizeConstraints(shape).map(({ text, holds }) => ({
    text,
    holds: (value) => holds(value.length),
  }));
  if (shape.pattern !== undefined) {
    const pattern = javaPattern(shape.pattern);
    constraints.push({
      text: `Member must satisfy regular expression pattern: ${shape.pattern}`,
      holds: (value) => pattern.test(value),
    });
  }
  if (shape.enum !== undefined) {
    const choices: readonly string[] = shape.enum;
    constraints.push({
      text: `Member must satisfy enum value set: [${choices.join(", ")}]`,
      holds: (value) => choices.includes(value),
    });
  }
  return constraints;
}

/** Bounds of a length: of a string, a list or a map. */
export function sizeConstraints(shape: Exclude<Shape, NumberShape> & Bounds): readonly Constraint<number>[] {
  return boundConstraints(shape, "length");
}

export function numberConstraints(shape: NumberShape): readonly Constraint<number>[] {
  return boundConstraints(shape, "value");
}

type Bounds = { readonly min?: number; readonly max?: number };

function boundConstraints({ min, max }: Bounds, measure: "length" | "value"): readonly Constraint<number>[] {
  const constraints: Constraint<number>[] = [];
  if (max !== undefined) {
    constraints.push({
      text: `Member must have ${measure} less than or equal to ${max}`,
      holds: (value) => value <= max,
    });
  }
  if (min !== undefined) {
    constraints.push({
      text: `Member must have ${measure} greater than or equal to ${min}`,
      holds: (value) => value >= min,
    });
  }
  return constraints;
}

/**
 * A pattern of the service model, for the whole string. With the flag `u`, `\w` and `\d` are ASCII, `\p{L}` is a category
 * and a character is a code point, all as in Java; only `\s` must be spelled out, which JavaScript widens to Unicode.
 */
export function javaPattern(source: string): RegExp {
  const asciiSpace = " \\t\\n\\v\\f\\r";
  const translated = source.replaceAll("[\\S]", `[^${asciiSpace}]`).replaceAll("\\s", asciiSpace);
  return new RegExp(`^(?:${translated})$`, "u");
}
