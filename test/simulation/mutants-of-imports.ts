/** Bugs to plant (mutants.ts): in what an import makes, and what it must leave alone. */
import type { Mutant } from "./mutants-of-merges.ts";

const RESTORATION = "src/linking/restoration.ts";
const RECORD = "src/linking/restored-record.ts";
const EXPORT = "src/operations/export-identities.ts";
const LINE = "src/operations/restore-line.ts";

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const MUTANTS_OF_IMPORTS: readonly Mutant[] = [
  mutant(
    "an import has a deleted identity live again",
    RESTORATION,
    'if (record.standing.kind === "deleted") return { kind: order.standing.kind === "deleted" ? "unchanged" : "gone" };',
    'if (record.standing.kind === "deleted" && order.standing.kind !== "deleted") return await make(parts, order);',
  ),
  mutant(
    "an import brings what an identity bars",
    RESTORATION,
    'if (barred !== undefined) return conflict({ kind: "provider", providerName: barred.providerName });',
    "",
  ),
  mutant(
    "what an identity barred is not restored",
    RECORD,
    "return { barred, ...",
    "return { barred: barred.slice(9), ...",
  ),
  mutant(
    "a merged identity that is restored answers by itself",
    RECORD,
    "    standing,\n    listing",
    '    standing: standing.kind === "merged" ? { kind: "guest" } : standing,\n    listing',
  ),
  mutant(
    "a disabled identity that is restored may be used",
    RECORD,
    "...(isDisabled === true && { isDisabled })",
    "...(isDisabled === true && barred.length > 9 && { isDisabled })",
  ),
  mutant(
    "a line takes a login from its owner",
    "src/linking/link-run.ts",
    "const tickets = ticketsOf(transaction, replies);",
    "const tickets = ticketsOf(transaction, replies) ?? (this.#order.restores === undefined ? null : new Map<string, string>());",
  ),
  mutant(
    "what lives here is set back to what a line tells",
    RESTORATION,
    '    return isBehind(standing, record) ? unchanged(parts, order, record) : conflict({ kind: "stands-otherwise" });',
    '    return standing.kind === "linked" ? { kind: "unchanged" } : await make(parts, order);',
  ),
  mutant(
    "a login that nobody has for good is only listed as that",
    LINE,
    "if (isSettled !== true) await objects.importedLogin(loginId).remember(loginId);",
    "",
  ),
  mutant(
    "a line that was not taken is said to be",
    LINE,
    'return ok({ Verdict: "conflict", Reason: reasonOf(reply.conflict) });',
    "return ok({ Verdict: made });",
  ),
  mutant(
    "what a line bars is forgotten where its user came before it",
    RESTORATION,
    "if (isOpen(record) && barred.length > record.barred.length) parts.kept.write({ ...record, barred });",
    "if (isOpen(record) && barred.length > 9) parts.kept.write({ ...record, barred });",
  ),
  // What an export tells, where it is taken in elsewhere.
  mutant("an export says nothing of what an identity bars", EXPORT, "    ...(barred.length > 0 && { barred }),\n", ""),
  mutant(
    "an export leaves out logins that are free for good",
    EXPORT,
    'return owner === null ? { kind: "login", loginId, providerName, settled: true } : null;',
    "return owner?.identityId === loginId ? null : null;",
  ),
  mutant(
    "an export leaves out who is gone",
    EXPORT,
    '      return { kind: "gone", identityId: entry.identityId };\n  }\n}\n\n/** With',
    "      return null;\n  }\n}\n\n/** With",
  ),
  mutant(
    "what an identity from a source lets go is forgotten where there is no source",
    "src/linking/adoption.ts",
    'return providersAtSource(pool) ?? (origin === "source" ? [] : null);',
    'return providersAtSource(pool) ?? (origin === "source" ? null : null);',
  ),
];
