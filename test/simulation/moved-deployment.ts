/**
 * The move to another deployment: when a schedule with imports is at rest, all that its pools know is written down, and taken into an
 * empty deployment. There everybody is who he was, and what never comes back does not come back there either.
 */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import { type StoredRecord, upgraded } from "../../src/linking/first-record.ts";
import type { SignedContext } from "../../src/operations/context.ts";
import type { FileLine } from "./line-plans.ts";
import { POOLS } from "./settings.ts";
import { type Random, streamOf } from "../support/random.ts";
import { lifeOf } from "./slots.ts";
import { objectsOf } from "./stubs.ts";
import { takeIn, writeDown } from "./transfer-operations.ts";
import { World } from "./world.ts";
import type { Schedule } from "./schedule.ts";

/** Lines of one call: few, so that some of those that belong together come in different ones. */
const MOST_LINES = 4;
/** By then no isolate remembers a pool as it was. */
const MEMORIES_GONE_MS = 40_000;

export class MovedDeployment {
  /** Where all is taken in. */
  readonly world: World;
  isDone = false;
  readonly #first: World;
  readonly #random: Random;
  readonly #files = new Map<IdentityPoolId, readonly FileLine[]>();

  constructor(first: World, { seed, mergePolicy, source }: Schedule, isTracing: boolean) {
    this.#first = first;
    this.#random = streamOf(seed, "move");
    // What strikes an import struck others before: here it is to end.
    const plan = { seed, probabilities: new Map(), only: null };
    const cognito = first.sources?.cognito ?? null;
    this.world = new World(plan, isTracing, { mergePolicy, source: source ?? null, hasTransfers: true, cognito });
    this.world.network.nowMs = first.network.nowMs;
  }

  async writeDown(): Promise<void> {
    await this.#first.network.sleep(lifeOf("administrator"), MEMORIES_GONE_MS);
    for (const { identityPoolId } of POOLS) {
      // oxlint-disable-next-line no-await-in-loop -- one operator writes down one pool after the other
      const lines = await writeDown(contextOf(this.#first, this.#random), identityPoolId, 1 + this.#random.below(4));
      if (lines.ok) this.#files.set(identityPoolId, lines.value);
      else this.#first.network.violate(`restored-as-told: ${identityPoolId} cannot be written down at rest`);
    }
    this.isDone = true;
  }

  async takeIn(): Promise<void> {
    this.isDone = false;
    for (const [identityPoolId, lines] of this.#files) {
      const left = lines.toSorted(() => this.#random.next() - 0.5);
      while (left.length > 0) {
        const some = left.splice(0, 1 + this.#random.below(MOST_LINES));
        // oxlint-disable-next-line no-await-in-loop -- in calls one after the other
        const taken = await takeIn(this.world, contextOf(this.world, this.#random), identityPoolId, some);
        if (!taken.ok) this.world.network.violate("restored-as-told: a line of an export is not taken");
      }
    }
    this.world.judge.goOnFrom(this.#first.judge);
    if (this.#first.sources !== null) this.world.sources?.judge.goOnFrom(this.#first.sources.judge);
    this.isDone = true;
  }

  /** What is otherwise there than it was; null where nothing is. */
  difference(): string | null {
    const names = new Set([...this.#first.identities.keys(), ...this.world.identities.keys()]);
    for (const name of names) {
      const [was, is] = [this.#first, this.world].map(({ identities }) =>
        wordsOf(identities.get(name)?.stored ?? null),
      );
      if (was !== is) return `restored-as-told: ${name} was ${was}, and is ${is} where it was moved to`;
    }
    for (const [loginId, { stored: login }] of this.#first.logins) {
      const moved = this.world.logins.get(loginId)?.stored ?? null;
      const [owner, newOwner] = [login?.owner?.identityId, moved?.owner?.identityId];
      if (owner !== newOwner)
        return `restored-as-told: ${loginId} was ${owner}'s, and is ${newOwner}'s where it was moved to`;
      const isFreeForGood = login?.owner === null && login.settled === true;
      if (isFreeForGood && moved?.settled !== true && !this.#first.judge.imports.mayBeUnlisted(loginId))
        return `restored-as-told: ${loginId} is free for good, and may be asked about where it was moved to`;
    }
    const [listed, moved] = [this.#first, this.world].map(importedIn);
    return listed === moved
      ? null
      : `restored-as-told: imported was [${listed}], and is [${moved}] where it was moved to`;
  }
}

function contextOf(world: World, random: Random): SignedContext {
  const life = lifeOf("administrator");
  const presentsNothing = async () => await Promise.reject(new Error("no login token is presented"));
  return world.isolates[1].contextOf(life, objectsOf(world, life), random, {
    call: { askedAt: world.network.nowMs / 1000, callId: "move" },
    verifyLogins: presentsNothing,
    verifyForGrant: presentsNothing,
  });
}

function wordsOf(stored: StoredRecord | null): string {
  if (stored === null) return "nobody";
  const { standing, isDisabled, origin, barred, logins, identityPoolId } = upgraded(stored);
  if (standing.kind === "deleted") return "deleted";
  const into = standing.kind === "merged" ? standing.into : "";
  const held = logins.map(({ loginId, providerName, isDeveloper }) =>
    [loginId, providerName, isDeveloper ?? ""].join(),
  );
  const words = [standing.kind, into, isDisabled === true ? "disabled" : "", origin, identityPoolId];
  return [...words, `[${held.toSorted().join(" ")}]`, `bars [${barred.toSorted().join(" ")}]`].join(" ");
}

/** Of the import lists. */
function importedIn({ pools }: World): string {
  return [...pools.shards.values()]
    .flatMap(({ name, stored }) => [...(stored?.tables.imported.keys() ?? [])].map((id) => `${name} ${id}`))
    .toSorted()
    .join();
}
