import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { parseDevelopmentConfig } from "../../src/development/development-config.ts";

const KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
const good = { ISSUER: "https://identity.example.com", KEY_ENCRYPTION_KEY: KEY, ADMIN_CREDENTIALS: "[]" };

function problemsOf(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const parsed = parseConfig({ ...good, ...changes });
  return parsed.ok ? [] : parsed.error;
}

function configOf(changes: Readonly<Record<string, unknown>> = {}) {
  const parsed = parseConfig({ ...good, ...changes });
  if (!parsed.ok) throw new Error(parsed.error.join("; "));
  return parsed.value;
}

describe("parseConfig", () => {
  it("has a safe default for everything but the issuer and the key encryption key", () => {
    const { upstreams: _, ...rest } = configOf({ ADMIN_CREDENTIALS: undefined });
    expect(rest).toMatchObject({
      issuer: "https://identity.example.com",
      region: "us-east-1",
      tokenAlgorithm: "RS256",
      mergePolicy: "conflict",
      rateLimit: { perSecond: 5, burst: 20 },
      limitsClients: true,
      clockSkewSeconds: 60,
      keyRotationDays: 90,
      keyEncryptionKey: KEY,
      adminCredentials: [],
      oidcProviders: new Map(),
      keySources: new Map(),
      linkProofRule: null,
    });
  });

  it("names everything that is missing or wrong at once", () => {
    const parsed = parseConfig({ TOKEN_ALG: "none", REGION: "Nowhere" });
    const problems = parsed.ok ? [] : parsed.error;
    for (const name of ["ISSUER", "KEY_ENCRYPTION_KEY", "TOKEN_ALG", "REGION"]) {
      expect(problems.filter((problem) => problem.startsWith(name))).toHaveLength(1);
    }
    expect(problems).toHaveLength(4);
  });

  it.each([
    [
      "ISSUER",
      [
        undefined,
        "",
        " ",
        7,
        "identity.example.com",
        "http://identity.example.com",
        "https://identity.example.com/",
        "https://identity.example.com/path",
        "https://IDENTITY.example.com",
        "https://identity.example.com:443",
        "https://user@identity.example.com",
        "https://127.0.0.1",
        "https://localhost",
        "https://identity.example.com?x",
        "https://identity.internal",
      ],
    ],
    [
      "KEY_ENCRYPTION_KEY",
      [undefined, "", "short", `${KEY}=`, KEY.slice(0, -2), KEY.replaceAll("d", "-"), "A".repeat(44)],
    ],
    ["REGION", ["US", "eu_west", "a".repeat(19), "a:b", "ä"]],
    ["TOKEN_ALG", ["none", "rs256", "HS256", "PS256"]],
    ["MERGE_POLICY", ["yes", "Merge"]],
    ["JURISDICTION", ["EU", "europe", "fedramp-high"]],
    ["LOCATION_HINT", ["WEUR", "eu", "weur,eeur"]],
    ["CLIENT_LIMIT", ["true", "0", "On"]],
    ["LINK_PROOF_MAX_AGE_SECONDS", ["-1", "off", "86401", "NaN"]],
    ["RATE_LIMIT_PER_SECOND", ["0", "-1", "NaN", "Infinity", "five", "10001", "0x10", "1e2", "+5", "5.", ".5"]],
    ["RATE_LIMIT_BURST", ["0", "0.9", "100001", "x"]],
    ["CLOCK_SKEW_SECONDS", ["-1", "301", "1m"]],
    ["KEY_ROTATION_DAYS", ["0", "366", "never"]],
    ["ADMIN_CREDENTIALS", ["nonsense", "{}", "[1]", "null"]],
    [
      "STS_URL",
      [
        "AWS",
        "http://sts.example.com",
        "https://127.0.0.1",
        "https://localhost:9000",
        "https://identity.example.com",
        "https://identity.example.com:8443/sts",
        "https://user@sts.example.com",
        "https://sts.example.com?a=b",
        "https://sts.example.com#a",
        "https://sts.internal",
        "sts.us-east-1.amazonaws.com",
        "file:///etc/passwd",
      ],
    ],
    ["CREDENTIALS_SECONDS", ["900", "3599", "43201", "3600.5", "1h", "-3600", "1e4"]],
    ["ROLE_SESSION_NAME", ["Cognito", "user"]],
    [
      "GUEST_SESSION_POLICY",
      [
        "nonsense",
        "[]",
        "null",
        '{"Version":"2012-10-17"}',
        '{"Statement":"x"}',
        '{"Statement":null}',
        '{"Statement":[],"Id":"\u2603"}',
        JSON.stringify({ Statement: [], Id: "x".repeat(2048) }),
      ],
    ],
    [
      "GUEST_SESSION_POLICY_ARNS",
      [
        "nonsense",
        "{}",
        '["x"]',
        '["arn:aws:iam::aws:role/x"]',
        "[1]",
        JSON.stringify(Array.from({ length: 11 }, (_, index) => `arn:aws:iam::aws:policy/p${index}`)),
        '["arn:aws:iam::aws:policy/p","arn:aws:iam::aws:policy/p"]',
      ],
    ],
    ["OIDC_PROVIDERS", ["nonsense", "[]", "null", '{"a":"b"}', '{"a":[]}', '{"a":[""]}', '{"a":[1]}']],
  ])("refuses a bad %s by its name, and does not repeat its value", (name, values) => {
    for (const value of values) {
      const problems = problemsOf({ [name]: value });
      expect([value, problems.length]).toEqual([value, 1]);
      expect(problems[0]).toMatch(new RegExp(`^${name} `));
      if (typeof value === "string" && value.trim().length > 3) expect(problems[0]).not.toContain(value);
    }
  });

  it.each([
    ["REGION", "eu-west-1"],
    ["TOKEN_ALG", "ES256"],
    ["STS_URL", "https://gateway.example.com:8443/sts/"],
    ["CREDENTIALS_SECONDS", "43200"],
    ["MERGE_POLICY", "merge"],
    ["JURISDICTION", "fedramp"],
    ["LOCATION_HINT", "weur"],
    ["CLOCK_SKEW_SECONDS", "0"],
    ["KEY_ROTATION_DAYS", "365"],
  ])("takes a good %s", (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([]);
  });

  it("refuses a bucket that rests in memory longer than the memory lasts", () => {
    expect(problemsOf({ RATE_LIMIT_PER_SECOND: "2", RATE_LIMIT_BURST: "20" })).toEqual([]);
    expect(problemsOf({ RATE_LIMIT_PER_SECOND: "1.9", RATE_LIMIT_BURST: "20" })).toEqual([
      expect.stringMatching(/^RATE_LIMIT_BURST \/ RATE_LIMIT_PER_SECOND must be at most 10 seconds/),
    ]);
  });

  it("refuses a hint to a place that is not in the jurisdiction", () => {
    expect(problemsOf({ JURISDICTION: "eu", LOCATION_HINT: "eeur" })).toEqual([]);
    expect(problemsOf({ JURISDICTION: "eu", LOCATION_HINT: "enam" })).toEqual([
      "LOCATION_HINT must be none, weur or eeur where JURISDICTION is eu",
    ]);
  });

  it("has no jurisdiction where the runtime has none", () => {
    const local = { ...good, DEVELOPMENT_ORIGIN: "http://127.0.0.1:8787", ISSUER: "http://127.0.0.1:8787" };
    expect(parseDevelopmentConfig(local)).toMatchObject({ ok: true });
    expect(parseDevelopmentConfig({ ...local, JURISDICTION: "eu" })).toMatchObject({
      error: ["JURISDICTION must be none in local development: its runtime has no jurisdictions"],
    });
  });

  it("turns the limit of clients off for the one word alone", () => {
    expect(configOf({ CLIENT_LIMIT: "off" }).limitsClients).toBe(false);
    expect(configOf({ CLIENT_LIMIT: " " }).limitsClients).toBe(true);
  });
});

