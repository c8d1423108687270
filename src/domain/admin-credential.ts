/** What a credential of the signed operations may do, once its signature has been verified. It knows no request. */
import { err, ok, serviceError, type Result } from "./errors.ts";

/** Who may call the signed operations: the shape that the setting ADMIN_CREDENTIALS is parsed to. */
export type AdminCredential = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Names of the signed operations that it may call; `"*"` is all of them. */
  readonly operations: readonly string[] | "*";
  /** Ids of the identity pools that it may touch; `"*"` is all of them. */
  readonly pools: readonly string[] | "*";
  /** ARNs of the roles that it may give to a pool; absent: all of them for one that may touch all pools, else none. */
  readonly roles?: readonly string[] | "*";
  /** Epoch seconds, from which on it is as if it were not there; absent: for ever. */
  readonly expiresAt?: number;
};

export function hasExpired({ expiresAt = Number.POSITIVE_INFINITY }: AdminCredential, now: number): boolean {
  return now >= expiresAt;
}

/** Operations that touch what is of all identity pools, so that a credential for some of them may not call them: in words. */
const OF_ALL_POOLS: ReadonlyMap<string, string> = new Map([
  ["CreateIdentityPool", "create identity pools"],
  ["RotateSigningKey", "rotate the signing key"],
]);

/** AccessDeniedException when the credential's operations do not name this one, or it is of all pools and the credential is not. */
export function authorise(credential: AdminCredential, operation: string): Result<void> {
  const { accessKeyId, operations, pools } = credential;
  if (operations !== "*" && !operations.includes(operation)) {
    // The wording of IAM, whose `Message` tools and people search for.
    const action = `cognito-identity:${operation}`;
    const message = `User: ${accessKeyId} is not authorized to perform: ${action}`;
    return err(serviceError("AccessDeniedException", message, "operation not allowed"));
  }
  const deed = OF_ALL_POOLS.get(operation);
  if (deed === undefined || pools === "*") return ok(undefined);
  return err(serviceError("AccessDeniedException", `User: ${accessKeyId} is not authorized to ${deed}`));
}

/** Whole ids, byte for byte: an id is never a prefix or a pattern. */
export function allowsPool(credential: AdminCredential, identityPoolId: string): boolean {
  return credential.pools === "*" || credential.pools.includes(identityPoolId);
}

/** Whole ARNs. */
export function allowedRoles({ pools, roles = pools === "*" ? "*" : [] }: AdminCredential): readonly string[] | "*" {
  return roles;
}

/** The first of the roles that the credential may not set, as `iam:PassRole` decides it at AWS; null: it may set them all. */
export function forbiddenRole(credential: AdminCredential, roleArns: readonly string[]): string | null {
  const roles = allowedRoles(credential);
  return roles === "*" ? null : (roleArns.find((roleArn) => !roles.includes(roleArn)) ?? null);
}
