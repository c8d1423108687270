/** Lines of an import as a schedule plans them, and as they stand in a file. */
import { identityIdOf, type IdentityId } from "../../src/domain/identifiers.ts";

export type FileLine = Readonly<Record<string, unknown>>;

/** One line of an import, before it is known whom it is about. */
export type LinePlan = {
  /** `listed` says no standing, `freed` is a login's. */
  readonly says: "listed" | "linked" | "guest" | "closed" | "merged" | "gone" | "freed";
  /** Picks among the ids that are known by then. */
  readonly target: number;
  /** Logins: provider names and subjects. */
  readonly tokens: readonly (readonly [providerName: string, subject: string])[];
  readonly users: readonly string[];
  readonly barred: readonly string[];
  readonly isDisabled: boolean;
};

/** Identities of another deployment, which nobody here has heard of: devices keep their ids. */
export const FOREIGN_IDS: readonly IdentityId[] = [1, 2, 3].map((count) => {
  return identityIdOf("r", `f0000000-0000-4000-9000-00000000000${count}`);
});
