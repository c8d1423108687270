/** DescribeService and DescribeKeyRing, extensions of this service: what an operator sees of it as a whole. They change nothing. */
import { allowedRoles, authorise } from "../domain/admin-credential.ts";
import { ok, type Result } from "../domain/errors.ts";
import { serviceFindings } from "../domain/service-findings.ts";
import { type ExtensionOutputOf, extensions } from "../protocol/extensions.ts";
import { operations } from "../protocol/shapes.ts";
import { VERSION } from "../version.ts";
import type { SignedContext } from "./context.ts";
import { findingsAs } from "./findings-output.ts";

const SIGNED_OPERATIONS: readonly string[] = Object.entries({ ...operations, ...extensions })
  .filter(([, { access }]) => access === "signed")
  .map(([name]) => name)
  .toSorted();

/** Needs no right to a pool: what it tells is of none. */
export function describeService(
  _input: object,
  context: SignedContext,
): Promise<Result<ExtensionOutputOf<"DescribeService">>> {
  const { caller, config, bindings } = context;
  const { accessKeyId, pools } = caller.credential;
  const { issuer, region, limitsClients, texts, upstreams, adminCredentials: credentials } = config;
  const isLocal = upstreams.isLocal === true;
  const unbound = bindings.filter(({ isBound, isOptional }) => !isBound && !isOptional).map(({ name }) => name);
  const findings = serviceFindings({
    issuer,
    origin: caller.origin,
    isLocal,
    limitsClients,
    credentials,
    now: context.now(),
    unbound,
  });
  const output: ExtensionOutputOf<"DescribeService"> = {
    Version: VERSION,
    Region: region,
    Issuer: issuer,
    Time: Math.floor(context.now()),
    Local: isLocal,
    Settings: texts.settings.map(({ name, value, isDefault }) => ({ Name: name, Value: value, IsDefault: isDefault })),
    Secrets: texts.secrets.map(({ name, isSet }) => ({ Name: name, IsSet: isSet })),
    Bindings: bindings.map(({ name, isBound }) => ({ Name: name, IsBound: isBound })),
    Findings: findingsAs(findings),
    Caller: {
      AccessKeyId: accessKeyId,
      AllowedOperations: SIGNED_OPERATIONS.filter((name) => authorise(caller.credential, name).ok),
      AllowedPools: listOf(pools),
      AllowedRoles: listOf(allowedRoles(caller.credential)),
    },
  };
  return Promise.resolve(ok(output));
}

function listOf(allowed: readonly string[] | "*"): readonly string[] {
  return allowed === "*" ? ["*"] : allowed;
}

/** The key is that of all pools, and what is told of it is public but for the dates, so that it needs no right to one. */
export async function describeKeyRing(
  _input: object,
  { objects }: SignedContext,
): Promise<Result<ExtensionOutputOf<"DescribeKeyRing">>> {
  const { keys, nextStepAt, sealedUnder, sealedUnderSetting, findings } = await objects.keyRing().describe();
  return ok({
    Keys: keys.map((key) => ({
      KeyId: key.kid,
      Algorithm: key.alg,
      State: key.state,
      PublishedAt: key.publishedAt,
      ActivatedAt: key.activatedAt,
      ActivatesAt: key.activatesAt,
      RetiresAt: key.retiresAt,
      RetiredAt: key.retiredAt,
      LeavesAt: key.leavesAt,
    })),
    NextStepAt: nextStepAt,
    SealedUnder: sealedUnder,
    SealedUnderSetting: sealedUnderSetting,
    Findings: findingsAs(findings),
  });
}
