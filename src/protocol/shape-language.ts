/**
 * The language in which shapes are written: the types of a shape, and the TypeScript types of the values that it describes.
 * Holds no shape of the service (shapes.ts) and checks nothing (validate.ts).
 */

export type StringShape = {
  readonly type: "string";
  /** Bounds of the length, in UTF-16 units as Java counts them. */
  readonly min?: number;
  readonly max?: number;
  /** The service model's text: a Java pattern that the whole string must match. */
  readonly pattern?: string;
  readonly enum?: readonly string[];
  /** The value is a token, a secret or a subject: no message may quote any part of it (T51). */
  readonly secret?: true;
};

/** `integer` has 32 bits, `long` has 64. */
export type NumberShape = {
  readonly type: "integer" | "long";
  readonly min?: number;
  readonly max?: number;
};
export type BooleanShape = { readonly type: "boolean" };
/** On the wire a number: epoch seconds. */
export type TimestampShape = { readonly type: "timestamp" };
/** A number that need not be whole. Occurs in outputs alone. */
export type DoubleShape = { readonly type: "double" };
/**
 * Any JSON, which its operation reads by a shape of its own: where one that is malformed must not spoil the others of its call.
 * Occurs in inputs alone.
 */
export type DocumentShape = { readonly type: "document" };
/** `min` and `max` bound the number of items. */
export type ListShape = {
  readonly type: "list";
  readonly member: Shape;
  readonly min?: number;
  readonly max?: number;
};
/** `min` and `max` bound the number of entries. */
export type MapShape = {
  readonly type: "map";
  readonly key: StringShape;
  readonly value: Shape;
  readonly min?: number;
  readonly max?: number;
};
/** Members are in the order of the service model: violations are reported in it. */
export type StructureShape = {
  readonly type: "structure";
  readonly required: readonly string[];
  readonly members: Readonly<Record<string, Shape>>;
};

export type Shape =
  | StringShape
  | NumberShape
  | BooleanShape
  | TimestampShape
  | DoubleShape
  | DocumentShape
  | ListShape
  | MapShape
  | StructureShape;

/** A structure whose required names are members of it, checked by the compiler. */
export function structure<
  const Members extends Readonly<Record<string, Shape>>,
  const Required extends keyof Members & string = never,
>(required: readonly Required[], members: Members) {
  return { type: "structure", required, members } as const;
}

type ScalarOf<S> = S extends { readonly type: "string"; readonly enum: readonly (infer Choice)[] }
  ? Choice
  : S extends { readonly type: "string" }
    ? string
    : S extends { readonly type: "boolean" }
      ? boolean
      : S extends { readonly type: "document" }
        ? unknown
        : number;

/**
 * What a checked input of this shape is. Maps are `Map`s and never objects, so that a provider called `__proto__` is an
 * ordinary provider that nobody configured (T39). An absent member is not there at all.
 */
export type InputValueOf<S> = S extends {
  readonly members: infer Members;
  readonly required: readonly (infer Required)[];
}
  ? Flat<
      { readonly [Name in keyof Members & Required]: InputValueOf<Members[Name]> } & {
        readonly [Name in Exclude<keyof Members, Required>]?: InputValueOf<Members[Name]>;
      }
    >
  : S extends { readonly member: infer Item }
    ? readonly InputValueOf<Item>[]
    : S extends { readonly key: unknown; readonly value: infer Value }
      ? ReadonlyMap<string, InputValueOf<Value>>
      : ScalarOf<S>;

/** What may be encoded as an output of this shape. `undefined` members are left out; a map is a record of own members. */
export type OutputValueOf<S> = S extends {
  readonly members: infer Members;
  readonly required: readonly (infer Required)[];
}
  ? Flat<
      { readonly [Name in keyof Members & Required]: OutputValueOf<Members[Name]> } & {
        readonly [Name in Exclude<keyof Members, Required>]?: OutputValueOf<Members[Name]> | undefined;
      }
    >
  : S extends { readonly member: infer Item }
    ? readonly OutputValueOf<Item>[]
    : S extends { readonly key: unknown; readonly value: infer Value }
      ? Readonly<Record<string, OutputValueOf<Value>>>
      : ScalarOf<S>;

/** One object type instead of an intersection, so that editors and compiler errors show the members. */
type Flat<T> = { [Name in keyof T]: T[Name] };
