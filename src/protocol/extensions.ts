/**
 * What this service answers beyond the service model: signed calls to its operator, under a target prefix of their own, so
 * that no name of them can ever meet one of the model's. Data alone, as shapes.ts.
 */
import type { ModelledErrorName } from "../domain/errors.ts";
import { boolean } from "./member-shapes.ts";
import { type InputValueOf, type OutputValueOf, structure } from "./shape-language.ts";
import { isOperationName, type OperationName } from "./shapes.ts";

const keyId = { type: "string" } as const;

export const extensions = {
  /** The emergency rotation: SECURITY.md, T43. */
  RotateSigningKey: {
    access: "signed",
    input: structure([], { Force: boolean }),
    output: structure(["KeyId", "DroppedKeyIds"], {
      KeyId: keyId,
      DroppedKeyIds: { type: "list", member: keyId },
    }),
    errors: ["InternalErrorException", "TooManyRequestsException"] satisfies readonly ModelledErrorName[],
  },
} as const;

export type ExtensionName = keyof typeof extensions;
export type ExtensionInputOf<Name extends ExtensionName> = InputValueOf<(typeof extensions)[Name]["input"]>;
export type ExtensionOutputOf<Name extends ExtensionName> = OutputValueOf<(typeof extensions)[Name]["output"]>;

const OPERATION_PREFIX = "AWSCognitoIdentityService.";
const EXTENSION_PREFIX = "Edgepool.";

export function isExtensionName(name: string): name is ExtensionName {
  return Object.hasOwn(extensions, name);
}

/** The value of `X-Amz-Target` that names the operation, and the only one. */
export function targetOf(name: string): string {
  return (isExtensionName(name) ? EXTENSION_PREFIX : OPERATION_PREFIX) + name;
}

/** What an `X-Amz-Target` names; undefined when it is nothing that this service knows. */
export function operationNamedBy(target: string): OperationName | ExtensionName | undefined {
  const name = target.slice(target.indexOf(".") + 1);
  const isKnown = isOperationName(name) || isExtensionName(name);
  return isKnown && target === targetOf(name) ? name : undefined;
}
