/**
 * What is promised of a pool's settings, and of its roles and its tags, which have a judge of their own each: whoever asks the
 * pool is told those that were given last (invariant latest-settings). Each change has a name of its own.
 */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { Network } from "./network.ts";

/** One call to give settings, which counts at some moment between its two ends; one without an answer may count at any later time. */
type Write = { readonly name: string; readonly calledAtMs: number; endedAtMs: number };

export class SettingsJudge {
  readonly #network: Pick<Network, "nowMs" | "violate" | "faults">;
  readonly #what: string;
  readonly #firstName: (identityPoolId: IdentityPoolId) => string | undefined;
  readonly #writes = new Map<IdentityPoolId, Write[]>();
  readonly #deletedAtMs = new Map<IdentityPoolId, number>();

  /** `firstName`: what a pool has before anybody gives it anything; undefined: nobody can say. */
  constructor(
    network: Pick<Network, "nowMs" | "violate" | "faults">,
    what: string,
    firstName: (identityPoolId: IdentityPoolId) => string | undefined,
  ) {
    this.#network = network;
    this.#what = what;
    this.#firstName = firstName;
  }

  /** Whether any were given, or may have been. */
  get isConcerned(): boolean {
    return this.#writes.size > 0;
  }

  /** Returns whom to tell that it was answered. */
  asksToGive(identityPoolId: IdentityPoolId, name: string): () => void {
    const writes = this.#writesOf(identityPoolId);
    // However often a call comes, it gives once (invariant no-second-effect).
    let write = writes.find((one) => one.name === name);
    if (write === undefined) {
      write = { name, calledAtMs: this.#network.nowMs, endedAtMs: Number.POSITIVE_INFINITY };
      writes.push(write);
    }
    const given = write;
    return () => {
      given.endedAtMs = Math.min(given.endedAtMs, this.#network.nowMs);
    };
  }

  /** Before whatever else was given: a creation that comes again gives nothing. */
  created(identityPoolId: IdentityPoolId, name: string): void {
    const writes = this.#writesOf(identityPoolId);
    if (!writes.some((write) => write.name === name)) writes.push(firstOf(name));
  }

  deleted(identityPoolId: IdentityPoolId): void {
    if (!this.#deletedAtMs.has(identityPoolId)) this.#deletedAtMs.set(identityPoolId, this.#network.nowMs);
  }

  /** The pool itself was asked at `askedAtMs`, and has answered with the settings of that name. */
  read(identityPoolId: IdentityPoolId, name: string, askedAtMs: number): void {
    const deletedAtMs = this.#deletedAtMs.get(identityPoolId) ?? Number.POSITIVE_INFINITY;
    if (deletedAtMs < askedAtMs)
      this.#network.violate(`latest-settings: ${identityPoolId} is deleted, and its ${this.#what} are read`);
    const writes = this.#writesOf(identityPoolId);
    // A message of a call without an id, as settings have them, gives again what it gave when it arrives again.
    if (this.#what === "settings" && this.#network.faults.hasStruck("duplicate")) return;
    const isCurrent = writes.some((write) => {
      const isLater = ({ calledAtMs, endedAtMs }: Write) => calledAtMs > write.endedAtMs && endedAtMs < askedAtMs;
      return write.name === name && !writes.some(isLater);
    });
    if (isCurrent) return;
    this.#network.violate(
      `latest-settings: ${identityPoolId} is read as ${name}, and newer ${this.#what} were acknowledged`,
    );
  }

  #writesOf(identityPoolId: IdentityPoolId): Write[] {
    let writes = this.#writes.get(identityPoolId);
    if (writes === undefined) {
      const name = this.#firstName(identityPoolId);
      writes = name === undefined ? [] : [firstOf(name)];
      this.#writes.set(identityPoolId, writes);
    }
    return writes;
  }
}

function firstOf(name: string): Write {
  return { name, calledAtMs: Number.NEGATIVE_INFINITY, endedAtMs: Number.NEGATIVE_INFINITY };
}
