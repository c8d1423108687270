/** The verification of login tokens, as far as the simulation has it: it takes time, and an issuer may fail. */
import type { ServiceError } from "../../src/domain/errors.ts";
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { Surroundings } from "./surroundings.ts";

/** How long the issuer of a login takes to answer at most. */
export const SLOWEST_ISSUER_MS = 40;

export const ISSUER_UNREACHABLE: ServiceError = { type: "ExternalServiceException", message: "issuer unreachable" };

/** One login after the other: the issuer of a later one may fail when the first is verified already (F9). */
export function verified(
  { network, login }: Pick<Surroundings, "network" | "login">,
  identityPoolId: IdentityPoolId,
  tokens: ReadonlyMap<string, string>,
): readonly VerifiedLogin[] | null {
  const logins: VerifiedLogin[] = [];
  for (const [providerName, subject] of tokens) {
    if (logins.length > 0 && network.faults.strikes("issuer-fails")) {
      network.coverage.hit("F9 an issuer fails after the first login was verified");
      return null;
    }
    logins.push(login(identityPoolId, providerName, subject));
  }
  return logins;
}
