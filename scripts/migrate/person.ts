/** `migrate person`: all that is known of one person, and its erasure. */
import { DeleteIdentitiesCommand } from "@aws-sdk/client-cognito-identity";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { SWITCH, TEXT } from "../command-line.ts";
import { isNamed } from "./support/explain.ts";
import { defineStep, type Session } from "./support/step.ts";
import { Stop } from "./support/stop.ts";

const HELP = `Prints what is known of one identity, as \`export\` does and with its life. Found by its id, or by a login of it.

  --identity ID    the identity
  --provider NAME  with --subject: the provider of a login, as accounts.google.com
  --subject S      the subject of the login, or the developer user; "-" reads it from stdin, where no shell keeps it
  --erase          deletes the identity for good, waits until it is gone, and says what remains`;

export const person = defineStep({
  name: "person",
  summary: "show all that is known of one person, or erase it",
  call: "--pool ID (--identity ID | --provider NAME --subject S) [--erase]",
  help: HELP,
  flags: { identity: TEXT, provider: TEXT, subject: TEXT, erase: SWITCH, "dry-run": SWITCH },
  check: ({ identity, provider, subject }) => {
    if ((provider === undefined) !== (subject === undefined)) return "--provider and --subject belong together";
    return (identity === undefined) === (provider === undefined)
      ? "either --identity, or --provider and --subject"
      : null;
  },
  run: async (session, { identity, provider = "", subject = "", erase, ...switches }) => {
    const identityId = identity ?? (await findByLogin(session, provider, subject));
    const line = await exportOne(session, identityId);
    const shown = JSON.stringify(line, null, 2);
    if (erase !== true || switches["dry-run"] === true) {
      session.answer({ Identity: line, Erased: false }, [shown]);
      return "done";
    }
    if (line["kind"] !== "gone") {
      const input = { IdentityIdsToDelete: [identityId] };
      const { UnprocessedIdentityIds = [] } = await session.edgepool().send(new DeleteIdentitiesCommand(input));
      const [refused] = UnprocessedIdentityIds;
      if (refused !== undefined)
        throw new Stop(`${identityId} was not deleted: ${refused.ErrorCode ?? "no reason given"}`);
      await untilGone(session, identityId);
    }
    const remains = await remainsOf(session);
    session.answer({ Identity: line, Erased: true, Remains: remains }, [
      shown,
      "",
      `${identityId} is deleted for good. What remains:`,
      ...remains.map((what) => `- ${what}`),
    ]);
    return "done";
  },
});

async function findByLogin(session: Session, ProviderName: string, given: string): Promise<string> {
  const Subject = given === "-" ? (await text(process.stdin)).replace(/\r?\n$/, "") : given;
  const input = { IdentityPoolId: session.identityPoolId, ProviderName, Subject };
  try {
    return (await session.edgepool().call("FindIdentityByLogin", input)).IdentityId;
  } catch (error) {
    if (!isNamed(error, "ResourceNotFoundException")) throw error;
    throw new Stop("Nobody here has this login. An id that nobody has claimed yet is found by --identity alone.");
  }
}

async function exportOne(session: Session, identityId: string): Promise<Readonly<Record<string, unknown>>> {
  const input = { IdentityPoolId: session.identityPoolId, IdentityId: identityId };
  try {
    const [line] = (await session.edgepool().call("ExportIdentities", input)).Identities;
    if (line !== undefined) return line;
  } catch (error) {
    if (!isNamed(error, "ResourceNotFoundException")) throw error;
  }
  throw new Stop(`${identityId} is not known in this pool`);
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
const MAX_LOOKS = 30;

/** A deletion answers before all of its parts have heard. */
async function untilGone(session: Session, identityId: string): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  for (let look = 0; look < MAX_LOOKS; look++) {
    try {
      const line = await exportOne(session, identityId);
      if (line["kind"] === "gone") return;
    } catch (error) {
      if (error instanceof Stop) return;
      throw error;
    }
    await wait(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  throw new Stop(
    `${identityId} is deleted, and not all of its parts have heard yet: run it again, and see that they have`,
  );
}

async function remainsOf(session: Session): Promise<readonly string[]> {
  const { Secrets } = await session.edgepool().call("DescribeService", {});
  const hasCredentials = Secrets.some(({ Name, IsSet }) => Name === "SOURCE_CREDENTIALS" && IsSet);
  return [
    "the id itself, so that it never lives again: nothing links to it, and it says nothing of a person",
    "log lines under a hash of the login or the id, until your retention ends",
    "backups of the platform, until 30 days are over",
    hasCredentials
      ? "at Cognito nothing, once Edgepool has deleted it there, too, where SOURCE_CREDENTIALS has the pool"
      : "the identity at Cognito, as Edgepool has no SOURCE_CREDENTIALS: delete it there with DeleteIdentities",
  ];
}
