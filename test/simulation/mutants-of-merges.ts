/** Bugs to plant (mutants.ts): those of merges and their repeats, developer users, failing storage and limits. */

export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

/** Several edits are one mistake that would have to be made in as many places. */
export type Mutant = { readonly name: string; readonly edits: readonly Edit[] };

export const MUTANTS_OF_MERGES: readonly Mutant[] = [
  {
    name: "a developer's merge forgets a login that the source had beside the one that was named",
    edits: [
      {
        file: "src/linking/transaction.ts",
        find: "...handedOver.filter((login) => !known.has(login.loginId)).map(kept)];",
        replace: "...handedOver.filter((login) => !known.has(login.loginId) && login.isDeveloper !== true).map(kept)];",
      },
    ],
  },
  {
    name: "a merge forgets that a login is a developer's",
    edits: [
      {
        file: "src/linking/transaction.ts",
        find: "? { providerName, subject, loginId, isDeveloper }",
        replace: "? { providerName, subject, loginId }",
      },
    ],
  },
  {
    name: "a developer's call takes over the user of another identity",
    edits: [
      {
        file: "src/linking/bring-together.ts",
        find: "...owned.filter(({ loginId }) => loginId === pinned),",
        replace: "...owned.filter(({ loginId }) => loginId === pinned && loginId.length < 0),",
      },
      {
        file: "src/linking/transaction.ts",
        find: "if (handedOver.some(({ loginId }) => loginId === pinned))",
        replace: "if (handedOver.some(({ loginId }) => loginId === pinned && loginId.length < 0))",
      },
    ],
  },
  {
    name: "an unlink is answered before it is stored",
    edits: [
      {
        file: "src/linking/identity-calls.ts",
        find: "    if (result !== kept.value) kept.write(result);",
        replace:
          "    void new Promise<void>((resolve) => setImmediate(resolve)).then(() => {\n      if (result !== kept.value) kept.write(result);\n    }).catch(() => {});",
      },
    ],
  },
  {
    name: "a repeated UnlinkDeveloperIdentity is refused",
    edits: [
      {
        file: "src/linking/removal.ts",
        find: "  if (wasDone(record, callKey, now)) return record;\n",
        replace: "",
      },
      {
        file: "src/linking/removal.ts",
        find: "const isRepeat = wasUnlinked(record, loginId, now);\n  return removed",
        replace: "const isRepeat = false;\n  return removed",
      },
    ],
  },
  {
    name: "UnlinkDeveloperIdentity takes all users of the developer",
    edits: [
      {
        file: "src/linking/removal.ts",
        find: "login.isDeveloper === true && login.loginId === loginId);",
        replace: "login.isDeveloper === true && loginId.length > 0);",
      },
    ],
  },
  {
    name: "a merge of developer users is executed again when it is repeated",
    edits: [
      {
        file: "src/linking/developer-users.ts",
        find: "    if (absorbed.value === identityId) {",
        replace: "    if (absorbed.value === identityId && logins.length < 0) {",
      },
    ],
  },
  {
    name: "a merge of developer users absorbs a source that has moved since",
    edits: [
      {
        file: "src/linking/absorption.ts",
        find: 'kind === "linked" ? !isGuest && loginIds.some(speaks)',
        replace: 'kind === "linked" ? !isGuest',
      },
      // What is asked of the age of a proof would refuse it as well.
      {
        file: "src/linking/absorption.ts",
        find: 'kind === "linked" && !freshIds.some(speaks)',
        replace: "freshIds.length < 0",
      },
    ],
  },
  {
    name: "the repeat of the call that merged an identity is refused",
    edits: [
      {
        file: "src/linking/identity-record.ts",
        find: "return isRepeat || call.askedAt < modifiedAt ? standing.into : null;",
        replace: "return !isRepeat && call.askedAt < modifiedAt ? standing.into : null;",
      },
    ],
  },
  {
    name: "a merged identity sends every call on",
    edits: [
      {
        file: "src/linking/identity-record.ts",
        find: "return isRepeat || call.askedAt < modifiedAt ? standing.into : null;",
        replace: "return isRepeat || call.askedAt > 0 ? standing.into : null;",
      },
    ],
  },
  {
    name: "a merge is dated by when the merged identity hears of it",
    edits: [
      {
        file: "src/linking/identity-peer.ts",
        find: "const decidedAt = message.decidedAt ?? this.host.now();",
        replace: "const decidedAt = this.host.now();",
      },
    ],
  },
  {
    name: "a step that could not be stored stays in memory, as if it were durable",
    edits: [
      {
        file: "src/linking/kept-record.ts",
        find: '    if (!isSame(stored, this.#stored)) this.#save(stored, alarm === "later" ? "as it is" : this.#alarmFor(stored, now));\n    this.#value = kept;',
        replace:
          '    this.#value = kept;\n    if (!isSame(stored, this.#stored)) this.#save(stored, alarm === "later" ? "as it is" : this.#alarmFor(stored, now));',
      },
    ],
  },
  {
    name: "a freeze rests in memory alone, and an eviction thaws it",
    edits: [
      {
        file: "src/linking/kept-record.ts",
        find: "if (!isSame(stored, this.#stored)) this.#save(",
        replace: "if (!isSame(stored, this.#stored) && (stored?.freeze ?? null) === null) this.#save(",
      },
    ],
  },
  {
    name: "an evicted limiter starts with a full bucket",
    edits: [
      {
        file: "src/limits/mint-bucket.ts",
        find: "isMade ? restoredBucket(this.#kept, limit, host.nowMs(), mayHaveJustDrawn) : null;",
        replace: "null;",
      },
    ],
  },
  {
    name: "a limiter believes that its bucket is stored before it is",
    edits: [
      {
        file: "src/limits/mint-bucket.ts",
        find: "    this.#host.keep(toKeep);\n    // Only what is stored is what a next life would start from.\n    this.#kept = toKeep;",
        replace: "    this.#kept = toKeep;\n    this.#host.keep(toKeep);",
      },
    ],
  },
  {
    name: "a call that names an identity absorbs one that has gained its developer user since the look",
    edits: [
      {
        file: "src/linking/transaction.ts",
        find: "if (handedOver.some(({ loginId }) => loginId === pinned))",
        replace: "if (handedOver.some(({ loginId }) => loginId === pinned && loginId.length < 0))",
      },
    ],
  },
  {
    name: "users whom two looks saw on one identity are said to be merged",
    edits: [
      {
        file: "src/linking/developer-users.ts",
        find: "return isMerged ? ok(identityId)",
        replace: "return isMerged || users.ok ? ok(identityId)",
      },
    ],
  },
  {
    name: "a lookup lists the users of an identity which the user that was asked for has left",
    edits: [
      {
        file: "src/linking/developer-users.ts",
        find: "return users.ok && users.value.userIdentifiers.includes(user.subject) ? users",
        replace: "return users.ok ? users",
      },
    ],
  },
];