describe("parseConfig: the security token service", () => {
  const stsOf = (changes: Readonly<Record<string, string>>) => configOf(changes).sts;
  const policy = '{ "Version": "2012-10-17", "Statement": [] }';
  const arns = [
    "arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy",
    "arn:aws:iam::123456789012:policy/p",
  ];

  it.each([
    [{}, "https://sts.us-east-1.amazonaws.com"],
    [{ REGION: "eu-west-1" }, "https://sts.eu-west-1.amazonaws.com"],
    [{ REGION: "us-gov-west-1" }, "https://sts.us-gov-west-1.amazonaws.com"],
    [{ REGION: "cn-north-1" }, "https://sts.cn-north-1.amazonaws.com.cn"],
    [{ REGION: "local" }, null],
    [{ REGION: "local", STS_URL: "https://sts.us-east-1.api.aws" }, "https://sts.us-east-1.api.aws"],
    [{ STS_URL: "none" }, null],
    [{ STS_URL: "https://gateway.example.com:8443/sts/" }, "https://gateway.example.com:8443/sts"],
  ])("of %j is at %j", (changes, url) => {
    expect(stsOf(changes)).toEqual({
      url,
      durationSeconds: 3600,
      sessionName: "cognito",
      guestPolicy: "",
      guestPolicyArns: [],
    });
  });

  it("is told how, of guests compactly", () => {
    expect(
      stsOf({
        CREDENTIALS_SECONDS: "7200",
        ROLE_SESSION_NAME: "identity",
        GUEST_SESSION_POLICY: policy,
        GUEST_SESSION_POLICY_ARNS: JSON.stringify(arns),
      }),
    ).toMatchObject({
      durationSeconds: 7200,
      sessionName: "identity",
      guestPolicy: '{"Version":"2012-10-17","Statement":[]}',
      guestPolicyArns: arns,
    });
  });

  it.each([
    ["TOKEN_ALG must not be EdDSA with AWS's STS", { TOKEN_ALG: "EdDSA" }],
    ["TOKEN_ALG must not be EdDSA", { TOKEN_ALG: "EdDSA", STS_URL: "https://sts-fips.us-east-1.amazonaws.com" }],
    ["TOKEN_ALG must not be EdDSA", { TOKEN_ALG: "EdDSA", STS_URL: "https://sts.eusc-de-east-1.amazonaws.eu" }],
    ["ISSUER must have no port with AWS's STS", { ISSUER: "https://identity.example.com:8443" }],
    [
      "ISSUER must have no port",
      { ISSUER: "https://identity.example.com:8443", STS_URL: "https://sts.us-east-1.api.aws" },
    ],
    [
      "GUEST_SESSION_POLICY_ARNS must be [] unless STS_URL is AWS's",
      { GUEST_SESSION_POLICY_ARNS: JSON.stringify(arns), STS_URL: "https://gateway.example.com" },
    ],
    ["GUEST_SESSION_POLICY_ARNS must be []", { GUEST_SESSION_POLICY_ARNS: JSON.stringify(arns), STS_URL: "none" }],
    [
      "GUEST_SESSION_POLICY_ARNS must be []",
      { GUEST_SESSION_POLICY_ARNS: JSON.stringify(arns), STS_URL: "https://sts.amazonaws.com.evil.example" },
    ],
    [
      "GUEST_SESSION_POLICY and GUEST_SESSION_POLICY_ARNS must have at most 2048 characters together",
      {
        GUEST_SESSION_POLICY: JSON.stringify({ Statement: [], Id: "x".repeat(1990) }),
        GUEST_SESSION_POLICY_ARNS: JSON.stringify(arns),
      },
    ],
  ])("is refused with one sentence: %s", (sentence, changes) => {
    expect(problemsOf(changes)).toEqual([expect.stringContaining(sentence)]);
  });

  it.each([
    { TOKEN_ALG: "EdDSA", STS_URL: "none" },
    { TOKEN_ALG: "EdDSA", STS_URL: "https://gateway.example.com" },
    { TOKEN_ALG: "EdDSA", REGION: "local" },
    { ISSUER: "https://identity.example.com:8443", STS_URL: "none" },
  ])("is no hindrance where it is not Amazon's: %j", (changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });
});

