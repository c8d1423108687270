/**
 * Signed operations that take nothing which another call has to make first: for the tests of what every one of them logs, and of
 * what none of them leaks. A new operation is one row.
 */

/** About one identity, named by `IdentityId`; they change nothing. */
export const IDENTITY_READS = ["DescribeIdentity", "DescribeIdentityInFull"] as const;

/** About the whole service; they take nothing, and change nothing. */
export const SERVICE_READS = ["CheckService", "DescribeKeyRing", "DescribeService"] as const;

/**
 * About one pool, in an order in which all succeed; the first member of an input names the pool. It has the provider, and is deleted
 * by the last of them. `settings` are those that it was made with.
 */
export function poolCalls(
  IdentityPoolId: string,
  IdentityProviderName: string,
  settings: object,
): readonly (readonly [operation: string, input: object])[] {
  const ResourceArn = `arn:aws:cognito-identity:us-east-1::identitypool/${IdentityPoolId}`;
  return [
    ["DescribeIdentityPool", { IdentityPoolId }],
    ["UpdateIdentityPool", { IdentityPoolId, ...settings }],
    ["SetIdentityPoolRoles", { IdentityPoolId, Roles: {} }],
    ["GetIdentityPoolRoles", { IdentityPoolId }],
    ["SetPrincipalTagAttributeMap", { IdentityPoolId, IdentityProviderName, UseDefaults: true }],
    ["GetPrincipalTagAttributeMap", { IdentityPoolId, IdentityProviderName }],
    ["TagResource", { ResourceArn, Tags: { team: "edge" } }],
    ["ListTagsForResource", { ResourceArn }],
    ["UntagResource", { ResourceArn, TagKeys: ["team"] }],
    ["SetIdentityPoolSource", { IdentityPoolId, Source: { Providers: [IdentityProviderName] } }],
    ["GetMigrationReport", { IdentityPoolId }],
    ["SetIdentityPoolSource", { IdentityPoolId }],
    ["SetTokenLifetime", { IdentityPoolId, TokenSeconds: 60 }],
    ["GetTokenLifetime", { IdentityPoolId }],
    ["ListIdentities", { IdentityPoolId, MaxResults: 60 }],
    ["DeleteIdentityPool", { IdentityPoolId }],
  ];
}
