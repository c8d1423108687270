/**
 * The service: its 23 operations, each with the shapes of its input and output, who may call it and the errors it declares.
 * Data alone, in the order of the service model (2014-06-30); a contract test holds it against the model in both directions.
 */
import type { ModelledErrorName } from "../domain/errors.ts";
import {
  accountId,
  arnString,
  boolean,
  createIdentityPoolInput,
  credentials,
  developerProviderName,
  developerUserIdentifier,
  developerUserIdentifierList,
  identitiesList,
  identityDescription,
  identityId,
  identityIdList,
  identityPool,
  identityPoolId,
  identityPoolsList,
  identityProviderName,
  loginsList,
  loginsMap,
  oidcToken,
  paginationKey,
  principalTags,
  queryLimit,
  roleMappingMap,
  rolesMap,
  tagKeyList,
  tagMap,
  tokenDuration,
  unprocessedIdentityIdList,
} from "./member-shapes.ts";
import { type InputValueOf, type OutputValueOf, type Shape, type StructureShape, structure } from "./shape-language.ts";

export type Operation = {
  /** A signed operation needs Signature Version 4; a public one ignores a signature that it carries. */
  readonly access: "public" | "signed";
  readonly input: StructureShape;
  /** `undefined`: success has an empty body. */
  readonly output: StructureShape | undefined;
  readonly errors: readonly ModelledErrorName[];
};

/** Declared by nearly every operation. */
const commonErrors = [
  "InvalidParameterException",
  "ResourceNotFoundException",
  "NotAuthorizedException",
  "TooManyRequestsException",
  "InternalErrorException",
] as const;

