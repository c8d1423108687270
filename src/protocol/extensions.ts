/**
 * What this service answers beyond the service model: signed calls to its operator, under a target prefix of their own, so
 * that no name of them can ever meet one of the model's. Data alone, as shapes.ts.
 */
import type { ModelledErrorName } from "../domain/errors.ts";
import {
  checkIdentityPool,
  checkLogin,
  checkService,
  describeIdentityInFull,
  describeKeyRing,
  describeService,
  disableIdentity,
  findIdentityByLogin,
  getMetrics,
} from "./extension-shapes.ts";
import { exportIdentities, importIdentities } from "./import-shapes.ts";
import { boolean } from "./member-shapes.ts";
import { type InputValueOf, type OutputValueOf, structure } from "./shape-language.ts";
import { adoptIdentityPool, setIdentityPoolSource } from "./source-shapes.ts";
import { isOperationName, type OperationName } from "./shapes.ts";

const keyId = { type: "string" } as const;

export const extensions = {
  AdoptIdentityPool: {
    access: "signed",
    ...adoptIdentityPool,
    errors: [
      "InternalErrorException",
      "InvalidParameterException",
      "LimitExceededException",
      "ResourceConflictException",
    ] satisfies readonly ModelledErrorName[],
  },
  CheckIdentityPool: {
    access: "signed",
    ...checkIdentityPool,
    errors: ["InternalErrorException", "ResourceNotFoundException"] satisfies readonly ModelledErrorName[],
  },
  CheckLogin: {
    access: "signed",
    ...checkLogin,
    errors: ["InternalErrorException", "ResourceNotFoundException"] satisfies readonly ModelledErrorName[],
  },
  CheckService: {
    access: "signed",
    ...checkService,
    errors: ["InternalErrorException"] satisfies readonly ModelledErrorName[],
  },
  DescribeIdentityInFull: {
    access: "signed",
    ...describeIdentityInFull,
    errors: ["InternalErrorException", "ResourceNotFoundException"] satisfies readonly ModelledErrorName[],
  },
  DescribeKeyRing: {
    access: "signed",
    ...describeKeyRing,
    errors: ["InternalErrorException"] satisfies readonly ModelledErrorName[],
  },
  DescribeService: {
    access: "signed",
    ...describeService,
    errors: ["InternalErrorException"] satisfies readonly ModelledErrorName[],
  },
  /** Stops its user at once, by every way and until EnableIdentity; idempotent. */
  DisableIdentity: {
    access: "signed",
    ...disableIdentity,
    errors: [
      "InternalErrorException",
      "ResourceConflictException",
      "ResourceNotFoundException",
      "TooManyRequestsException",
    ] satisfies readonly ModelledErrorName[],
  },
  EnableIdentity: {
    access: "signed",
    ...disableIdentity,
    errors: [
      "InternalErrorException",
      "ResourceConflictException",
      "ResourceNotFoundException",
      "TooManyRequestsException",
    ] satisfies readonly ModelledErrorName[],
  },
  ExportIdentities: {
    access: "signed",
    ...exportIdentities,
    errors: [
      "InternalErrorException",
      "InvalidParameterException",
      "ResourceNotFoundException",
    ] satisfies readonly ModelledErrorName[],
  },
  FindIdentityByLogin: {
    access: "signed",
    ...findIdentityByLogin,
    errors: ["InternalErrorException", "ResourceNotFoundException"] satisfies readonly ModelledErrorName[],
  },
  GetMetrics: {
    access: "signed",
    ...getMetrics,
    errors: [
      "ExternalServiceException",
      "InternalErrorException",
      "ResourceNotFoundException",
    ] satisfies readonly ModelledErrorName[],
  },
  ImportIdentities: {
    access: "signed",
    ...importIdentities,
    errors: [
      "InternalErrorException",
      "ResourceNotFoundException",
      "TooManyRequestsException",
    ] satisfies readonly ModelledErrorName[],
  },
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
  SetIdentityPoolSource: {
    access: "signed",
    ...setIdentityPoolSource,
    errors: [
      "InternalErrorException",
      "InvalidParameterException",
      "LimitExceededException",
      "ResourceNotFoundException",
    ] satisfies readonly ModelledErrorName[],
  },
} as const;

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
