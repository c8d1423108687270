/** The demo identity pool: guests, the development issuer, and an example of each provider kind. Settings only. */
import { type IdentityPoolId, identityPoolIdOf } from "../domain/identifiers.ts";
import type { IdentityPoolSettings } from "../domain/identity-pool.ts";
import type { PoolRoles } from "../domain/pool-access.ts";
import type { PoolChange } from "../pools/pool-changes.ts";
import { DEVELOPMENT_CLIENT_ID, developmentProviderName } from "./development-issuer.ts";
import { DEMO_GUEST_ROLE, DEMO_USER_ROLE } from "./sts-trust.ts";

/** A fixed id, so that an app can name the pool in its configuration; shaped as a random one, for clients that look. */
const DEMO_POOL_UUID = "de300000-0000-4000-8000-0000000de300";

export function demoPoolId(region: string): IdentityPoolId {
  return identityPoolIdOf(region, DEMO_POOL_UUID);
}

/** Of the development STS, which trusts this pool. */
const DEMO_ROLES: PoolRoles = { authenticated: DEMO_USER_ROLE, unauthenticated: DEMO_GUEST_ROLE };

export const SET_DEMO_ROLES: PoolChange = { kind: "roles", roles: DEMO_ROLES, roleMappings: {} };

/** The client ids are examples: replace them by your own with UpdateIdentityPool, or in a pool of your own. */
export function demoPool(origin: string, region: string): IdentityPoolSettings {
  return {
    name: "Edgepool demo",
    allowsUnauthenticated: true,
    allowsClassicFlow: true,
    supportedLoginProviders: {
      [developmentProviderName(origin)]: DEVELOPMENT_CLIENT_ID,
      "accounts.google.com": "example.apps.googleusercontent.com",
      "appleid.apple.com": "com.example.app",
      "graph.facebook.com": "1234567890",
      "www.amazon.com": "amzn1.application.example",
    },
    cognitoIdentityProviders: [
      {
        providerName: `cognito-idp.${region}.amazonaws.com/${region}_Example01`,
        clientId: "exampleclientid0123456789",
        serverSideTokenCheck: false,
      },
    ],
    developerProviderName: "login.example.app",
  };
}
