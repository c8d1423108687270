/** `migrate report`: how far the migration is. */
import { defineStep } from "./support/step.ts";
import { reportLines } from "./support/report-lines.ts";

export const report = defineStep({
  name: "report",
  summary: "how far the migration is",
  call: "--pool ID",
  help: "Shows how many ids are imported, adopted and unclaimed, and how often Cognito was asked today (UTC), with which answer.",
  flags: {},
  run: async (session) => {
    const counts = await session.edgepool().call("GetMigrationReport", { IdentityPoolId: session.identityPoolId });
    session.answer(counts, reportLines(counts));
    return counts.Misconfigured.length > 0 ? "incomplete" : "done";
  },
});
