/**
 * The world in which requests are measured: one pool that is in use, one issuer, one isolate of the service, a clock that
 * stands still. Everything that travels between objects has one length here in every run.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { type IdentityId, parseIdentityId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import { DIRECTORY_SHARDS, directoryShard } from "./first-shards.ts";
import type { PoolChange } from "../../src/pools/pool-changes.ts";
import { KEY_RING_NAME } from "../../src/durable/stubs.ts";
import { isolate } from "../../src/isolate.ts";
import { endSources, FakeCognito } from "./fake-cognito.ts";
import { FakeUpstream } from "./fake-upstream.ts";
import {
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  makeSignIn,
  newIdentityId,
  type SignIn,
  untilAtRest,
} from "./objects.ts";
import { ROLES } from "./account-roles.ts";
import { credentialsXml } from "./sts-stand-in.ts";
import { type Answer, makeService, type Service, textOf } from "./service.ts";

type Logins = ReadonlyMap<string, string>;
/** A request that is ready to be sent. */
export type Call = () => Promise<{ readonly status: number }>;

/** Names of sign-ins are numbered, and from the tenth on all of one length. */
const FIRST_NAME_LENGTH = "sign-in-10.example".length;

/** When the first identity of all stages woke, which are of one isolate of the objects. */
let firstWakeMs: number | null = null;

export class CostStage {
  readonly signIn: SignIn;
  readonly service: Service = makeService();
  pool: IdentityPool;

  private constructor(signIn: SignIn, pool: IdentityPool) {
    this.signIn = signIn;
    this.pool = pool;
  }

  /** A cold isolate, and objects whose own has been there for a while. `vi.unstubAllGlobals()` and `vi.useRealTimers()` end it. */
  static async make(): Promise<CostStage> {
    vi.useFakeTimers({ toFake: ["Date"] });
    // An hour ahead of the platform's clock, so that no alarm fires; a whole second, since times travel as decimal numbers.
    vi.setSystemTime(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);
    const upstream = new FakeUpstream().install();
    await endSources();
    let signIn = await makeSignIn(upstream);
    while (signIn.providerName.length < FIRST_NAME_LENGTH) signIn = await makeSignIn(upstream);
    // Sealed keys of this algorithm are all of one length, which those of RSA are not.
    await runInDurableObject(env.KEY_RING.getByName(KEY_RING_NAME), (instance) => {
      Reflect.set(instance, "config", { ...Object(Reflect.get(instance, "config")), tokenAlgorithm: "ES256" });
    });
    const pool = await makePool(signIn.settings);
    firstWakeMs ??= Date.now();
    await makeGuest(pool.identityPoolId);
    vi.setSystemTime(Date.now() + 60_000);
    // Every shard of its directory has its table.
    for (let shard = 0; shard < DIRECTORY_SHARDS; shard++) {
      const directory = env.IDENTITY_DIRECTORY.getByName(directoryShard(pool.identityPoolId, shard));
      await directory.update("add", newIdentityId());
    }
    return new CostStage(signIn, pool);
  }

  /** Back to the moment when the objects' isolate was new; what it has learned since, it has to learn again. */
  beginIsolateOfObjects(): void {
    vi.setSystemTime(firstWakeMs ?? Date.now());
  }

  /** The isolate comes to know the pool, the issuer's keys and the signing key. */
  async warmUp(): Promise<void> {
    const identityId = await makeGuest(this.pool.identityPoolId);
    textOf(await this.tokenFor(identityId, await this.signIn.logins(crypto.randomUUID())), "Token");
    await untilAtRest(identityId);
  }

  /** GetOpenIdToken. */
  async tokenFor(identityId: string, logins?: Logins): Promise<Answer> {
    return await this.service.call("GetOpenIdToken", { IdentityId: identityId, ...(logins && { Logins: logins }) });
  }

  /** GetId. */
  async idFor(logins?: Logins): Promise<Answer> {
    const { identityPoolId } = this.pool;
    return await this.service.call("GetId", { IdentityPoolId: identityPoolId, ...(logins && { Logins: logins }) });
  }

