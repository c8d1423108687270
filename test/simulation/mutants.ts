/**
 * Bugs to plant, one at a time, in a copy of the source: each is a mistake that somebody could make, and the simulation
 * must catch every one. A mutant whose text is no longer found in the source is out of date, and fails the run as well.
 */

import { MUTANTS_OF_ACTORS } from "./mutants-of-actors.ts";
import { MUTANTS_OF_DISABLING } from "./mutants-of-disabling.ts";
import { MUTANTS_OF_IMPORTS } from "./mutants-of-imports.ts";
import { MUTANTS_OF_KEYS } from "./mutants-of-keys.ts";
import { MUTANTS_OF_KEY_SETS } from "./mutants-of-key-sets.ts";
import { MUTANTS_OF_LIFE } from "./mutants-of-life.ts";
import { MUTANTS_OF_POOLS } from "./mutants-of-pools.ts";
import { MUTANTS_OF_MERGES, type Mutant } from "./mutants-of-merges.ts";
import { MUTANTS_OF_ROLES } from "./mutants-of-roles.ts";
import { MUTANTS_OF_SOURCES } from "./mutants-of-sources.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "skips the alarm: nobody looks after what a crash leaves behind",
    edits: [
      {
        file: "src/linking/identity-record.ts",
        find: "if (!isAtRest(record)) return now + backoffSeconds(now - waitingSince, record.identityId);",
        replace: "if (!isAtRest(record)) return null;",
      },
    ],
  },
  {
    name: "commits before all logins are reserved",
    edits: [
      {
        file: "src/linking/transaction.ts",
        find: 'if (reply?.kind !== "reserved" || reply.ticket === undefined) return null;',
        replace: 'if (reply?.kind !== "reserved" || reply.ticket === undefined) continue;',
      },
    ],
  },
  {
    name: "answers before the commit",
    edits: [
      {
        file: "src/linking/link-run.ts",
        find: '      this.#kept.write(committed, "later");\n      return',
        replace:
          '      void this.#sendAll([{ kind: "confirm-owner", identityId: coordinator, loginId: "", linkId: "" }])\n        .then(() => this.#kept.write(committed, "later")).catch(() => {});\n      return',
      },
    ],
  },
  {
    name: "a release ignores which link it ends",
    edits: [
      {
        file: "src/linking/participant.ts",
        find: "owner?.identityId !== identityId || owner.linkId !== linkId",
        replace: "owner?.identityId !== identityId",
      },
    ],
  },
  {
    name: "forgets to release the logins that it unlinks",
    edits: [{ file: "src/linking/removal.ts", find: "    releases: [...record.releases, ...removed],\n", replace: "" }],
  },
  {
    name: "does not freeze the identity that is absorbed",
    edits: [
      {
        file: "src/linking/absorption.ts",
        find: "return { record: frozen, reply:",
        replace: "return { record, reply:",
      },
    ],
  },
  {
    name: "a transaction survives its call",
    edits: [
      {
        file: "src/linking/links.ts",
        find: "if (record !== null && transaction !== null) this.#kept.write(abort(record, transaction));",
        replace: "if (record === null && transaction !== null) this.#kept.write(abort(record, transaction));",
      },
      {
        file: "src/linking/transaction.ts",
        find: "return isOverdue ? abort(record, transaction) : record;",
        replace: "return isOverdue && now < 0 ? abort(record, transaction) : record;",
      },
    ],
  },
  {
    name: "tells of a commit before the alarm is set",
    edits: [{ file: "src/linking/deliveries.ts", find: "      await this.#kept.arm();\n", replace: "" }],
  },
  {
    name: "stores the commit in memory alone",
    edits: [
      {
        file: "src/linking/identity-record.ts",
        find: 'record.transaction === null || record.transaction.phase === "committed"',
        replace: "record.transaction === null",
      },
    ],
  },
  {
    name: "takes an abort for a commit",
    edits: [
      {
        file: "src/linking/participant.ts",
        find: 'if (outcome === "aborted") return { ...state, reservation: null };',
        replace: "",
      },
    ],
  },
  {
    name: "an absorbed identity does not hand over its logins",
    edits: [
      {
        file: "src/linking/link-run.ts",
        find: 'replies.flatMap((reply) => (reply.kind === "frozen" ? reply.logins : []))',
        replace: 'replies.flatMap((): LinkOrder["logins"] => [])',
      },
    ],
  },
  {
    name: "leaves no tombstone where an identity was deleted",
    edits: [
      {
        file: "src/linking/identity-record.ts",
        find: "return isKeptForADay(record) && now >= record.modifiedAt + TOMBSTONE_SECONDS;",
        replace: "return isKeptForADay(record);",
      },
    ],
  },
  {
    name: "forgets what it unlinked, so that a repeat is refused",
    edits: [
      {
        file: "src/linking/removal.ts",
        find: "unlinked: [...record.unlinked, ...remembered].slice(-MAX_LINKED_LOGINS),",
        replace: "unlinked: [],",
      },
    ],
  },
  {
    name: "absorbs a guest that has been linked since",
    edits: [
      {
        file: "src/linking/absorption.ts",
        find: 'kind === "linked" ? !isGuest && loginIds.some(speaks)',
        replace: 'kind === "linked" ? loginIds.some(speaks)',
      },
    ],
  },
  {
    name: "commits a reservation that a repeated message made",
    edits: [
      {
        file: "src/linking/participant.ts",
        find: 'participant.ticket === reservation.ticket || (participant.ticket === null && outcome === "aborted")',
        replace: "participant.ticket !== undefined",
      },
    ],
  },
  {
    name: "links to a linked identity without a proof of one of its logins",
    edits: [
      {
        file: "src/linking/transaction.ts",
        find: 'if (!order.logins.some((login) => speaks(login.loginId))) return { kind: "stale" };',
        replace: "",
      },
      // What is asked of the age of a proof would refuse it as well.
      {
        file: "src/linking/transaction.ts",
        find: 'record.standing.kind === "guest" || fresh.some(speaks)',
        replace: "true",
      },
    ],
  },
  {
    name: "judges a frozen identity by what it knows itself",
    edits: [
      {
        file: "src/linking/identity-calls.ts",
        find: "    const busy = freezeOf(record);\n    if (busy !== null) return { ...busy, verified };\n    const verdict",
        replace: "    const verdict",
      },
      {
        file: "src/linking/identity-actor.ts",
        find: 'if (standing.ok) return freezeOf(standing.value) ?? { kind: "admitted", pool };',
        replace: 'if (standing.ok) return { kind: "admitted", pool };',
      },
    ],
  },
  {
    name: "forgets a transaction before everybody has heard of its end",
    edits: [
      {
        file: "src/linking/transaction.ts",
        find: "const unsettled = transaction.unsettled.filter((other) => nameOf(other) !== nameOf(participant));",
        replace: "const unsettled = transaction.unsettled.slice(0, 0 * nameOf(participant).length);",
      },
    ],
  },
  {
    name: "a login lets a second transaction reserve it",
    edits: [
      {
        file: "src/linking/participant.ts",
        find: 'if (holder !== null) return { state, reply: { kind: "busy", holder } };',
        replace:
          'if (holder === null && loginId.length < 0) return { state, reply: { kind: "reserved", ticket: newTicket } };',
      },
    ],
  },
  {
    name: "decides on what was true before it waited",
    edits: [
      {
        file: "src/linking/link-run.ts",
        find: '    const transaction = preparing(record, this.#transactionId);\n    if (record === null || transaction === null) return { kind: "busy" };\n    const tickets',
        replace:
          '    const transaction = record?.transaction ?? null;\n    if (record === null || transaction === null) return { kind: "busy" };\n    const tickets',
      },
    ],
  },
  ...MUTANTS_OF_ACTORS,
  ...MUTANTS_OF_MERGES,
  ...MUTANTS_OF_KEYS,
  ...MUTANTS_OF_KEY_SETS,
  ...MUTANTS_OF_POOLS,
  ...MUTANTS_OF_LIFE,
  ...MUTANTS_OF_ROLES,
  ...MUTANTS_OF_DISABLING,
  ...MUTANTS_OF_SOURCES,
  ...MUTANTS_OF_IMPORTS,
];
