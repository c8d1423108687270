/** The logins of the simulated people: few, the same in each schedule, and never changed. */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import { developerLoginIdOf } from "./platform.ts";
import { DEVELOPER, POOL_ID } from "./settings.ts";

/** By pool, provider and subject: a map each, since to put a key together costs more than to find it. */
const logins = new Map<IdentityPoolId, Map<string, Map<string, VerifiedLogin>>>();
const pools = new Map<string, IdentityPoolId>();
const byId = new Map<string, VerifiedLogin>();

/** A login is of one pool: the same person is somebody else in another. */
export function loginOf(identityPoolId: IdentityPoolId, providerName: string, subject: string): VerifiedLogin {
  const known = logins.get(identityPoolId)?.get(providerName)?.get(subject);
  return known ?? newLogin(identityPoolId, providerName, subject);
}

export function loginNamed(loginId: string): VerifiedLogin | undefined {
  return byId.get(loginId);
}

export function poolOfLogin(loginId: string): IdentityPoolId | undefined {
  return pools.get(loginId);
}

function newLogin(identityPoolId: IdentityPoolId, providerName: string, subject: string): VerifiedLogin {
  const amr = [providerName, `${providerName}:${identityPoolId}:${subject}`];
  const place = identityPoolId === POOL_ID ? "" : ` of ${identityPoolId}`;
  const login: VerifiedLogin =
    providerName === DEVELOPER
      ? {
          providerName,
          subject,
          loginId: developerLoginIdOf(identityPoolId, providerName, subject),
          isDeveloper: true,
          amr,
        }
      : { providerName, subject, loginId: `${providerName}/${subject}${place}`, amr };
  let ofPool = logins.get(identityPoolId);
  if (ofPool === undefined) logins.set(identityPoolId, (ofPool = new Map()));
  let ofProvider = ofPool.get(providerName);
  if (ofProvider === undefined) ofPool.set(providerName, (ofProvider = new Map()));
  ofProvider.set(subject, login);
  pools.set(login.loginId, identityPoolId);
  byId.set(login.loginId, login);
  return login;
}
