/** Every operation, by its name: the shape check, then the use case. */
import type { Result } from "../domain/errors.ts";
import { type ExtensionName, extensions, isExtensionName } from "../protocol/extensions.ts";
import type { InputValueOf, StructureShape } from "../protocol/shape-language.ts";
import { type OperationName, operations } from "../protocol/shapes.ts";
import { validate } from "../protocol/validate.ts";
import { checkIdentityPool } from "./check-identity-pool.ts";
import { checkLogin } from "./check-login.ts";
import { checkService } from "./check-service.ts";
import type { Caller, OperationContext, SignedContext } from "./context.ts";
import { describeIdentityInFull } from "./describe-identity-in-full.ts";
import { describeKeyRing, describeService } from "./describe-service.ts";
import { disableIdentity, enableIdentity } from "./disable-identity.ts";
import {
  getOpenIdTokenForDeveloperIdentity,
  lookupDeveloperIdentity,
  mergeDeveloperIdentities,
  unlinkDeveloperIdentity,
} from "./developer-identities.ts";
import { findIdentityByLogin } from "./find-identity-by-login.ts";
import { getCredentialsForIdentity } from "./get-credentials-for-identity.ts";
import { getMetrics } from "./get-metrics.ts";
import { getMigrationReport } from "./get-migration-report.ts";
import { getId } from "./get-id.ts";
import { getOpenIdToken } from "./get-open-id-token.ts";
import { exportIdentities } from "./export-identities.ts";
import { deleteIdentities, describeIdentity, unlinkIdentity } from "./identities.ts";
import {
  adoptIdentityPool,
  createIdentityPool,
  deleteIdentityPool,
  describeIdentityPool,
  listIdentityPools,
  updateIdentityPool,
} from "./identity-pools.ts";
import { getIdentityPoolRoles, setIdentityPoolRoles } from "./identity-pool-roles.ts";
import { setIdentityPoolSource } from "./set-identity-pool-source.ts";
import { importIdentities } from "./import-identities.ts";
import { listIdentities } from "./list-identities.ts";
import { getPrincipalTagAttributeMap, setPrincipalTagAttributeMap } from "./principal-tag-maps.ts";
import { listTagsForResource, tagResource, untagResource } from "./resource-tags.ts";
import { rotateSigningKey } from "./rotate-signing-key.ts";
import { getTokenLifetime, setTokenLifetime } from "./token-lifetime.ts";

export type RunnableOperation = {
  /** Whether the caller must have proved who it is: Signature Version 4. */
  readonly access: "public" | "signed";
  /** `caller` is null for a public operation; whoever runs a signed one has verified its signature. */
  run(json: unknown, context: OperationContext, caller: Caller | null): Promise<Result<object | undefined>>;
};

function publicOperation<S extends StructureShape>(
  { access, input: shape }: { readonly access: "public"; readonly input: S },
  use: (input: InputValueOf<S>, context: OperationContext) => Promise<Result<object | undefined>>,
): RunnableOperation {
  return {
    access,
    run(json, context) {
      const input = validate(shape, json);
      return input.ok ? use(input.value, context) : Promise.resolve(input);
    },
  };
}

function signedOperation<S extends StructureShape>(
  { access, input: shape }: { readonly access: "signed"; readonly input: S },
  use: (input: InputValueOf<S>, context: SignedContext) => Promise<Result<object | undefined>>,
): RunnableOperation {
  return {
    access,
    async run(json, context, caller) {
      if (caller === null) throw new Error("a signed operation was run without a verified caller");
      const input = validate(shape, json);
      return input.ok ? await use(input.value, { ...context, caller }) : input;
    },
  };
}

