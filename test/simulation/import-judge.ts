/**
 * What an import is worth (invariant restored-as-told): it makes what its lines tell and nothing else, what it has answered holds for
 * ever, and what lives here is never set back by it.
 */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import { type StoredRecord, upgraded } from "../../src/linking/first-record.ts";
import type { LinkOrder } from "../../src/linking/link-order.ts";
import type { LoginState } from "../../src/linking/participant.ts";
import type { RestoreOrder } from "../../src/linking/restoration.ts";
import type { BarJudge } from "./bar-judge.ts";
import { type Said, saidBy, type Told } from "./import-file.ts";
import type { FileLine } from "./line-plans.ts";
import { loginNamed } from "./logins.ts";
import type { Network } from "./network.ts";
import { idsOf } from "./record-rules.ts";
import type { LoginOf } from "./requests.ts";
import type { Sources } from "./sources.ts";

type Evidence = {
  readonly network: Pick<Network, "violate" | "coverage">;
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
  readonly logins: ReadonlyMap<string, { readonly stored: LoginState | null }>;
  readonly login: LoginOf;
  readonly sources: Pick<Sources, "judge"> | null;
};

export type Verdict = { readonly Verdict: string; readonly Reason?: string | undefined };

export class ImportJudge {
  /** Whether anybody imports: then a login may be somebody's whom no client has asked for. */
  isUsed = false;
  readonly #world: Evidence;
  readonly #bars: BarJudge;
  readonly #told: Told[] = [];
  /** What was answered to operators as done. */
  readonly #done: Said[] = [];
  /** Logins that lines say are nobody's for good, of which nobody was answered that it is done: that takes two steps. */
  readonly #unanswered = new Set<string>();
  /** Each login that an identity ever had. */
  readonly #held = new Set<string>();
  /** Logins that one of here ever had. */
  readonly #heldHere = new Set<string>();

  constructor(world: Evidence, bars: BarJudge) {
    this.#world = world;
    this.#bars = bars;
  }

  /** Ids that an operator wants to be gone. */
  asked(lines: readonly FileLine[], identityPoolId: IdentityPoolId): readonly string[] {
    const told = lines.flatMap((line) => {
      const said = saidBy(line, identityPoolId, this.#world.login);
      if (said.kind === "freed" && !this.#isDone(said.loginId)) this.#unanswered.add(said.loginId);
      return said.kind === "restored" ? [said.told] : [];
    });
    this.#told.push(...told);
    return told.flatMap(({ identityId, standing }) => (standing === "deleted" ? [identityId] : []));
  }

  /** An identity is to be made, or to gain logins, by an import's word: somebody's lines say so. What is linked for it, if anything. */
  restores({ identityId, identityPoolId, standing, restores }: RestoreOrder): LinkOrder | null {
    const logins = standing.kind === "linked" ? standing.logins : [];
    const ids = idsOf(logins.toSorted((one, other) => (one.loginId < other.loginId ? -1 : 1)));
    const isTold = this.#told.some((told) => {
      return told.identityId === identityId && told.standing === standing.kind && told.loginIds.join() === ids;
    });
    if (!isTold)
      this.#violate(`${identityId} is to be restored as ${standing.kind} with [${ids}], and no line says so`);
    this.#world.sources?.judge.imports(identityId);
    // Whoever is sent on to it may be the first who comes.
    if (standing.kind === "merged") this.#world.sources?.judge.imports(standing.into);
    if (standing.kind !== "linked") return null;
    const adopts = [{ identityIds: [identityId], loginIds: logins.map(({ loginId }) => loginId) }];
    return { identityId, identityPoolId, logins, absorb: [], guest: null, isBirth: false, adopts, restores };
  }

  /** Whether an identity that was not here before is made by a line as this. */
  isMade(before: StoredRecord | null, after: StoredRecord): boolean {
    return before === null && this.#makersOf(after).length > 0;
  }

  stored(name: string, before: StoredRecord | null, after: StoredRecord | null): void {
    if (!this.isUsed || after === null) return;
    const { origin, barred } = upgraded(after);
    for (const { loginId } of after.logins) {
      this.#held.add(`${name} ${loginId}`);
      if (origin === "here") this.#heldHere.add(loginId);
    }
    // Of what an import bars of one that lives, the record is the only witness; that it must, is seen when the import is answered.
    this.#bars.bar(name, barred);
    if (!this.isMade(before, after)) return;
    const loginIds = after.logins.map(({ loginId }) => loginId).toSorted();
    const is = wordsOf({ ...toldBy(after), loginIds, barred, origin });
    const told = this.#makersOf(after).map(wordsOf);
    if (!told.includes(is)) this.#violate(`${name} is made as ${is}, and told is ${told.join(" or ")}`);
  }

