/** The operations by name. */
import type { Cognito } from "./cognito-parts.ts";
import { CognitoError } from "./cognito-error.ts";
import * as developers from "./developer-operations.ts";
import * as pools from "./administration.ts";
import * as publicOnes from "./public-operations.ts";
import type { Json } from "./service-model.ts";

/** The service model has held the input, so that it is what the operation says. */
type Operation = (cognito: Cognito, input: never) => object | void | Promise<object | void>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  GetId: publicOnes.getId,
  GetOpenIdToken: publicOnes.getOpenIdToken,
  GetCredentialsForIdentity: publicOnes.getCredentialsForIdentity,
  UnlinkIdentity: publicOnes.unlinkIdentity,
  GetOpenIdTokenForDeveloperIdentity: developers.getOpenIdTokenForDeveloperIdentity,
  LookupDeveloperIdentity: developers.lookupDeveloperIdentity,
  MergeDeveloperIdentities: developers.mergeDeveloperIdentities,
  UnlinkDeveloperIdentity: developers.unlinkDeveloperIdentity,
  CreateIdentityPool: pools.createIdentityPool,
  UpdateIdentityPool: pools.updateIdentityPool,
  DescribeIdentityPool: pools.describeIdentityPool,
  DeleteIdentityPool: pools.deleteIdentityPool,
  ListIdentityPools: pools.listIdentityPools,
  SetIdentityPoolRoles: pools.setIdentityPoolRoles,
  GetIdentityPoolRoles: pools.getIdentityPoolRoles,
  SetPrincipalTagAttributeMap: pools.setPrincipalTagAttributeMap,
  GetPrincipalTagAttributeMap: pools.getPrincipalTagAttributeMap,
  DescribeIdentity: pools.describeIdentity,
  ListIdentities: pools.listIdentities,
  DeleteIdentities: pools.deleteIdentities,
};

export async function run(cognito: Cognito, name: string, input: Json): Promise<object | void> {
  const operation = OPERATIONS[name];
  if (operation === undefined) throw new CognitoError("UnknownOperationException", "");
  return await operation(cognito, input as never);
}
