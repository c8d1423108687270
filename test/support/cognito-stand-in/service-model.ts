/** Holds inputs against the published service model, in the words of the live service (its framework's, before any rule of its own). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CognitoError } from "./cognito-error.ts";

type Shape = {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
};

type Model = {
  readonly operations: Readonly<
    Record<string, { readonly input: { readonly shape: string }; readonly output?: object; readonly authtype?: "none" }>
  >;
  readonly shapes: Readonly<Record<string, Shape>>;
};

const MODEL_FILE = join(import.meta.dirname, "../cognito-identity-2014-06-30.json");
const model: Model = JSON.parse(readFileSync(MODEL_FILE, "utf8"));

export type Json = Readonly<Record<string, unknown>>;

function operationOf(name: string) {
  const operation = Object.hasOwn(model.operations, name) ? model.operations[name] : undefined;
  // The live service sends this one without a message.
  if (operation === undefined) throw new CognitoError("UnknownOperationException", "");
  return operation;
}

export function isPublic(name: string): boolean {
  return operationOf(name).authtype === "none";
}

/** An operation without an output shape is answered by an empty body. */
export function hasOutput(name: string): boolean {
  return operationOf(name).output !== undefined;
}

/** The members of the input that the model knows; a null is an absent one. Throws SerializationException and ValidationException. */
export function readInput(name: string, body: string): Json {
  let parsed: unknown;
  try {
    parsed = body === "" ? {} : JSON.parse(body);
  } catch {
    throw new CognitoError("SerializationException", "");
  }
  const problems: string[] = [];
  const input = read(operationOf(name).input.shape, "", parsed, problems);
  if (problems.length > 0) {
    const errors = problems.length === 1 ? "error" : "errors";
    throw new CognitoError(
      "ValidationException",
      `${problems.length} validation ${errors} detected: ${problems.join("; ")}`,
    );
  }
  return input as Json;
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function read(shapeName: string, path: string, value: unknown, problems: string[]): unknown {
  const shape = shapeOf(shapeName);
  switch (shape.type) {
    case "structure": {
      if (!isRecord(value)) throw new CognitoError("SerializationException", "");
      return readStructure(shape, path, value, problems);
    }
    case "list": {
      if (!Array.isArray(value)) throw new CognitoError("SerializationException", "");
      problems.push(...broken(shape, value.length, "length").map((rule) => sentence(path, printed(value), rule)));
      const member = shape.member?.shape ?? "";
      return value.map((item: unknown, index) => read(member, `${path}.${index + 1}.member`, item, problems));
    }
    case "map": {
      if (!isRecord(value)) throw new CognitoError("SerializationException", "");
      readMap(shape, path, value, problems);
      return value;
    }
    default: {
      problems.push(...brokenScalar(shape, value).map((rule) => sentence(path, printed(value), rule)));
      return value;
    }
  }
}

function readStructure(shape: Shape, path: string, value: Json, problems: string[]): Json {
  const members: [string, unknown][] = [];
  for (const [name, { shape: memberShape }] of Object.entries(shape.members ?? {})) {
    const memberPath = `${path}${path === "" ? "" : "."}${name[0]?.toLowerCase()}${name.slice(1)}`;
    const given = Object.hasOwn(value, name) ? value[name] : null;
    if (given !== null && given !== undefined) members.push([name, read(memberShape, memberPath, given, problems)]);
    else if (shape.required?.includes(name)) problems.push(sentence(memberPath, "null", "Member must not be null"));
  }
  return Object.fromEntries(members);
}

function readMap(shape: Shape, path: string, value: Json, problems: string[]): void {
  const entries = Object.entries(value);
  problems.push(...broken(shape, entries.length, "length").map((rule) => sentence(path, printed(value), rule)));
  const key = shapeOf(shape.key?.shape ?? "");
  const valueShape = shapeOf(shape.value?.shape ?? "");
  for (const [name, item] of entries) {
    if (item === null) throw new CognitoError("SerializationException", "");
    const ofKey = brokenScalar(key, name);
    if (ofKey.length > 0) {
      problems.push(sentence(path, printed(value), `Map keys must satisfy constraint: [${ofKey.join(", ")}]`));
    }
    if (valueShape.type === "structure") {
      read(shape.value?.shape ?? "", `${path}.${name}.member`, item, problems);
      continue;
    }
    const ofValue = brokenScalar(valueShape, item);
    if (ofValue.length > 0) {
      problems.push(sentence(path, printed(value), `Map value must satisfy constraint: [${ofValue.join(", ")}]`));
    }
  }
}

const JSON_TYPES: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "boolean",
  integer: "number",
  long: "number",
  timestamp: "number",
};

function brokenScalar(shape: Shape, value: unknown): readonly string[] {
  if (typeof value !== JSON_TYPES[shape.type]) throw new CognitoError("SerializationException", "");
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new CognitoError("SerializationException", "");
    return broken(shape, value, "value");
  }
  if (typeof value !== "string") return [];
  const rules = [...broken(shape, [...value].length, "length")];
  if (shape.enum !== undefined && !shape.enum.includes(value)) {
    rules.push(`Member must satisfy enum value set: [${shape.enum.join(", ")}]`);
  }
  if (shape.pattern !== undefined && !new RegExp(`^(?:${shape.pattern})$`, "u").test(value)) {
    rules.push(`Member must satisfy regular expression pattern: ${shape.pattern}`);
  }
  return rules;
}

function broken({ min, max }: Shape, measure: number, what: "length" | "value"): readonly string[] {
  return [
    ...(max !== undefined && measure > max ? [`Member must have ${what} less than or equal to ${max}`] : []),
    ...(min !== undefined && measure < min ? [`Member must have ${what} greater than or equal to ${min}`] : []),
  ];
}

function sentence(path: string, value: string, rule: string): string {
  return `Value ${value} at '${path}' failed to satisfy constraint: ${rule}`;
}

/** As Java prints it. */
function printed(value: unknown): string {
  if (Array.isArray(value)) return `'[${value.join(", ")}]'`;
  if (!isRecord(value)) return `'${String(value)}'`;
  return `'{${Object.entries(value)
    .map(([name, item]) => `${name}=${String(item)}`)
    .join(", ")}}'`;
}

function shapeOf(name: string): Shape {
  const shape = model.shapes[name];
  if (shape === undefined) throw new Error(`the model has no shape ${name}`);
  return shape;
}
