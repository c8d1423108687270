/** The four operations that anybody may call: F4 to F9, F11. */
import { CognitoError, forbidden, invalidParameter, loginsDoNotMatch, notAuthorized } from "./cognito-error.ts";
import { amrOf, type Cognito, poolOf, subjectOf } from "./cognito-parts.ts";
import type { Identity, Pool } from "./cognito-store.ts";
import { bringTogether, unlink } from "./link-rules.ts";
import type { PresentedLogin } from "./login-check.ts";
import { TOKEN_SECONDS } from "./own-tokens.ts";

type Logins = Readonly<Record<string, string>>;

const OWN_NAME = "cognito-identity.amazonaws.com";
const SAML_ARN = /^arn:aws:iam::\d+:saml-provider\//;
const CREDENTIALS_SECONDS = 3600;

export async function getId(
  { store, loginCheck }: Cognito,
  input: { readonly IdentityPoolId: string; readonly Logins?: Logins },
): Promise<object> {
  const pool = poolOf(store.pool(input.IdentityPoolId), input.IdentityPoolId);
  if (Object.keys(input.Logins ?? {}).length === 0) {
    requireGuests(pool);
    const guest = store.born(pool.IdentityPoolId);
    store.change(guest);
    return { IdentityId: guest.identityId };
  }
  const logins = await loginCheck.verify(pool, input.Logins ?? {});
  return { IdentityId: bringTogether(store, pool, undefined, logins).identityId };
}

export async function getOpenIdToken(
  cognito: Cognito,
  input: { readonly IdentityId: string; readonly Logins?: Logins },
): Promise<object> {
  const { pool } = subjectOf(cognito, input.IdentityId);
  if (pool.AllowClassicFlow === false) {
    throw invalidParameter("Basic (classic) flow is not enabled, please use enhanced flow.");
  }
  if (Object.keys(cognito.store.rolesOf(pool.IdentityPoolId).RoleMappings ?? {}).length > 0) {
    throw invalidParameter("Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.");
  }
  if (Object.keys(input.Logins ?? {}).some((name) => SAML_ARN.test(name))) {
    throw invalidParameter("Basic (classic) flow is not supported with SAML, please use enhanced flow.");
  }
  const { identity, amr } = await admit(cognito, input);
  return { IdentityId: identity.identityId, Token: await cognito.tokens.mint(identity, amr, TOKEN_SECONDS) };
}

export async function getCredentialsForIdentity(
  cognito: Cognito,
  input: { readonly IdentityId: string; readonly Logins?: Logins },
): Promise<object> {
  const { identity } = await admit(cognito, input);
  const kind = identity.standing === "guest" ? "unauthenticated" : "authenticated";
  if (cognito.store.rolesOf(identity.identityPoolId).Roles?.[kind] === undefined) {
    throw new CognitoError(
      "InvalidIdentityPoolConfigurationException",
      "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
    );
  }
  const drawn = () => crypto.randomUUID().replaceAll("-", "");
  return {
    IdentityId: identity.identityId,
    Credentials: {
      AccessKeyId: `ASIA${drawn().slice(0, 16).toUpperCase()}`,
      SecretKey: `${drawn()}${drawn()}`.slice(0, 40),
      SessionToken: `${drawn()}${drawn()}==`,
      Expiration: Math.floor(Date.now() / 1000) + CREDENTIALS_SECONDS,
    },
  };
}

export async function unlinkIdentity(
  cognito: Cognito,
  input: { readonly IdentityId: string; readonly Logins: Logins; readonly LoginsToRemove: readonly string[] },
): Promise<void> {
  const { pool } = subjectOf(cognito, input.IdentityId);
  const logins = await cognito.loginCheck.verify(pool, input.Logins);
  const { identity } = subjectOf(cognito, input.IdentityId);
  if (identity.standing !== "linked") throw forbidden(input.IdentityId);
  if (!logins.some((login) => isOf(cognito, identity, login))) throw loginsDoNotMatch();
  unlink(cognito.store, identity, ({ providerName }) => input.LoginsToRemove.includes(providerName));
}

type Admitted = { readonly identity: Identity; readonly amr: readonly string[] };

/** What a token and credentials have in common: who is let in as whom, and what is linked by that. */
async function admit(
  cognito: Cognito,
  { IdentityId, Logins = {} }: { readonly IdentityId: string; readonly Logins?: Logins },
): Promise<Admitted> {
  const { identity, pool } = subjectOf(cognito, IdentityId);
  const own = Logins[OWN_NAME];
  if (own !== undefined) {
    const subject = await cognito.tokens.subjectOf(own);
    if (subject !== IdentityId) throw loginsDoNotMatch();
    return { identity, amr: ["authenticated"] };
  }
  if (Object.keys(Logins).length === 0) {
    if (identity.standing !== "guest") throw forbidden(IdentityId);
    requireGuests(pool);
    return { identity, amr: ["unauthenticated"] };
  }
  const logins = await cognito.loginCheck.verify(pool, Logins);
  // The world has moved on while the tokens were verified.
  const linked = bringTogether(cognito.store, pool, subjectOf(cognito, IdentityId).identity, logins);
  return { identity: linked, amr: amrOf(logins) };
}

function requireGuests(pool: Pool): void {
  if (!pool.AllowUnauthenticatedIdentities) {
    throw notAuthorized("Unauthenticated access is not supported for this identity pool.");
  }
}

function isOf({ store }: Cognito, identity: Identity, login: PresentedLogin): boolean {
  return store.ownerOf(identity.identityPoolId, login)?.identityId === identity.identityId;
}
