/** An identity of the import list: an operator's word that Cognito has it, until its own user claims it. Pure data. */
import type { IdentityId } from "./identifiers.ts";

/** Dates are epoch seconds, as Cognito lists them, and null where the list did not say. */
export type ImportedIdentity = {
  readonly identityId: IdentityId;
  /** Names alone: whose the logins are, nobody can list. */
  readonly providerNames: readonly string[];
  readonly createdAt: number | null;
  readonly modifiedAt: number | null;
  readonly isDisabled: boolean;
};
