/**
 * An input shape against parsed JSON, in one walk that the shape leads: its depth is the shape's and never the sender's (T11).
 * Wrong JSON types are a SerializationException; else every broken constraint is listed in one ValidationException in the
 * live service's wording. The value returned holds the members of the shape and nothing else that was sent.
 */
import { isObject } from "../domain/json.ts";
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { type Constraint, numberConstraints, sizeConstraints, stringConstraints } from "./constraints.ts";
import { printable, quote } from "./quote.ts";
import type {
  InputValueOf,
  ListShape,
  MapShape,
  NumberShape,
  Shape,
  StringShape,
  StructureShape,
} from "./shape-language.ts";

/** Most violations that one message spells out: more than any honest request has, and a bound on the answer's size. */
const MAX_LISTED_VIOLATIONS = 100;

type Findings = {
  /** The first wrong JSON type, as a message that quotes no input. */
  typeError: string | undefined;
  violationCount: number;
  readonly violations: string[];
};

/** Failures: SerializationException, ValidationException. */
export function validate<S extends StructureShape>(shape: S, json: unknown): Result<InputValueOf<S>> {
  const findings: Findings = { typeError: undefined, violationCount: 0, violations: [] };
  const value = readStructure(shape, json, { text: "", model: "" }, findings);
  if (findings.typeError !== undefined) return err(serviceError("SerializationException", findings.typeError));
  if (findings.violationCount > 0) return err(serviceError("ValidationException", messageOf(findings)));
  // The walk has just read `value` by this very shape.
  return ok(value as InputValueOf<S>);
}

function messageOf({ violationCount, violations }: Findings): string {
  const noun = violationCount === 1 ? "error" : "errors";
  const rest = violationCount > violations.length ? "; ..." : "";
  return `${violationCount} validation ${noun} detected: ${violations.join("; ")}${rest}`;
}

/**
 * Where a value stands: `text` as the live service writes it, with the map keys that were sent, and `model` with the
 * model's own words alone, for messages that quote no input.
 */
type Path = { readonly text: string; readonly model: string };

function below(path: Path, text: string, model: string): Path {
  const join = (parent: string, child: string) => (parent === "" ? child : `${parent}.${child}`);
  return { text: join(path.text, text), model: join(path.model, model) };
}

function read(shape: Shape, json: unknown, path: Path, findings: Findings): unknown {
  switch (shape.type) {
    case "string":
      return readString(shape, json, path, findings);
    case "integer":
    case "long":
      return readNumber(shape, json, path, findings);
    case "boolean":
      return typeof json === "boolean" ? json : mistyped("Boolean", json, path, findings);
    case "timestamp":
      return typeof json === "number" && Number.isFinite(json) ? json : mistyped("Timestamp", json, path, findings);
    case "double":
      return typeof json === "number" && Number.isFinite(json) ? json : mistyped("Double", json, path, findings);
    case "document":
      return json;
    case "list":
      return readList(shape, json, path, findings);
    case "map":
      return readMap(shape, json, path, findings);
    case "structure":
      return readStructure(shape, json, path, findings);
  }
}

function readString(shape: StringShape, json: unknown, path: Path, findings: Findings): unknown {
  if (typeof json !== "string") return mistyped("String", json, path, findings);
  check(stringConstraints(shape), json, shape, json, path, findings);
  return json;
}

function readNumber(shape: NumberShape, json: unknown, path: Path, findings: Findings): unknown {
  const limit = shape.type === "integer" ? 2 ** 31 : 2 ** 63;
  const isInRange = Number.isInteger(json) && typeof json === "number" && json >= -limit && json < limit;
  if (!isInRange) return mistyped(shape.type === "integer" ? "Integer" : "Long", json, path, findings);
  check(numberConstraints(shape), json, shape, json, path, findings);
  return json;
}

function readList(shape: ListShape, json: unknown, path: Path, findings: Findings): unknown {
  if (!Array.isArray(json)) return mistyped("List", json, path, findings);
  check(sizeConstraints(shape), json.length, shape, json, path, findings);
  return json.map((item, index) => read(shape.member, item, below(path, `${index + 1}.member`, "member"), findings));
}

