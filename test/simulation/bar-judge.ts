/** What never comes back (invariant never-comes-back): of a provider that was unlinked from an identity, or that an import has barred. */
import type { LinkedLogin } from "../../src/domain/identity.ts";
import type { Network } from "./network.ts";

export class BarJudge {
  readonly #network: Pick<Network, "violate">;
  /** Providers by identity, until a login of theirs comes by a proof of another of its logins. */
  readonly #barred = new Map<string, Set<string>>();

  constructor(network: Pick<Network, "violate">) {
    this.#network = network;
  }

  bar(name: string, providerNames: readonly string[]): void {
    if (providerNames.length === 0) return;
    const barred = this.#barred.get(name) ?? new Set();
    this.#barred.set(name, barred);
    for (const providerName of providerNames) barred.add(providerName);
  }

  /** In a deployment that is restored from an export of another, what was barred there is barred. */
  goOnFrom(other: BarJudge): void {
    for (const [name, barred] of other.#barred) this.bar(name, [...barred]);
  }

  /** A commit by which an identity has gained logins; `isProved` where one of its own was proved as well. */
  gained(name: string, added: readonly LinkedLogin[], isProved: boolean, absorbed: readonly string[]): void {
    const barred = new Set([name, ...absorbed].flatMap((one) => [...(this.#barred.get(one) ?? [])]));
    for (const { loginId, providerName } of added) {
      if (barred.has(providerName) && !isProved)
        this.#network.violate(
          `never-comes-back: ${name} has ${loginId} again, and nobody proved another of its logins`,
        );
      barred.delete(providerName);
    }
    if (barred.size > 0 || this.#barred.has(name)) this.#barred.set(name, barred);
  }
}
