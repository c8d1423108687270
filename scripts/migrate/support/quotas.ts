/** What Amazon Cognito lets one account call in one Region, and the rights that a migration needs there. Data and text alone. */

export type Quota = {
  readonly operation: string;
  /** Of AWS Service Quotas; absent for an operation that has none there. */
  readonly code?: string;
  /** Calls a second, for all pools of the account and Region together: the two published defaults, which disagree. */
  readonly defaults: string;
  readonly usedBy: string;
};

export const QUOTAS: readonly Quota[] = [
  { operation: "GetId", code: "L-A38ADA84", defaults: "25 or 250", usedBy: "first sights of logins, guests" },
  { operation: "GetOpenIdToken", code: "L-E97D135E", defaults: "200", usedBy: "first sights of ids" },
  {
    operation: "GetCredentialsForIdentity",
    code: "L-5AE9F13D",
    defaults: "200 or 2000",
    usedBy: "first sights, by credentials",
  },
  { operation: "ListIdentities", code: "L-DBF99350", defaults: "5", usedBy: "ids" },
  { operation: "LookupDeveloperIdentity", defaults: "not published; 5 is assumed", usedBy: "developers, first sights" },
];

export function quotaCommand(region: string, code: string): string {
  return `aws service-quotas get-service-quota --region ${region} --service-code cognito-identity --quota-code ${code}`;
}

export function quotaLines(region: string): readonly string[] {
  return [
    "Quotas at Cognito, calls a second, of the account and Region as a whole:",
    ...QUOTAS.map(({ operation, code = "", defaults, usedBy }) =>
      `  ${operation.padEnd(27)}${code.padEnd(12)}${defaults.padEnd(29)}${usedBy}`.trimEnd(),
    ),
    "Your own, which can be raised:",
    `  ${quotaCommand(region, "L-DBF99350")}`,
  ];
}

/** The least that all steps need. The second statement is for a principal tag map, the third for deleting at both sides. */
export function leastPolicy(identityPoolId: string, region: string): object {
  const Resource = `arn:aws:cognito-identity:${region}:*:identitypool/${identityPoolId}`;
  const allow = (Sid: string, actions: readonly string[], resource: string) => ({
    Sid,
    Effect: "Allow",
    Action: actions.map((action) => `cognito-identity:${action}`),
    Resource: resource,
  });
  return {
    Version: "2012-10-17",
    Statement: [
      allow(
        "Read",
        ["DescribeIdentityPool", "ListIdentities", "LookupDeveloperIdentity", "GetIdentityPoolRoles"],
        Resource,
      ),
      allow("IfTagsAreMapped", ["GetPrincipalTagAttributeMap"], Resource),
      allow("IfDeletedThereToo", ["DeleteIdentities"], "*"),
    ],
  };
}
