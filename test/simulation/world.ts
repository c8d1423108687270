/** One simulated installation: a pool, its directory, logins and identities over one network, and the judge that watches. */
import type { IdentityId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import type { Message, Reply } from "../../src/linking/messages.ts";
import type { LoginState } from "../../src/linking/participant.ts";
import type { FaultPlan } from "./faults.ts";
import { Judge } from "./judge.ts";
import { type Life, Network, NetworkFailure, type Slot } from "./network.ts";
import { IdentityNode, type IdentitySlot, LoginNode, type LoginSlot } from "./nodes.ts";
import { POOL_ID, type Surroundings } from "./surroundings.ts";
import { DirectoryNode, type DirectoryState, PoolNode, type PoolState } from "./pool-nodes.ts";

const POOL: IdentityPool = { identityPoolId: POOL_ID, name: "pool", allowsUnauthenticated: true };
/** How long an isolate goes on seeing a pool as it was. */
const POOL_LIFE_MS = 30_000;

export class World implements Surroundings {
  readonly network: Network;
  readonly judge: Judge;
  readonly poolId = POOL_ID;
  readonly mergePolicy: "conflict" | "merge";
  readonly identities = new Map<string, IdentitySlot>();
  readonly logins = new Map<string, LoginSlot>();
  readonly directory: Slot<DirectoryNode, DirectoryState>;
  readonly pool: Slot<PoolNode, PoolState>;
  #poolCachedUntilMs = 0;
  #names = new Map<string, number>();

  constructor(plan: FaultPlan, mergePolicy: "conflict" | "merge", isTracing: boolean) {
    this.network = new Network(plan, isTracing);
    this.mergePolicy = mergePolicy;
    this.judge = new Judge(this);
    this.directory = this.network.addSlot("directory", (slot, life) => new DirectoryNode(this, slot, life));
    this.pool = this.network.addSlot("pool", (slot, life) => new PoolNode(this, slot, life));
  }

  /** t1, t2, …: unique, short to read, and equal in every run of the seed. */
  newName(letter: string): string {
    const count = (this.#names.get(letter) ?? 0) + 1;
    this.#names.set(letter, count);
    return `${letter}${count}`;
  }

  identity(identityId: IdentityId): IdentitySlot {
    let slot = this.identities.get(identityId);
    if (slot === undefined) {
      slot = this.network.addSlot<IdentityNode, IdentityRecord>(
        identityId,
        (own, life) => new IdentityNode(this, own, life),
      );
      this.identities.set(identityId, slot);
    }
    return slot;
  }

  loginSlot(loginId: string): LoginSlot {
    let slot = this.logins.get(loginId);
    if (slot === undefined) {
      slot = this.network.addSlot<LoginNode, LoginState>(loginId, (own, life) => new LoginNode(this, own, life));
      this.logins.set(loginId, slot);
    }
    return slot;
  }

  login(providerName: string, subject: string): VerifiedLogin {
    return { providerName, subject, loginId: `${providerName}/${subject}`, amr: [providerName] };
  }

  async readPool(life: Life): Promise<IdentityPool | null> {
    if (this.network.nowMs < this.#poolCachedUntilMs) return POOL;
    const isLive = await this.network.call(life, this.pool, "read", (node) => node.read());
    if (!isLive) return null;
    this.#poolCachedUntilMs = this.network.nowMs + POOL_LIFE_MS;
    return POOL;
  }

  /** One storage step, on either side of which its object may die; the dead store nothing. */
  store<N extends { alarm(): Promise<void> }, S>(life: Life, slot: Slot<N, S>, value: S | null, arm: () => void): void {
    const { network } = this;
    if (!life.isAlive) return;
    if (network.faults.strikes("crash-before-save")) {
      network.kill(life);
      return;
    }
    const before = slot.stored;
    slot.stored = value;
    arm();
    network.note(() => `${slot.name} stores ${shortly(value)}`);
    this.judge.stored(slot.name, before, value);
    if (network.faults.strikes("crash-after-save")) network.kill(life);
  }

  /** A message from an object: a call that failed is a reply, as IdentityObject has it. */
  async deliver(life: Life, message: Message): Promise<Reply> {
    try {
      return await this.#route(life, message);
    } catch (error) {
      if (error instanceof NetworkFailure) return { kind: "failed" };
      throw error;
    }
  }

  async #route(life: Life, message: Message): Promise<Reply> {
    const { network } = this;
    switch (message.kind) {
      case "reserve":
        return await network.call(life, this.loginSlot(message.loginId), `reserve ${message.transactionId}`, (node) => {
          return node.reserve(message);
        });
      case "release":
        await network.call(life, this.loginSlot(message.loginId), `release ${message.linkId}`, (node) => {
          node.release(message);
        });
        return { kind: "released" };
      case "freeze":
        return await network.call(
          life,
          this.identity(message.identityId),
          `freeze ${message.transactionId}`,
          (node) => {
            return node.freeze(message);
          },
        );
      case "settle": {
        const { participant, transactionId, outcome } = message;
        const label = `settle ${transactionId} ${outcome}`;
        await (participant.kind === "login"
          ? network.call(life, this.loginSlot(participant.loginId), label, (node) => node.settle(message))
          : network.call(life, this.identity(participant.identityId), label, (node) => node.settle(message)));
        return { kind: "settled" };
      }
      case "confirm-owner":
        return await network.call(life, this.identity(message.identityId), `confirm ${message.loginId}`, (node) => {
          return node.confirmOwner(message);
        });
      case "ask-outcome": {
        const label = `outcome of ${message.transactionId}`;
        const coordinator = this.identity(message.coordinator);
        return {
          kind: "outcome",
          outcome: await network.call(life, coordinator, label, (node) => node.outcome(message)),
        };
      }
      case "update-listing": {
        const label = `${message.change} ${message.identityId}`;
        const update = await network.call(life, this.directory, label, (node) => {
          return node.update(message.change, message.identityId);
        });
        return { kind: "listing", ...update };
      }
    }
  }
}

/** What a storage step wrote, short enough to read in a trace. */
function shortly(value: unknown): string {
  const text = JSON.stringify(value, (key, part: unknown) => {
    return [
      "version",
      "identityPoolId",
      "createdAt",
      "modifiedAt",
      "linkedAt",
      "startedAt",
      "since",
      "at",
      "subject",
      "providerName",
    ].includes(key)
      ? undefined
      : part;
  });
  return (text ?? "").replaceAll('"', "");
}
