/** Bugs to plant (mutants.ts): in who is let in, in the rate, in the alarms, and in what outlives a life of an object. */
import type { Mutant } from "./mutants-of-merges.ts";

const ACTOR = "src/linking/identity-actor.ts";
const PEER = "src/linking/identity-peer.ts";
const DELIVERIES = "src/linking/deliveries.ts";
const KEPT = "src/linking/kept-record.ts";
const LOGIN = "src/linking/login-actor.ts";
const BUCKET = "src/limits/mint-bucket.ts";

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const MUTANTS_OF_ACTORS: readonly Mutant[] = [
  // Who is let in.
  mutant(
    "a merged identity sends on who has proved nothing",
    ACTOR,
    "tokens.size > 0 ? call : null",
    "tokens.size >= 0 ? call : null",
  ),
  mutant(
    "an id is made twice",
    ACTOR,
    "const isNew = this.kept.value === null;",
    'const isNew = this.kept.value?.standing.kind !== "guest";',
  ),
  mutant(
    "a frozen identity describes itself by what it knows",
    ACTOR,
    "if (!(await this.deliveries.askAboutFreeze())) {",
    "if (this.kept.value === null && !(await this.deliveries.askAboutFreeze())) {",
  ),
  {
    name: "an identity lets go of a login that it holds by another link",
    edits: [
      {
        file: PEER,
        find: "const owns = record !== null && holds(record, loginId);",
        replace:
          "const held = record?.logins.find((login) => login.loginId === loginId);\n    const owns = held?.linkId === linkId;",
      },
      // A login refuses the end of a link that is not its own, so that the mistake needs the wrong name as well.
      {
        file: PEER,
        find: 'send({ kind: "release", loginId, identityId, linkId })',
        replace: 'send({ kind: "release", loginId, identityId, linkId: held?.linkId ?? linkId })',
      },
    ],
  },
  mutant(
    "a late copy of an unlink unlinks again",
    "src/linking/removal.ts",
    "const removed = wasDone(record, callKey, now) ? [] : named;",
    "const removed = named;",
  ),
  mutant(
    "a late copy of the unlink of a developer's user unlinks again",
    "src/linking/removal.ts",
    "  if (wasDone(record, callKey, now)) return record;\n  const removed",
    "  const removed",
  ),
  mutant(
    "a call that found nothing to unlink is not remembered",
    "src/linking/removal.ts",
    "  if (removed.length > 0 && !fresh.some",
    "  if (removed.length === 0) return record;\n  if (!fresh.some",
  ),
  // The rate.
  mutant(
    "a well used bucket is never kept",
    BUCKET,
    "if (toKeep === null) return null;",
    "if (toKeep === null || nowMs > 0) return null;",
  ),
  mutant(
    "a life that may have just drawn begins as if nobody had",
    BUCKET,
    "const mayHaveJustDrawn = host.quietForMs() < forgivenDrawMs(limit);",
    "const mayHaveJustDrawn = host.quietForMs() < 0;",
  ),
  // Alarms.
  mutant(
    "an alarm that met an error does not come again",
    DELIVERIES,
    "      await this.#host.setAlarm(this.#host.now() + RETRY_SECONDS);\n",
    "",
  ),
  mutant(
    "an alarm that has come is believed to be set",
    DELIVERIES,
    "    this.#kept.doubtAlarm();\n    try",
    "    try",
  ),
  mutant(
    "a new life believes that an alarm is set",
    KEPT,
    'this.#alarm = stored === null ? "none" : "unknown";',
    'this.#alarm = stored === null ? "none" : "set";',
  ),
  mutant(
    "a freeze that lasts ends by itself",
    DELIVERIES,
    "const freeze = this.#kept.value?.freeze ?? null;",
    'const freeze = this.#kept.value?.freeze ?? null;\n    if (freeze !== null && this.#kept.value !== null && this.#host.now() - freeze.since >= PATIENCE_SECONDS) this.#kept.write(thaw(this.#kept.value, freeze.transactionId, "aborted", freeze.since));',
  ),
  mutant(
    "a settlement that nobody answered is forgotten",
    "src/linking/replies.ts",
    'if (message.kind === "settle" && (reply.kind === "settled" || message.outcome === "aborted")) {',
    'if (message.kind === "settle") {',
  ),
  mutant(
    "an identity that its pool's directory refuses lives on",
    "src/linking/replies.ts",
    "if (reply.poolDeleted) return removeWithPool(record, now);",
    "if (reply.poolDeleted && now < 0) return removeWithPool(record, now);",
  ),
  mutant(
    "a login is reserved without an alarm",
    LOGIN,
    'return after.reservation === null ? "none" :',
    'return after.reservation !== before ? "none" :',
  ),
  mutant(
    "a login's alarm that nobody answered does not come again",
    LOGIN,
    "if (reservation !== null) await this.#host.setAlarm",
    'if (reservation !== null && record.loginId === "") await this.#host.setAlarm',
  ),
  mutant(
    "a login believes that it is reserved before that is stored",
    LOGIN,
    "    const stored = this.#host.save(record, this.#alarmFor(loginId, before, state));\n    // Memory follows the disk: what could not be stored has not happened.\n    this.#record = record;",
    "    this.#record = record;\n    const stored = this.#host.save(record, this.#alarmFor(loginId, before, state));",
  ),
  // The audit.
  mutant(
    "the audit never hears of a link whose commit was a life's last step",
    KEPT,
    "    if (stored !== null) this.#audit(stored);\n",
    "",
  ),
];
