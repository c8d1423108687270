/**
 * The shapes that members of the service are made of: scalars, lists, maps and shared structures, in camel case under
 * the names of the service model (2014-06-30). Data alone; a contract test holds each of them against the model.
 */
import { structure } from "./shape-language.ts";

export const accountId = { type: "string", min: 1, max: 15, pattern: "\\d+" } as const;
export const arnString = { type: "string", min: 20, max: 2048 } as const;
export const boolean = { type: "boolean" } as const;
const date = { type: "timestamp" } as const;
export const developerProviderName = {
  type: "string",
  min: 1,
  max: 128,
  pattern: "[\\w._-]+",
} as const;
// Secret: the subject of a login at the pool's developer provider.
export const developerUserIdentifier = { type: "string", min: 1, max: 1024, secret: true } as const;
export const identityId = {
  type: "string",
  min: 1,
  max: 55,
  pattern: "[\\w-]+:[0-9a-f-]+",
} as const;
export const identityPoolId = {
  type: "string",
  min: 1,
  max: 55,
  pattern: "[\\w-]+:[0-9a-f-]+",
} as const;
export const identityPoolName = {
  type: "string",
  min: 1,
  max: 128,
  pattern: "[\\w\\s+=,.@-]+",
} as const;
// Secret: the entry of api.twitter.com is `consumerKey;consumerSecret`.
const identityProviderId = {
  type: "string",
  min: 1,
  max: 128,
  pattern: "[\\w.;_/-]+",
  secret: true,
} as const;
export const identityProviderName = { type: "string", min: 1, max: 128 } as const;
// Secret: a login token, or the subject of a login at the pool's developer provider.
const identityProviderToken = { type: "string", min: 1, max: 50_000, secret: true } as const;
export const oidcToken = { type: "string" } as const;
export const paginationKey = { type: "string", min: 1, max: 65_535, pattern: "[\\S]+" } as const;
export const queryLimit = { type: "integer", min: 1, max: 60 } as const;
export const tokenDuration = { type: "long", min: 1, max: 86_400 } as const;
const tagKey = { type: "string", min: 1, max: 128 } as const;
const tagValue = { type: "string", min: 0, max: 256 } as const;

export const arnList = { type: "list", member: arnString } as const;
export const developerUserIdentifierList = {
  type: "list",
  member: developerUserIdentifier,
} as const;
export const identityIdList = { type: "list", member: identityId, min: 1, max: 60 } as const;
export const loginsList = { type: "list", member: identityProviderName } as const;
export const tagKeyList = { type: "list", member: tagKey } as const;

export const identityProviders = {
  type: "map",
  key: identityProviderName,
  value: identityProviderId,
  max: 10,
} as const;
export const loginsMap = {
  type: "map",
  key: identityProviderName,
  value: identityProviderToken,
  max: 10,
} as const;
export const principalTags = {
  type: "map",
  key: { type: "string", min: 1, max: 128 },
  value: { type: "string", min: 1, max: 256 },
  max: 50,
} as const;
export const rolesMap = {
  type: "map",
  key: { type: "string", min: 1, max: 128, pattern: "(un)?authenticated" },
  value: arnString,
  max: 2,
} as const;
export const tagMap = { type: "map", key: tagKey, value: tagValue } as const;

const cognitoIdentityProvider = structure([], {
  ProviderName: { type: "string", min: 1, max: 128, pattern: "[\\w._:/-]+" },
  ClientId: { type: "string", min: 1, max: 128, pattern: "[\\w_]+" },
  ServerSideTokenCheck: boolean,
});
export const cognitoIdentityProviderList = {
  type: "list",
  member: cognitoIdentityProvider,
} as const;

const mappingRule = structure(["Claim", "MatchType", "Value", "RoleARN"], {
  Claim: { type: "string", min: 1, max: 64, pattern: "[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+" },
  MatchType: { type: "string", enum: ["Equals", "Contains", "StartsWith", "NotEqual"] },
  Value: { type: "string", min: 1, max: 128 },
  RoleARN: arnString,
});
const roleMapping = structure(["Type"], {
  Type: { type: "string", enum: ["Token", "Rules"] },
  AmbiguousRoleResolution: { type: "string", enum: ["AuthenticatedRole", "Deny"] },
  RulesConfiguration: structure(["Rules"], {
    Rules: { type: "list", member: mappingRule, min: 1, max: 400 },
  }),
});
export const roleMappingMap = {
  type: "map",
  key: identityProviderName,
  value: roleMapping,
  max: 10,
} as const;

export const credentials = structure([], {
  AccessKeyId: { type: "string" },
  SecretKey: { type: "string" },
  SessionToken: { type: "string" },
  Expiration: date,
});

export const identityDescription = structure([], {
  IdentityId: identityId,
  Logins: loginsList,
  CreationDate: date,
  LastModifiedDate: date,
});
export const identitiesList = { type: "list", member: identityDescription } as const;

const unprocessedIdentityId = structure([], {
  IdentityId: identityId,
  ErrorCode: { type: "string", enum: ["AccessDenied", "InternalServerError"] },
});
export const unprocessedIdentityIdList = {
  type: "list",
  member: unprocessedIdentityId,
  max: 60,
} as const;

const poolSettings = {
  IdentityPoolName: identityPoolName,
  AllowUnauthenticatedIdentities: boolean,
  AllowClassicFlow: boolean,
  SupportedLoginProviders: identityProviders,
  DeveloperProviderName: developerProviderName,
  OpenIdConnectProviderARNs: arnList,
  CognitoIdentityProviders: cognitoIdentityProviderList,
  SamlProviderARNs: arnList,
  IdentityPoolTags: tagMap,
} as const;
export const createIdentityPoolInput = structure(["IdentityPoolName", "AllowUnauthenticatedIdentities"], poolSettings);
export const identityPool = structure(["IdentityPoolId", "IdentityPoolName", "AllowUnauthenticatedIdentities"], {
  IdentityPoolId: identityPoolId,
  ...poolSettings,
});

const identityPoolShortDescription = structure([], {
  IdentityPoolId: identityPoolId,
  IdentityPoolName: identityPoolName,
});
export const identityPoolsList = { type: "list", member: identityPoolShortDescription } as const;