export const operations = {
  CreateIdentityPool: {
    access: "signed",
    input: createIdentityPoolInput,
    output: identityPool,
    errors: [
      "InvalidParameterException",
      "NotAuthorizedException",
      "ResourceConflictException",
      "TooManyRequestsException",
      "InternalErrorException",
      "LimitExceededException",
    ],
  },
  DeleteIdentities: {
    access: "signed",
    input: structure(["IdentityIdsToDelete"], { IdentityIdsToDelete: identityIdList }),
    output: structure([], { UnprocessedIdentityIds: unprocessedIdentityIdList }),
    errors: ["InvalidParameterException", "TooManyRequestsException", "InternalErrorException"],
  },
  DeleteIdentityPool: {
    access: "signed",
    input: structure(["IdentityPoolId"], { IdentityPoolId: identityPoolId }),
    output: undefined,
    errors: commonErrors,
  },
  DescribeIdentity: {
    access: "signed",
    input: structure(["IdentityId"], { IdentityId: identityId }),
    output: identityDescription,
    errors: commonErrors,
  },
  DescribeIdentityPool: {
    access: "signed",
    input: structure(["IdentityPoolId"], { IdentityPoolId: identityPoolId }),
    output: identityPool,
    errors: commonErrors,
  },
  GetCredentialsForIdentity: {
    access: "public",
    input: structure(["IdentityId"], {
      IdentityId: identityId,
      Logins: loginsMap,
      CustomRoleArn: arnString,
    }),
    output: structure([], { IdentityId: identityId, Credentials: credentials }),
    errors: [
      ...commonErrors,
      "ResourceConflictException",
      "InvalidIdentityPoolConfigurationException",
      "ExternalServiceException",
    ],
  },
  GetId: {
    access: "public",
    input: structure(["IdentityPoolId"], {
      AccountId: accountId,
      IdentityPoolId: identityPoolId,
      Logins: loginsMap,
    }),
    output: structure([], { IdentityId: identityId }),
    errors: [...commonErrors, "ResourceConflictException", "LimitExceededException", "ExternalServiceException"],
  },
  GetIdentityPoolRoles: {
    access: "signed",
    input: structure(["IdentityPoolId"], { IdentityPoolId: identityPoolId }),
    output: structure([], {
      IdentityPoolId: identityPoolId,
      Roles: rolesMap,
      RoleMappings: roleMappingMap,
    }),
    errors: [...commonErrors, "ResourceConflictException"],
  },
  GetOpenIdToken: {
    access: "public",
    input: structure(["IdentityId"], { IdentityId: identityId, Logins: loginsMap }),
    output: structure([], { IdentityId: identityId, Token: oidcToken }),
    errors: [...commonErrors, "ResourceConflictException", "ExternalServiceException"],
  },
  GetOpenIdTokenForDeveloperIdentity: {
    access: "signed",
    input: structure(["IdentityPoolId", "Logins"], {
      IdentityPoolId: identityPoolId,
      IdentityId: identityId,
      Logins: loginsMap,
      PrincipalTags: principalTags,
      TokenDuration: tokenDuration,
    }),
    output: structure([], { IdentityId: identityId, Token: oidcToken }),
    errors: [...commonErrors, "ResourceConflictException", "DeveloperUserAlreadyRegisteredException"],
  },
  GetPrincipalTagAttributeMap: {
    access: "signed",
    input: structure(["IdentityPoolId", "IdentityProviderName"], {
      IdentityPoolId: identityPoolId,
      IdentityProviderName: identityProviderName,
    }),
    output: structure([], {
      IdentityPoolId: identityPoolId,
      IdentityProviderName: identityProviderName,
      UseDefaults: boolean,
      PrincipalTags: principalTags,
    }),
    errors: commonErrors,
  },
  ListIdentities: {
    access: "signed",
    input: structure(["IdentityPoolId", "MaxResults"], {
      IdentityPoolId: identityPoolId,
      MaxResults: queryLimit,
      NextToken: paginationKey,
      HideDisabled: boolean,
    }),
    output: structure([], {
      IdentityPoolId: identityPoolId,
      Identities: identitiesList,
      NextToken: paginationKey,
    }),
    errors: commonErrors,
  },
  ListIdentityPools: {
    access: "signed",
    input: structure(["MaxResults"], { MaxResults: queryLimit, NextToken: paginationKey }),
    output: structure([], { IdentityPools: identityPoolsList, NextToken: paginationKey }),
    errors: commonErrors,
  },
  ListTagsForResource: {
    access: "signed",
    input: structure(["ResourceArn"], { ResourceArn: arnString }),
    output: structure([], { Tags: tagMap }),
    errors: commonErrors,
  },
  LookupDeveloperIdentity: {
    access: "signed",
    input: structure(["IdentityPoolId"], {
      IdentityPoolId: identityPoolId,
      IdentityId: identityId,
      DeveloperUserIdentifier: developerUserIdentifier,
      MaxResults: queryLimit,
      NextToken: paginationKey,
    }),
    output: structure([], {
      IdentityId: identityId,
      DeveloperUserIdentifierList: developerUserIdentifierList,
      NextToken: paginationKey,
    }),
    errors: [...commonErrors, "ResourceConflictException"],
  },
  MergeDeveloperIdentities: {
    access: "signed",
    input: structure(["SourceUserIdentifier", "DestinationUserIdentifier", "DeveloperProviderName", "IdentityPoolId"], {
      SourceUserIdentifier: developerUserIdentifier,
      DestinationUserIdentifier: developerUserIdentifier,
      DeveloperProviderName: developerProviderName,
      IdentityPoolId: identityPoolId,
    }),
    output: structure([], { IdentityId: identityId }),
    errors: [...commonErrors, "ResourceConflictException"],
  },
  SetIdentityPoolRoles: {
    access: "signed",
    input: structure(["IdentityPoolId", "Roles"], {
      IdentityPoolId: identityPoolId,
      Roles: rolesMap,
      RoleMappings: roleMappingMap,
    }),
    output: undefined,
    errors: [...commonErrors, "ResourceConflictException", "ConcurrentModificationException"],
  },
  SetPrincipalTagAttributeMap: {
    access: "signed",
    input: structure(["IdentityPoolId", "IdentityProviderName"], {
      IdentityPoolId: identityPoolId,
      IdentityProviderName: identityProviderName,
      UseDefaults: boolean,
      PrincipalTags: principalTags,
    }),
    output: structure([], {
      IdentityPoolId: identityPoolId,
      IdentityProviderName: identityProviderName,
      UseDefaults: boolean,
      PrincipalTags: principalTags,
    }),
    errors: commonErrors,
  },
  TagResource: {
    access: "signed",
    input: structure(["ResourceArn", "Tags"], { ResourceArn: arnString, Tags: tagMap }),
    output: structure([], {}),
    errors: commonErrors,
  },
  UnlinkDeveloperIdentity: {
    access: "signed",
    input: structure(["IdentityId", "IdentityPoolId", "DeveloperProviderName", "DeveloperUserIdentifier"], {
      IdentityId: identityId,
      IdentityPoolId: identityPoolId,
      DeveloperProviderName: developerProviderName,
      DeveloperUserIdentifier: developerUserIdentifier,
    }),
    output: undefined,
    errors: [...commonErrors, "ResourceConflictException"],
  },
  UnlinkIdentity: {
    access: "public",
    input: structure(["IdentityId", "Logins", "LoginsToRemove"], {
      IdentityId: identityId,
      Logins: loginsMap,
      LoginsToRemove: loginsList,
    }),
    output: undefined,
    errors: [...commonErrors, "ResourceConflictException", "ExternalServiceException"],
  },
  UntagResource: {
    access: "signed",
    input: structure(["ResourceArn", "TagKeys"], { ResourceArn: arnString, TagKeys: tagKeyList }),
    output: structure([], {}),
    errors: commonErrors,
  },
  UpdateIdentityPool: {
    access: "signed",
    input: identityPool,
    output: identityPool,
    errors: [...commonErrors, "ResourceConflictException", "ConcurrentModificationException", "LimitExceededException"],
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof operations;

/** The checked input of an operation. */
export type InputOf<Name extends OperationName> = InputValueOf<(typeof operations)[Name]["input"]>;

/** The output of an operation; `undefined` where the service model has none. */
export type OutputOf<Name extends OperationName> = (typeof operations)[Name]["output"] extends Shape
  ? OutputValueOf<(typeof operations)[Name]["output"]>
  : undefined;

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}
