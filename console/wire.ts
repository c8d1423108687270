/** The API as JSON, as the types of its own shapes say it. Types alone. */
import type { extensions } from "../src/protocol/extensions.ts";
import type { OutputValueOf } from "../src/protocol/shape-language.ts";
import type { operations } from "../src/protocol/shapes.ts";

type ExtensionTarget = `Edgepool.${keyof typeof extensions}`;
type RowOf<Name> = Name extends keyof typeof operations
  ? (typeof operations)[Name]
  : Name extends `Edgepool.${infer Extension extends keyof typeof extensions}`
    ? (typeof extensions)[Extension]
    : never;

/** As in the header X-Amz-Target; those of the service model without their prefix. */
export type OperationName = keyof typeof operations | ExtensionTarget;

type Inputs = { [Name in OperationName]: OutputValueOf<RowOf<Name>["input"]> };
type Outputs = {
  [Name in OperationName]: RowOf<Name>["output"] extends undefined ? object : OutputValueOf<RowOf<Name>["output"]>;
};

/** As JSON: a map is a record. */
export type InputOf<Name extends OperationName> = Inputs[Name];
/** An operation that answers with nothing answers with an empty object here. */
export type OutputOf<Name extends OperationName> = Outputs[Name];
