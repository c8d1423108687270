/** The console's page of one identity pool: what it shows, and every way to change it. */
import {
  DescribeIdentityPoolCommand,
  GetIdentityPoolRolesCommand,
  GetPrincipalTagAttributeMapCommand,
  ResourceNotFoundException,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../../src/development/local-credential.ts";
import { adminClient, createPool, refusalOf } from "../../support/cognito-clients.ts";
import { openConsole, openSignedIn, signIn, testBrowser } from "../../support/console-stage.ts";
import { sendSigned } from "../../support/signed-call.ts";
import { startWorker } from "../../support/worker-process.ts";

const endpoint = inject("endpoint");
const demoPool = inject("identityPoolId");
const admin = adminClient(endpoint);
const describePool = async (IdentityPoolId: string) =>
  await admin.send(new DescribeIdentityPoolCommand({ IdentityPoolId }));
const ROLE = "arn:aws:iam::123456789012:role/app-users";
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01";
const browser = testBrowser();

test("all settings, roles and providers of a pool are shown, and no secret of a provider until it is asked for", async ({
  skip,
}) => {
  browser.need({ skip });
  const pool = await createPool(admin, {
    IdentityPoolName: "with Twitter",
    SupportedLoginProviders: { "api.twitter.com": "consumer-key;consumer-secret" },
    IdentityPoolTags: { env: "test" },
  });
  const demo = await openSignedIn(browser, endpoint, `pool/${demoPool}`);
  await demo.page.getByRole("heading", { name: "Edgepool demo", level: 1 }).waitFor();
  for (const text of ["accounts.google.com", USER_POOL, "login.example.app", "role/edgepool-demo-user"]) {
    await demo.page.getByText(text).first().waitFor();
  }
  await demo.expectAccessible();
  await demo.close();

  const secrets = [LOCAL_CREDENTIAL.secretAccessKey, "consumer-secret"];
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}`, { secrets });
  const { page } = stage;
  await page.getByText("env: test").waitFor();
  await stage.expectAccessible();
  const row = page.getByRole("row", { name: "api.twitter.com" });
  expect(await row.textContent()).not.toContain("consumer-secret");
  await row.getByRole("button", { name: "Show the secret" }).click();
  await row.getByText("consumer-key;consumer-secret").waitFor();
  await row.getByRole("button", { name: "Hide the secret" }).click();
  await page.getByText("No role: the pool gives out OpenID tokens").waitFor();
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Guests").uncheck();
  await page.getByRole("button", { name: "Review changes" }).click();
  await page.getByText("The consumer secret is masked in the command").waitFor();
  await stage.expectAccessible();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "with Twitter" }).waitFor();
  expect(await describePool(pool)).toMatchObject({
    AllowUnauthenticatedIdentities: false,
    SupportedLoginProviders: { "api.twitter.com": "consumer-key;consumer-secret" },
  });
  await stage.close();
});

test("a pool is made, changed after a look at the difference, and deleted by its name", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "pools");
  const { page } = stage;
  await page.getByRole("link", { name: "New pool" }).click();
  await page.getByRole("heading", { name: "New identity pool" }).waitFor();
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("The pool needs a name.").waitFor();
  await stage.expectAccessible();
  const name = `made in a browser ${crypto.randomUUID().slice(0, 8)}`;
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("group", { name: "Login providers" }).getByRole("button", { name: "Add" }).click();
  await page.getByLabel("Provider name 1").fill("accounts.google.com");
  await page.getByLabel("Client id 1", { exact: true }).fill("1-a.apps.googleusercontent.com");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  const id = page.url().split("/").at(-1) ?? "";
  expect(await describePool(id)).toMatchObject({
    IdentityPoolName: name,
    AllowUnauthenticatedIdentities: false,
    SupportedLoginProviders: { "accounts.google.com": "1-a.apps.googleusercontent.com" },
  });

  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Guests").check();
  await page.getByRole("button", { name: "Add a user pool" }).click();
  await page.getByLabel("User pool 1", { exact: true }).fill(USER_POOL);
  await page.getByLabel("Client id of user pool 1").fill("client1");
  await stage.expectAccessible();
  await page.getByRole("button", { name: "Review changes" }).click();
  await page.getByRole("heading", { name: "Changes" }).waitFor();
  expect(await page.getByRole("row").allTextContents()).toEqual([
    "SettingBeforeAfter",
    "Guestsnoyes",
    `${USER_POOL}, client client1not thereserver-side check: no`,
  ]);
  await stage.expectAccessible();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  expect(await describePool(id)).toMatchObject({
    AllowUnauthenticatedIdentities: true,
    SupportedLoginProviders: { "accounts.google.com": "1-a.apps.googleusercontent.com" },
    CognitoIdentityProviders: [{ ProviderName: USER_POOL, ClientId: "client1" }],
  });

  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete this identity pool?" });
  const confirm = dialog.getByRole("button", { name: "Delete the pool" });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByLabel(`Type ${name}`).fill(name);
  await stage.expectAccessible();
  await confirm.click();
  await page.getByRole("heading", { name: "Identity pools" }).waitFor();
  await refusalOf(describePool(id), ResourceNotFoundException);
  await stage.close();
});

test("a change of somebody else's is not overwritten", async ({ skip }) => {
  browser.need({ skip });
  const pool = await createPool(admin, { IdentityPoolName: "shared" });
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/edit`);
  const { page } = stage;
  await page.getByLabel("Name", { exact: true }).fill("mine");
  await page.getByRole("button", { name: "Review changes" }).click();
  const theirs = { IdentityPoolId: pool, IdentityPoolName: "theirs", AllowUnauthenticatedIdentities: true };
  await admin.send(new UpdateIdentityPoolCommand(theirs));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("changed by somebody else").waitFor();
  expect((await describePool(pool)).IdentityPoolName).toBe("theirs");
  await stage.close();
});

