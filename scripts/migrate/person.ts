/** `migrate person`: all that is known of one person, and its erasure. */
import { DeleteIdentitiesCommand } from "@aws-sdk/client-cognito-identity";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { SWITCH, TEXT } from "../command-line.ts";
import { isNamed } from "./support/explain.ts";
import { defineStep, type Session } from "./support/step.ts";
import { Stop } from "./support/stop.ts";

const HELP = `Prints what is known of one identity, as \`export\` does and with its life, and of those that were merged into it. Found by its
id, or by a login of it.

  --identity ID    the identity
  --provider NAME  with --subject: the provider of a login, as accounts.google.com
  --subject S      the subject of the login, or the developer user; "-" reads it from stdin, where no shell keeps it
  --erase          deletes the identity and those that were merged into it for good, waits until they are gone, and says
                   what remains
  --dry-run        with --erase: shows what would be deleted`;

type Line = Readonly<Record<string, unknown>>;

export const person = defineStep({
  name: "person",
  summary: "show all that is known of one person, or erase it",
  call: "--pool ID (--identity ID | --provider NAME --subject S) [--erase] [--dry-run]",
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
    const merged = await mergedInto(session, line);
    const shown = [line, ...merged].map((one) => JSON.stringify(one, null, 2));
    if (erase !== true || switches["dry-run"] === true) {
      const whole = erase === true ? ["", "All of these would be deleted. Nothing was changed."] : [];
      session.answer({ Identity: line, Merged: merged, Erased: false }, [...shown, ...whole]);
      return "done";
    }
    await refuseMerged(session, line);
    // Those that were merged first: the identity's own life names them, and ends with it.
    const lines = [...merged, line].filter((one) => one["kind"] !== "gone");
    const remains = await remainsOf(session, lines);
    for (const one of lines) await erased(session, String(one["identityId"]));
    session.answer({ Identity: line, Merged: merged, Erased: true, Remains: remains }, [
      ...shown,
      "",
      `Deleted for good: ${[line, ...merged].map((one) => String(one["identityId"])).join(", ")}. What remains:`,
      ...remains.map((what) => `- ${what}`),
    ]);
    return "done";
  },
});

/** What the identity took in, and what those had taken in before, as far as its life goes back. */
async function mergedInto(session: Session, line: Line): Promise<readonly Line[]> {
  const found = new Map<string, Line>();
  const left = [line];
  for (let one = left.shift(); one !== undefined; one = left.shift()) {
    const life = (one["life"] ?? []) as readonly { readonly kind: string; readonly other?: string }[];
    for (const { kind, other } of life) {
      if (kind !== "absorbed" || other === undefined || found.has(other)) continue;
      const absorbed = await findOne(session, other);
      // What is deleted already is not told of.
      if (absorbed === undefined || absorbed["standing"] !== "merged") continue;
      found.set(other, absorbed);
      left.push(absorbed);
    }
  }
  return [...found.values()];
}

/** One that went into another is a part of that one: to delete it alone would leave the person there. */
async function refuseMerged(session: Session, line: Line): Promise<void> {
  if (line["standing"] !== "merged") return;
  const into = String(line["mergedInto"]);
  const survivor = await findOne(session, into);
  if (survivor === undefined || survivor["kind"] === "gone") return;
  throw new Stop(`${String(line["identityId"])} was merged into ${into}: erase that one, which takes it along`);
}

async function erased(session: Session, identityId: string): Promise<void> {
  const command = new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] });
  const { UnprocessedIdentityIds = [] } = await session.edgepool().send(command);
  const [refused] = UnprocessedIdentityIds;
  if (refused !== undefined) {
    throw new Stop(
      `${identityId} was not deleted (${refused.ErrorCode ?? "no reason given"}): run it again, which goes on with what is left`,
    );
  }
  await untilGone(session, identityId);
}

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

async function exportOne(session: Session, identityId: string): Promise<Line> {
  const line = await findOne(session, identityId);
  if (line === undefined) throw new Stop(`${identityId} is not known in this pool`);
  return line;
}

async function findOne(session: Session, identityId: string): Promise<Line | undefined> {
  const input = { IdentityPoolId: session.identityPoolId, IdentityId: identityId };
  try {
    return (await session.edgepool().call("ExportIdentities", input)).Identities[0];
  } catch (error) {
    if (!isNamed(error, "ResourceNotFoundException")) throw error;
    return undefined;
  }
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
const MAX_LOOKS = 30;

/** A deletion answers before all of its parts have heard. */
async function untilGone(session: Session, identityId: string): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  for (let look = 0; look < MAX_LOOKS; look++) {
    const line = await findOne(session, identityId);
    if (line === undefined || line["kind"] === "gone") return;
    await wait(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  throw new Stop(
    `${identityId} is deleted, and not all of its parts have heard yet: run it again, and see that they have`,
  );
}

/** Asked before anything is deleted, so that nothing of it is left untold. */
async function remainsOf(session: Session, lines: readonly Line[]): Promise<readonly string[]> {
  const edgepool = session.edgepool();
  const { Secrets } = await edgepool.call("DescribeService", {});
  const { Source } = await edgepool.call("GetMigrationReport", { IdentityPoolId: session.identityPoolId });
  const isTold = Source !== undefined && Secrets.some(({ Name, IsSet }) => Name === "SOURCE_CREDENTIALS" && IsSet);
  const there = lines.filter(({ origin }) => origin === "source").map(({ identityId }) => String(identityId));
  const why = Source === undefined ? "the pool has no source any more" : "Edgepool has no SOURCE_CREDENTIALS";
  const atCognito = isTold
    ? `at Cognito nothing of ${there.join(", ")}, once Edgepool has deleted it there, too, where SOURCE_CREDENTIALS has the pool`
    : `at Cognito ${there.join(" ")}, as ${why}: delete it there with DeleteIdentities`;
  return [
    "the id itself, so that it never lives again: nothing links to it, and it says nothing of a person",
    "of a login that the pool's source may know the hash, so that it never comes back from there",
    "log lines under a hash of the login or the id, until your retention ends",
    "backups of the platform, until 30 days are over",
    ...(there.length === 0 ? [] : [atCognito]),
    "ids that Cognito itself has merged into one of these: they are disabled there, and it tells nobody which they are",
    "ids that were merged into it, where its life does not tell so any more: it has the last 50 facts, and a restore begins it " +
      "anew. Look for mergedInto in your exports",
    "copies of yours, which are out of reach: exports, tables for `links`, lists of ids and of refused lines in the folder " +
      "of this tool (.edgepool-migrate), logs that you have sent elsewhere",
  ];
}
