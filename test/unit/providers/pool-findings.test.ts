import { describe, expect, it } from "vitest";
import { parseConfig, type RawSettings } from "../../../src/config.ts";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import type { PoolAccess } from "../../../src/domain/pool-access.ts";
import type { KeySetAnswer } from "../../../src/key-sets/key-set-life.ts";
import { keyIssuersOf, poolFindings } from "../../../src/providers/pool-findings.ts";
import { poolProvidersOf } from "../../../src/providers/pool-providers.ts";

const ISSUER = "issuer.example/tenant";
const USER_POOL = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI";
const OIDC = "arn:aws:iam::123456789012:oidc-provider/by-arn.example";
const ROLE = "arn:aws:iam::123456789012:role/Users";

const RSA = { kty: "RSA", n: "n", e: "AQAB", kid: "key-1" } as const;
const EC = { kty: "EC", crv: "P-256", x: "x", y: "y", kid: "key-2" } as const;
type Known = Extract<KeySetAnswer, { state: "known" }>;
const known = (keys: Known["keys"], more: Partial<Known> = {}): KeySetAnswer => {
  return { state: "known", keys, fetchedAt: 0, freshForSeconds: 600, refreshableAfterSeconds: 0, ...more };
};

const GOOD: Partial<IdentityPool> = { supportedLoginProviders: { [ISSUER]: "client-1" }, allowsClassicFlow: true };

type Facts = {
  readonly pool?: Partial<IdentityPool>;
  readonly access?: Partial<PoolAccess>;
  readonly settings?: RawSettings;
  readonly keys?: KeySetAnswer;
  readonly isLocal?: boolean;
};

/** Level, code and subject of each finding. */
function findingsOf({ pool: more = GOOD, access, settings = {}, keys = known([RSA, EC]), isLocal = false }: Facts) {
  const parsed = parseConfig({
    ISSUER: "https://identity.example.com",
    KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
    ...settings,
  });
  if (!parsed.ok) throw new Error(parsed.error.join());
  const config = { ...parsed.value, upstreams: { ...parsed.value.upstreams, ...(isLocal && { isLocal }) } };
  const pool: IdentityPool = {
    identityPoolId: identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111"),
    name: "test",
    allowsUnauthenticated: false,
    ...more,
    ...(access !== undefined && { access: { roles: {}, roleMappings: {}, principalTagMaps: {}, ...access } }),
  };
  const providers = poolProvidersOf(pool, config.oidcProviders);
  const issuers = keyIssuersOf(providers, config);
  const keySets = new Map([...issuers.values()].map((issuer) => [issuer, keys]));
  return poolFindings({ pool, providers, config, issuers, keySets });
}

const summaryOf = (facts: Facts) =>
  findingsOf(facts).map(({ level, code, about }) => [level, code, ...(about === undefined ? [] : [about])].join(" "));

const DEVELOPER = "login.example";
const SOURCE_POOL = "us-east-1:22222222-2222-4222-8222-222222222222";
const SOURCE_KEY = { accessKeyId: "AKIA0123456789ABCDEF", secretAccessKey: "a-secret-access-key-of-the-source" };
const withSource = (providers: readonly string[]): Partial<IdentityPool> => {
  const identityPoolId = identityPoolIdOf("us-east-1", SOURCE_POOL.slice("us-east-1:".length));
  const asked = { proof: "open-id-token", guests: "source", unknownIds: "ask" } as const;
  return {
    ...GOOD,
    developerProviderName: DEVELOPER,
    source: { identityPoolId, ...asked, providers },
    hadSource: true,
  };
};
const rules = { type: "Rules", ambiguousRoleResolution: "Deny", rules: [] } as const;
const userPool = (serverSideTokenCheck: boolean) => {
  return { cognitoIdentityProviders: [{ providerName: USER_POOL, clientId: "c", serverSideTokenCheck }] };
};