test("roles, their mappings and principal tags are set", async ({ skip }) => {
  browser.need({ skip });
  const pool = await createPool(admin, { SupportedLoginProviders: { "accounts.google.com": "a" } });
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}`);
  const { page } = stage;
  await page.getByRole("button", { name: "Edit the roles" }).click();
  await page.getByLabel("Role of users").fill(ROLE);
  await page.getByLabel("Role mappings").fill("[");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("must be a JSON object").waitFor();
  await stage.expectAccessible();
  const rules = [{ Claim: "team", MatchType: "Equals", Value: "blue", RoleARN: ROLE }] as const;
  const mapping = {
    "accounts.google.com": { Type: "Rules", AmbiguousRoleResolution: "Deny", RulesConfiguration: { Rules: rules } },
  };
  await page.getByLabel("Role mappings").fill(JSON.stringify(mapping));
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("the first rule that fits; without one refused").waitFor();
  expect(await admin.send(new GetIdentityPoolRolesCommand({ IdentityPoolId: pool }))).toMatchObject({
    Roles: { authenticated: ROLE },
    RoleMappings: mapping,
  });

  await page.getByLabel("Provider", { exact: true }).selectOption("accounts.google.com");
  await page.getByText("No claim of accounts.google.com becomes a tag.").waitFor();
  const tags = page.getByRole("region", { name: "Principal tags" });
  await tags.getByRole("button", { name: "Add" }).click();
  await tags.getByLabel("Tag 1").fill("team");
  await tags.getByLabel("Claim 1").fill("department");
  await tags.getByRole("button", { name: "Save the tags" }).click();
  await tags.getByText("team from department").waitFor();
  await stage.expectAccessible();
  const asked = { IdentityPoolId: pool, IdentityProviderName: "accounts.google.com" };
  expect(await admin.send(new GetPrincipalTagAttributeMapCommand(asked))).toMatchObject({
    PrincipalTags: { team: "department" },
  });
  await stage.close();
});

test("the longest name fits the narrowest window", async ({ skip }) => {
  browser.need({ skip });
  const name = "n".repeat(128);
  const pool = await createPool(admin, { IdentityPoolName: name });
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}`);
  const { page } = stage;
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await stage.expectToFit();
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  expect(await dialog.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
  await stage.expectToFit();
  await stage.close();
});

