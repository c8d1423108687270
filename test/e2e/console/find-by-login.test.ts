/** The console finds the identity that a login belongs to. */
import { expect, inject, test } from "vitest";
import { openSignedIn, testBrowser } from "../../support/console-stage.ts";
import { DEVELOPER_PROVIDER, liveALife } from "../../support/lived-identity.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const browser = testBrowser();

test("by the subject of a provider's user, and by a developer's user; the subject is nowhere but in its field", async ({
  skip,
}) => {
  browser.need({ skip });
  const { identityId, providerName, subject, developerUser } = await liveALife(endpoint, identityPoolId);
  const logins = [
    [providerName, subject],
    [DEVELOPER_PROVIDER, developerUser],
  ] as const;
  for (const [provider, user] of logins) {
    const stage = await openSignedIn(browser, endpoint, `pool/${identityPoolId}/identities`);
    const { page } = stage;
    const [providerField, subjectField] = [
      page.getByLabel("Provider"),
      page.getByLabel("Subject, or developer's user"),
    ];
    await expect.poll(async () => await page.locator("datalist option").count()).toBeGreaterThan(5);
    await providerField.fill(provider);
    await subjectField.fill(user);
    await stage.expectAccessible();
    await subjectField.press("Enter");
    await page.getByRole("heading", { name: "Identity", exact: true }).waitFor();
    expect(page.url()).toBe(`${endpoint}/console/#identity/${identityId}`);
    await stage.close();
  }
});

test("a login that nobody has is said to be nobody's, and none of it is needed twice", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, `pool/${identityPoolId}/identities`);
  const { page } = stage;
  await page.getByRole("button", { name: "Find by login" }).click();
  expect(await page.getByLabel("Provider").evaluate((field) => field.matches(":invalid"))).toBe(true);
  await page.getByLabel("Provider").fill("accounts.google.com");
  await page.getByLabel("Subject, or developer's user").fill("nobody-of-this-name");
  await page.getByRole("button", { name: "Find by login" }).click();
  const answer = page.getByRole("alert");
  await answer.getByText("Nobody here has this login.").waitFor();
  expect(await answer.textContent()).not.toContain("nobody-of-this-name");
  await stage.expectAccessible();
  await stage.close();
});
