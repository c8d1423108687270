/** `migrate check`: what stands in the way, before anything is changed. */
import { ListIdentitiesCommand, LookupDeveloperIdentityCommand } from "@aws-sdk/client-cognito-identity";
import type { Finding } from "../../src/domain/finding.ts";
import { checkFindings, SOURCE_LACKS_PROVIDER, sourceFindings } from "./support/check-findings.ts";
import { isNamed } from "./support/explain.ts";
import { EDGEPOOL_VARIABLES, type Edgepool, type OwnOutput } from "./support/parties.ts";
import { type PoolCopy, readPool } from "./support/pool-copy.ts";
import { poolHere } from "./support/pool-here.ts";
import { leastPolicy, QUOTAS, quotaCommand, quotaLines } from "./support/quotas.ts";
import { defineStep, type Session } from "./support/step.ts";
import type { CallFailed } from "./support/stop.ts";

const HELP = `Looks at the pool at Cognito, at the rights of the AWS credentials, and at Edgepool where its three variables are set: what will
be otherwise here, and what needs a hand first. Prints the quotas, and the least policy that the steps need. Changes nothing;
needs no pool at Edgepool, and where there is one shows what CheckIdentityPool finds.

The policy, for a pool POOL of Region REGION:

${JSON.stringify(leastPolicy("POOL", "REGION"), null, 2)}`;

export const check = defineStep({
  name: "check",
  summary: "what stands in the way: pool, rights, providers, roles, quotas",
  call: "--pool ID",
  help: HELP,
  flags: {},
  run: async (session) => {
    const { identityPoolId, region } = session;
    const missingRights: string[] = [];
    const copy = await readPool(session.cognito(), identityPoolId, (what, error) => {
      if (isDenied(error) && !missingRights.includes(error.operation)) missingRights.push(error.operation);
      else session.say(`could not be read: ${what}`);
    });
    missingRights.push(...(await missingAmong(session, copy)));
    const edgepool = EDGEPOOL_VARIABLES.every((name) => (process.env[name] ?? "") !== "")
      ? session.edgepool()
      : undefined;
    const service = await edgepool?.call("DescribeService", {});
    const findings = [
      ...checkFindings({ region, copy, missingRights, service }),
      ...(edgepool === undefined || service?.Region !== region
        ? []
        : await findingsHere(edgepool, identityPoolId, copy)),
    ];
    const policy = leastPolicy(identityPoolId, region);
    session.answer({ Findings: findings, Quotas: QUOTAS.map((quota) => withCommand(quota, region)), Policy: policy }, [
      `${identityPoolId}, ${copy.Pool.IdentityPoolName ?? ""}`,
      "",
      ...(findings.length === 0 ? ["Nothing was found."] : findings.flatMap(findingLines)),
      "",
      ...quotaLines(region),
      "",
      "Least policy for the AWS credentials:",
      JSON.stringify(policy, null, 2),
    ]);
    return findings.some(({ level }) => level === "error") ? "incomplete" : "done";
  },
});

function withCommand(quota: (typeof QUOTAS)[number], region: string): object {
  return { ...quota, ...(quota.code !== undefined && { command: quotaCommand(region, quota.code) }) };
}

function isDenied(error: unknown): error is CallFailed {
  return isNamed(error, "AccessDeniedException") || isNamed(error, "NotAuthorizedException");
}

/** Each right is tried by a call that changes nothing. */
async function missingAmong(session: Session, { Pool }: PoolCopy): Promise<readonly string[]> {
  const input = { IdentityPoolId: session.identityPoolId, MaxResults: 1 };
  // Nobody is called so: that it is not found shows the right to ask.
  const DeveloperUserIdentifier = "edgepool-migrate-check";
  const calls = [
    session.cognito().send(new ListIdentitiesCommand(input)),
    ...(Pool.DeveloperProviderName === undefined
      ? []
      : [session.cognito().send(new LookupDeveloperIdentityCommand({ ...input, DeveloperUserIdentifier }))]),
  ];
  const outcomes = await Promise.allSettled<unknown>(calls);
  return outcomes.flatMap((outcome) => {
    if (outcome.status === "fulfilled" || isNamed(outcome.reason, "ResourceNotFoundException")) return [];
    if (isDenied(outcome.reason)) return [outcome.reason.operation];
    throw outcome.reason;
  });
}

/** What Edgepool finds in the pool itself; nothing before it is adopted. */
async function findingsHere(edgepool: Edgepool, IdentityPoolId: string, copy: PoolCopy): Promise<readonly Finding[]> {
  if ((await poolHere(edgepool, IdentityPoolId)) === undefined) return [];
  const { Findings } = await edgepool.call("CheckIdentityPool", { IdentityPoolId });
  const { Source } = await edgepool.call("GetMigrationReport", { IdentityPoolId });
  const found = Findings.map(asFinding);
  if (Source?.IdentityPoolId !== IdentityPoolId) return found;
  return [...found.filter(({ code }) => code !== SOURCE_LACKS_PROVIDER), ...sourceFindings(copy, Source)];
}

type WireFinding = OwnOutput<"CheckIdentityPool">["Findings"][number];

function asFinding({ Level, Code, About, Message, Action }: WireFinding): Finding {
  return {
    level: Level,
    code: Code,
    ...(About !== undefined && { about: About }),
    message: Message,
    action: Action,
  };
}

function findingLines({ level, code, about, message, action }: Finding): readonly string[] {
  return [`${level}: ${about === undefined ? "" : `${about}: `}${message} (${code})`, `  ${action}`];
}
