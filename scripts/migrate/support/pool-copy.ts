/** A pool as it can be read by the operations of the service model, at either side or from the file of an export. */
import {
  DescribeIdentityPoolCommand,
  GetIdentityPoolRolesCommand,
  GetPrincipalTagAttributeMapCommand,
  type IdentityPool,
  type RoleMapping,
} from "@aws-sdk/client-cognito-identity";
import { canonicalName, oidcProviderOf } from "../../../src/domain/provider-name.ts";
import { isNamed } from "./explain.ts";
import type { OwnInput, Party } from "./parties.ts";
import { CallFailed } from "./stop.ts";

export type Source = NonNullable<OwnInput<"SetIdentityPoolSource">["Source"]>;

export type PoolCopy = {
  readonly Pool: IdentityPool;
  readonly Roles: Readonly<Record<string, string>>;
  readonly RoleMappings: Readonly<Record<string, RoleMapping>>;
  /** By provider name; those that map nothing are left out. */
  readonly PrincipalTags: Readonly<Record<string, PrincipalTagMap>>;
  /** What only a pool here has; absent in a copy of Cognito's. */
  readonly TokenSeconds?: number;
  readonly Source?: Source | undefined;
};

export type PrincipalTagMap = {
  readonly UseDefaults: boolean;
  readonly PrincipalTags: Readonly<Record<string, string>>;
};

/** What could not be read is told by `lacks`, and left out. */
export async function readPool(
  party: Party,
  identityPoolId: string,
  lacks: (what: string, error: CallFailed) => void,
): Promise<PoolCopy> {
  const input = { IdentityPoolId: identityPoolId };
  const { $metadata: _, ...Pool } = await party.send(new DescribeIdentityPoolCommand(input));
  const roles = await orLack(party.send(new GetIdentityPoolRolesCommand(input)), (error) => lacks("roles", error));
  const PrincipalTags: Record<string, PrincipalTagMap> = {};
  for (const IdentityProviderName of publicProvidersOf(Pool)) {
    const command = new GetPrincipalTagAttributeMapCommand({ ...input, IdentityProviderName });
    // Where a provider has no map, one side answers an empty one, and the other that there is none.
    const map = await orLack(party.send(command), (error) => lacks(`principal tags of ${IdentityProviderName}`, error));
    const { UseDefaults = false, PrincipalTags: tags = {} } = map ?? {};
    if (UseDefaults || Object.keys(tags).length > 0)
      PrincipalTags[IdentityProviderName] = { UseDefaults, PrincipalTags: tags };
  }
  return { Pool, Roles: roles?.Roles ?? {}, RoleMappings: roles?.RoleMappings ?? {}, PrincipalTags };
}

async function orLack<Output>(call: Promise<Output>, lack: (error: CallFailed) => void): Promise<Output | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (!isNamed(error, "ResourceNotFoundException")) lack(error);
    return undefined;
  }
}

/** Names of the providers by whose tokens users sign in, each once. SAML providers are named by their ARNs, and are none of these. */
export function publicProvidersOf({
  SupportedLoginProviders = {},
  OpenIdConnectProviderARNs = [],
  CognitoIdentityProviders = [],
}: IdentityPool): readonly string[] {
  const names = [
    ...Object.keys(SupportedLoginProviders),
    ...OpenIdConnectProviderARNs.flatMap((arn) => oidcProviderOf(arn) ?? []),
    ...CognitoIdentityProviders.flatMap(({ ProviderName }) => ProviderName ?? []),
  ];
  return [...new Set(names.map(canonicalName))];
}

/** As a source names them: those, and the developer provider. */
export function sourceProvidersOf(pool: IdentityPool): readonly string[] {
  return [
    ...publicProvidersOf(pool),
    ...(pool.DeveloperProviderName === undefined ? [] : [pool.DeveloperProviderName]),
  ];
}

/** Whether Cognito refuses GetOpenIdToken for this pool, so that ids are proved by credentials. */
export function refusesOpenIdTokens({ Pool, RoleMappings }: PoolCopy): boolean {
  return Pool.AllowClassicFlow === false || Object.keys(RoleMappings).length > 0;
}
