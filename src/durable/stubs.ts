/** The ways to the objects of an environment: the one place that makes a stub. */

type Stub<Binding extends keyof Env> = Env[Binding] extends { getByName(name: string): infer Made } ? Made : never;

/** Each makes a stub for one call: one that met a failure stays broken. To make one costs no call. */
export type Stubs = {
  identity(identityId: string): Stub<"IDENTITY">;
  login(loginId: string): Stub<"LOGIN">;
  identityPool(identityPoolId: string): Stub<"IDENTITY_POOL">;
  poolDirectory(region: string): Stub<"POOL_DIRECTORY">;
  /** By the name that pools/identity-directory.ts gives it. */
  directoryShard(name: string): Stub<"IDENTITY_DIRECTORY">;
  issuer(issuer: string): Stub<"ISSUER_KEYS">;
  keyRing(): Stub<"KEY_RING">;
  source(sourcePoolId: string): Stub<"SOURCE">;
};

/** Name of the one key ring object. */
export const KEY_RING_NAME = "key-ring";

export function stubsIn(env: Env): Stubs {
  return {
    identity: (identityId) => env.IDENTITY.getByName(identityId),
    login: (loginId) => env.LOGIN.getByName(loginId),
    identityPool: (identityPoolId) => env.IDENTITY_POOL.getByName(identityPoolId),
    poolDirectory: (region) => env.POOL_DIRECTORY.getByName(region),
    directoryShard: (name) => env.IDENTITY_DIRECTORY.getByName(name),
    issuer: (issuer) => env.ISSUER_KEYS.getByName(issuer),
    keyRing: () => env.KEY_RING.getByName(KEY_RING_NAME),
    source: (sourcePoolId) => env.SOURCE.getByName(sourcePoolId),
  };
}
