/**
 * What is wrong, or could be better, with the settings of one identity pool. Judged by what verifies its logins: the same kinds, the
 * same clients, the same key sets. Pure: the key sets are asked for by whoever asks this.
 */
import type { Config } from "../config.ts";
import { type Finding, worstFirst } from "../domain/finding.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { canonicalName, oidcProviderOf } from "../domain/provider-name.ts";
import { accessFindings } from "../domain/pool-access-findings.ts";
import { sourceFindings } from "../domain/source-findings.ts";
import { canVerify } from "../key-sets/public-keys.ts";
import type { KeySetAnswer } from "../key-sets/key-set-life.ts";
import { clientIdMistake } from "./client-id-forms.ts";
import { hasProviders, uncheckedUserPools } from "./pool-providers.ts";
import type { PoolProviders } from "./provider.ts";
import { providerKindOf } from "./provider-kinds.ts";

/** The issuers whose keys verify logins of the pool, by the canonical name of the provider. */
export type KeyIssuers = ReadonlyMap<string, string>;

export type PoolFacts = {
  readonly pool: IdentityPool;
  readonly providers: PoolProviders;
  readonly config: Pick<Config, "providerApis" | "sourceCredentials" | "upstreams">;
  readonly issuers: KeyIssuers;
  /** By issuer: what its object answered. */
  readonly keySets: ReadonlyMap<string, KeySetAnswer>;
};

export function keyIssuersOf({ clients }: PoolProviders, { upstreams }: Pick<Config, "upstreams">): KeyIssuers {
  const byKeys = [...clients.keys()].filter((name) => {
    const kind = providerKindOf(name);
    return kind.algorithms !== undefined && kind.isVerifiable(name, upstreams);
  });
  return new Map(byKeys.map((name) => [name, upstreams.issuerOf(name)]));
}

/** The worst first. */
export function poolFindings(facts: PoolFacts): readonly Finding[] {
  const { pool, providers, config } = facts;
  return worstFirst([
    ...loginFindings(pool),
    ...providerFindings(facts),
    ...[...providers.clients.keys()].flatMap((name) => keyFindings(facts, name)),
    ...clientIdFindings(providers),
    ...checkFindings(facts),
    ...accessFindings(pool, hasProviders(pool)),
    ...sourceFindings(pool, config.sourceCredentials.has(pool.source?.identityPoolId ?? "")),
  ]);
}

function loginFindings(pool: IdentityPool): readonly Finding[] {
  if (pool.allowsUnauthenticated || hasProviders(pool)) return [];
  return [
    {
      level: "warning",
      code: "nobody-can-enter",
      message: "The pool has no provider and takes no guests, so that nobody can get an identity.",
      action: "Add a provider, or allow guests (AllowUnauthenticatedIdentities).",
    },
  ];
}

/** Providers whose tokens are all refused. */
function providerFindings({ pool, providers, config: { upstreams } }: PoolFacts): readonly Finding[] {
  const refused = [...providers.clients.keys()].filter((name) => !providerKindOf(name).isVerifiable(name, upstreams));
  const unlisted = (pool.openIdConnectProviderArns ?? []).flatMap((arn) => {
    const name = oidcProviderOf(arn);
    return name !== undefined && providers.clients.has(canonicalName(name)) ? [] : [arn];
  });
  return [
    ...refused.map((about): Finding => {
      return {
        level: "error",
        code: "provider-refused",
        about,
        message: "No token of this provider can be verified: its name is no issuer at a public https address.",
        action: "Name the provider as in the token's iss, without https://, or remove it.",
      };
    }),
    ...unlisted.map((about): Finding => {
      return {
        level: "error",
        code: "provider-without-clients",
        about,
        message: "OIDC_PROVIDERS has no client ids for this provider, so that each of its tokens is refused.",
        action: "Add the provider to OIDC_PROVIDERS, or move it to SupportedLoginProviders.",
      };
    }),
    ...(pool.samlProviderArns ?? []).map((about): Finding => {
      return {
        level: "warning",
        code: "saml-not-verified",
        about,
        message: "SAML logins are refused: this service verifies no assertions.",
        action: "Let the SAML provider sign in to a user pool or an OpenID Connect issuer, and name that here.",
      };
    }),
    ...Object.keys(pool.supportedLoginProviders ?? {})
      .filter((name) => name === "www.digits.com")
      .map((about): Finding => {
        return {
          level: "warning",
          code: "digits-closed",
          about,
          message: "Digits was closed in 2017, and its logins are refused.",
          action: "Remove the provider.",
        };
      }),
  ];
}

