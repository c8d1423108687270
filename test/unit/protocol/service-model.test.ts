/** Contract: the shapes of src/protocol against the public service model, in both directions, so that neither can drift. */
import { describe, expect, it } from "vitest";
import type { Shape } from "../../../src/protocol/shape-language.ts";
import { operations } from "../../../src/protocol/shapes.ts";
import model from "../../support/cognito-identity-2014-06-30.json";

type Reference = { readonly shape: string };
type ModelShape = {
  readonly type: string;
  readonly members?: Readonly<Record<string, Reference>>;
  readonly required?: readonly string[];
  readonly member?: Reference;
  readonly key?: Reference;
  readonly value?: Reference;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
};
type ModelOperation = {
  readonly input: Reference;
  readonly output?: Reference;
  readonly errors: readonly Reference[];
  readonly authtype?: string;
};

const modelShapes = new Map<string, ModelShape>(Object.entries(model.shapes));
const modelOperations = new Map<string, ModelOperation>(Object.entries(model.operations));

/** Ours, and not the model's: shapes whose values no message may quote. */
const secretShapes = ["DeveloperUserIdentifier", "IdentityProviderId", "IdentityProviderToken"];

/** A shape of the model, references resolved, in the words of shape-language.ts. */
function expand({ shape: name }: Reference): Shape {
  const shape = modelShapes.get(name);
  if (shape === undefined) throw new Error(`the model has no shape ${name}`);
  const { min, max, pattern, enum: choices } = shape;
  const bounds = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  switch (shape.type) {
    case "string":
      return {
        type: "string",
        ...bounds,
        ...(pattern !== undefined && { pattern }),
        ...(choices !== undefined && { enum: choices }),
        ...(secretShapes.includes(name) && { secret: true as const }),
      };
    case "integer":
    case "long":
      return { type: shape.type, ...bounds };
    case "boolean":
    case "timestamp":
      return { type: shape.type };
    case "list":
      if (shape.member === undefined) break;
      return { type: "list", member: expand(shape.member), ...bounds };
    case "map": {
      if (shape.key === undefined || shape.value === undefined) break;
      const key = expand(shape.key);
      if (key.type !== "string") break;
      return { type: "map", key, value: expand(shape.value), ...bounds };
    }
    case "structure": {
      const members = Object.entries(shape.members ?? {}).map(([member, reference]) => [member, expand(reference)]);
      return { type: "structure", required: shape.required ?? [], members: Object.fromEntries(members) };
    }
  }
  throw new Error(`the model's shape ${name} is not understood`);
}

/** Names of all members, nested ones too, in order: `toEqual` looks past the order of properties. */
function memberNames(shape: Shape): readonly string[] {
  if (shape.type === "list") return memberNames(shape.member);
  if (shape.type === "map") return memberNames(shape.value);
  if (shape.type !== "structure") return [];
  return Object.entries(shape.members).flatMap(([name, member]) => [name, ...memberNames(member)]);
}

describe("the service model", () => {
  it("has exactly the operations that we have, in its order", () => {
    expect(Object.keys(operations)).toEqual([...modelOperations.keys()]);
    expect(Object.keys(operations)).toHaveLength(23);
  });

  it("has no trait of a shape that this test does not compare", () => {
    const compared = ["type", "members", "required", "member", "key", "value", "min", "max", "pattern", "enum"];
    const known = new Set([...compared, "documentation", "exception", "fault"]);
    for (const shape of modelShapes.values()) {
      expect(Object.keys(shape).filter((trait) => !known.has(trait))).toEqual([]);
    }
  });

  it("has exactly the exceptions that our operations declare", () => {
    const exceptions = Object.entries(model.shapes).filter(([, shape]) => "exception" in shape);
    const declared = new Set(Object.values(operations).flatMap((operation) => [...operation.errors]));
    expect([...declared].toSorted()).toEqual(exceptions.map(([name]) => name).toSorted());
  });

  it("is called by AWS JSON 1.1 at POST / and by no other way", () => {
    expect(model.metadata).toMatchObject({
      protocol: "json",
      jsonVersion: "1.1",
      targetPrefix: "AWSCognitoIdentityService",
    });
    for (const { http } of Object.values(model.operations)) expect(http).toEqual({ method: "POST", requestUri: "/" });
  });

  it("has every secret shape that we name", () => {
    for (const name of secretShapes) expect(modelShapes.get(name)?.type).toBe("string");
  });
});

describe.each(Object.entries(operations))("%s", (name, operation) => {
  const modelled = modelOperations.get(name);
  if (modelled === undefined) throw new Error(`the model has no operation ${name}`);

  it("takes the members of the model, with its types, bounds, patterns, choices and required flags", () => {
    expect(operation.input).toStrictEqual(expand(modelled.input));
    expect(memberNames(operation.input)).toEqual(memberNames(expand(modelled.input)));
  });

  it("answers with the members of the model", () => {
    if (modelled.output === undefined) {
      expect(operation.output).toBeUndefined();
      return;
    }
    expect(operation.output).toStrictEqual(expand(modelled.output));
  });

  it("declares the errors of the model", () => {
    expect([...operation.errors].toSorted()).toEqual(modelled.errors.map((error) => error.shape).toSorted());
  });

  it("is public where the model says that it needs no signature", () => {
    expect(operation.access).toBe(modelled.authtype === "none" ? "public" : "signed");
  });
});
