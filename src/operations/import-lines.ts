/** One line of an import: read by the shape of its kind, and judged as far as it can be without asking anybody. Pure. */
import { err, ok, type Result } from "../domain/errors.ts";
import { type IdentityId, isMadeIn, parseIdentityId } from "../domain/identifiers.ts";
import type { ImportedIdentity } from "../domain/imported-identity.ts";
import { isObject } from "../domain/json.ts";
import { MAX_LINKED_LOGINS } from "../domain/login.ts";
import { goneLine, identityLine, loginLine } from "../protocol/import-shapes.ts";
import type { InputValueOf } from "../protocol/shape-language.ts";
import { validate } from "../protocol/validate.ts";

/** An identity that the line says more of than a list of Cognito's can. */
export type RestoredIdentity = Omit<InputValueOf<typeof identityLine>, "identityId" | "standing" | "mergedInto"> & {
  readonly identityId: IdentityId;
  readonly standing:
    | { readonly kind: "guest" | "closed" }
    | { readonly kind: "linked" }
    | { readonly kind: "merged"; readonly into: IdentityId };
};

export type ImportLine =
  /** For the import list: whoever has its logins is to claim it. */
  | { readonly kind: "listed"; readonly identity: ImportedIdentity }
  | { readonly kind: "restored"; readonly identity: RestoredIdentity }
  | { readonly kind: "login"; readonly loginId: string; readonly providerName: string }
  | { readonly kind: "gone"; readonly identityId: IdentityId };

/** What is wrong with a line, for whoever wrote it: no subject, and no login. */
type Fault = string;

/** The line, of an identity of `region`. */
export function readLine(json: unknown, region: string): Result<ImportLine, Fault> {
  switch (isObject(json) && Object.hasOwn(json, "kind") ? json["kind"] : undefined) {
    case "login": {
      const line = validate(loginLine, json);
      if (!line.ok) return err(line.error.message);
      const { loginId, providerName, settled } = line.value;
      return settled
        ? ok({ kind: "login", loginId, providerName })
        : err("A login that is not settled is none to import.");
    }
    case "gone": {
      const line = validate(goneLine, json);
      if (!line.ok) return err(line.error.message);
      const identityId = idOfRegion(line.value.identityId, region);
      return identityId === undefined ? err(noIdOf(region)) : ok({ kind: "gone", identityId });
    }
    default: {
      const line = validate(identityLine, json);
      return line.ok ? readIdentity(line.value, region) : err(line.error.message);
    }
  }
}

/** The id that a line names, whatever else is wrong with it. */
export function idNamedBy(json: unknown): IdentityId | undefined {
  const text = isObject(json) && Object.hasOwn(json, "identityId") ? json["identityId"] : undefined;
  return typeof text === "string" ? parseIdentityId(text) : undefined;
}

function readIdentity(line: InputValueOf<typeof identityLine>, region: string): Result<ImportLine, Fault> {
  const { standing, mergedInto, ...rest } = line;
  const identityId = idOfRegion(line.identityId, region);
  if (identityId === undefined) return err(noIdOf(region));
  if (![line.createdAt, line.modifiedAt].every(isInstant)) return err("createdAt and modifiedAt are epoch seconds.");
  if (standing === "deleted") return ok({ kind: "gone", identityId });
  const loginCount = (line.developerUsers?.length ?? 0) + (line.links?.length ?? 0) + (line.loginIds?.length ?? 0);
  if (loginCount > MAX_LINKED_LOGINS) return err(`An identity can have at most ${MAX_LINKED_LOGINS} logins.`);
  if (mergedInto !== undefined && standing !== "merged") return err("mergedInto is for the standing merged.");
  const restored = { ...rest, identityId };
  switch (standing) {
    case undefined:
    case "disabled":
      if (loginCount === 0) return listed(line, identityId);
      if (standing === "disabled") return err("The standing disabled is one of a list, without logins.");
      return ok({ kind: "restored", identity: { ...restored, standing: { kind: "linked" } } });
    case "linked":
      if (loginCount === 0) return err("The standing linked has logins.");
      return ok({ kind: "restored", identity: { ...restored, standing: { kind: standing } } });
    case "merged": {
      if (loginCount > 0) return err("The standing merged has no logins.");
      const into = mergedInto === undefined ? undefined : idOfRegion(mergedInto, region);
      if (into === undefined || into === identityId) return err("mergedInto is the id of another identity.");
      return ok({ kind: "restored", identity: { ...restored, standing: { kind: standing, into } } });
    }
    default:
      if (loginCount > 0) return err(`The standing ${standing} has no logins.`);
      return ok({ kind: "restored", identity: { ...restored, standing: { kind: standing } } });
  }
}

function listed(
  { createdAt, modifiedAt, providers, standing, disabled, barred }: InputValueOf<typeof identityLine>,
  identityId: IdentityId,
): Result<ImportLine, Fault> {
  if (barred !== undefined && barred.length > 0)
    return err("An identity that is barred from a provider has a standing.");
  const identity = {
    identityId,
    providerNames: [...new Set(providers)].toSorted(),
    createdAt: createdAt ?? null,
    modifiedAt: modifiedAt ?? createdAt ?? null,
    isDisabled: standing === "disabled" || disabled === true,
  };
  return ok({ kind: "listed", identity });
}

/** What stands before and after the colon decides where an identity is listed. */
function idOfRegion(text: string, region: string): IdentityId | undefined {
  return isMadeIn(region, text) ? parseIdentityId(text) : undefined;
}

function noIdOf(region: string): Fault {
  return `identityId is no identity of the region ${region}.`;
}

/** The end of the year 9999. */
const LAST_INSTANT = 253_402_300_799;

function isInstant(at: number | undefined): boolean {
  return at === undefined || (at >= 0 && at <= LAST_INSTANT);
}
