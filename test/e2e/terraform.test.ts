/**
 * ops/terraform as Terraform applies it. What the AWS provider sends was recorded once, of the version that ops/terraform/versions.tf
 * pins, by Terraform 1.11.4 with TF_LOG_PROVIDER=TRACE; it is replayed here in its order, and what is read back must be what the
 * provider would plan (hashicorp/terraform-provider-aws, internal/service/cognitoidentity: pool.go, pool_roles_attachment.go,
 * pool_provider_principal_tag.go, tags_gen.go). Where Terraform itself is, it does the same.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { runProgram } from "../support/debian-tools.ts";
import { sendSigned } from "../support/signed-call.ts";

const EXAMPLE = join(import.meta.dirname, "../../ops/terraform");
const endpoint = inject("endpoint");

const USERS = "arn:aws:iam::123456789012:role/users";
const GUESTS = "arn:aws:iam::123456789012:role/guests";
const CLIENT = "example.apps.googleusercontent.com";
const PROVIDER = "accounts.google.com";
const ROLES = { authenticated: USERS, unauthenticated: GUESTS };
const MAPPINGS = {
  [PROVIDER]: {
    AmbiguousRoleResolution: "AuthenticatedRole",
    RulesConfiguration: { Rules: [{ Claim: "hd", MatchType: "Equals", RoleARN: USERS, Value: "example.com" }] },
    Type: "Rules",
  },
};

async function answer(operation: string, input: object): Promise<{ readonly status: number; readonly body: unknown }> {
  const { status, body } = await sendSigned(endpoint, `AWSCognitoIdentityService.${operation}`, input);
  return { status, body: body === "" ? {} : JSON.parse(body) };
}

async function done(operation: string, input: object): Promise<unknown> {
  const { status, body } = await answer(operation, input);
  expect([status, body]).toEqual([200, expect.anything()]);
  return body;
}

type Described = {
  readonly AllowClassicFlow?: boolean;
  readonly AllowUnauthenticatedIdentities?: boolean;
  readonly IdentityPoolName?: string;
  readonly IdentityPoolTags?: object;
  readonly SupportedLoginProviders?: object;
  readonly CognitoIdentityProviders?: readonly object[];
  readonly OpenIdConnectProviderARNs?: readonly string[];
  readonly SamlProviderARNs?: readonly string[];
  readonly DeveloperProviderName?: string;
};

/** As resourcePoolRead fills the state: what is absent is the attribute's zero value. */
function poolState(body: unknown) {
  const pool = body as Described;
  return {
    allow_classic_flow: pool.AllowClassicFlow ?? false,
    allow_unauthenticated_identities: pool.AllowUnauthenticatedIdentities ?? false,
    cognito_identity_providers: pool.CognitoIdentityProviders ?? [],
    developer_provider_name: pool.DeveloperProviderName ?? "",
    identity_pool_name: pool.IdentityPoolName,
    openid_connect_provider_arns: pool.OpenIdConnectProviderARNs ?? [],
    saml_provider_arns: pool.SamlProviderARNs ?? [],
    supported_login_providers: pool.SupportedLoginProviders ?? {},
    tags_all: pool.IdentityPoolTags ?? {},
  };
}

/** What ops/terraform/main.tf plans for the pool. */
const PLANNED = {
  allow_classic_flow: true,
  allow_unauthenticated_identities: true,
  cognito_identity_providers: [],
  developer_provider_name: "",
  identity_pool_name: "app",
  openid_connect_provider_arns: [],
  saml_provider_arns: [],
  supported_login_providers: { [PROVIDER]: CLIENT },
  tags_all: { "managed-by": "terraform", stage: "production" },
};

test("what the provider sends is done, and what it reads back is what it would plan", async () => {
  const created = await done("CreateIdentityPool", {
    AllowClassicFlow: true,
    AllowUnauthenticatedIdentities: true,
    IdentityPoolName: "app",
    IdentityPoolTags: { "managed-by": "terraform", stage: "production" },
    SupportedLoginProviders: { [PROVIDER]: CLIENT },
  });
  const { IdentityPoolId } = created as { readonly IdentityPoolId: string };
  const ResourceArn = `arn:aws:cognito-identity:us-east-1::identitypool/${IdentityPoolId}`;
  const map = { IdentityPoolId, IdentityProviderName: PROVIDER };
  // Also what an import asks, which knows the ids alone, and each plan.
  const read = async () => ({
    pool: poolState(await done("DescribeIdentityPool", { IdentityPoolId })),
    roles: await done("GetIdentityPoolRoles", { IdentityPoolId }),
    tags: await done("GetPrincipalTagAttributeMap", map),
  });

  await done("SetIdentityPoolRoles", { IdentityPoolId, Roles: ROLES });
  await done("SetPrincipalTagAttributeMap", { ...map, PrincipalTags: { domain: "hd" } });
  expect(await read()).toEqual({
    pool: PLANNED,
    roles: { IdentityPoolId, Roles: ROLES },
    tags: { ...map, PrincipalTags: { domain: "hd" }, UseDefaults: false },
  });

  await done("UntagResource", { ResourceArn, TagKeys: ["stage"] });
  await done("TagResource", { ResourceArn, Tags: { team: "edge" } });
  await done("UpdateIdentityPool", {
    AllowClassicFlow: true,
    AllowUnauthenticatedIdentities: false,
    CognitoIdentityProviders: [],
    IdentityPoolId,
    IdentityPoolName: "app",
    OpenIdConnectProviderARNs: [],
    SamlProviderARNs: [],
    SupportedLoginProviders: { [PROVIDER]: CLIENT },
  });
  await done("SetIdentityPoolRoles", { IdentityPoolId, RoleMappings: MAPPINGS, Roles: ROLES });
  await done("SetPrincipalTagAttributeMap", { ...map, PrincipalTags: { mail: "email" }, UseDefaults: false });
  expect(await read()).toEqual({
    pool: {
      ...PLANNED,
      allow_unauthenticated_identities: false,
      tags_all: { "managed-by": "terraform", team: "edge" },
    },
    roles: { IdentityPoolId, Roles: ROLES, RoleMappings: MAPPINGS },
    tags: { ...map, PrincipalTags: { mail: "email" }, UseDefaults: false },
  });

  await done("SetIdentityPoolRoles", { IdentityPoolId, RoleMappings: {}, Roles: {} });
  await done("SetPrincipalTagAttributeMap", { ...map, PrincipalTags: {}, UseDefaults: true });
  await done("DeleteIdentityPool", { IdentityPoolId });
  // Of what is gone the provider forgets what it knew, by this error alone.
  const gone = { status: 404, body: { __type: "ResourceNotFoundException", message: expect.any(String) } };
  expect(await answer("DescribeIdentityPool", { IdentityPoolId })).toEqual(gone);
  expect(await answer("GetIdentityPoolRoles", { IdentityPoolId })).toEqual(gone);
  expect(await answer("GetPrincipalTagAttributeMap", map)).toEqual(gone);
});