describe("parseConfig: admin credentials", () => {
  const one = { accessKeyId: "ops", secretAccessKey: "sixteen-letters!" };
  const ROLE = "arn:aws:iam::123456789012:role/users";
  const credentialsOf = (credentials: unknown) =>
    configOf({ ADMIN_CREDENTIALS: JSON.stringify(credentials) }).adminCredentials;

  it("may do everything unless it is said what", () => {
    expect(credentialsOf([one])).toEqual([{ ...one, operations: "*", pools: "*" }]);
    const some = { ...one, operations: ["ListIdentities"], pools: ["us-east-1:00"] };
    expect(credentialsOf([some])).toEqual([some]);
  });

  it("may be told which roles it sets", () => {
    for (const roles of ["*", [], [ROLE]]) expect(credentialsOf([{ ...one, roles }])).toMatchObject([{ roles }]);
  });

  it.each([
    ["2027-03-31", Date.UTC(2027, 2, 31)],
    ["2028-02-29", Date.UTC(2028, 1, 29)],
    ["2027-03-31T12:00:05Z", Date.UTC(2027, 2, 31, 12, 0, 5)],
  ])("may end by %s", (expiresAt, endMs) => {
    expect(credentialsOf([{ ...one, expiresAt }])).toMatchObject([{ expiresAt: endMs / 1000 }]);
  });

  it("an empty list permits nothing", () => {
    expect(credentialsOf([{ ...one, operations: [], pools: [] }])).toEqual([{ ...one, operations: [], pools: [] }]);
  });

  it.each([
    ["a short secret", [{ ...one, secretAccessKey: "fifteen-letters" }]],
    ["no secret", [{ accessKeyId: "ops" }]],
    ["a key id that no header could hold", [{ ...one, accessKeyId: "a/b" }]],
    ["two of one key id", [one, { ...one, secretAccessKey: "another-sixteen-letters" }]],
    ["operations that are no list", [{ ...one, operations: "ListIdentities" }]],
    ["pools that are no texts", [{ ...one, pools: [1] }]],
    ["roles that are no list", [{ ...one, roles: ROLE }]],
    ["a role that is no ARN of one", [{ ...one, roles: [ROLE, "users"] }]],
    ["an end that the calendar has not", [{ ...one, expiresAt: "2027-02-29" }]],
    ["an end in another form", [{ ...one, expiresAt: "31.3.2027" }]],
    ["an end that names no zone", [{ ...one, expiresAt: "2027-03-31T12:00:00" }]],
    ["an end that is a number", [{ ...one, expiresAt: 1_800_000_000 }]],
    ["one bad among good ones", [one, {}]],
  ])("refuses %s, and does not show the secret", (_, credentials) => {
    const problems = problemsOf({ ADMIN_CREDENTIALS: JSON.stringify(credentials) });
    expect(problems).toEqual([expect.stringMatching(/^ADMIN_CREDENTIALS /)]);
    expect(problems[0]).not.toMatch(/letters/);
  });
});

