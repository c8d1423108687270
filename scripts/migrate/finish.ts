/** `migrate finish`: ends the pool's source. */
import { SWITCH } from "../command-line.ts";
import { asksToday, countedSince, reportLines } from "./support/report-lines.ts";
import { defineStep } from "./support/step.ts";

const HELP = `Ends the source of the pool: from then on Cognito is never asked again, and whoever has not come by until then gets a new id.
Refuses while Cognito was asked today, since somebody still comes by: today is the day by UTC, so run it late in that day.
\`source\` can set the source again.

  --force        ends it although Cognito was asked today
  --dry-run      says what would end`;

export const finish = defineStep({
  name: "finish",
  summary: "end the source, once nobody comes by any more",
  call: "--pool ID [--force] [--dry-run]",
  help: HELP,
  flags: { force: SWITCH, "dry-run": SWITCH },
  run: async (session, { force, ...switches }) => {
    const IdentityPoolId = session.identityPoolId;
    const edgepool = session.edgepool();
    const counts = await edgepool.call("GetMigrationReport", { IdentityPoolId });
    const asks = asksToday(counts);
    const ends = [
      ...reportLines(counts),
      countedSince(new Date()),
      "",
      `What ends: ${counts.Unclaimed} ids that nobody has claimed stay in the list and are given to nobody any more`,
      `(${counts.UnclaimedLately} of them were changed at Cognito within 90 days, so that their users may well come back);`,
      "their users get a new id when they come. Ids that were adopted stay as they are.",
    ];
    const isRefused = asks > 0 && force !== true;
    if (isRefused || switches["dry-run"] === true) {
      const why = isRefused ? `Cognito was asked ${asks} times today: --force ends it all the same. ` : "";
      session.answer({ Ended: false, Report: counts }, [...ends, `${why}Nothing was changed.`]);
      return isRefused ? "incomplete" : "done";
    }
    await edgepool.call("SetIdentityPoolSource", { IdentityPoolId });
    session.answer({ Ended: true, Report: counts }, [
      ...ends,
      "The source has ended. Left to do: take SOURCE_CREDENTIALS away, and delete the pool at Cognito.",
    ]);
    return "done";
  },
});
