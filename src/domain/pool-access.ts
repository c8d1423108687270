/** What an identity pool gives to its identities: roles, how one is chosen, and the tags of their sessions. Pure data. */

/** ARNs of the roles without a mapping. One that is absent is given to nobody. */
export type PoolRoles = { readonly authenticated?: string; readonly unauthenticated?: string };

export type MappingRule = {
  readonly claim: string;
  readonly match: "Equals" | "Contains" | "StartsWith" | "NotEqual";
  readonly value: string;
  readonly roleArn: string;
};

/** How the role of a login is chosen: by the claims `cognito:roles` and `cognito:preferred_role`, or by rules in order. */
export type RoleMapping = {
  readonly type: "Token" | "Rules";
  /** What is given where the claims choose none. */
  readonly ambiguousRoleResolution: "AuthenticatedRole" | "Deny";
  /** Of type `Rules` alone. */
  readonly rules?: readonly MappingRule[];
};

/** As it was set: with `useDefaults` the tags are `client` and `username`, and `principalTags` is not used. */
export type PrincipalTagMap = {
  readonly useDefaults: boolean;
  /** Tag key to claim name. */
  readonly principalTags: Readonly<Record<string, string>>;
};

export type PoolAccess = {
  readonly roles: PoolRoles;
  /** By the provider as the caller spelt it: a user pool's name has `:CLIENT` at its end, an issuer is an ARN or `host/path`. */
  readonly roleMappings: Readonly<Record<string, RoleMapping>>;
  /** By the provider as the caller spelt it: a user pool has no client id here. */
  readonly principalTagMaps: Readonly<Record<string, PrincipalTagMap>>;
};