describe("parseConfig: secrets that others know", () => {
  const keyOf = (valueAt: (index: number) => number) =>
    Uint8Array.from({ length: 32 }, (_, index) => valueAt(index)).toBase64();
  const secretProblems = (...secrets: readonly string[]) => {
    const entries = secrets.map((secretAccessKey, index) => ({ accessKeyId: `key-${index}`, secretAccessKey }));
    return problemsOf({ ADMIN_CREDENTIALS: JSON.stringify(entries) });
  };

  it.each([
    ["all zero", keyOf(() => 0)],
    ["one byte, again and again", keyOf(() => 7)],
    ["sequential", keyOf((index) => index)],
    ["repeated", keyOf((index) => [1, 77, 200, 31][index % 4] ?? 0)],
  ])("refuses a KEY_ENCRYPTION_KEY that is %s, and does not repeat it", (_what, key) => {
    const problems = problemsOf({ KEY_ENCRYPTION_KEY: key });
    expect(problems).toEqual([expect.stringMatching(/^KEY_ENCRYPTION_KEY can be guessed: /)]);
    expect(problems[0]).not.toContain(key);
  });

  it.each([
    ["can be guessed", "aaaaaaaaaaaaaaaa"],
    ["can be guessed", "0123456789abcdef"],
    ["can be guessed", "passwordpassword"],
    ["is published", "edgepool-local-secret"],
    ["is published", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
  ])("refuses a secret that %s by its place, and does not repeat it", (what, secret) => {
    const problems = secretProblems("a-secret-of-some-length", secret);
    expect(problems).toEqual([
      expect.stringContaining(`ADMIN_CREDENTIALS has a secretAccessKey that ${what}, in entry 2`),
    ]);
    expect(problems[0]).not.toContain(secret);
    expect(problems[0]).not.toContain("key-1");
  });

  it("refuses a secret that is its own key id", () => {
    const one = { accessKeyId: "administrator-of-pools", secretAccessKey: "administrator-of-pools" };
    expect(problemsOf({ ADMIN_CREDENTIALS: JSON.stringify([one]) })).toEqual([
      expect.stringContaining("can be guessed"),
    ]);
  });

  it("takes drawn ones, and in local development all that have the form", () => {
    expect(secretProblems(crypto.getRandomValues(new Uint8Array(24)).toHex())).toEqual([]);
    expect(problemsOf({ KEY_ENCRYPTION_KEY: crypto.getRandomValues(new Uint8Array(32)).toBase64() })).toEqual([]);
    const local = { accessKeyId: "edgepool-local", secretAccessKey: "edgepool-local-secret" };
    const raw = { ...good, KEY_ENCRYPTION_KEY: keyOf(() => 0), ADMIN_CREDENTIALS: JSON.stringify([local]) };
    expect(parseDevelopmentConfig(raw)).toMatchObject({ ok: true });
    expect(parseConfig(raw)).toMatchObject({ ok: false });
  });
});

describe("parseConfig: how old a proof may be", () => {
  it.each([undefined, "", "0"])("is not asked when the setting is %j", (value) => {
    expect(configOf({ LINK_PROOF_MAX_AGE_SECONDS: value }).linkProofRule).toBeNull();
  });

  it("is judged with the accepted clock difference", () => {
    const { linkProofRule } = configOf({ LINK_PROOF_MAX_AGE_SECONDS: "600", CLOCK_SKEW_SECONDS: "30" });
    expect(linkProofRule).toEqual({ maxAgeSeconds: 600, clockSkewSeconds: 30 });
  });
});

describe("parseConfig: OpenID Connect providers", () => {
  it("T39: keeps client ids by issuer, and knows no name of a prototype", () => {
    const { oidcProviders } = configOf({ OIDC_PROVIDERS: '{"issuer.example/a":["x","y"]}' });
    expect(oidcProviders).toEqual(new Map([["issuer.example/a", ["x", "y"]]]));
    expect(problemsOf({ OIDC_PROVIDERS: '{"__proto__":["z"]}' })).toEqual([
      expect.stringMatching(/^OIDC_PROVIDERS "__proto__" is no host/),
    ]);
    expect(oidcProviders.get("constructor")).toBeUndefined();
  });

  it.each([
    "identity.example.com",
    "identity.example.com/",
    "identity.example.com/tenant",
    "IDENTITY.Example.com",
    "identity.example.com.",
    "identity.example.com:443",
    "identity.example.com:8443/a",
  ])("T21: refuses %s, which is this service itself, before anything is served", (name) => {
    const problems = problemsOf({ OIDC_PROVIDERS: JSON.stringify({ "issuer.example": ["x"], [name]: ["y"] }) });
    expect(problems).toEqual([expect.stringMatching(/^OIDC_PROVIDERS must not name this service's own ISSUER/)]);
  });

  it("T21: gives the service a policy that asks itself for nothing", () => {
    const { upstreams } = configOf({});
    expect(upstreams.permits(new URL("https://identity.example.com/a"))).toBe(false);
    expect(upstreams.permits(new URL("https://issuer.example/a"))).toBe(true);
  });
});

describe("parseConfig: sources", () => {
  const POOL = "us-east-1:de300000-0000-4000-8000-0000000de300";
  const key = { accessKeyId: "AKIA0123456789ABCDEF", secretAccessKey: "secret/of/the/source/that/has/40/letters" };
  const refused = [expect.stringMatching(/^SOURCE_CREDENTIALS must be JSON: an object of/)];

  it("has an access key by the source pool's id, and none by default", () => {
    expect(configOf({}).sourceCredentials).toEqual(new Map());
    expect(configOf({ SOURCE_CREDENTIALS: JSON.stringify({ [POOL]: key }) }).sourceCredentials).toEqual(
      new Map([[POOL, key]]),
    );
  });

  it.each([
    ["a list", [key]],
    ["a pool that is none of Amazon's", { pool: key }],
    ["a name of a prototype", JSON.parse('{"__proto__":{}}') as object],
    ["no secret", { [POOL]: { accessKeyId: key.accessKeyId } }],
    ["a secret that no header takes", { [POOL]: { ...key, secretAccessKey: "a secret with spaces in it" } }],
    ["a temporary key, which ends soon", { [POOL]: { ...key, accessKeyId: "ASIA0123456789ABCDEF" } }],
  ])("refuses %s, and repeats nothing of it", (_, value) => {
    const problems = problemsOf({ SOURCE_CREDENTIALS: JSON.stringify(value) });
    expect(problems).toEqual(refused);
    expect(problems.join()).not.toContain(key.secretAccessKey);
  });

  it("are asked 20 times a second at most, unless SOURCE_RATE_PER_SECOND says how often", () => {
    expect(configOf({}).sourceRatePerSecond).toBe(20);
    expect(configOf({ SOURCE_RATE_PER_SECOND: "10000" }).sourceRatePerSecond).toBe(10_000);
    for (const rate of ["0", "0.5", "10001", "-1", "many"]) {
      expect(problemsOf({ SOURCE_RATE_PER_SECOND: rate })).toEqual([
        "SOURCE_RATE_PER_SECOND must be a number from 1 to 10000",
      ]);
    }
  });
});
