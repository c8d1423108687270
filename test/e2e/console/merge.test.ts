/** Two users are found to be one, under MERGE_POLICY=merge: what the console shows of both identities. */
import { expect, test } from "vitest";
import { adminClient, appClient, getId } from "../../support/cognito-clients.ts";
import { choosePool, openSignedIn, testBrowser } from "../../support/console-stage.ts";
import { useProviders } from "../../support/providers.ts";
import { startWorker } from "../../support/worker-process.ts";

const providers = useProviders(2);
const browser = testBrowser();

test("two identities become one by both logins, the picture shows the join, and each page leads to the other", async ({
  skip,
}) => {
  browser.need({ skip });
  const worker = await startWorker({ settings: { MERGE_POLICY: "merge" } });
  const { endpoint } = worker;
  const identityPoolId = await providers.newPool(adminClient(endpoint));
  const person = crypto.randomUUID();
  const logins = [await providers.logins(person, [0]), await providers.logins(person, [1])];
  const [survivor, absorbed] = [
    await getId(appClient(endpoint), identityPoolId, logins[0]),
    await getId(appClient(endpoint), identityPoolId, logins[1]),
  ];
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  for (const [index, login] of logins.entries()) {
    await page.getByRole("button", { name: /^Add .*login token$/ }).click();
    await page
      .getByLabel("Login token")
      .nth(index)
      .fill(Object.values(login)[0] ?? "");
    await page
      .getByLabel("Provider")
      .nth(index)
      .fill(providers.names[index] ?? "");
  }
  await page.getByLabel("Identity id, if it is known").fill(survivor);
  await page.getByRole("button", { name: "Mint", exact: true }).click();
  await page.getByRole("button", { name: "Inspect the token" }).waitFor();

  await stage.open(`identity/${survivor}`);
  const picture = page.getByRole("img", { name: "The life of this identity" });
  await picture.waitFor();
  const drawn = await picture.locator("text").allTextContents();
  expect(drawn).toEqual(expect.arrayContaining(["absorbed", absorbed, ...providers.names]));
  const told = page.getByRole("table", { name: "What happened to this identity, oldest first" });
  await told.getByRole("row", { name: "Absorbed another identity" }).getByRole("link", { name: absorbed }).click();
  await page.getByText("Merged into another", { exact: true }).waitFor();
  await stage.expectAccessible();
  await page.getByRole("main").getByRole("link", { name: survivor }).first().click();
  await page.getByText("Authenticated", { exact: true }).waitFor();
  expect(new URL(page.url()).hash).toBe(`#identity/${survivor}`);
  await stage.close();
  await worker.stop();
});
