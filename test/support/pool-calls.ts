/**
 * Each signed operation that is about one pool and takes nothing that another call has to make first, in an order in which all
 * succeed: for the tests of what every one of them logs, and of what none of them leaks. A new operation is one row; the first member
 * of its input names the pool.
 */

/** The pool has the provider, and is deleted by the last of them. `settings` are those that it was made with. */
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
    ["SetIdentityPoolSource", { IdentityPoolId }],
    ["ListIdentities", { IdentityPoolId, MaxResults: 60 }],
    ["DeleteIdentityPool", { IdentityPoolId }],
  ];
}
