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
  /** That in no jurisdiction, which is the same one where none is set: it holds which one is fixed. */
  poolDirectoryOutside(region: string): Stub<"POOL_DIRECTORY">;
  /** By the name that pools/directory-shards.ts gives it. */
  directoryShard(name: string): Stub<"IDENTITY_DIRECTORY">;
  issuer(issuer: string): Stub<"ISSUER_KEYS">;
  keyRing(): Stub<"KEY_RING">;
  source(sourcePoolId: string): Stub<"SOURCE">;
};

/** Name of the one key ring object. */
export const KEY_RING_NAME = "key-ring";

type Namespace<Made> = {
  getByName(name: string, options?: DurableObjectNamespaceGetDurableObjectOptions): Made;
  jurisdiction(jurisdiction: DurableObjectJurisdiction): Namespace<Made>;
};

/** Throws where the runtime has no such jurisdiction. */
export function stubsIn(env: Env, { jurisdiction, locationHint }: Place): Stubs {
  const within = <Made>(namespace: Namespace<Made>): Namespace<Made> =>
    jurisdiction === "none" ? namespace : namespace.jurisdiction(jurisdiction);
  // Heard at the first call of an object alone: it never moves. Nothing more than is needed is said.
  const shared = <Made>(namespace: Namespace<Made>, name: string): Made =>
    locationHint === "none" ? namespace.getByName(name) : namespace.getByName(name, { locationHint });
  const [identities, logins, pools] = [within(env.IDENTITY), within(env.LOGIN), within(env.IDENTITY_POOL)];
  const [poolDirectories, shards] = [within(env.POOL_DIRECTORY), within(env.IDENTITY_DIRECTORY)];
  const [issuers, keyRings, sources] = [within(env.ISSUER_KEYS), within(env.KEY_RING), within(env.SOURCE)];
  return {
    identity: (identityId) => identities.getByName(identityId),
    login: (loginId) => logins.getByName(loginId),
    importedIdentity: (identityId) => shared(identities, identityId),
    importedLogin: (loginId) => shared(logins, loginId),
    identityPool: (identityPoolId) => shared(pools, identityPoolId),
    poolDirectory: (region) => shared(poolDirectories, region),
    poolDirectoryOutside: (region) => shared(env.POOL_DIRECTORY, region),
    directoryShard: (name) => shared(shards, name),
    issuer: (issuer) => shared(issuers, issuer),
    keyRing: () => shared(keyRings, KEY_RING_NAME),
    source: (sourcePoolId) => shared(sources, sourcePoolId),
  };
}
