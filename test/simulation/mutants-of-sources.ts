/** Bugs to plant (mutants.ts): in what comes in from a source, and what never comes back. */
import type { Mutant } from "./mutants-of-merges.ts";

const ADOPTION = "src/linking/adoption.ts";
const CLAIMS = "src/linking/claims.ts";
const RECORD = "src/linking/identity-record.ts";

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const MUTANTS_OF_SOURCES: readonly Mutant[] = [
  // Whom the source is asked about.
  mutant(
    "a login that is let go is forgotten, and asked about again",
    "src/linking/participant.ts",
    "state.owner === null && state.reservation === null && state.settled === undefined",
    "state.owner === null && state.reservation === null",
  ),
  mutant(
    "a login that somebody had is asked about while it is free",
    CLAIMS,
    "view?.owner === null && view.holder === null && view.isSettled !== true",
    "view?.owner === null && view.holder === null",
  ),
  mutant(
    "an identity that was deleted is asked about",
    "src/linking/identity-actor.ts",
    "    if (!isVisible(named)) return notFound;\n    const pool",
    "    if (!isVisible(named)) return { ...notFound, isUnknown: true };\n    const pool",
  ),
  // Which ids come in.
  mutant(
    "what a source has said is remembered from one call to the next",
    "src/linking/source.ts",
    'export function askingOnce(source: SourceParty): SourceParty {\n  const answers = new Map<string, ReturnType<SourceParty["ask"]>>();\n',
    'const answers = new Map<string, ReturnType<SourceParty["ask"]>>();\nexport function askingOnce(source: SourceParty): SourceParty {\n',
  ),
  mutant(
    "a guest's id is taken from the request",
    "src/linking/obtain-grant.ts",
    '  const answer = await source.ask(unknown, "public");\n  if (!answer.ok) return answer;\n  if (answer.value !== unknown)',
    '  const answer = await source.ask(unknown, "public");\n  if (answer.ok && answer.value !== unknown)',
  ),
  mutant(
    "the source vouches for the id that the call names, whatever it says",
    CLAIMS,
    "  let identityId = answer;\n",
    "  let identityId = unknown ?? answer;\n",
  ),
  mutant(
    "nobody looks of which pool the source's token is",
    "src/source/proof.ts",
    'among.find((candidate) => candidate === claims.get("aud"))',
    "among[0]",
  ),
  mutant(
    "a source that failed is taken for one that knows nobody",
    CLAIMS,
    "    if (!answer.ok) return answer;\n    const claim",
    "    if (!answer.ok) continue;\n    const claim",
  ),
  mutant(
    "who has no login is born here, whoever is at the source",
    CLAIMS,
    "  if (unseen.length === 0 && unknown === null) return ok([]);\n",
    "  if (unknown === null) return ok([]);\n",
  ),
  // What never comes back.
  {
    name: "what an identity bars is looked at by nobody",
    edits: [
      {
        file: CLAIMS,
        find: "(!owners.includes(identityId) && barsAny(standing, logins))",
        replace: "(owners.length < 0 && barsAny(standing, logins))",
      },
      {
        file: ADOPTION,
        find: "(!isBarred && vouched?.includes(loginId) === true)",
        replace: "vouched?.includes(loginId) === true",
      },
    ],
  },
  mutant("an unlink bars nothing", ADOPTION, "barred: joinedBars(after.barred, added) }", "barred: after.barred }"),
  mutant(
    "the tombstone of an id that the source could name goes after a day",
    RECORD,
    'return standing.kind === "deleted" && origin === "here";',
    'return standing.kind === "deleted" && (origin === "here" || origin === "source");',
  ),
  mutant(
    "an id that is closed or deleted here is used again by the source's word",
    ADOPTION,
    '    case "deleted":\n      return { kind: "spent" };',
    '    case "deleted":\n      return { kind: "unknown" };',
  ),
  mutant(
    "an identity that is deleted before anybody came lives when he comes",
    "src/operations/identities.ts",
    "return isUnknown ? await buryUnknown(context, identityId) : changed(reply);",
    "return changed(reply);",
  ),
  // The transaction.
  mutant(
    "an adoption commits without all of its reservations",
    "src/linking/link-run.ts",
    "const tickets = ticketsOf(transaction, replies);",
    "const tickets = ticketsOf(transaction, replies) ?? (this.#order.adopts === undefined ? null : new Map<string, string>());",
  ),
  mutant(
    "one that is absorbed before it was known here forgets that it stands still",
    RECORD,
    'if (record.standing.kind === "unborn" && record.freeze === null) return null;',
    'if (record.standing.kind === "unborn") return null;',
  ),
  mutant(
    "one that is about to be another is sent to the source once more",
    "src/linking/identity-actor.ts",
    "return (named && freezeOf(named)) ?? { ...notFound, isUnknown: true };",
    "return { ...notFound, isUnknown: true };",
  ),
  mutant(
    "the source's word of one id counts for another",
    ADOPTION,
    "adopts.filter(({ identityIds }) => identityIds.includes(identityId))",
    "adopts.filter(({ identityIds }) => identityId.length > identityIds.length)",
  ),
  {
    name: "an adoption goes on while the identity stands still for another",
    edits: [
      { file: ADOPTION, find: "  if (busy !== null) return busy;\n  switch", replace: "  switch" },
      {
        file: "src/linking/transaction.ts",
        find: "  if (frozen !== null) return frozen;\n",
        replace: "  if (frozen !== null && !isAdopted) return frozen;\n",
      },
    ],
  },
  mutant(
    "a guest of the source is said to be born here",
    "src/operations/get-id.ts",
    'return ok({ identityId, origin: "source" });',
    'return ok({ identityId, origin: "here" });',
  ),
];
