/** `migrate developers`: whose developer users the pool's ids are, by LookupDeveloperIdentity at Cognito, adopted at once. */
import { DescribeIdentityPoolCommand, LookupDeveloperIdentityCommand } from "@aws-sdk/client-cognito-identity";
import { numberFrom, SWITCH } from "../command-line.ts";
import { isNamed } from "./support/explain.ts";
import { idsTable } from "./support/ids-table.ts";
import {
  addTo,
  type ImportLine,
  importLines,
  refusedAmong,
  refusedIn,
  type Tally,
  tallyText,
} from "./support/import-lines.ts";
import { makePace, type Pace } from "./support/pace.ts";
import { requirePool } from "./support/pool-here.ts";
import { keepRefusals } from "./support/refusals.ts";
import { makeStatus } from "./support/status.ts";
import { defineStep, type Session } from "./support/step.ts";
import { Stop } from "./support/stop.ts";

/** Nobody publishes a quota of LookupDeveloperIdentity: it is taken for that of ListIdentities. */
const DEFAULT_RATE = 4;
const IMPORT_RATE = 20;
const USERS_OF_A_PAGE = 60;
/** Ids whose users are imported together: what a kill costs is to look these up again. */
const IDS_AT_ONCE = 50;

const HELP = `Looks up the developer users of each id that \`ids\` has listed with the pool's developer provider, and imports them.
Goes on where an earlier run ended. Each id is asked about once, and again after \`ids\` saw a change of it, or where its users
were not taken.

  --all          asks about every id, whatever providers its entry names
  --rate N       calls of LookupDeveloperIdentity a second; default ${DEFAULT_RATE}
  --restart      asks about all of them again
  --dry-run      counts the ids that would be asked about`;

export const developers = defineStep({
  name: "developers",
  summary: "look up the developer users of the listed ids, and import them",
  call: "--pool ID [--all] [--rate N] [--restart] [--dry-run]",
  help: HELP,
  flags: { all: SWITCH, rate: numberFrom(1, 1000), restart: SWITCH, "dry-run": SWITCH },
  run: async (session, { all, rate = DEFAULT_RATE, restart, ...switches }) => {
    const { identityPoolId } = session;
    const memory = session.memory();
    const table = idsTable(memory);
    if (table.counts().ids === 0) throw new Stop("no ids are listed yet: run `npm run migrate -- ids` first");
    const pool = await session.cognito().send(new DescribeIdentityPoolCommand({ IdentityPoolId: identityPoolId }));
    if (pool.DeveloperProviderName === undefined) {
      session.answer({ Asked: 0, Tally: {} }, ["The pool has no developer provider, and so no developer users."]);
      return "done";
    }
    const providerName = all === true ? null : pool.DeveloperProviderName;
    const asksAll = restart === true;
    if (switches["dry-run"] === true) {
      const wouldAsk = table.countUnasked(providerName, asksAll);
      session.answer({ WouldAsk: wouldAsk }, [`${wouldAsk} ids would be asked about. Nothing was changed.`]);
      return "done";
    }
    await requirePool(session.edgepool(), identityPoolId);
    if (asksAll) table.forgetAsked();
    const total = table.countUnasked(providerName);
    const pace = makePace(rate);
    const importing = { edgepool: session.edgepool(), identityPoolId, pace: makePace(IMPORT_RATE) };
    const refusals = keepRefusals(memory.fileOf("developers.refused.ndjson"), true, session.say);
    const status = makeStatus("ids looked up", { count: 0 });
    let tally: Tally = {};
    let asked = 0;
    let identityIds = table.unasked(providerName, "", IDS_AT_ONCE);
    while (identityIds.length > 0) {
      const lines: ImportLine[] = [];
      for (const identityId of identityIds) {
        const developerUsers = await usersOf(session, identityId, pace);
        if (developerUsers.length > 0) lines.push({ identityId, developerUsers });
        status.show(asked + 1, (asked + 1) / total);
        asked += 1;
      }
      const verdicts = await importLines(importing, lines);
      const sent = lines.map((line) => String(line["identityId"]));
      refusals.note(sent, verdicts);
      tally = addTo(tally, verdicts);
      // Whose users were refused is asked about by the next run again: what stood in the way may be gone.
      const refused = new Set(refusedAmong(sent, verdicts).map(({ at }) => at));
      memory.together(() => table.markAsked(identityIds.filter((identityId) => !refused.has(identityId))));
      identityIds = table.unasked(providerName, identityIds.at(-1) ?? "", IDS_AT_ONCE);
    }
    status.end();
    const refused = refusedIn(tally);
    session.answer({ Asked: asked, Tally: tally, ...(refused > 0 && { Refused: refusals.file }) }, [
      `${asked} ids looked up; of those with developer users: ${tallyText(tally)}`,
      ...(refused > 0 ? [`what was not taken: ${refusals.file}`] : []),
    ]);
    return refused > 0 ? "incomplete" : "done";
  },
});

/** All of one id's; an id that Cognito has deleted or merged since it was listed has none. */
async function usersOf(session: Session, identityId: string, pace: Pace): Promise<readonly string[]> {
  const users: string[] = [];
  let nextToken: string | undefined;
  do {
    await pace();
    const input = { IdentityPoolId: session.identityPoolId, IdentityId: identityId, MaxResults: USERS_OF_A_PAGE };
    const command = new LookupDeveloperIdentityCommand({
      ...input,
      ...(nextToken !== undefined && { NextToken: nextToken }),
    });
    const page = await orNothing(session, command);
    users.push(...(page?.DeveloperUserIdentifierList ?? []));
    nextToken = page?.NextToken;
  } while (nextToken !== undefined);
  return users;
}

async function orNothing(session: Session, command: LookupDeveloperIdentityCommand) {
  try {
    return await session.cognito().send(command);
  } catch (error) {
    if (isNamed(error, "ResourceNotFoundException")) return undefined;
    throw error;
  }
}
