/** The body of AssumeRoleWithWebIdentity in AWS's Query protocol (docs/credentials.md). Pure. */

/** How every call of a service asks. */
export type StsTerms = {
  /** Life of the credentials, in seconds. */
  readonly durationSeconds: number;
  /** Session policies of guests: JSON, or the empty text of none; and ARNs of managed ones. */
  readonly guestPolicy: string;
  readonly guestPolicyArns: readonly string[];
};

/** What one call asks for. */
export type RoleRequest = {
  readonly roleArn: string;
  /** 2 to 64 of `[\w+=,.@-]`. */
  readonly sessionName: string;
  /** The token of this service for STS. */
  readonly token: string;
  readonly isGuest: boolean;
};

/** Blanks are `%20`, never `+`, which Ceph does not decode. */
export function stsBody({ roleArn, sessionName, token, isGuest }: RoleRequest, terms: StsTerms): string {
  const parameters: readonly (readonly [string, string])[] = [
    ["Action", "AssumeRoleWithWebIdentity"],
    ["Version", "2011-06-15"],
    ["RoleArn", roleArn],
    ["RoleSessionName", sessionName],
    ["DurationSeconds", String(terms.durationSeconds)],
    ...(isGuest ? guestParameters(terms) : []),
    ["WebIdentityToken", token],
  ];
  return parameters.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
}

function guestParameters({ guestPolicy, guestPolicyArns }: StsTerms): readonly (readonly [string, string])[] {
  const arns = guestPolicyArns.map((arn, index) => [`PolicyArns.member.${index + 1}.arn`, arn] as const);
  return guestPolicy === "" ? arns : [["Policy", guestPolicy], ...arns];
}