function keyFindings({ config, issuers, keySets }: PoolFacts, about: string): readonly Finding[] {
  const answer = keySets.get(issuers.get(about) ?? "");
  const { algorithms = [] } = providerKindOf(about);
  if (answer === undefined) return [];
  const failure = answer.failure ?? "not asked again yet";
  if (answer.state === "unreachable") {
    const isLocal = config.upstreams.isLocal === true;
    const action = "See what the reason means in docs/troubleshooting.md, and whether the name is that of the issuer.";
    return [
      {
        level: isLocal ? "advice" : "error",
        code: "issuer-keys-not-loaded",
        about,
        message: `The keys of this provider could not be loaded (${failure}), so that its tokens are refused.`,
        action: isLocal ? `Nothing, if it is one of the demo pool's examples, which nobody runs. ${action}` : action,
      },
    ];
  }
  if (!canVerify(answer.keys, algorithms)) {
    return [
      {
        level: "error",
        code: "issuer-keys-unfit",
        about,
        message: `The provider publishes no key for what its tokens may be signed by: ${algorithms.join(", ")}.`,
        action: "Ask the provider which algorithm it signs with, and whether this is the right issuer.",
      },
    ];
  }
  if (answer.failure === undefined) return [];
  return [
    {
      level: "warning",
      code: "issuer-keys-stale",
      about,
      message: `The keys of this provider could not be loaded again (${failure}). Those at hand serve for a day at most.`,
      action: "See whether the issuer is down; what the reason means says docs/troubleshooting.md.",
    },
  ];
}

function clientIdFindings({ clients }: PoolProviders): readonly Finding[] {
  return [...clients].flatMap(([about, ofProvider]) =>
    ofProvider.flatMap(({ clientId }): readonly Finding[] => {
      const mistake = clientIdMistake(about, clientId);
      if (mistake === undefined) return [];
      return [
        {
          level: "warning",
          code: "client-id-of-another",
          about,
          message: `${clientId} does not look like a client id of this provider: ${mistake}.`,
          action: "Compare it with the provider's console. The aud of a login token is the client id.",
        },
      ];
    }),
  );
}

/** Checks that the pool wants, or that the service could make, and that are not made. */
function checkFindings({ pool, providers, config: { providerApis } }: PoolFacts): readonly Finding[] {
  const unproven = (providers.clients.get("graph.facebook.com") ?? []).filter(
    ({ clientId }) => !providerApis.facebookAppSecrets.has(clientId),
  );
  return [
    ...uncheckedUserPools(pool, providerApis).map((about): Finding => {
      return {
        level: "warning",
        code: "token-check-not-made",
        about,
        message:
          "ServerSideTokenCheck is on, and users who have signed out are not noticed: TOKEN_CHECK_POOLS lacks the pool.",
        action: "Add the user pool to TOKEN_CHECK_POOLS, or turn ServerSideTokenCheck off.",
      };
    }),
    ...unproven.map(({ clientId }): Finding => {
      return {
        level: "advice",
        code: "facebook-without-secret",
        about: "graph.facebook.com",
        message: `App ${clientId} has no secret in FACEBOOK_APP_SECRETS, so that Facebook is asked by the user's token alone.`,
        action: "Add the app's secret, if the app may require it (Require App Secret).",
      };
    }),
  ];
}
