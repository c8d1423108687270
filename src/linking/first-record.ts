/** An identity as the first release stored it, and what it is read as. It is stored anew with the identity's next step. */
import type { IdentityRecord } from "./identity-record.ts";
import { type Fact, factsOf, withFacts } from "./life.ts";

export type FirstRecord = Omit<IdentityRecord, "version" | "life" | "told" | "origin" | "barred"> & {
  readonly version: 1;
};

/** What may lie on a disk. */
export type StoredRecord = FirstRecord | IdentityRecord;

/** Its life is what its dates tell: when it was born, when it gained the logins that it still has, and when it ended. */
export function upgraded(stored: StoredRecord): IdentityRecord {
  if (stored.version === 2) return stored;
  const { createdAt, modifiedAt, standing, logins } = stored;
  const unwritten: IdentityRecord = { ...stored, version: 2, life: [], told: 0, origin: "here", barred: [] };
  if (standing.kind === "unborn") return unwritten;
  const linkDates = [...new Set(logins.map(({ linkedAt }) => linkedAt))].toSorted((one, other) => one - other);
  const dated: readonly (readonly [readonly Fact[], at: number])[] = [
    [[{ kind: "born" }], createdAt],
    ...linkDates.map(
      (at) =>
        [
          factsOf(
            "linked",
            logins.filter(({ linkedAt }) => linkedAt === at),
          ),
          at,
        ] as const,
    ),
    [endOf(stored), modifiedAt],
  ];
  return dated.reduce((record, [facts, at]) => withFacts(record, facts, at), unwritten);
}

function endOf({ standing }: FirstRecord): readonly Fact[] {
  if (standing.kind === "merged") return [{ kind: "merged", other: standing.into }];
  return standing.kind === "closed" || standing.kind === "deleted" ? [{ kind: standing.kind }] : [];
}
