/** What a request does when a link transaction is in its way: ask its coordinator how it ended, wait a little, try again. */
import type { Refusal } from "../domain/refusals.ts";
import type { Holder } from "./messages.ts";
import type { Parties } from "./parties.ts";

export type Contention = Pick<Parties, "objects" | "pause" | "random">;

/** Attempts before a request gives up; with the pauses between them about three seconds. */
export const MAX_ATTEMPTS = 14;
const FIRST_PAUSE_MS = 8;
const LONGEST_PAUSE_MS = 400;

export const CONTENDED: Refusal = { kind: "contended" };

/** Waits for whatever is in the way. A holder that has decided is settled by asking it, and then nothing need be waited for. */
export async function giveWay(contention: Contention, attempt: number, holder: Holder | undefined): Promise<void> {
  if (holder !== undefined) {
    const coordinator = contention.objects.identity(holder.coordinator);
    const outcome = await coordinator.outcome({ kind: "ask-outcome", ...holder });
    if (outcome !== "preparing") return;
  }
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  await contention.pause(longest * (0.5 + contention.random() / 2));
}

type Busy = { readonly kind: "busy"; readonly holder?: Holder };

/** Repeats an attempt while it is busy; null when it never found a place. */
export async function whileBusy<T extends { readonly kind: string }>(
  contention: Contention,
  attempt: () => Promise<T | Busy>,
): Promise<Exclude<T, Busy> | null> {
  for (let count = 0; count < MAX_ATTEMPTS; count++) {
    const reply = await attempt();
    if (!isBusy(reply)) return reply as Exclude<T, Busy>;
    await giveWay(contention, count, reply.holder);
  }
  return null;
}

function isBusy(reply: { readonly kind: string }): reply is Busy {
  return reply.kind === "busy";
}
