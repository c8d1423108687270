/**
 * What Cognito keeps: pools, identities and which login is whose. In memory; with a file, each change is a line in it before the
 * call is answered, so that a process that is killed comes back with everything that it had acknowledged.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export type RoleMapping = { readonly Type: "Token" | "Rules" };

export type Pool = {
  readonly IdentityPoolId: string;
  readonly IdentityPoolName: string;
  readonly AllowUnauthenticatedIdentities: boolean;
  readonly AllowClassicFlow?: boolean;
  readonly SupportedLoginProviders?: Readonly<Record<string, string>>;
  readonly DeveloperProviderName?: string;
  readonly OpenIdConnectProviderARNs?: readonly string[];
  readonly CognitoIdentityProviders?: readonly { readonly ProviderName?: string; readonly ClientId?: string }[];
  readonly SamlProviderARNs?: readonly string[];
  readonly IdentityPoolTags?: Readonly<Record<string, string>>;
};

export type TagMap = { readonly UseDefaults?: boolean; readonly PrincipalTags?: Readonly<Record<string, string>> };

export type PoolRoles = {
  readonly Roles?: Readonly<Record<string, string>>;
  readonly RoleMappings?: Readonly<Record<string, RoleMapping>>;
  /** By provider. */
  readonly tagMaps?: Readonly<Record<string, TagMap>>;
};

export type Login = { readonly providerName: string; readonly subject: string };

export type Identity = {
  readonly identityId: string;
  readonly identityPoolId: string;
  /** `disabled` was merged into another; `closed` has lost its last login. */
  readonly standing: "guest" | "linked" | "closed" | "disabled";
  readonly mergedInto?: string;
  readonly logins: readonly Login[];
  /** Epoch seconds, with a fraction. */
  readonly createdAt: number;
  readonly modifiedAt: number;
};

type Line =
  | { readonly pool: Pool }
  | { readonly roles: PoolRoles; readonly of: string }
  | { readonly identity: Identity }
  | { readonly gone: string }
  | { readonly key: object };

function indexOf(identityPoolId: string, { providerName, subject }: Login): string {
  return JSON.stringify([identityPoolId, providerName, subject]);
}

export class CognitoStore {
  readonly region: string;
  readonly #file: string | undefined;
  readonly #pools = new Map<string, Pool>();
  readonly #roles = new Map<string, PoolRoles>();
  readonly #identities = new Map<string, Identity>();
  readonly #owners = new Map<string, string>();
  #key: object | undefined;

  constructor(region: string, file?: string) {
    this.region = region;
    this.#file = file;
    if (file === undefined || !existsSync(file)) return;
    const steps = readFileSync(file, "utf8").split("\n");
    // What follows the last line's end was never acknowledged.
    for (const step of steps.slice(0, -1)) for (const line of JSON.parse(step) as readonly Line[]) this.#apply(line);
  }

  pools(): readonly Pool[] {
    return [...this.#pools.values()];
  }

  pool(identityPoolId: string): Pool | undefined {
    return this.#pools.get(identityPoolId);
  }

  savePool(pool: Pool): void {
    this.#write({ pool });
  }

  /** With all of its identities. */
  deletePool(identityPoolId: string): void {
    const identities = this.identitiesOf(identityPoolId).map(({ identityId }) => ({ gone: identityId }));
    this.#write(...identities, { gone: identityPoolId });
  }

  rolesOf(identityPoolId: string): PoolRoles {
    return this.#roles.get(identityPoolId) ?? {};
  }

  saveRoles(identityPoolId: string, roles: PoolRoles): void {
    this.#write({ roles, of: identityPoolId });
  }

  identity(identityId: string): Identity | undefined {
    return this.#identities.get(identityId);
  }

  /** In the order of their creation. */
  identitiesOf(identityPoolId: string): readonly Identity[] {
    return [...this.#identities.values()].filter((identity) => identity.identityPoolId === identityPoolId);
  }

  ownerOf(identityPoolId: string, login: Login): Identity | undefined {
    return this.#identities.get(this.#owners.get(indexOf(identityPoolId, login)) ?? "");
  }

  /** A new guest, which is kept once it is handed to `change`. */
  born(identityPoolId: string): Identity {
    const now = Date.now() / 1000;
    const identityId = `${this.region}:${crypto.randomUUID()}`;
    return { identityId, identityPoolId, standing: "guest", logins: [], createdAt: now, modifiedAt: now };
  }

  /** All of them at one instant. */
  change(...changed: readonly Identity[]): void {
    const modifiedAt = Date.now() / 1000;
    this.#write(...changed.map((identity) => ({ identity: { ...identity, modifiedAt } })));
  }

  deleteIdentity(identityId: string): void {
    this.#write({ gone: identityId });
  }

  /** The key that signs, as a JWK. */
  get signingKey(): object | undefined {
    return this.#key;
  }

  saveSigningKey(key: object): void {
    this.#write({ key });
  }

  #write(...lines: readonly Line[]): void {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(lines)}\n`);
    for (const line of lines) this.#apply(line);
  }

  #apply(line: Line): void {
    if ("pool" in line) this.#pools.set(line.pool.IdentityPoolId, line.pool);
    else if ("roles" in line) this.#roles.set(line.of, line.roles);
    else if ("key" in line) this.#key = line.key;
    else if ("identity" in line) {
      this.#forget(line.identity.identityId);
      this.#identities.set(line.identity.identityId, line.identity);
      const { identityPoolId, logins, identityId } = line.identity;
      for (const login of logins) this.#owners.set(indexOf(identityPoolId, login), identityId);
    } else {
      this.#forget(line.gone);
      this.#identities.delete(line.gone);
      this.#pools.delete(line.gone);
      this.#roles.delete(line.gone);
    }
  }

  /** Its logins are nobody's, until another line says whose they are. */
  #forget(identityId: string): void {
    const before = this.#identities.get(identityId);
    for (const login of before?.logins ?? []) {
      const index = indexOf(before?.identityPoolId ?? "", login);
      if (this.#owners.get(index) === identityId) this.#owners.delete(index);
    }
  }
}
