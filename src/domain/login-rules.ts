/**
 * The rules that a login token is judged by, each by a name. Whoever judges tells of each rule what it expects and what is there, if
 * somebody listens: the explanation of a verdict is told by the verdict itself, and no second list of rules could say otherwise. Pure.
 */
import { printableAscii } from "./printable.ts";
import type { Client } from "./proven-login.ts";

export type LoginRule =
  | "pool-has-providers"
  | "not-developer-provider"
  | "verifiable-provider"
  | "provider-in-pool"
  | "form"
  | "header-members"
  | "token-type"
  | "key-id"
  | "algorithm"
  | "issuer"
  | "required-claims"
  | "token-kind"
  | "expiry"
  | "not-before"
  | "issued-at"
  | "subject"
  | "audience"
  | "issuer-address"
  | "issuer-keys"
  | "signing-key"
  | "signature"
  | "still-signed-in"
  | "provider-verdict";

/**
 * Called once a rule's turn has come, before anything after it is judged. `found` is what a claim says, or our words for what is there:
 * never a subject, a signature or anything of an access token. Absent: there is nothing.
 */
export type TellRule = (rule: LoginRule, expected: string, found?: unknown) => void;

export type RuleOutcome = {
  readonly rule: LoginRule;
  readonly outcome: "passed" | "failed" | "not-reached";
  /** Absent of a rule that was not reached. */
  readonly expected?: string;
  /** Up to 64 printable characters. */
  readonly found?: string;
};

const MAX_FOUND_LENGTH = 64;

/** Listens to the verdict on one login. */
export class ToldRules {
  readonly #told: Omit<RuleOutcome, "outcome">[] = [];

  readonly tell: TellRule = (rule, expected, found) => {
    // Told again, it was judged again (by newer keys of the issuer), and so will be what comes after it.
    const before = this.#told.findIndex((told) => told.rule === rule);
    if (before >= 0) this.#told.length = before;
    this.#told.push({ rule, expected, ...(found !== undefined && { found: foundText(found) }) });
  };

  /** `rules` are all that the login could meet, in their order: what comes after the last that was told was not reached. */
  outcomes(isAccepted: boolean, rules: readonly LoginRule[]): readonly RuleOutcome[] {
    const last = this.#told.at(-1);
    const told = this.#told.map((one) => {
      return { ...one, outcome: one === last && !isAccepted ? "failed" : "passed" } as const;
    });
    const rest = last === undefined ? rules : rules.slice(rules.indexOf(last.rule) + 1);
    return [...told, ...rest.map((rule) => ({ rule, outcome: "not-reached" }) as const)];
  }
}

function foundText(found: unknown): string {
  const text = typeof found === "string" ? found : JSON.stringify(found);
  return printableAscii(text).slice(0, MAX_FOUND_LENGTH);
}

/** An instant as people read it, beside the epoch seconds that a claim has; of anything else the thing itself. */
export function instantText(value: unknown): unknown {
  const date = new Date(typeof value === "number" ? value * 1000 : Number.NaN);
  return Number.isNaN(date.getTime()) ? value : `${String(value)} (${date.toISOString().slice(0, 19)}Z)`;
}

/** Whether a pool has a provider at all shows in its clients. */
export function tellInPool(clients: readonly Client[], tell?: TellRule): void {
  tell?.("provider-in-pool", "the pool has a client of this provider", clients.length > 0 ? anyOf(clients) : undefined);
}

/** Client ids alone: what a pool holds beside them may be a secret. */
export function anyOf(clients: readonly Client[]): string {
  return clients.map(({ clientId }) => clientId).join(" or ");
}
