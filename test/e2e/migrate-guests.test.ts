/** `npm run migrate` with a pool that nobody signs in to: its guests keep their ids, and new ones are born at Cognito. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { getId, getOpenIdToken } from "../support/cognito-clients.ts";
import { type MigrationStage, setMigrationStage } from "../support/migration-stage.ts";

let stage: MigrationStage;
beforeAll(async () => {
  const none = { SupportedLoginProviders: undefined, DeveloperProviderName: undefined };
  stage = await setMigrationStage({ AllowClassicFlow: true, ...none });
});
afterAll(async () => await stage.end());

it("a pool of guests alone moves with its source", async () => {
  const known = await getId(stage.oldApp, stage.pool);
  expect(await stage.result(["pool"])).toMatchObject({ Adopted: true, Source: { Guests: "Source", Providers: [] } });
  expect(await getOpenIdToken(stage.newApp, known)).toMatchObject({ identityId: known });
  const born = await getId(stage.newApp, stage.pool);
  expect(await getOpenIdToken(stage.oldApp, born)).toMatchObject({ identityId: born });
  expect(await stage.result(["report"])).toMatchObject({ GuestsAdopted: 2, BornHere: 0 });
});
