/** What of a pool at Cognito will be otherwise here, or needs a hand before it is moved. Judged by what was read; asks nobody. */
import { type Finding, worstFirst } from "../../../src/domain/finding.ts";
import { canonicalName, oidcProviderOf } from "../../../src/domain/provider-name.ts";
import { productionUpstreams } from "../../../src/outbound/upstream-policy.ts";
import { providerKindOf } from "../../../src/providers/provider-kinds.ts";
import type { OwnOutput } from "./parties.ts";
import { type PoolCopy, publicProvidersOf, type Source, sourceProvidersOf } from "./pool-copy.ts";

type Service = OwnOutput<"DescribeService">;

export type CheckFacts = {
  readonly region: string;
  readonly copy: PoolCopy;
  /** Whether a right at Cognito is missing, by the operation. */
  readonly missingRights: readonly string[];
  /** Undefined: Edgepool was not looked at. */
  readonly service: Service | undefined;
};

export function checkFindings(facts: CheckFacts): readonly Finding[] {
  return worstFirst([
    ...rightFindings(facts),
    ...flowFindings(facts),
    ...providerFindings(facts),
    ...roleFindings(facts),
    ...serviceFindings(facts),
  ]);
}

function rightFindings({ missingRights }: CheckFacts): readonly Finding[] {
  return missingRights.map((about) => ({
    level: "error",
    code: "right-missing",
    about,
    message: "The AWS credentials may not call this operation.",
    action: "Give them the policy below.",
  }));
}

function flowFindings({ copy }: CheckFacts): readonly Finding[] {
  const { Pool, RoleMappings } = copy;
  const hasMappings = Object.keys(RoleMappings).length > 0;
  const findings: Finding[] = [];
  if (Pool.AllowClassicFlow === false || hasMappings) {
    findings.push({
      level: "warning",
      code: "proof-by-credentials",
      about: hasMappings ? "RoleMappings" : "AllowClassicFlow",
      message:
        "Cognito refuses GetOpenIdToken for this pool, so that ids are proved by credentials, and only imported ids are asked about.",
      action:
        "Import the ids before the app is released. Or set AllowClassicFlow to true at Cognito, where there are no role mappings.",
    });
  }
  if (hasMappings) {
    findings.push({
      level: "warning",
      code: "mappings-refuse-tokens",
      about: "RoleMappings",
      message: "Here, too, a pool with role mappings refuses GetOpenIdToken; GetCredentialsForIdentity works.",
      action: "Leave the mappings out here if relying parties need the OpenID token.",
    });
  }
  return findings;
}

function providerFindings({ copy: { Pool }, service }: CheckFacts): readonly Finding[] {
  const known = oidcProvidersOf(service);
  const unlisted = (Pool.OpenIdConnectProviderARNs ?? []).filter((arn) => {
    const name = oidcProviderOf(arn);
    return known !== undefined && (name === undefined || !known.has(canonicalName(name)));
  });
  const checked = (Pool.CognitoIdentityProviders ?? []).filter(
    ({ ServerSideTokenCheck }) => ServerSideTokenCheck === true,
  );
  const refused = publicProvidersOf(Pool).filter(
    (name) => !providerKindOf(name).isVerifiable(name, productionUpstreams),
  );
  return [
    ...refused.map((about): Finding => {
      return {
        level: "error",
        code: "provider-refused",
        about,
        message: "No token of this provider can be verified here: its name is no issuer at a public https address.",
        action: "Take it out of the pool at Cognito before you move, or adopt the pool without it by `pool --from`.",
      };
    }),
    ...(Pool.SamlProviderARNs ?? []).map((about): Finding => {
      return {
        level: "warning",
        code: "saml-not-verified",
        about,
        message: "SAML logins are refused here. Their ids can be imported, and nobody can claim them.",
        action: "Let the SAML provider sign in to a user pool or an OpenID Connect issuer before you move.",
      };
    }),
    ...publicProvidersOf(Pool)
      .filter((name) => name === "www.digits.com")
      .map((about): Finding => {
        return {
          level: "warning",
          code: "digits-closed",
          about,
          message: "Digits was closed in 2017.",
          action: "Nothing.",
        };
      }),
    ...unlisted.map((about): Finding => {
      return {
        level: "error",
        code: "provider-without-clients",
        about,
        message: "OIDC_PROVIDERS has no client ids for this provider, so that the pool cannot be adopted.",
        action: `Add those that \`aws iam get-open-id-connect-provider --open-id-connect-provider-arn ${about}\` lists.`,
      };
    }),
    ...checked.map(({ ProviderName: about = "" }): Finding => {
      return {
        level: "advice",
        code: "token-check",
        about,
        message: "ServerSideTokenCheck is on. Cognito goes on making it for first sights.",
        action: "Add the user pool to TOKEN_CHECK_POOLS for those after them, if users who signed out must be noticed.",
      };
    }),
  ];
}