  /** What an operator is answered for his lines. */
  answered(lines: readonly FileLine[], identityPoolId: IdentityPoolId, verdicts: readonly Verdict[]): void {
    for (const [index, line] of lines.entries()) {
      const said = saidBy(line, identityPoolId, this.#world.login);
      const { Verdict: verdict, Reason: reason } = verdicts[index] ?? { Verdict: "not answered" };
      switch (verdict) {
        case "imported":
        case "adopted":
        case "unchanged":
          if (said.kind === "restored") this.#judgeBars(said.told);
          if (said.kind === "freed") this.#settled(said.loginId);
          this.#done.push(said);
          break;
        case "gone":
          this.#world.network.coverage.hit("F24 an import tells of what was deleted here");
          if (said.kind === "freed" || this.#standingOf(idOf(said)) !== "deleted")
            this.#violate(`${JSON.stringify(line)} is said to be gone, and is not`);
          break;
        case "busy":
          break;
        case "conflict":
          this.#world.network.coverage.hit("F24 an import tells otherwise than it is here");
          break;
        default:
          this.#violate(`${JSON.stringify(line)} is ${verdict}: ${reason}`);
      }
    }
    this.#judgeDone();
  }

  /** Whether a login may be settled and in no list of those that are: also where a line of another origin settled that of one of here. */
  mayBeUnlisted(loginId: string): boolean {
    return this.#unanswered.has(loginId) || (this.#world.sources === null && this.#heldHere.has(loginId));
  }

  /** At rest; null when all that was answered still holds. */
  unrest(isListed: (identityId: string) => boolean): string | null {
    this.#judgeDone();
    const lost = this.#done.find((said) => {
      return said.kind === "listed" && this.#standingOf(said.identityId) === null && !isListed(said.identityId);
    });
    return lost === undefined ? null : `restored-as-told: ${idOf(lost)} was imported, and no list has it`;
  }

  #isDone(loginId: string): boolean {
    return this.#done.some((said) => said.kind === "freed" && said.loginId === loginId);
  }

  #settled(loginId: string): void {
    this.#unanswered.delete(loginId);
    this.#world.sources?.judge.isSettled(loginId);
  }

  #judgeDone(): void {
    for (const said of this.#done) {
      const lapse = said.kind === "restored" ? this.#lapseOf(said.told) : this.#lapseOfLogin(said);
      if (lapse !== null) this.#violate(lapse);
    }
  }

  /** What a line bars is barred as soon as it is answered, unless the identity has had a login of that provider. */
  #judgeBars({ identityId, barred }: Told): void {
    const record = this.#world.identities.get(identityId)?.stored ?? null;
    if (record === null || (record.standing.kind !== "guest" && record.standing.kind !== "linked")) return;
    const { barred: bars } = upgraded(record);
    const wasHeld = (name: string) =>
      [...this.#held].some((held) => {
        const [id = "", loginId = ""] = held.split(" ");
        return id === identityId && loginNamed(loginId)?.providerName === name;
      });
    const missing = barred.find((name) => !bars.includes(name) && !wasHeld(name));
    if (missing !== undefined) this.#violate(`${identityId} was told to bar ${missing}, and does not`);
  }

  #lapseOf({ identityId, standing, into, loginIds }: Told): string | null {
    const is = this.#standingOf(identityId);
    const words = `${identityId} was told as ${standing}, and is ${is}`;
    if (is === null) return words;
    if (standing === "linked") {
      const missing = loginIds.find((loginId) => !this.#held.has(`${identityId} ${loginId}`));
      return missing === undefined ? null : `${identityId} was told to have ${missing}, and never had it`;
    }
    if (standing === "guest" || is === "deleted") return null;
    const record = this.#world.identities.get(identityId)?.stored?.standing;
    const isOther = record?.kind === "merged" && record.into !== into;
    return is !== standing || isOther ? words : null;
  }

  #lapseOfLogin(said: Said): string | null {
    if (said.kind !== "freed" || this.#world.logins.get(said.loginId)?.stored?.settled === true) return null;
    return `${said.loginId} was told to be nobody's for good, and may be asked about`;
  }

  #makersOf({ identityId, createdAt }: StoredRecord): readonly Told[] {
    return this.#told.filter((told) => told.identityId === identityId && told.createdAt === createdAt);
  }

  #standingOf(identityId: string): string | null {
    return this.#world.identities.get(identityId)?.stored?.standing.kind ?? null;
  }

  #violate(words: string): void {
    this.#world.network.violate(`restored-as-told: ${words}`);
  }
}

function toldBy({ standing, isDisabled }: StoredRecord) {
  const into = standing.kind === "merged" ? standing.into : null;
  return { standing: standing.kind, into, isDisabled: isDisabled === true } as const;
}

function wordsOf(told: Omit<Told, "identityId" | "createdAt">): string {
  const { standing, into, loginIds, barred, isDisabled, origin } = told;
  const bars = `bars [${barred.toSorted().join(" ")}]`;
  return [standing, into ?? "", `[${loginIds.join(" ")}]`, bars, isDisabled ? "disabled" : "", origin].join(" ");
}

function idOf(said: Said): string {
  return said.kind === "restored" ? said.told.identityId : said.kind === "listed" ? said.identityId : said.loginId;
}
