/** DescribeIdentityInFull, an extension of this service: all that an identity's record tells an operator. It changes nothing. */
import { err, ok, type Result } from "../domain/errors.ts";
import { identityNotFound } from "../domain/refusals.ts";
import type { IdentityReport } from "../linking/identity-report.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityIdOfInput, poolRefusal, type SignedContext } from "./context.ts";

type Output = ExtensionOutputOf<"DescribeIdentityInFull">;

/** Also of one that is disabled, or deleted less than a day ago, and also while its pool is being swept. */
export async function describeIdentityInFull(
  input: ExtensionInputOf<"DescribeIdentityInFull">,
  context: SignedContext,
): Promise<Result<Output>> {
  const identityId = identityIdOfInput(input.IdentityId);
  const report = await context.objects.identity(identityId).describeInFull();
  if (report === null) return err(identityNotFound(identityId));
  context.note?.({ identityPoolId: report.identityPoolId });
  return poolRefusal(context, report.identityPoolId) ?? ok(outputOf(report));
}

function outputOf(report: IdentityReport): Output {
  const { barred, transaction, freeze } = report;
  return {
    IdentityId: report.identityId,
    IdentityPoolId: report.identityPoolId,
    Standing: report.standing,
    MergedInto: report.mergedInto,
    IsDisabled: report.isDisabled,
    CreationDate: report.createdAt,
    LastModifiedDate: report.modifiedAt,
    Logins: report.logins.map((login) => ({
      ProviderName: login.providerName,
      LoginHash: login.loginHash,
      LinkedAt: login.linkedAt,
      DeveloperUserIdentifier: login.developerUserIdentifier,
    })),
    Life: report.life.map(({ sequence, at, kind, providerNames, other, by }) => ({
      Sequence: sequence,
      At: at,
      Kind: kind,
      ProviderNames: providerNames,
      Other: other,
      By: by,
    })),
    Origin: report.origin,
    BarredProviders: barred.length === 0 ? undefined : barred,
    Transaction: transaction && {
      Phase: transaction.phase,
      StartedAt: transaction.startedAt,
      WantedLogins: transaction.wanted,
      Absorbed: transaction.absorbed,
      Unsettled: transaction.unsettled,
    },
    Freeze: freeze && { Coordinator: freeze.coordinator, Since: freeze.since },
    Owed: report.owed.map(({ kind, to }) => ({ Kind: kind, To: to })),
    Bucket: bucketAs(report.bucket),
  };
}

function bucketAs({ tokens, limit, lastLowMs }: IdentityReport["bucket"]): Output["Bucket"] {
  return {
    TokensLeft: Math.round(tokens * 10) / 10,
    Burst: limit.burst,
    TokensPerSecond: limit.perSecond,
    LastLowAt: lastLowMs === null ? undefined : lastLowMs / 1000,
  };
}