function roleFindings({ copy }: CheckFacts): readonly Finding[] {
  return Object.entries(copy.Roles).map(([kind, about]) => ({
    level: "advice",
    code: "role-in-use",
    about,
    message: `The ${kind} role trusts Cognito alone.`,
    action:
      "Let its trust policy accept this service, too, before credentials are asked for here (docs/credentials.md).",
  }));
}

/** Operations of Edgepool that the steps call, so that a key which lacks one is told before. */
const NEEDED = ["AdoptIdentityPool", "SetIdentityPoolSource", "ImportIdentities", "GetMigrationReport"];

function serviceFindings({ region, copy: { Pool }, service }: CheckFacts): readonly Finding[] {
  if (service === undefined) {
    return [
      {
        level: "warning",
        code: "edgepool-not-checked",
        message: "EDGEPOOL_ENDPOINT, EDGEPOOL_ACCESS_KEY_ID and EDGEPOOL_SECRET_ACCESS_KEY are not set.",
        action: "Set them, and check again.",
      },
    ];
  }
  const findings: Finding[] = [];
  if (service.Region !== region) {
    findings.push({
      level: "error",
      code: "other-region",
      about: "REGION",
      message: `This Edgepool serves ${service.Region}, and the pool is of ${region}: its ids begin with that.`,
      action: `Deploy one with REGION set to ${region}. One deployment moves the pools of one Region.`,
    });
  }
  const allowed = new Set(service.Caller.AllowedOperations);
  for (const about of NEEDED.filter((name) => !allowed.has(name))) {
    findings.push({
      level: "error",
      code: "operation-not-allowed",
      about,
      message: "The key may not call this operation of Edgepool.",
      action: "Add it to the key's entry of ADMIN_CREDENTIALS.",
    });
  }
  const hasCredentials = service.Secrets.some(({ Name, IsSet }) => Name === "SOURCE_CREDENTIALS" && IsSet);
  if (Pool.DeveloperProviderName !== undefined && !hasCredentials) {
    findings.push({
      level: "warning",
      code: "no-source-credentials",
      about: "SOURCE_CREDENTIALS",
      message:
        "The pool has a developer provider: without credentials a developer user that was not imported is refused.",
      action:
        "Set SOURCE_CREDENTIALS for this pool, or import all developer users first, and take no new ones at Cognito.",
    });
  }
  return findings;
}

/** The source as it is set, beside the pool at Cognito that it names: here it is known what Edgepool can only surmise. */
export function sourceFindings({ Pool }: PoolCopy, { Providers }: Source): readonly Finding[] {
  const there = sourceProvidersOf(Pool);
  const action = `npm run migrate -- source --providers ${there.join(",")}`;
  return [
    ...there
      .filter((name) => !Providers.includes(name))
      .map((about): Finding => {
        const message =
          "Cognito has this provider and the source's Providers lack it: each of its users who comes gets a second id.";
        return { level: "error", code: SOURCE_LACKS_PROVIDER, about, message, action };
      }),
    ...Providers.filter((name) => !there.includes(name)).map((about): Finding => {
      const message = "The source's Providers have this one and Cognito has not, so that its new users are refused.";
      return { level: "error", code: "source-provider-not-there", about, message, action };
    }),
  ];
}

/** Edgepool warns of it, too, where it cannot know whether Cognito has the provider. */
export const SOURCE_LACKS_PROVIDER = "source-lacks-provider";

/** Names of the setting OIDC_PROVIDERS; undefined where it is not known. */
function oidcProvidersOf(service: Service | undefined): ReadonlySet<string> | undefined {
  const text = service?.Settings.find(({ Name }) => Name === "OIDC_PROVIDERS")?.Value;
  if (text === undefined) return undefined;
  try {
    return new Set(Object.keys(JSON.parse(text === "" ? "{}" : text) as object).map(canonicalName));
  } catch {
    return undefined;
  }
}
