/** What a simulated object may use of the world that it lives in. */
import { identityPoolIdOf, type IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { Message, Reply } from "../../src/linking/messages.ts";
import type { Judge } from "./judge.ts";
import type { Life, Network, Slot } from "./network.ts";

export const POOL_ID: IdentityPoolId = identityPoolIdOf("r", "0");

export type Surroundings = {
  readonly network: Network;
  readonly judge: Judge;
  /** Unique, short to read, and equal in every run of the seed. */
  newName(letter: string): string;
  login(providerName: string, subject: string): VerifiedLogin;
  readPool(life: Life): Promise<IdentityPool | null>;
  /** One storage step, on either side of which its object may die; the dead store nothing. */
  store<N extends { alarm(): Promise<void> }, S>(life: Life, slot: Slot<N, S>, value: S | null, arm: () => void): void;
  /** A message from an object: a call that failed is a reply, as IdentityObject has it. */
  deliver(life: Life, message: Message): Promise<Reply>;
};
