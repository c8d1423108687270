/** The console's form of a pool: what its columns are, and what is not lost without a question. */
import { expect, inject, test } from "vitest";
import { adminClient, createPool } from "../../support/cognito-clients.ts";
import { openSignedIn, testBrowser } from "../../support/console-stage.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const browser = testBrowser();

test("columns that are filled say what they are", async ({ skip }) => {
  browser.need({ skip });
  const userPool = { ProviderName: "cognito-idp.us-east-1.amazonaws.com/us-east-1_Example02", ClientId: "b" };
  const pool = await createPool(admin, {
    SupportedLoginProviders: { "accounts.google.com": "a" },
    CognitoIdentityProviders: [userPool],
  });
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/edit`);
  const { page } = stage;
  for (const [group, field] of [
    ["Login providers", "Client id 1"],
    ["Amazon Cognito user pools", "Client id of user pool 1"],
  ] as const) {
    const columns = page.getByRole("group", { name: group });
    const head = await columns.getByText("Client id", { exact: true }).boundingBox();
    expect(head?.x).toBe((await columns.getByLabel(field).boundingBox())?.x);
  }
  await stage.expectAccessible();
  await stage.expectToFit();
  await stage.close();
});

test("a change that is not saved is not left without a question, and is left without one when it is saved", async ({
  skip,
}) => {
  browser.need({ skip });
  const pool = await createPool(admin, { IdentityPoolName: "before" });
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/edit`);
  const { page } = stage;
  const questions: string[] = [];
  let answer = false;
  page.on("dialog", async (dialog) => {
    questions.push(dialog.type());
    await (answer ? dialog.accept() : dialog.dismiss());
  });
  const name = page.getByLabel("Name", { exact: true });
  const elsewhere = page.getByRole("link", { name: "Health" });
  await name.fill("after");
  await elsewhere.click();
  await expect.poll(() => questions).toEqual(["confirm"]);
  expect(await name.inputValue()).toBe("after");
  await expect.poll(() => page.url()).toContain(`#pool/${pool}/edit`);
  await page.evaluate("location.reload()").catch(() => {});
  await expect.poll(() => questions).toEqual(["confirm", "beforeunload"]);
  expect(await name.inputValue()).toBe("after");
  answer = true;
  await elsewhere.click();
  await page.getByRole("heading", { name: "Health" }).waitFor();
  expect(questions).toHaveLength(3);

  await stage.open(`pool/${pool}/edit`);
  await name.fill("saved");
  await page.getByRole("button", { name: "Review changes" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "saved" }).waitFor();
  await elsewhere.click();
  await page.getByRole("heading", { name: "Health" }).waitFor();
  expect(questions).toHaveLength(3);
  await stage.close();
});
