/** The logins of the simulated people: few, the same in each schedule, and never changed. */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import { hashOfLogin } from "./platform.ts";
import { DEVELOPER, POOL_ID } from "./settings.ts";

/** By pool, provider and subject: a map each, since to put a key together costs more than to find it. */
type Known = Map<IdentityPoolId, Map<string, Map<string, VerifiedLogin>>>;
const named: Known = new Map();
const hashed: Known = new Map();
const pools = new Map<string, IdentityPoolId>();
const byId = new Map<string, VerifiedLogin>();

/** A login is of one pool: the same person is somebody else in another. Of public ones the id is a short name. */
export function loginOf(identityPoolId: IdentityPoolId, providerName: string, subject: string): VerifiedLogin {
  return (
    knownIn(named, identityPoolId, providerName, subject) ?? newLogin(named, identityPoolId, providerName, subject)
  );
}

/** The same with the ids that production gives them. */
export function hashedLoginOf(identityPoolId: IdentityPoolId, providerName: string, subject: string): VerifiedLogin {
  return (
    knownIn(hashed, identityPoolId, providerName, subject) ?? newLogin(hashed, identityPoolId, providerName, subject)
  );
}

export function loginNamed(loginId: string): VerifiedLogin | undefined {
  return byId.get(loginId);
}

export function poolOfLogin(loginId: string): IdentityPoolId | undefined {
  return pools.get(loginId);
}

function knownIn(known: Known, identityPoolId: IdentityPoolId, providerName: string, subject: string) {
  return known.get(identityPoolId)?.get(providerName)?.get(subject);
}

function newLogin(known: Known, identityPoolId: IdentityPoolId, providerName: string, subject: string): VerifiedLogin {
  const amr = [providerName, `${providerName}:${identityPoolId}:${subject}`];
  const name = `${providerName}/${subject}${identityPoolId === POOL_ID ? "" : ` of ${identityPoolId}`}`;
  const isDeveloper = providerName === DEVELOPER;
  const parts = [...(isDeveloper ? ["developer"] : []), identityPoolId, providerName, subject];
  const loginId = isDeveloper || known === hashed ? hashOfLogin(parts, name) : name;
  const login: VerifiedLogin = { providerName, subject, loginId, ...(isDeveloper && { isDeveloper: true }), amr };
  let ofPool = known.get(identityPoolId);
  if (ofPool === undefined) known.set(identityPoolId, (ofPool = new Map()));
  let ofProvider = ofPool.get(providerName);
  if (ofProvider === undefined) ofPool.set(providerName, (ofProvider = new Map()));
  ofProvider.set(subject, login);
  pools.set(login.loginId, identityPoolId);
  byId.set(login.loginId, login);
  return login;
}