function readMap(shape: MapShape, json: unknown, path: Path, findings: Findings): unknown {
  if (!isObject(json)) return mistyped("Map", json, path, findings);
  const entries = Object.entries(json);
  check(sizeConstraints(shape), entries.length, shape, json, path, findings);
  const keyConstraints = stringConstraints(shape.key);
  if (entries.some(([key]) => isBroken(keyConstraints, key))) {
    violate(`Map keys must satisfy constraint: [${textsOf(keyConstraints)}]`, shape, json, path, findings);
  }
  const valueShape = shape.value;
  if (valueShape.type !== "string") {
    return new Map(
      entries.map(([key, value]) => [
        key,
        read(valueShape, value, below(path, `${printable(key)}.member`, "value"), findings),
      ]),
    );
  }
  // The live service names no entry, and lists all constraints of the values once for the whole map.
  const valueConstraints = stringConstraints(valueShape);
  let isAnyBroken = false;
  for (const [, value] of entries) {
    if (typeof value !== "string") mistyped("String", value, below(path, "value", "value"), findings);
    else isAnyBroken ||= isBroken(valueConstraints, value);
  }
  if (isAnyBroken) {
    violate(`Map value must satisfy constraint: [${textsOf(valueConstraints)}]`, shape, json, path, findings);
  }
  return new Map(entries);
}

function readStructure(shape: StructureShape, json: unknown, path: Path, findings: Findings): unknown {
  if (!isObject(json)) return mistyped("Structure", json, path, findings);
  const members: Record<string, unknown> = {};
  for (const [name, memberShape] of Object.entries(shape.members)) {
    const memberPath = below(path, wireName(name), wireName(name));
    // Own members alone: what the prototype lends, such as `constructor`, nobody has sent (T39).
    const member = Object.hasOwn(json, name) ? json[name] : null;
    if (member !== null) members[name] = read(memberShape, member, memberPath, findings);
    else if (shape.required.includes(name)) {
      report(
        findings,
        () => `Value null at '${memberPath.text}' failed to satisfy constraint: Member must not be null`,
      );
    }
  }
  return members;
}

/** Members are spoken of in lower camel case: `identityPoolId`, `openIdConnectProviderARNs`. */
function wireName(member: string): string {
  return member.charAt(0).toLowerCase() + member.slice(1);
}

function isBroken<T>(constraints: readonly Constraint<T>[], value: T): boolean {
  return constraints.some((constraint) => !constraint.holds(value));
}

function textsOf(constraints: readonly Constraint<string>[]): string {
  return constraints.map((constraint) => constraint.text).join(", ");
}

function check<T>(
  constraints: readonly Constraint<T>[],
  measured: T,
  shape: Shape,
  json: unknown,
  path: Path,
  findings: Findings,
): void {
  for (const { text, holds } of constraints) {
    if (!holds(measured)) violate(text, shape, json, path, findings);
  }
}

function violate(constraint: string, shape: Shape, json: unknown, path: Path, findings: Findings): void {
  report(findings, () => `Value '${quote(shape, json)}' at '${path.text}' failed to satisfy constraint: ${constraint}`);
}

/** Counts every violation, and writes out only those that are listed: quoting is the costly part. */
function report(findings: Findings, describe: () => string): void {
  findings.violationCount += 1;
  if (findings.violations.length < MAX_LISTED_VIOLATIONS) findings.violations.push(describe());
}

function mistyped(expected: string, json: unknown, path: Path, findings: Findings): undefined {
  const where = path.model === "" ? "" : ` at '${path.model}'`;
  findings.typeError ??= `${kindOf(json)} can not be converted to ${expected}${where}`;
  return undefined;
}

function kindOf(json: unknown): string {
  if (json === null) return "NULL_VALUE";
  if (Array.isArray(json)) return "START_OF_LIST";
  return typeof json === "object" ? "START_OF_STRUCTURE_OR_MAP" : `${(typeof json).toUpperCase()}_VALUE`;
}
