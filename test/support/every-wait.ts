/**
 * A call to an object, again and again, with a blow at its first wait, its second, and so on to its last. Whatever the blow
 * and whatever the caller was told, the end is one of the two that there are, and a repeat of the call brings about its own.
 */
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { MAX_ATTEMPTS } from "../../src/linking/contention.ts";
import type { Holder } from "../../src/linking/messages.ts";
import { type Blow, BLOWS, canFall, type Wait, Waits } from "./waits.ts";

/** A call and the world that it is made in, which can be set up as it was for one performance after another. */
export type Scene = {
  readonly begin: () => Promise<void>;
  /** The object whose waits are counted, by a fresh stub: one that met a crash stays broken. */
  readonly subject: () => DurableObjectStub<Rpc.DurableObjectBranded>;
  readonly call: () => Promise<unknown>;
  /** Whether fetch and Web Crypto are the subject's alone during the call: they are global, and show not who uses them. */
  readonly ownsGlobals: boolean;
  /** Resolves when nothing is pending; alarms help, as the platform runs them, once `isHelped`. */
  readonly rest: (isHelped: () => boolean) => Promise<void>;
  /** The world after an eviction of everybody, in words that do not differ from one performance to the next. */
  readonly observe: () => Promise<unknown>;
};

/** Answers that promise nothing: the caller has to try again. */
const TRY_AGAIN: ReadonlySet<string> = new Set(["failed", "busy", "unreachable", "refused: InternalErrorException"]);

/** An answer in a word or two. */
function inWords(reply: unknown): string {
  if (typeof reply !== "object" || reply === null || !("kind" in reply)) return JSON.stringify(reply) ?? "nothing";
  const { kind } = reply;
  const hasError = "error" in reply && typeof reply.error === "object" && reply.error !== null;
  return hasError && "type" in Object(reply.error)
    ? `${String(kind)}: ${String(Object(reply.error).type)}`
    : String(kind);
}

async function answerOf(call: () => Promise<unknown>): Promise<string> {
  try {
    return inWords(await call());
  } catch {
    return "failed";
  }
}

/** Deaths and retries are logged, and are what is wanted here. */
export function silence(): void {
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
}

/**
 * One call, as the Worker makes it: it asks the coordinator of a transaction that is in the way how that ended, and comes again.
 * A death leaves such ones where logins were reserved, and nobody knows of the transaction any more.
 */
async function answerOfWorker(call: () => Promise<unknown>): Promise<string> {
  return await answerOf(async () => {
    for (let attempt = 1; ; attempt++) {
      const reply = await call();
      const { holder } = (reply ?? {}) as { readonly holder?: Holder };
      if (holder === undefined || attempt === MAX_ATTEMPTS) return reply;
      // The object could not be evicted while somebody keeps an answer of it.
      (reply as Partial<Disposable>)[Symbol.dispose]?.();
      await env.IDENTITY.getByName(holder.coordinator).outcome({ kind: "ask-outcome", ...holder });
    }
  });
}

type Usual = {
  readonly before: unknown;
  readonly after: unknown;
  readonly answer: string;
  readonly repeated: string;
  readonly waits: readonly Wait[];
};

/** What the call does when nothing is in its way, done once and done twice; its waits are those of the first time. */
async function undisturbed(scene: Scene): Promise<Usual> {
  await scene.begin();
  const before = await scene.observe();
  const waits = new Waits(Number.POSITIVE_INFINITY, "it dies at once", scene.call);
  await waits.watch(scene.subject(), scene.ownsGlobals);
  const answer = await answerOf(scene.call);
  await scene.rest(() => false);
  waits.end();
  const after = await scene.observe();
  const repeated = await answerOf(scene.call);
  await scene.rest(() => false);
  expect(await scene.observe(), "a repeat changes nothing").toEqual(after);
  expect(TRY_AGAIN, "nothing was in its way").not.toContain(answer);
  return { before, answer, after, repeated, waits: waits.reached };
}

async function strike(scene: Scene, usual: Usual, at: number, blow: Blow): Promise<void> {
  await scene.begin();
  const waits = new Waits(at, blow, async () => await answerOf(scene.call));
  await waits.watch(scene.subject(), scene.ownsGlobals);
  const told = await answerOf(scene.call);
  // One caller comes again at once, and another when the alarms have cleared up.
  const isHasty = blow === "it dies at once" && told === "failed";
  const retried = isHasty ? [await answerOfWorker(scene.call)] : [];
  await scene.rest(() => waits.struck !== null);
  await waits.dead();
  waits.end();
  vi.restoreAllMocks();
  silence();
  const where = `${blow}, at wait ${at}, ${waits.struck?.name}; the answer: ${told}`;
  expect(waits.struck, where).not.toBeNull();
  const answers = [told, ...retried, ...waits.answers.map(String)];
  for (const answer of answers) expect([usual.answer, usual.repeated, ...TRY_AGAIN], where).toContain(answer);
  // What recovers from a death, and what is only company, costs nobody a second try.
  const sure = blow === "its alarm comes twice, and the call again" ? [told] : retried;
  for (const answer of sure) expect([usual.answer, usual.repeated], where).toContain(answer);
  const end = await scene.observe();
  const isDone = answers.includes(usual.answer);
  expect(isDone ? [usual.after] : [usual.before, usual.after], where).toContainEqual(end);
  // Long enough for the rate of an identity, which is counted as used up where a death may have forgotten some of it.
  vi.setSystemTime(Date.now() + 5000);
  expect([usual.answer, usual.repeated], where).toContain(await answerOf(scene.call));
  if (isDone) return;
  await scene.rest(() => true);
  expect(await scene.observe(), `${where}; and a repeat`).toEqual(usual.after);
}

/** Lets every blow fall on every wait; gives back the names of the waits. */
export async function strikeEveryWait(scene: Scene): Promise<readonly string[]> {
  const usual = await undisturbed(scene);
  for (const blow of BLOWS) {
    const waits = usual.waits.filter((wait) => canFall(blow, wait));
    for (let at = 1; at <= waits.length; at++) await strike(scene, usual, at, blow);
  }
  return usual.waits.map(({ name }) => name);
}
