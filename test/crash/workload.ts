/**
 * The clients of the crash test: AWS SDK clients that all work on the same few people at once, through every crash, and
 * record what they saw. An SDK would repeat a failed call by itself; here each attempt is a call of its own, so that one
 * whose outcome nobody learned stays unknown.
 */
import {
  type CognitoIdentityClient,
  CognitoIdentityServiceException,
  DeleteIdentitiesCommand,
  GetCredentialsForIdentityCommand,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { adminClient, appClient, getId, getOpenIdToken, present } from "../support/cognito-clients.ts";
import type { Random } from "../support/random.ts";
import { ROLES } from "../support/account-roles.ts";
import type { StandInServer } from "../support/stand-in-server.ts";
import type { StsStandIn } from "../support/sts-stand-in.ts";
import type { Login, Observation, Person } from "./person.ts";

export type Counts = { calls: number; answered: number; refused: number; unknown: number; notDelivered: number };

/** What a client does; each kind must have been acknowledged, or a run has proved nothing of it. */
export type Deed = "resolve" | "guest" | "mint" | "link" | "credentials" | "unlink" | "delete";

export type Stage = {
  readonly endpoint: string;
  readonly identityPoolId: string;
  /** Provider names by their index. */
  readonly providerNames: readonly string[];
  /** The token service, which outlives every crash: what it was shown for the credentials that a client was given. */
  readonly sts: StsStandIn & { readonly server: StandInServer };
  /** Whether two authenticated identities are merged just now: it may differ from one life of the service to the next. */
  merges: boolean;
  /** The people that the clients are busy with; replaced as time goes by. */
  people: readonly [Person, ...Person[]];
  readonly counts: Counts;
  /** How often each deed was acknowledged. */
  readonly deeds: Record<Deed, number>;
  readonly violations: string[];
  /** Ids that were answered to anybody, ids that somebody has asked to delete, and ids whose deletion was acknowledged. */
  readonly known: Set<string>;
  readonly deleting: Set<string>;
  readonly deletedAt: Map<string, number>;
};

const IMPATIENT = { maxAttempts: 1, requestHandler: { requestTimeout: 20_000, connectionTimeout: 5000 } };
/** Wait before the next call while nobody listens, in milliseconds. */
const DOWN_PAUSE_MS = 15;

function logins(stage: Stage, presented: readonly Login[]): Record<string, string> {
  return Object.fromEntries(presented.map(({ provider, token }) => [present(stage.providerNames[provider]), token]));
}

/** One or two logins of different providers. */
function someLogins(random: Random, person: Person): readonly Login[] {
  const first = present(person.logins[random.below(person.logins.length)]);
  const others = person.logins.filter((login) => login.provider !== first.provider);
  return random.chance(0.5) ? [first] : [first, present(others[random.below(others.length)])];
}

function someIdentity(random: Random, person: Person): string | undefined {
  const latest = person.identityIds.slice(-6);
  return latest[random.below(latest.length)];
}

export class Client {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #app: CognitoIdentityClient;
  /** As the SDK comes: at rest nothing is cut off, and a connection that was idle for too long is simply made anew. */
  readonly #patientApp: CognitoIdentityClient;
  readonly #admin: CognitoIdentityClient;

  constructor(stage: Stage, random: Random) {
    this.#stage = stage;
    this.#random = random;
    this.#app = appClient(stage.endpoint, IMPATIENT);
    this.#patientApp = appClient(stage.endpoint);
    this.#admin = adminClient(stage.endpoint, IMPATIENT);
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.#step();
    this.#app.destroy();
    this.#patientApp.destroy();
    this.#admin.destroy();
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const person = random.pick(this.#stage.people);
    const identityId = someIdentity(random, person);
    const dice = random.next();
    if (identityId === undefined || dice < 0.35) return await this.resolve(person, someLogins(random, person));
    if (dice < 0.45) return await this.#makeGuest(person);
    if (dice < 0.6) return await this.#credentials(person, identityId, someLogins(random, person));
    if (dice < 0.66) return await this.#credentials(person, identityId, []);
    if (dice < 0.75) return await this.mint(person, identityId, someLogins(random, person));
    if (dice < 0.8) return await this.mint(person, identityId, []);
    if (dice < 0.94) return await this.#unlink(person, identityId);
    return await this.#remove(person, identityId);
  }

  /** GetId with logins. */
  async resolve(person: Person, presented: readonly Login[]): Promise<void> {
    const { identityPoolId, merges } = this.#stage;
    const observation = person.presents(presented, merges);
    await this.#perform("resolve", observation, person, null, presented, async () => {
      return await getId(this.#app, identityPoolId, logins(this.#stage, presented));
    });
  }

  async mint(person: Person, identityId: string, presented: readonly Login[]): Promise<void> {
    const observation = person.presents(presented, this.#stage.merges);
    const deed = presented.length === 0 ? "mint" : "link";
    await this.#perform(deed, observation, person, identityId, presented, async () => {
      const named = presented.length === 0 ? undefined : logins(this.#stage, presented);
      const minted = await getOpenIdToken(this.#app, identityId, named);
      this.#checkToken(minted, presented);
      return minted.identityId;
    });
  }

  /** Links and merges as a token does; and what the token service was shown says the same as the answer. */
  async #credentials(person: Person, identityId: string, presented: readonly Login[]): Promise<void> {
    const observation = person.presents(presented, this.#stage.merges);
    await this.#perform("credentials", observation, person, identityId, presented, async () => {
      const named = presented.length > 0 && { Logins: logins(this.#stage, presented) };
      const { IdentityId, Credentials } = await this.#app.send(
        new GetCredentialsForIdentityCommand({ IdentityId: identityId, ...named }),
      );
      const { asked, given } = this.#stage.sts;
      const form = asked[given.findIndex(({ accessKeyId }) => accessKeyId === Credentials?.AccessKeyId)]?.form;
      const role = presented.length > 0 ? ROLES.authenticated : ROLES.unauthenticated;
      if (form?.get("RoleArn") !== role) this.#violate(`only-an-open-role: ${form?.get("RoleArn")} for ${identityId}`);
      const answered = present(IdentityId);
      this.#checkToken({ identityId: answered, token: form?.get("WebIdentityToken") ?? "" }, presented);
      return answered;
    });
  }

  /** The identity of a login at rest, by both ways of asking, which must agree (invariant operations-agree). */
  async owner(person: Person, login: Login): Promise<string> {
    const presented = logins(this.#stage, [login]);
    const identityId = await getId(this.#patientApp, this.#stage.identityPoolId, presented);
    const observation = person.presents([login], false);
    const minted = await getOpenIdToken(this.#patientApp, identityId, presented);
    observation.done(minted.identityId);
    if (minted.identityId !== identityId)
      this.#violate(`operations-agree: GetId says ${identityId}, and the token is ${minted.identityId}'s`);
    return identityId;
  }

  async #makeGuest(person: Person): Promise<void> {
    await this.#perform("guest", person.presents([], false), person, null, [], async () => {
      const identityId = await getId(this.#app, this.#stage.identityPoolId);
      if (this.#stage.known.has(identityId)) this.#violate(`fresh-ids: the new guest ${identityId} was known before`);
      return identityId;
    });
  }

  async #unlink(person: Person, identityId: string): Promise<void> {
    const proof = present(person.logins[this.#random.below(person.logins.length)]);
    const removed = this.#random.chance(0.6) ? proof.provider : this.#random.below(this.#stage.providerNames.length);
    const released = person.logins.filter((login) => login.provider === removed);
    const observation = person.releases(released, identityId);
    const isDone = await this.#perform("unlink", observation, person, identityId, [proof], async () => {
      const input = { IdentityId: identityId, Logins: logins(this.#stage, [proof]) };
      const providerName = present(this.#stage.providerNames[removed]);
      await this.#app.send(new UnlinkIdentityCommand({ ...input, LoginsToRemove: [providerName] }));
      return null;
    });
    // Asked for alone and at once, before another call can have linked them again: an unlink that was lost shows.
    if (isDone) for (const login of released) await this.resolve(person, [login]);
  }

  async #remove(person: Person, identityId: string): Promise<void> {
    this.#stage.deleting.add(identityId);
    const observation = person.releases(person.logins, identityId);
    await this.#perform("delete", observation, person, identityId, [], async () => {
      const command = new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] });
      const { UnprocessedIdentityIds = [] } = await this.#admin.send(command);
      if (UnprocessedIdentityIds.length > 0) throw new Error("the outcome of the deletion is not known");
      if (!this.#stage.deletedAt.has(identityId)) this.#stage.deletedAt.set(identityId, performance.now());
      return null;
    });
  }

  /** Whether it was acknowledged. */
  async #perform(
    deed: Deed,
    observation: Observation,
    person: Person,
    named: string | null,
    presented: readonly Login[],
    send: () => Promise<string | null>,
  ): Promise<boolean> {
    const { counts, deeds, known, deletedAt } = this.#stage;
    const calledAt = performance.now();
    counts.calls += 1;
    try {
      const identityId = await send();
      counts.answered += 1;
      deeds[deed] += 1;
      observation.done(identityId);
      if (identityId === null) return true;
      known.add(identityId);
      person.learn(identityId);
      const goneAt = deletedAt.get(identityId);
      if (goneAt !== undefined && goneAt < calledAt)
        this.#violate(`acknowledged-is-kept: ${identityId} is back after its deletion`);
      return true;
    } catch (error) {
      await this.#judgeFailure(error, observation, named, presented);
      return false;
    }
  }

  async #judgeFailure(
    error: unknown,
    observation: Observation,
    named: string | null,
    presented: readonly Login[],
  ): Promise<void> {
    const { counts, deleting } = this.#stage;
    if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") {
      // Nobody was there to take the call, so that it took no effect.
      observation.withdrawn();
      counts.notDelivered += 1;
      await new Promise((resolve) => setTimeout(resolve, DOWN_PAUSE_MS));
      return;
    }
    const type = error instanceof CognitoIdentityServiceException ? error.name : "";
    if (type === "ResourceConflictException") {
      counts.refused += 1;
      observation.withdrawn();
    } else if (type === "NotAuthorizedException" || type === "ResourceNotFoundException") {
      counts.refused += 1;
      if (named === null) return this.#violate(`a call without an identity was answered ${String(error)}`);
      if (type === "ResourceNotFoundException" && !deleting.has(named))
        this.#violate(`acknowledged-is-kept: ${named} is lost`);
      observation.disowned(named, presented);
    } else if (type === "ValidationException" || type === "InvalidParameterException") {
      this.#violate(`the workload itself is wrong: ${String(error)}`);
    } else {
      counts.unknown += 1;
    }
  }

  /** Invariant names-what-was-verified: the token is of the identity that was answered, and names exactly what was proved. */
  #checkToken(
    { identityId, token }: { readonly identityId: string; readonly token: string },
    presented: readonly Login[],
  ): void {
    const { sub, aud, amr } = decodeJwt(token);
    if (sub !== identityId || aud !== this.#stage.identityPoolId)
      this.#violate(`names-what-was-verified: a token of ${sub} for ${identityId}`);
    const names = presented.map(({ provider }) => present(this.#stage.providerNames[provider]));
    const minted = Array.isArray(amr) ? amr.map(String).filter((name) => this.#stage.providerNames.includes(name)) : [];
    if (names.toSorted().join() !== minted.toSorted().join())
      this.#violate(`names-what-was-verified: amr of ${identityId} is ${String(amr)}`);
  }

  #violate(what: string): void {
    this.#stage.violations.push(what);
  }
}
