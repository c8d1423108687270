/** ARNs of roles: AWS's, and those of others who speak its protocol. Pure. */

/** AWS writes twelve digits of an account; Ceph none or `RGW...`, MinIO none. */
const ROLE_ARN = /^arn:[\w-]+:iam::[A-Za-z0-9]*:role\/[\w+=,.@/-]{1,512}$/;
/** Characters (STS, AssumeRoleWithWebIdentity). */
const MAX_LENGTH = 2048;

export function isRoleArn(text: string): boolean {
  return text.length <= MAX_LENGTH && ROLE_ARN.test(text);
}

/** The last part of its path: IAM has no two roles of one name in an account. */
export function roleNameOf(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf("/") + 1);
}
