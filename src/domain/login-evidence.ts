/**
 * What a verified login says of its user, while a role and tags are chosen by it. It goes no further than that choice: no claim is
 * ever stored, minted or logged by another way. Pure.
 */
import type { Members } from "./json.ts";
import { providerMeantBy } from "./mapped-providers.ts";
import { isUserPool } from "./provider-name.ts";

export type LoginEvidence = {
  /** In its one spelling: provider-name.ts. */
  readonly providerName: string;
  /** The client of the pool's that the login token was made for. */
  readonly clientId: string;
  /** Of an ID token all that it says, read when somebody asks; of an access token `iss`, `aud` and `sub`. */
  claims(): Members;
};

/** Whether a role mapping or a tag map under this key is for the login: mapped-providers.ts. */
export function isKeyOf(key: string, { providerName, clientId }: LoginEvidence): boolean {
  const meant = providerMeantBy(key);
  // Without a client a user pool is meant with all of them: a mapping that denies must not be passed by. Of no other provider is a
  // client named: `issuer.example:8443` is one with a port.
  return meant === providerName || (isUserPool(providerName) && meant === `${providerName}:${clientId}`);
}

/**
 * The texts of a claim: of a text itself, of a number or a boolean its JSON, of a list those of its elements that are one of
 * these. Of anything else none.
 */
export function textsOf(value: unknown): readonly string[] {
  const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
  return elements.flatMap((element) => textOf(element) ?? []);
}

/** A number that JavaScript cannot hold exactly has none: it would be one that the login did not have. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : JSON.stringify(value);
}
