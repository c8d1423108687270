/** What `npm run migrate` says: of a failed call, of how long it will take, and of a command line that it does not understand. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { explain } from "../../scripts/migrate/support/explain.ts";
import { leastPolicy, quotaLines } from "../../scripts/migrate/support/quotas.ts";
import { fittingSource } from "../../scripts/migrate/support/source-members.ts";
import { duration, statusLine } from "../../scripts/migrate/support/status.ts";
import { CallFailed, type PartyName, Stop } from "../../scripts/migrate/support/stop.ts";

function failure(party: PartyName, name: string, message = "", more: string | object = {}): CallFailed {
  const cause = Object.assign(new Error(message), { name, ...(typeof more === "string" ? { code: more } : more) });
  return new CallFailed(party, "ListIdentities", cause);
}

describe("a failed call", () => {
  it.each<[string, CallFailed, string]>([
    ["no AWS credentials", failure("Cognito", "CredentialsProviderError", "Could not load credentials"), "AWS_PROFILE"],
    ["expired AWS credentials", failure("Cognito", "ExpiredTokenException"), "Sign in again"],
    ["an expired session of a profile", failure("Cognito", "TokenProviderError", "Token is expired"), "AWS_PROFILE"],
    ["expired credentials behind a role", failure("Cognito", "ExpiredToken"), "Sign in again"],
    ["a role that may not be assumed", failure("Cognito", "AccessDenied"), "check --help"],
    ["no right at AWS", failure("Cognito", "AccessDeniedException", "User is not authorized"), "check --help"],
    ["a pool of another account", failure("Cognito", "ResourceNotFoundException"), "the right account"],
    ["throttling that does not end", failure("Cognito", "TooManyRequestsException"), "lower --rate"],
    ["no network", failure("Cognito", "Error", "getaddrinfo ENOTFOUND x", "ENOTFOUND"), "could not be reached"],
    ["another service in its place", failure("Cognito", "SyntaxError", "Unexpected token '<'"), "AWS_ENDPOINT_URL"],
    ["a key that Edgepool does not know", failure("Edgepool", "UnrecognizedClientException"), "ADMIN_CREDENTIALS"],
    [
      "a wrong secret",
      failure("Edgepool", "InvalidSignatureException", "does not match"),
      "EDGEPOOL_SECRET_ACCESS_KEY",
    ],
    [
      "another region",
      failure(
        "Edgepool",
        "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'eu-west-1'.",
      ),
      "its setting REGION",
    ],
    ["no right at Edgepool", failure("Edgepool", "AccessDeniedException"), "the pool among its pools"],
    ["a pool that is not adopted", failure("Edgepool", "ResourceNotFoundException"), "migrate -- pool"],
    ["an Edgepool that is down", failure("Edgepool", "Error", "", "ECONNREFUSED"), "EDGEPOOL_ENDPOINT"],
    ["an Edgepool without TLS", failure("Edgepool", "Error", "wrong version number", "EPROTO"), "could not be reached"],
    [
      "a certificate of nobody's",
      failure("Edgepool", "Error", "self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT"),
      "could not be reached",
    ],
    ["a page in Edgepool's place", failure("Edgepool", "SyntaxError", "Unexpected token '<'"), "is not Edgepool"],
    [
      "a page that says that it is down",
      failure("Edgepool", "SyntaxError", "Unexpected token '<'", { $metadata: { httpStatusCode: 502 } }),
      "is in trouble",
    ],
    ["an answer of nobody's", failure("Edgepool", "NoAnswer", "the answer has nothing"), "is not Edgepool"],
    ["a redirection", failure("Edgepool", "Unknown", "", { $metadata: { httpStatusCode: 301 } }), "is not Edgepool"],
    ["an older Edgepool", failure("Edgepool", "UnknownOperationException"), "of this release or a newer one"],
    ["a pool that was here before", failure("Edgepool", "ResourceConflictException"), "not adopted a second time"],
    ["what cannot be", failure("Edgepool", "InvalidParameterException", "Invalid provider"), "`check` tells"],
    ["anything else", failure("Edgepool", "InternalErrorException"), "run the same command again"],
  ])("of %s says who refused what, and what to do", (_, error, advice) => {
    const lines = explain(error) ?? [];
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(`ListIdentities at ${error.party === "Cognito" ? "Amazon Cognito" : "Edgepool"}: `);
    expect(lines[1]).toContain(advice);
  });

  it("is told from a run that cannot go on, and from a bug of the tool", () => {
    expect(explain(new Stop("there is no file x"))).toEqual(["there is no file x"]);
    expect(explain(new TypeError("x is undefined"))).toBeUndefined();
  });

  it("is told without what the SDK says to programmers", () => {
    const error = failure(
      "Edgepool",
      "SyntaxError",
      "Unexpected token\n  Deserialization error: inspect {error}.$response",
    );
    expect(explain(error)?.[0]).toBe("ListIdentities at Edgepool: SyntaxError: Unexpected token");
  });
});

describe("the status of a long step", () => {
  const now = (count: number, share?: number) => ({ count, share });

  it("has count and pace, and the time left where the whole is known", () => {
    expect(statusLine("ids", { count: 0, now: now(600), elapsedMs: 2000 })).toBe("ids: 600, 300/s");
    const known = statusLine("ids", { count: 0, share: 0, now: now(600, 0.25), elapsedMs: 60_000 });
    expect(known).toBe("ids: 600, 10/s, 25 %, 3 min 0 s left");
  });

  it("goes by this run alone when an earlier one did the half", () => {
    const line = statusLine("ids", { count: 500, share: 0.5, now: now(600, 0.6), elapsedMs: 20_000 });
    expect(line).toBe("ids: 600, 5.0/s, 60 %, 1 min 20 s left");
  });

  it("tells no time before anything is done", () => {
    expect(statusLine("ids", { count: 0, share: 0, now: now(0, 0), elapsedMs: 0 })).toBe("ids: 0, 0.0/s");
  });

  it.each([
    [59.6, "1 min 0 s"],
    [3360, "56 min 0 s"],
    [334_800, "93 h 0 min"],
    [-1, "0 s"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("the source that fits a pool", () => {
  const pool = { IdentityPoolId: "us-east-1:1", IdentityPoolName: "p", AllowUnauthenticatedIdentities: true };
  const copy = (Pool: object, RoleMappings = {}) => {
    return { Pool: { ...pool, ...Pool }, Roles: {}, RoleMappings, PrincipalTags: {} };
  };

  it.each([
    ["with the classic flow", copy({ AllowClassicFlow: true }), "OpenIdToken", "Ask"],
    ["that does not say", copy({}), "OpenIdToken", "Ask"],
    ["without the classic flow", copy({ AllowClassicFlow: false }), "Credentials", "Imported"],
    ["with role mappings", copy({ AllowClassicFlow: true }, { "a:b": { Type: "Token" } }), "Credentials", "Imported"],
  ])("is proved as Cognito allows it, for one %s", (_, there, Proof, UnknownIds) => {
    expect(fittingSource("us-east-1:1", there)).toMatchObject({ Proof, UnknownIds, Guests: "Source" });
  });

  it("names each provider once, and none that is not verified by a token", () => {
    const userPool = "cognito-idp.us-east-1.amazonaws.com/us-east-1_a";
    const { Providers } = fittingSource(
      "us-east-1:1",
      copy({
        SupportedLoginProviders: { "accounts.google.com": "1" },
        CognitoIdentityProviders: [
          { ProviderName: userPool, ClientId: "a" },
          { ProviderName: `issuer-${userPool}`, ClientId: "b" },
        ],
        OpenIdConnectProviderARNs: ["arn:aws:iam::123456789012:oidc-provider/login.example.com/tenant"],
        SamlProviderARNs: ["arn:aws:iam::123456789012:saml-provider/staff"],
        DeveloperProviderName: "login.app",
      }),
    );
    expect(Providers).toEqual(["accounts.google.com", "login.example.com/tenant", userPool, "login.app"]);
  });
});

it("names each quota with the command that reads one's own, and a policy of this pool alone", () => {
  expect(quotaLines("eu-west-1").at(-1)).toContain(
    "--region eu-west-1 --service-code cognito-identity --quota-code L-DBF99350",
  );
  const policy = JSON.stringify(leastPolicy("eu-west-1:1", "eu-west-1"));
  expect(policy).toContain("arn:aws:cognito-identity:eu-west-1:*:identitypool/eu-west-1:1");
  const actions = [...policy.matchAll(/cognito-identity:(\w+)"/g)].map(([, action = ""]) => action);
  expect(actions.toSorted()).toEqual([
    "DeleteIdentities",
    "DescribeIdentityPool",
    "GetIdentityPoolRoles",
    "GetPrincipalTagAttributeMap",
    "ListIdentities",
    "LookupDeveloperIdentity",
  ]);
});

const MIGRATE = join(import.meta.dirname, "../../scripts/migrate/migrate.ts");
const POOL = "us-east-1:00000000-0000-4000-8000-00000000000a";
const STEPS = [
  "check",
  "pool",
  "ids",
  "developers",
  "links",
  "source",
  "report",
  "export",
  "import",
  "person",
  "finish",
];

type Ended = { readonly code: unknown; readonly stdout: string; readonly stderr: string };

async function migrate(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return await new Promise((settle) => {
    execFile(process.execPath, [MIGRATE, ...words], { env }, (error, stdout, stderr) => {
      settle({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe("npm run migrate", () => {
  it("lists its steps, and says how it ends", async () => {
    const { code, stdout, stderr } = await migrate(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const step of STEPS) expect(stdout).toMatch(new RegExp(`^  ${step} `, "m"));
    expect(stdout).toContain("Exit codes: 0 done; 1 stopped");
    expect(await migrate([])).toMatchObject({ code: 2, stdout });
  });

  it.each(STEPS)("%s --help says what it does, and each of its flags", async (step) => {
    const { code, stdout, stderr } = await migrate([step, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [call = ""] = stdout.split("\n");
    expect(call).toContain(`npm run migrate -- ${step} `);
    for (const [flag] of call.matchAll(/--[a-z-]{2,}/g)) {
      expect(stdout.split("\n").slice(1).join("\n")).toMatch(new RegExp(`^  ${flag} `, "m"));
    }
  });

  it.each<[readonly string[], string]>([
    [["move"], "the steps are check, pool"],
    [["ids"], "--pool must be the id"],
    [["ids", "--pool", "eu-west-1"], "--pool must be the id"],
    [["ids", "--pool", POOL, "--rate", "0"], "whole number"],
    [["ids", "--pool", POOL, "--since", "yesterday"], "--since must be a date"],
    [["ids", "--pool", POOL, "--fast"], "no flag"],
    [["links", "--pool", POOL], "right after its name"],
    [["source", "--pool", POOL, "--proof", "none"], "open-id-token or credentials"],
    [["export", "--pool", POOL], "--out"],
    [["person", "--pool", POOL], "either --identity"],
    [["person", "--pool", POOL, "--identity", "x", "--provider", "a", "--subject", "b"], "either --identity"],
    [["person", "--pool", POOL, "--provider", "a"], "belong together"],
  ])("%j: is refused in one sentence, with exit code 2", async (words, reason) => {
    const { code, stdout, stderr } = await migrate(words);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(reason);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      "variables that are missing",
      {},
      "EDGEPOOL_ENDPOINT and EDGEPOOL_ACCESS_KEY_ID and EDGEPOOL_SECRET_ACCESS_KEY must be set",
    ],
    ["an endpoint that is none", { EDGEPOOL_ENDPOINT: "identity.example.com" }, "must be the service's https address"],
    ["an endpoint with a path", { EDGEPOOL_ENDPOINT: "https://identity.example.com/prod" }, "address without a path"],
  ])("says what is wrong with %s, with exit code 1", async (_, env, reason) => {
    const key = Object.keys(env).length === 0 ? {} : { EDGEPOOL_ACCESS_KEY_ID: "a", EDGEPOOL_SECRET_ACCESS_KEY: "b" };
    const { code, stderr } = await migrate(["report", "--pool", POOL], { ...key, ...env });
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
    expect(stderr).toContain(reason);
  });

  it.each<[string, string, string]>([
    ["a state folder that is a file", "a-file", "This machine does not let it: EEXIST"],
    ["a state folder below a file", "a-file/state", "This machine does not let it: ENOTDIR"],
    ["a memory that is none", "broken", "The memory of the migration cannot be used: file is not a database"],
  ])("says what is wrong with %s, with exit code 1 and no stack", async (_, state, reason) => {
    const folder = await mkdtemp(join(tmpdir(), "edgepool-migrate-"));
    await writeFile(join(folder, "a-file"), "");
    await mkdir(join(folder, "broken"));
    await writeFile(join(folder, "broken", `${POOL.replaceAll(":", "_")}_.sqlite`), "x".repeat(5000));
    const { code, stderr } = await migrate(["developers", "--pool", POOL, "--state", join(folder, state)]);
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 2]);
    expect(stderr).toContain(reason);
    await rm(folder, { recursive: true });
  });
});
