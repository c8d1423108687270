/**
 * What an identity's record tells of its life (linking/life.ts): each step tells what it did and nothing else, and nothing
 * that was told before is changed or lost, but for what is too much (invariant told-as-it-was). What happened is found out
 * anew here, from the two records.
 */
import type { LinkedLogin } from "../../src/domain/identity.ts";
import { type StoredRecord, upgraded } from "../../src/linking/first-record.ts";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import { type LifeEntry, MAX_LIFE_ENTRIES } from "../../src/linking/life.ts";

/** Null when all is well. What older code stores has no life: the next newer one tells it anew, from the dates. */
export function lapseOfLife(stored: StoredRecord | null, after: StoredRecord): string | null {
  if (after.version === 1) return null;
  const before = stored && upgraded(stored);
  const [former, { life, modifiedAt }] = [before?.life ?? [], after];
  const known = new Set(former.map((entry) => JSON.stringify(entry)));
  const added = life.filter((entry) => !known.has(JSON.stringify(entry)));
  const [facts, words] = [happened(before, after), wordsOf(added)];
  if (words !== facts.toSorted().join(", ")) return `tells "${words}" of what was "${facts.toSorted().join(", ")}"`;
  const last = former.at(-1)?.sequence ?? 0;
  if (added.some(({ sequence }, index) => sequence !== last + 1 + index))
    return "does not count its entries one by one";
  if (life.some(({ sequence }, index) => index > 0 && sequence <= (life[index - 1]?.sequence ?? 0)))
    return "tells its life out of order";
  if (added.some(({ at }) => at !== modifiedAt)) return "tells another date than that of the step";
  const all = [...former, ...added];
  if (life.length !== Math.min(all.length, MAX_LIFE_ENTRIES)) return `keeps ${life.length} entries of ${all.length}`;
  const lost = after.logins.find(({ providerName }) => {
    const since = all.findLast((entry) => entry.kind === "linked" && entry.providerNames?.includes(providerName));
    return since === undefined || !life.some(({ sequence }) => sequence === since.sequence);
  });
  if (lost !== undefined) return `does not tell since when ${lost.providerName} is linked`;
  const isSame = before === null || settled(before) === settled(after);
  return isSame && after.told === 0 ? null : "is of another origin than it was";
}

function settled({ told, origin }: IdentityRecord): string {
  return JSON.stringify([told, origin]);
}

function wordsOf(entries: readonly LifeEntry[]): string {
  const words = entries.map(({ kind, providerNames = [], other = "" }) => inWords(kind, providerNames, other));
  return words.toSorted().join(", ");
}

function inWords(kind: string, providerNames: readonly string[] = [], other = ""): string {
  return [kind, ...providerNames.toSorted(), other].join(" ").trim();
}

function happened(before: IdentityRecord | null, after: IdentityRecord): readonly string[] {
  const { standing, transaction } = after;
  const isNew = before?.standing.kind !== standing.kind;
  const gained = without(after.logins, before?.logins ?? []);
  const lost = without(before?.logins ?? [], after.logins);
  const isEnd = standing.kind === "merged" || standing.kind === "deleted";
  const isCommit = transaction !== null && transaction.id !== before?.transaction?.id;
  return [
    // One that was deleted before anybody came with it has never lived.
    ...(isUnborn(before) && !isUnborn(after) && standing.kind !== "deleted" ? [beginsAs(after)] : []),
    ...(gained.length > 0 ? [inWords("linked", namesOf(gained))] : []),
    ...(lost.length > 0 && !isEnd ? [inWords("unlinked", namesOf(lost))] : []),
    ...(isCommit ? transaction.absorbed.map((other) => inWords("absorbed", [], other)) : []),
    ...(before !== null && before.isDisabled !== after.isDisabled ? [after.isDisabled ? "disabled" : "enabled"] : []),
    ...(isNew && standing.kind === "merged" ? [inWords("merged", [], standing.into)] : []),
    ...(isNew && (standing.kind === "closed" || standing.kind === "deleted") ? [standing.kind] : []),
  ];
}

/** One that another absorbs before it was known here is stored before it is anything. */
function isUnborn(record: IdentityRecord | null): boolean {
  return record === null || record.standing.kind === "unborn";
}

function beginsAs({ origin }: IdentityRecord): string {
  return origin === "source" ? "adopted" : "born";
}

function without(logins: readonly LinkedLogin[], others: readonly LinkedLogin[]): readonly LinkedLogin[] {
  return logins.filter(({ loginId }) => !others.some((other) => other.loginId === loginId));
}

function namesOf(logins: readonly LinkedLogin[]): readonly string[] {
  return [...new Set(logins.map(({ providerName }) => providerName))];
}