/** In the order of the service model. The compiler misses an operation that is not here. */
export const registry: Readonly<Record<OperationName, RunnableOperation>> = {
  CreateIdentityPool: signedOperation(operations.CreateIdentityPool, createIdentityPool),
  DeleteIdentities: signedOperation(operations.DeleteIdentities, deleteIdentities),
  DeleteIdentityPool: signedOperation(operations.DeleteIdentityPool, deleteIdentityPool),
  DescribeIdentity: signedOperation(operations.DescribeIdentity, describeIdentity),
  DescribeIdentityPool: signedOperation(operations.DescribeIdentityPool, describeIdentityPool),
  GetCredentialsForIdentity: publicOperation(operations.GetCredentialsForIdentity, getCredentialsForIdentity),
  GetId: publicOperation(operations.GetId, getId),
  GetIdentityPoolRoles: signedOperation(operations.GetIdentityPoolRoles, getIdentityPoolRoles),
  GetOpenIdToken: publicOperation(operations.GetOpenIdToken, getOpenIdToken),
  GetOpenIdTokenForDeveloperIdentity: signedOperation(
    operations.GetOpenIdTokenForDeveloperIdentity,
    getOpenIdTokenForDeveloperIdentity,
  ),
  GetPrincipalTagAttributeMap: signedOperation(operations.GetPrincipalTagAttributeMap, getPrincipalTagAttributeMap),
  ListIdentities: signedOperation(operations.ListIdentities, listIdentities),
  ListIdentityPools: signedOperation(operations.ListIdentityPools, listIdentityPools),
  ListTagsForResource: signedOperation(operations.ListTagsForResource, listTagsForResource),
  LookupDeveloperIdentity: signedOperation(operations.LookupDeveloperIdentity, lookupDeveloperIdentity),
  MergeDeveloperIdentities: signedOperation(operations.MergeDeveloperIdentities, mergeDeveloperIdentities),
  SetIdentityPoolRoles: signedOperation(operations.SetIdentityPoolRoles, setIdentityPoolRoles),
  SetPrincipalTagAttributeMap: signedOperation(operations.SetPrincipalTagAttributeMap, setPrincipalTagAttributeMap),
  TagResource: signedOperation(operations.TagResource, tagResource),
  UnlinkDeveloperIdentity: signedOperation(operations.UnlinkDeveloperIdentity, unlinkDeveloperIdentity),
  UnlinkIdentity: publicOperation(operations.UnlinkIdentity, unlinkIdentity),
  UntagResource: signedOperation(operations.UntagResource, untagResource),
  UpdateIdentityPool: signedOperation(operations.UpdateIdentityPool, updateIdentityPool),
};

/** What is built beyond the service model. */
const extensionRegistry: Readonly<Record<ExtensionName, RunnableOperation>> = {
  AdoptIdentityPool: signedOperation(extensions.AdoptIdentityPool, adoptIdentityPool),
  CheckIdentityPool: signedOperation(extensions.CheckIdentityPool, checkIdentityPool),
  CheckLogin: signedOperation(extensions.CheckLogin, checkLogin),
  CheckService: signedOperation(extensions.CheckService, checkService),
  DescribeIdentityInFull: signedOperation(extensions.DescribeIdentityInFull, describeIdentityInFull),
  DescribeKeyRing: signedOperation(extensions.DescribeKeyRing, describeKeyRing),
  DescribeService: signedOperation(extensions.DescribeService, describeService),
  DisableIdentity: signedOperation(extensions.DisableIdentity, disableIdentity),
  EnableIdentity: signedOperation(extensions.EnableIdentity, enableIdentity),
  ExportIdentities: signedOperation(extensions.ExportIdentities, exportIdentities),
  FindIdentityByLogin: signedOperation(extensions.FindIdentityByLogin, findIdentityByLogin),
  GetMetrics: signedOperation(extensions.GetMetrics, getMetrics),
  GetMigrationReport: signedOperation(extensions.GetMigrationReport, getMigrationReport),
  ImportIdentities: signedOperation(extensions.ImportIdentities, importIdentities),
  GetTokenLifetime: signedOperation(extensions.GetTokenLifetime, getTokenLifetime),
  SetTokenLifetime: signedOperation(extensions.SetTokenLifetime, setTokenLifetime),
  RotateSigningKey: signedOperation(extensions.RotateSigningKey, rotateSigningKey),
  SetIdentityPoolSource: signedOperation(extensions.SetIdentityPoolSource, setIdentityPoolSource),
};

export function runnableOf(name: OperationName | ExtensionName): RunnableOperation {
  return isExtensionName(name) ? extensionRegistry[name] : registry[name];
}