  /** An identity as a client gets it, at rest. */
  async getId(logins?: Logins): Promise<IdentityId> {
    const identityId = parseIdentityId(textOf(await this.idFor(logins), "IdentityId"));
    if (identityId === undefined) throw new Error("no identity id");
    await untilAtRest(identityId);
    return identityId;
  }

  async logins(claims: Readonly<Record<string, unknown>> = {}): Promise<Logins> {
    return await this.signIn.logins("ann", claims);
  }

  /** One user's logins of three issuers, in a pool that knows them all. */
  async threeLogins(): Promise<Logins> {
    const { upstream } = this.signIn;
    const all = [this.signIn, await makeSignIn(upstream), await makeSignIn(upstream)];
    this.pool = await makePool({
      supportedLoginProviders: Object.assign({}, ...all.map(({ settings }) => settings.supportedLoginProviders)),
    });
    return new Map((await Promise.all(all.map((one) => one.logins("ann")))).flatMap((map) => [...map]));
  }

  /** Both roles of the pool, as this isolate knows it from now on; the token service gives whatever it is asked for. */
  async giveRoles(): Promise<void> {
    await this.#changePool({ kind: "roles", roles: ROLES, roleMappings: {} });
    const given = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "session" };
    this.signIn.upstream.serve("https://sts.us-east-1.amazonaws.com/", () => new Response(credentialsXml(given)));
    await this.warmUp();
  }

  /** The pool makes a session tag of a claim of the sign-in's tokens. */
  async mapTag(): Promise<void> {
    const map = { useDefaults: false, principalTags: { team: "team" } };
    await this.#changePool({ kind: "principal-tags", provider: this.signIn.providerName, map });
  }

  /** The claims of the sign-in's tokens choose the role; GetOpenIdToken is refused from then on. */
  async mapRole(): Promise<void> {
    const roleMappings = { [this.signIn.providerName]: { type: "Token", ambiguousRoleResolution: "Deny" } } as const;
    await this.#changePool({ kind: "roles", roles: ROLES, roleMappings });
  }

  /** The pool has a source from now on, which says of whatever it is asked that it is of one id of its own. */
  async takeOver(): Promise<FakeCognito> {
    const cognito = new FakeCognito(this.signIn.upstream);
    cognito.says(newIdentityId());
    await this.#changePool({ kind: "source", source: cognito.source([this.signIn.providerName]) });
    return cognito;
  }

  async #changePool(change: PoolChange): Promise<void> {
    const { identityPoolId } = this.pool;
    await env.IDENTITY_POOL.getByName(identityPoolId).change(change);
    isolate.pools.forget(identityPoolId);
  }

  askingForCredentials(identityId: string, logins?: Logins): Call {
    const input = { IdentityId: identityId, ...(logins && { Logins: logins }) };
    return async () => await this.service.call("GetCredentialsForIdentity", input);
  }

  asking(identityId: string, logins?: Logins): Call {
    return async () => await this.tokenFor(identityId, logins);
  }

  /** The next token of a user who has these logins. */
  async returning(logins: Logins): Promise<Call> {
    return this.asking(await this.getId(logins), logins);
  }

  /** The same, of a user who has had so many tokens in this very instant. */
  async hurrying(tokens: number): Promise<Call> {
    const identityId = await this.getId();
    for (let count = 0; count < tokens; count++) await this.tokenFor(identityId);
    return this.asking(identityId);
  }

  /** A user with a linked login, of whom the isolate knows nothing, and whose identity is not in memory. */
  async linkedElsewhere(): Promise<Call> {
    const { identityPoolId } = this.pool;
    const login = await loginOf(identityPoolId, this.signIn.providerName, "ann");
    const identityId = await makeLinked(identityPoolId, [login]);
    await untilAtRest(identityId);
    await evictDurableObject(env.IDENTITY.getByName(identityId));
    return this.asking(identityId, await this.logins());
  }

  /** The issuer's keys come into its object, and into no isolate; then it is not in memory, and neither is the pool. */
  async restElsewhere(): Promise<void> {
    const issuer = `https://${this.signIn.providerName}`;
    await env.ISSUER_KEYS.getByName(issuer).keys({ issuer });
    await evictDurableObject(env.ISSUER_KEYS.getByName(issuer));
    await evictDurableObject(env.IDENTITY_POOL.getByName(this.pool.identityPoolId));
  }
}
