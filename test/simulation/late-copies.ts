/**
 * Clients one of whose calls comes a second time, long after it was answered and undone: what an SDK's first attempt does that
 * was stuck on its way while the second one was answered. Where no fault strikes, the copy is late for certain.
 */
import type { Operation, Tokens } from "./operations.ts";
import type { Race } from "./races.ts";
import type { Random } from "../support/random.ts";

const COPY_AFTER_MS = 30_000;
/** When somebody looks what the copy has done. */
const LOOKS_AFTER_MS = 40_000;

const KEPT: Tokens = [["a", "1"]];
const LEAVING: Tokens = [["b", "1"]];
const BOTH: Tokens = [...LEAVING, ...KEPT];

const LOOK: Operation = { kind: "get-id", tokens: LEAVING };
const LINK: Operation = { kind: "get-token", target: 0, tokens: BOTH, isOwn: false };
const UNLINK: Operation = { kind: "unlink", target: 0, isOwn: false, tokens: KEPT, from: ["b"] };
const USER: Operation = { kind: "developer-token", target: null, user: "1", tokens: KEPT, isOwn: false };
const LINK_USER: Operation = { ...USER, target: 0 };
const LOOK_USER: Operation = { ...USER, tokens: [] };
const UNLINK_USER: Operation = { kind: "unlink-user", target: 0, user: "1" };

function late(operation: Operation): Operation {
  return { ...operation, copyAfterMs: COPY_AFTER_MS };
}

function raceOf(...operations: readonly Operation[]): Race {
  return { mergePolicy: "conflict", clients: [[...operations.slice(0, -1), PAUSE, ...operations.slice(-1)]] };
}

const PAUSE: Operation = { kind: "pause", ms: LOOKS_AFTER_MS };

/** Of two calls that unlink the same, the second finds nothing to unlink, and is answered like the first. */
export const LATE_COPIES: readonly [Race, ...Race[]] = [
  raceOf(LOOK, LINK, late(UNLINK), LINK, LOOK),
  raceOf(LOOK, LINK, UNLINK, late(UNLINK), LINK, LOOK),
  raceOf(USER, late(UNLINK_USER), LINK_USER, LOOK_USER),
  raceOf(USER, UNLINK_USER, late(UNLINK_USER), LINK_USER, LOOK_USER),
];

export function lateCopyOf(random: Random): Race {
  return random.pick(LATE_COPIES);
}

const SET_ROLES: Operation = { kind: "administer", act: "set-roles" };
const TAG: Operation = { kind: "administer", act: "tag" };
const UPDATE: Operation = { kind: "administer", act: "update" };
const DESCRIBE: Operation = { kind: "administer", act: "describe" };

/** Of two calls that set the same of a pool, the first arrives once more behind the second. */
export const LATE_CHANGES: readonly Race[] = [SET_ROLES, TAG, UPDATE].map((change) =>
  raceOf(late(change), change, DESCRIBE),
);
