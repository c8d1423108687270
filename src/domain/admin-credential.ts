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
};

/** AccessDeniedException when the credential's operations do not name this one. */
export function authorise(credential: AdminCredential, operation: string): Result<void> {
  if (credential.operations === "*" || credential.operations.includes(operation)) return ok(undefined);
  // The wording of IAM, whose `Message` tools and people search for.
  const action = `cognito-identity:${operation}`;
  return err(
    serviceError(
      "AccessDeniedException",
      `User: ${credential.accessKeyId} is not authorized to perform: ${action}`,
      "operation not allowed",
    ),
  );
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
