/**
 * What this service answers beyond the service model: signed calls to its operator, under a target prefix of their own, so
 * that no name of them can ever meet one of the model's. Data alone, as shapes.ts.
 */
import { operatorOperations } from "./extension-shapes.ts";
import { transferOperations } from "./import-shapes.ts";
import { lifetimeOperations } from "./lifetime-shapes.ts";
import { boolean } from "./member-shapes.ts";
import { metricsReads } from "./metrics-shapes.ts";
import { type InputValueOf, type OutputValueOf, structure } from "./shape-language.ts";
import { isOperationName, type Operation, type OperationName } from "./shapes.ts";
import { sourceOperations } from "./source-shapes.ts";

const keyId = { type: "string" } as const;

/** Each subject has a file of its own, which a new operation of it is added to. */
export const extensions = {
  ...operatorOperations,
  ...lifetimeOperations,
  ...metricsReads,
  ...sourceOperations,
  ...transferOperations,
  /** The emergency rotation: SECURITY.md, T43. */
  RotateSigningKey: {
    access: "signed",
    input: structure([], { Force: boolean }),
    output: structure(["KeyId", "DroppedKeyIds"], {
      KeyId: keyId,
      DroppedKeyIds: { type: "list", member: keyId },
    }),
    errors: ["InternalErrorException", "TooManyRequestsException"],
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type ExtensionName = keyof typeof extensions;
export type ExtensionInputOf<Name extends ExtensionName> = InputValueOf<(typeof extensions)[Name]["input"]>;
export type ExtensionOutputOf<Name extends ExtensionName> = OutputValueOf<(typeof extensions)[Name]["output"]>;

/** The model's own prefix, and the long one of older clients: services took it before the model had a short one. */
const OPERATION_PREFIXES: ReadonlySet<string> = new Set([
  "AWSCognitoIdentityService.",
  "com.amazonaws.cognito.identity.model.AWSCognitoIdentityService.",
]);
const EXTENSION_PREFIX = "Edgepool.";

export function isExtensionName(name: string): name is ExtensionName {
  return Object.hasOwn(extensions, name);
}

/** What an `X-Amz-Target` names, by one of its exact forms; undefined when it is nothing that this service knows. */
export function operationNamedBy(target: string): OperationName | ExtensionName | undefined {
  const nameAt = target.lastIndexOf(".") + 1;
  const prefix = target.slice(0, nameAt);
  const name = target.slice(nameAt);
  if (isExtensionName(name)) return prefix === EXTENSION_PREFIX ? name : undefined;
  return isOperationName(name) && OPERATION_PREFIXES.has(prefix) ? name : undefined;
}
