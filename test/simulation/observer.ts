/** Recognises the fault points that depend on what the storage holds at that moment, and counts them; judges nothing. */
import type { IdentityId } from "../../src/domain/identifiers.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { Message } from "../../src/linking/messages.ts";
import type { LoginState } from "../../src/linking/participant.ts";
import type { PoolRecord } from "../../src/pools/pool-host.ts";
import type { Network } from "./network.ts";
import type { AnySlot, Life, SlotKind } from "./slots.ts";

type Stores = {
  readonly network: Network;
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
  readonly logins: ReadonlyMap<string, { readonly stored: LoginState | null }>;
};

/** A request that a client waits for, by what it is about. */
export type InFlight = {
  readonly kind: "resolve" | "unlink" | "delete" | "other";
  readonly identityId: IdentityId | null;
  readonly loginIds: readonly string[];
  readonly from: readonly string[];
};

const STORAGE_THROWS = {
  identity: "F8 an identity's storage throws",
  login: "F8 a login's storage throws",
  pool: "F8 a pool's storage throws",
  directory: "F8 a directory's storage throws",
  "pool directory": "F8 a directory's storage throws",
  "key ring": "F8 a key ring's storage throws",
  issuer: "F8 an issuer's storage throws",
} as const satisfies Record<SlotKind, string>;

export class Observer {
  readonly inFlight = new Set<InFlight>();
  readonly #world: Stores;
  /** Logins that each transaction has asked to be reserved, by its id. */
  readonly #asked = new Map<string, string[]>();
  /** Whether the record was last written by older code. */
  readonly #isByOlder = new Map<string, boolean>();

  constructor(world: Stores) {
    this.#world = world;
  }

  get #coverage() {
    return this.#world.network.coverage;
  }

  storageThrew(slot: AnySlot): void {
    this.#coverage.hit(STORAGE_THROWS[slot.kind]);
    if (slot.isAlarmRunning) this.#coverage.hit("F7 an alarm meets a failing storage");
  }

  diedBeforeSave(slot: AnySlot, before: unknown, value: unknown): void {
    if (isReservation(slot, before, value)) this.#coverage.hit("F1 an object dies before a reservation is stored");
  }

  diedAfterSave(slot: AnySlot, before: unknown, value: unknown): void {
    if (isReservation(slot, before, value)) this.#coverage.hit("F1 an object dies after a reservation is stored");
  }

  /** What a coordinator prepares, it says to nobody but those that take part. */
  sent(message: Message): void {
    if (message.kind !== "reserve") return;
    const { transactionId, loginId } = message;
    const asked = this.#asked.get(transactionId);
    if (asked === undefined) this.#asked.set(transactionId, [loginId]);
    else asked.push(loginId);
  }

  died(slot: AnySlot): void {
    if (slot.kind !== "identity") return;
    const transaction = this.#world.identities.get(slot.name)?.stored?.transaction ?? null;
    if (this.#hasReserved(slot.name, transaction?.id)) {
      this.#coverage.hit("F2 a coordinator dies with all logins reserved and nothing committed");
    }
    if (transaction?.phase === "committed") {
      const isFirst = transaction.unsettled.length === transaction.wanted.length + transaction.absorbed.length;
      this.#coverage.hit(
        isFirst
          ? "F3 a coordinator dies after the commit, before the first confirmation"
          : "F3 a coordinator dies after the commit, between two confirmations",
      );
    }
  }

  /** Whether all logins of one of its transactions are reserved, other than of the one that it has stored. */
  #hasReserved(name: string, stored: string | undefined): boolean {
    for (const { stored: login } of this.#world.logins.values()) {
      const reservation = login?.reservation ?? null;
      if (reservation?.coordinator !== name || reservation.transactionId === stored) continue;
      const { transactionId } = reservation;
      const asked = this.#asked.get(transactionId) ?? [];
      const isWhole = asked.every((loginId) => {
        return this.#world.logins.get(loginId)?.stored?.reservation?.transactionId === transactionId;
      });
      if (isWhole) return true;
    }
    return false;
  }

  woke(name: string, life: Life): void {
    const isByOlder = this.#isByOlder.get(name);
    if (isByOlder === undefined || isByOlder === life.isOlder) return;
    this.#coverage.hit(
      life.isOlder
        ? "F12 older code wakes on what newer code stored"
        : "F12 newer code wakes on what older code stored",
    );
  }

  stored(slot: AnySlot, before: unknown, value: unknown, life: Life): void {
    if (slot.kind === "pool" && isDeletion(before, value) && this.#hasInFlight(({ loginIds }) => loginIds.length > 0)) {
      this.#coverage.hit("F13 a pool is deleted between verification and commit");
    }
    if (slot.kind !== "identity") return;
    this.#isByOlder.set(slot.name, life.isOlder);
    const from = before as StoredRecord | null;
    const to = value as StoredRecord | null;
    if (from === null || to === null) return;
    const isDeleted = to.standing.kind === "deleted" && from.standing.kind !== "deleted";
    if (isDeleted && this.#hasInFlight(({ kind, identityId }) => kind === "resolve" && identityId === slot.name)) {
      this.#coverage.hit("F15 an identity is deleted while a mint waits");
    }
    if (isDeleted || to.unlinked.length === 0 || to.releases.length <= from.releases.length) return;
    const ended = new Set(to.releases.map(({ loginId }) => loginId));
    if (this.#hasInFlight(({ kind, loginIds }) => kind === "resolve" && loginIds.some((one) => ended.has(one)))) {
      this.#coverage.hit("F14 a login is unlinked while a request links it");
    }
  }

  /** A client asks again: whether an earlier attempt had done it already. */
  repeats({ kind, identityId, loginIds, from }: InFlight): void {
    const record = this.#world.identities.get(identityId ?? "")?.stored ?? null;
    const owners = new Set(loginIds.map((loginId) => this.#world.logins.get(loginId)?.stored?.owner?.identityId));
    const isDone =
      (kind === "resolve" && owners.size === 1 && !owners.has(undefined)) ||
      (kind === "delete" && (record === null || record.standing.kind === "deleted")) ||
      (kind === "unlink" && record?.logins.some(({ providerName }) => from.includes(providerName)) === false);
    if (isDone) this.#coverage.hit("F4 what was done is not answered, and the client asks again");
  }

  #hasInFlight(test: (request: InFlight) => boolean): boolean {
    for (const request of this.inFlight) if (test(request)) return true;
    return false;
  }
}

function isDeletion(before: unknown, value: unknown): boolean {
  const [from, to] = [before, value] as readonly (PoolRecord | null)[];
  return from?.state === "live" && to?.state === "deleted";
}

function isReservation(slot: AnySlot, before: unknown, value: unknown): boolean {
  if (slot.kind !== "login") return false;
  const [from, to] = [before, value] as readonly (LoginState | null)[];
  return (from?.reservation ?? null) === null && (to?.reservation ?? null) !== null;
}
