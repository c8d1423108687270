/** What an operation is given: the checked configuration, the objects, the keys, and every source of time and chance. */
import type { Binding } from "../bindings.ts";
import type { Config } from "../config.ts";
import { type AdminCredential, allowsPool } from "../domain/admin-credential.ts";
import type { Hash } from "../domain/digest.ts";
import { err, type Result, type ServiceError, serviceError } from "../domain/errors.ts";
import type { Grant } from "../domain/grant.ts";
import type { GrantWish, VerifiedForGrant } from "../domain/grant-access.ts";
import type { ClientCall } from "../domain/identity.ts";
import { type IdentityId, type IdentityPoolId, parseIdentityId, parseIdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { PoolSource } from "../domain/pool-source.ts";
import type { TellRule } from "../domain/login-rules.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import type { Trace } from "../domain/trace.ts";
import type { ClientAddress } from "../limits/client-limit.ts";
import type { Objects } from "../durable/objects.ts";
import type { Signer } from "../keys/signer.ts";
import type { SourceParty } from "../linking/source.ts";
import type { Parties } from "../linking/parties.ts";
import type { Row } from "../metrics/sql-api.ts";
import { mayAskProviders } from "../providers/provider-kinds.ts";
import type { AssumedRole } from "../sts/assume-role.ts";
import type { RoleRequest } from "../sts/sts-request.ts";

/** Who sent a signed request. */
export type Caller = {
  readonly credential: AdminCredential;
  /** Equal for a request and its replay. */
  readonly signature: string;
  /** Equal for all attempts of one call, where the client says so (protocol/sigv4.ts). */
  readonly callKey: string | null;
  /** Where the request was sent to: `https://HOST`. */
  readonly origin: string;
};

export type OperationContext = Pick<Parties, "pause" | "random" | "newUuid" | "note"> & {
  readonly config: Config;
  readonly bindings: readonly Binding[];
  readonly objects: Objects;
  readonly signer: Signer;
  /** Of names, as the isolate remembers them. */
  readonly hash: Hash;
  /** Epoch seconds. */
  readonly now: () => number;
  /** The call that is answered. */
  readonly call: ClientCall;
  /** Who is charged for what the call uses of others' resources (T47); null: nobody. A signed call is charged to no address. */
  readonly client: ClientAddress | null;
  /** Verifies presented login tokens, all or none, and notes what that was about. Charges `client` for each question to a provider. */
  verifyLogins(pool: IdentityPool, tokens: ReadonlyMap<string, string>): Promise<Result<readonly VerifiedLogin[]>>;
  /** The same verdict, told rule by rule; nothing of the tokens is remembered. */
  explainLogins(
    pool: IdentityPool,
    tokens: ReadonlyMap<string, string>,
    tell: TellRule,
  ): Promise<Result<readonly VerifiedLogin[]>>;
  /** As `verifyLogins`, with what the pool gives for these logins, or why it gives nothing. */
  verifyForGrant(
    pool: IdentityPool,
    tokens: ReadonlyMap<string, string>,
    wish: GrantWish,
  ): Promise<Result<VerifiedForGrant>>;
  /** Asks all points of requests, in SQL; fails as `askSql` does, and never rejects. */
  askPoints(query: string): Promise<Result<readonly Row[]>>;
  /** The source of a pool, as the call may ask it with these logins; null where the pool has none. */
  sourceOf(pool: IdentityPool, logins: ReadonlyMap<string, string>): SourceParty | null;
  /** Charges the client, before the import lists of several pools are looked into (T86): the refusal, or null. */
  chargeForLists(): Promise<ServiceError | null>;
  /** Behind the answer: what was unlinked here by this call is unlinked at the source, once. A failure is logged. */
  unlinkAtSource(
    source: PoolSource,
    identityId: IdentityId,
    logins: ReadonlyMap<string, string>,
    loginsToRemove: readonly string[],
  ): void;
  /** Fixes where all objects of this service are to lie, before a pool is made; fails where that is somewhere else already. */
  fixJurisdiction(): Promise<Result<void>>;
  /** Asks the security token service of the settings; never rejects. */
  assumeRole(request: RoleRequest): Promise<AssumedRole>;
};

export type SignedContext = OperationContext & { readonly caller: Caller };

/** The shape check has passed, so that an id that does not parse is a defect of the shapes. */
export function identityIdOfInput(text: string): IdentityId {
  const identityId = parseIdentityId(text);
  if (identityId === undefined) throw new Error("an identity id passed the shape check and is none");
  return identityId;
}

export function identityPoolIdOfInput(text: string): IdentityPoolId {
  const identityPoolId = parseIdentityPoolId(text);
  if (identityPoolId === undefined) throw new Error("an identity pool id passed the shape check and is none");
  return identityPoolId;
}

/** The refusal of a pool that the caller's credential does not name; null when it may. */
export function poolRefusal({ caller }: SignedContext, identityPoolId: string): Result<never> | null {
  if (allowsPool(caller.credential, identityPoolId)) return null;
  const { accessKeyId } = caller.credential;
  const message = `User: ${accessKeyId} is not authorized to access this resource`;
  return err(serviceError("AccessDeniedException", message, "pool-not-allowed"));
}

/** Whom an identity's object must charge when it verifies the logins: nobody, if none of them can cost a provider a question. */
export function chargedFor(
  { client, config }: Pick<OperationContext, "client" | "config">,
  logins: ReadonlyMap<string, string>,
): ClientAddress | undefined {
  return client !== null && mayAskProviders(logins.keys(), config.providerApis) ? client : undefined;
}

/** In local development a client reads, after the words of the live service, why: what else the log says. */
export function explained(
  error: ServiceError,
  { config }: Pick<OperationContext, "config">,
  why = error.reason,
): ServiceError {
  return config.upstreams.isLocal === true && why !== undefined ? { ...error, explanation: why } : error;
}

/** What a grant says of its call, for the log. */
export function traceOfGrant({ identityPoolId, logins }: Grant): Trace {
  const providerNames = logins.length === 0 ? undefined : logins.map(({ providerName }) => providerName);
  return { identityPoolId, providerNames };
}
