/** The ways to the objects of an environment: the one place that makes a stub. */
import type { Place } from "../domain/place.ts";

type Stub<Binding extends keyof Env> = Env[Binding] extends { getByName(name: string): infer Made } ? Made : never;

/** Each makes a stub for one call: one that met a failure stays broken. To make one costs no call. */
export type Stubs = {
  identity(identityId: string): Stub<"IDENTITY">;
  login(loginId: string): Stub<"LOGIN">;
  /** One that an import makes: near the others, as no user is near. */
  importedIdentity(identityId: string): Stub<"IDENTITY">;
  importedLogin(loginId: string): Stub<"LOGIN">;
  identityPool(identityPoolId: string): Stub<"IDENTITY_POOL">;
  poolDirectory(region: string): Stub<"POOL_DIRECTORY">;
  /** By the name that pools/directory-shards.ts gives it. */
  directoryShard(name: string): Stub<"IDENTITY_DIRECTORY">;
  issuer(issuer: string): Stub<"ISSUER_KEYS">;
  keyRing(): Stub<"KEY_RING">;
  source(sourcePoolId: string): Stub<"SOURCE">;
};

/** Name of the one key ring object. */
export const KEY_RING_NAME = "key-ring";

type Namespace<Made> = { getByName(name: string, options?: DurableObjectNamespaceGetDurableObjectOptions): Made };

export function stubsIn(env: Env, { locationHint }: Place): Stubs {
  // Heard at the first call of an object alone: it never moves. Nothing more than is needed is said.
  const shared = <Made>(namespace: Namespace<Made>, name: string): Made =>
    locationHint === "none" ? namespace.getByName(name) : namespace.getByName(name, { locationHint });
  return {
    identity: (identityId) => env.IDENTITY.getByName(identityId),
    login: (loginId) => env.LOGIN.getByName(loginId),
    importedIdentity: (identityId) => shared(env.IDENTITY, identityId),
    importedLogin: (loginId) => shared(env.LOGIN, loginId),
    identityPool: (identityPoolId) => shared(env.IDENTITY_POOL, identityPoolId),
    poolDirectory: (region) => shared(env.POOL_DIRECTORY, region),
    directoryShard: (name) => shared(env.IDENTITY_DIRECTORY, name),
    issuer: (issuer) => shared(env.ISSUER_KEYS, issuer),
    keyRing: () => shared(env.KEY_RING, KEY_RING_NAME),
    source: (sourcePoolId) => shared(env.SOURCE, sourcePoolId),
  };
}
