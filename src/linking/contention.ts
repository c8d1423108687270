/**
 * What a request does when a link transaction is in its way: ask its coordinator how it ended, wait a little, try again. All
 * of the Worker's half runs its attempts by `untilAnswered`.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import { type Refusal, refusalIn } from "../domain/refusals.ts";
import type { ChangeReply } from "./identity-calls.ts";
import type { Busy, Holder } from "./messages.ts";
import type { Parties } from "./parties.ts";

export type Contention = Pick<Parties, "objects" | "pause" | "random" | "note">;

/** What was seen is out of date, and nothing is in the way of another look. */
export const LOOK_AGAIN = { kind: "look-again" } as const;

/** How one attempt ended: with an answer, which may be a refusal, or with what another attempt has to wait for. */
export type Attempt<T> = Result<T, Refusal> | Busy | typeof LOOK_AGAIN;

/** Attempts before a request gives up; with the pauses between them about three seconds. */
export const MAX_ATTEMPTS = 14;
const FIRST_PAUSE_MS = 8;
const LONGEST_PAUSE_MS = 400;

/** Attempts until one has an answer; `contended` when none came to one. */
export async function untilAnswered<T>(
  contention: Contention,
  attempt: () => Promise<Attempt<T>>,
): Promise<Result<T, Refusal>> {
  for (let count = 0; count < MAX_ATTEMPTS; count++) {
    const ended = await attempt();
    if ("ok" in ended) return ended;
    contention.note?.({ repeats: 1 });
    if (ended.kind === "busy") await giveWay(contention, count, ended.holder);
  }
  return err({ kind: "contended" });
}

/** The reply to a change of one identity, as an attempt. */
export function changed(reply: ChangeReply): Attempt<undefined> {
  if (reply.kind === "busy") return reply;
  return reply.kind === "done" ? ok(undefined) : err(refusalIn(reply));
}

/** A holder that has decided makes its participant hear of it when it is asked, and then nothing need be waited for. */
async function giveWay(contention: Contention, count: number, holder: Holder | undefined): Promise<void> {
  if (holder !== undefined) {
    const coordinator = contention.objects.identity(holder.coordinator);
    const outcome = await coordinator.outcome({ kind: "ask-outcome", ...holder });
    if (outcome !== "preparing") return;
  }
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** count);
  await contention.pause(longest * (0.5 + contention.random() / 2));
}