test("the example pins what was tried, and says allow_classic_flow, which the provider else sends as false", async () => {
  const [main, versions] = await Promise.all(
    ["main.tf", "versions.tf"].map(async (name) => await readFile(join(EXAMPLE, name), "utf8")),
  );
  expect(versions).toMatch(/ version = "5\.100\.0"$/m);
  expect(main).toMatch(/^ {2}allow_classic_flow = true$/m);
  expect(main).toMatch(/^ {4}prevent_destroy = true$/m);
});

/** Terraform downloads a provider of some hundred megabytes: there is such a test only where somebody has it, and it takes minutes. */
const PLUGINS = process.env["TERRAFORM_PLUGINS"];

const WITH_TERRAFORM = PLUGINS === undefined ? [] : [PLUGINS];

test.for(WITH_TERRAFORM)(
  "Terraform itself creates, changes, imports without a drift, and deletes: %s",
  { timeout: 600_000 },
  async (_plugins, { onTestFinished }) => {
    const folder = await mkdtemp(join(tmpdir(), "edgepool-terraform-"));
    onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    await cp(EXAMPLE, first, { recursive: true });
    const settings = join(folder, "terraformrc");
    await writeFile(
      settings,
      `provider_installation {\n  filesystem_mirror { path = ${JSON.stringify(PLUGINS)} }\n}\n`,
    );
    const variables = {
      access_key_id: LOCAL_CREDENTIAL.accessKeyId,
      endpoint,
      google_client_id: CLIENT,
      guests_role_arn: GUESTS,
      secret_access_key: LOCAL_CREDENTIAL.secretAccessKey,
      users_role_arn: USERS,
    };
    const environment = {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      TF_CLI_CONFIG_FILE: settings,
      ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [`TF_VAR_${name}`, value])),
    };
    const terraform = async (place: string, ...words: readonly string[]) => {
      const { code, stdout, stderr } = await runProgram("terraform", [`-chdir=${place}`, ...words], environment);
      expect([code, stderr]).toEqual([0, ""]);
      return stdout;
    };
    const apply = async (...words: readonly string[]) =>
      await terraform(first, "apply", "-no-color", "-auto-approve", ...words);

    const main = await readFile(join(EXAMPLE, "main.tf"), "utf8");
    const erasable = main.replace("prevent_destroy = true", "prevent_destroy = false");
    await writeFile(join(first, "main.tf"), erasable);
    await terraform(first, "init", "-no-color");
    expect(await apply()).toContain("3 added, 0 changed, 0 destroyed");
    const identityPoolId = await terraform(first, "output", "-raw", "identity_pool_id");
    const changed = erasable
      .replace("allow_unauthenticated_identities = true", "allow_unauthenticated_identities = false")
      .replace('stage = "production"', 'team = "edge"')
      .replace('domain = "hd"', 'mail = "email"');
    await writeFile(join(first, "main.tf"), changed);
    expect(await apply()).toContain("0 added, 2 changed, 0 destroyed");

    await cp(first, second, { recursive: true, filter: (path) => !path.includes("tfstate") });
    const imports = {
      "aws_cognito_identity_pool.app": identityPoolId,
      "aws_cognito_identity_pool_roles_attachment.app": identityPoolId,
      "aws_cognito_identity_pool_provider_principal_tag.google": `${identityPoolId}:${PROVIDER}`,
    };
    const blocks = Object.entries(imports).map(([to, id]) => `import {\n  to = ${to}\n  id = "${id}"\n}\n`);
    await writeFile(join(second, "imports.tf"), blocks.join(""));
    expect(await terraform(second, "plan", "-no-color")).toContain("3 to import, 0 to add, 0 to change, 0 to destroy");
    expect(await apply("-destroy")).toContain("3 destroyed");
  },
);