test("a pool that is not there says so", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "pool/us-east-1:00000000-0000-4000-8000-000000000000");
  await stage.page.getByText("ResourceNotFoundException").first().waitFor();
  await stage.expectAccessible();
  await stage.close();
});

test("the setup checker says what is wrong with a pool, when it is asked", async ({ skip }) => {
  browser.need({ skip });
  const pool = await createPool(admin, { AllowUnauthenticatedIdentities: false, AllowClassicFlow: false });
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}`);
  const { page } = stage;
  await page.getByRole("button", { name: "Check this pool" }).click();
  const setup = page.getByRole("region", { name: "Setup" });
  await setup.getByText("Warning").first().waitFor();
  expect(await setup.getByRole("listitem").count()).toBeGreaterThanOrEqual(2);
  await stage.expectAccessible();
  await setup.getByRole("button", { name: "Check again" }).click();
  await setup.getByText("Warning").first().waitFor();
  await stage.close();
});

test("a key that may only look is offered nothing that changes", async ({ skip }) => {
  browser.need({ skip });
  const own = { accessKeyId: "looks", secretAccessKey: "a-secret-of-some-length" };
  const operations = ["DescribeService", "ListIdentityPools", "DescribeIdentityPool", "ListIdentities"];
  const worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify([{ ...own, operations }]) } });
  const stage = await openConsole(browser, worker.endpoint, { secrets: [own.secretAccessKey] });
  const { page } = stage;
  await signIn(stage, own);
  await page.getByRole("link", { name: "Edgepool demo" }).waitFor();
  await expect.poll(async () => await page.getByRole("link", { name: "New pool" }).count()).toBe(0);
  // Anywhere in its row leads to a pool.
  await page
    .getByRole("row")
    .nth(1)
    .click({ position: { x: 4, y: 4 } });
  await page.getByRole("link", { name: "Identities" }).waitFor();
  expect(await page.getByRole("button").allTextContents()).toEqual(["Sign out", "Copy pool id"]);
  await page.getByRole("link", { name: "Identities" }).click();
  await page.getByText("No identity yet.").waitFor();
  await stage.expectAccessible();
  await stage.close();
  await worker.stop();
});

test("the source of a pool, and how far its users have come, are counted when somebody asks", async ({ skip }) => {
  browser.need({ skip });
  const IdentityPoolId = await createPool(admin, { SupportedLoginProviders: { "accounts.google.com": "web" } });
  const openPool = async () => {
    const stage = await openSignedIn(browser, endpoint, `pool/${IdentityPoolId}`);
    await stage.page.getByRole("button", { name: "Show source and report" }).press("Enter");
    return stage;
  };
  const before = await openPool();
  await before.page.getByText("This pool takes over none.").waitFor();
  await before.expectAccessible();
  await before.close();

  const source = { Providers: ["accounts.google.com"], Guests: "Local", UnknownIds: "Imported", Proof: "Credentials" };
  await sendSigned(endpoint, "Edgepool.SetIdentityPoolSource", { IdentityPoolId, Source: source });
  const line = { createdAt: 1_700_000_000, modifiedAt: 1_700_000_000, providers: ["accounts.google.com"] };
  const Identities = ["a", "b"].map((end) => {
    return { identityId: `us-east-1:0b6b51a9-6c3a-4d8e-9f00-00000000000${end}`, ...line };
  });
  await sendSigned(endpoint, "Edgepool.ImportIdentities", { IdentityPoolId, Identities });
  const stage = await openPool();
  const { page } = stage;
  await expect
    .poll(async () => await page.getByRole("row", { name: "Imported, not seen yet" }).textContent())
    .toBe("Imported, not seen yet2");
  const section = await page.getByRole("region", { name: "Migration from Cognito" }).textContent();
  for (const words of ["credentials, and then GetId", "are born here", "where they were imported"]) {
    expect(section).toContain(words);
  }
  await stage.expectAccessible();
  await page.setViewportSize({ width: 320, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await page.getByRole("button", { name: "Count again" }).waitFor();
  await stage.close();
});