describe("the findings about an identity pool", () => {
  it("are none of a pool whose provider answers", () => {
    expect(findingsOf({})).toEqual([]);
    expect(findingsOf({ pool: { allowsUnauthenticated: true } })).toEqual([]);
    expect(findingsOf({ pool: { developerProviderName: "login.backend.example" } })).toEqual([]);
  });

  it.each<[what: string, facts: Facts, findings: readonly string[]]>([
    ["neither guests nor providers", { pool: {} }, ["warning nobody-can-enter"]],
    [
      "a provider that no token can be verified for",
      { pool: { supportedLoginProviders: { "identity.example.com": "client" } } },
      ["error provider-refused identity.example.com"],
    ],
    [
      "a provider that OIDC_PROVIDERS does not have",
      { pool: { openIdConnectProviderArns: [OIDC] } },
      [`error provider-without-clients ${OIDC}`],
    ],
    [
      "a provider that it has",
      {
        pool: { openIdConnectProviderArns: [OIDC] },
        settings: { OIDC_PROVIDERS: JSON.stringify({ "by-arn.example": ["client"] }) },
      },
      [],
    ],
    [
      "SAML and Digits",
      { pool: { samlProviderArns: ["arn:saml"], supportedLoginProviders: { "www.digits.com": "a;b" } } },
      ["warning saml-not-verified arn:saml", "warning digits-closed www.digits.com"],
    ],
    [
      "an issuer that cannot be reached",
      { keys: { state: "unreachable", retryAfterSeconds: 2, failure: "status 404" } },
      [`error issuer-keys-not-loaded ${ISSUER}`],
    ],
    [
      "an issuer that was down when it was last asked",
      { keys: known([RSA], { failure: "deadline" }) },
      [`warning issuer-keys-stale ${ISSUER}`],
    ],
    [
      "an issuer without a key for what it may sign by",
      {
        pool: { supportedLoginProviders: { "accounts.google.com": "1.apps.googleusercontent.com" } },
        keys: known([EC]),
      },
      ["error issuer-keys-unfit accounts.google.com"],
    ],
    [
      "client ids under the wrong provider",
      {
        pool: {
          supportedLoginProviders: {
            "appleid.apple.com": "1.apps.googleusercontent.com;com.example.app",
            "accounts.google.com": "com.example.app",
            "www.facebook.com": "1234",
            "www.amazon.com": "1234",
            [ISSUER]: "amzn1.application.1;1234",
          },
        },
      },
      ["appleid.apple.com", "accounts.google.com", "www.amazon.com", ISSUER].map(
        (name) => `warning client-id-of-another ${name}`,
      ),
    ],
    ["a sign-out check that is not made", { pool: userPool(true) }, [`warning token-check-not-made ${USER_POOL}`]],
    [
      "a source with a developer provider, and nobody who may look its users up",
      { pool: withSource([ISSUER, DEVELOPER]) },
      [`error source-without-credentials ${DEVELOPER}`],
    ],
    [
      "a source whose developer users may be looked up",
      {
        pool: withSource([ISSUER, DEVELOPER]),
        settings: { SOURCE_CREDENTIALS: JSON.stringify({ [SOURCE_POOL]: SOURCE_KEY }) },
      },
      [],
    ],
    [
      "a source of other providers than the pool's",
      { pool: withSource(["a.example"]) },
      [
        "warning source-provider-not-here a.example",
        `warning source-lacks-provider ${ISSUER}`,
        `warning source-lacks-provider ${DEVELOPER}`,
      ],
    ],
    ["a sign-out check that is not wanted", { pool: userPool(false) }, []],
    [
      "a Facebook app without its secret",
      {
        pool: { supportedLoginProviders: { "graph.facebook.com": "123;456" } },
        settings: { FACEBOOK_APP_SECRETS: `{"456":"${"a1".repeat(16)}"}` },
      },
      ["advice facebook-without-secret graph.facebook.com"],
    ],
    ["no classic flow", { pool: { ...GOOD, allowsClassicFlow: false } }, ["warning classic-flow-off AllowClassicFlow"]],
    [
      "role mappings, and one of a provider that has left",
      { access: { roles: { authenticated: ROLE }, roleMappings: { [ISSUER]: rules, "gone.example": rules } } },
      ["warning classic-flow-off-by-mappings RoleMappings", "warning mapping-of-nobody gone.example"],
    ],
    [
      "a mapping that falls back to a role that is not there",
      { access: { roleMappings: { [ISSUER]: { type: "Token", ambiguousRoleResolution: "AuthenticatedRole" } } } },
      ["warning classic-flow-off-by-mappings RoleMappings", "warning mapping-without-default authenticated"],
    ],
    [
      "a tag map of a provider that has left",
      { access: { principalTagMaps: { "gone.example": { useDefaults: true, principalTags: {} } } } },
      ["warning tag-map-of-nobody gone.example"],
    ],
    [
      "a role for guests that are not taken",
      { access: { roles: { authenticated: ROLE, unauthenticated: ROLE } } },
      ["advice role-of-nobody unauthenticated"],
    ],
    [
      "a role for users of no provider, and none for guests",
      { pool: { allowsUnauthenticated: true }, access: { roles: { authenticated: ROLE } } },
      ["advice role-of-nobody authenticated", "advice guests-without-role unauthenticated"],
    ],
  ])("of a pool with %s", (_, facts, findings) => {
    expect(summaryOf(facts)).toEqual(findings);
  });

  it("say in local development that an issuer without keys may be one of the examples", () => {
    const keys: KeySetAnswer = { state: "unreachable", retryAfterSeconds: 2, failure: "connection" };
    const example = /^Nothing, if it is one of the demo pool's examples/;
    expect(findingsOf({ keys, isLocal: true })).toEqual([
      expect.objectContaining({ level: "advice", action: expect.stringMatching(example) }),
    ]);
    expect(findingsOf({ keys })[0]?.action).not.toMatch(example);
  });

  it("hold no consumer secret, and name the worst first", () => {
    const supportedLoginProviders = { "api.twitter.com": "key;consumer-secret", [ISSUER]: "amzn1.application.1" };
    const keys: KeySetAnswer = { state: "unreachable", retryAfterSeconds: 2, failure: "connection" };
    const findings = findingsOf({ pool: { supportedLoginProviders, allowsClassicFlow: false }, keys });
    expect(findings.map(({ level }) => level)).toEqual(["error", "warning", "warning"]);
    expect(findings[0]?.message).toContain("connection");
    expect(JSON.stringify(findings)).not.toContain("consumer-secret");
  });
});
