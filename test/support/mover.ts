/**
 * One person of the great move, on one device: known at Cognito before it in one of several ways, then served by old and new
 * apps in turn or at once, while things die. Whatever either side answers is to be the id that the first answer was.
 */
import {
  type CognitoIdentityClient,
  ExternalServiceException,
  TooManyRequestsException,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { getId, getOpenIdToken, present } from "./cognito-clients.ts";
import type { Random } from "./random.ts";
import type { Migration } from "./migration.ts";

/** How Cognito knows a person when the move begins. */
const BEGINNINGS = ["linked", "linked", "partly", "merged", "guest", "nobody", "nobody as a guest"] as const;
type Beginning = (typeof BEGINNINGS)[number];

type Side = "old" | "new";

const PAUSE_MS = 50;
/** Several times what a whole restart takes on a busy machine. */
const MOST_ATTEMPTS = 2000;

/** A device tries again as long as nobody answers, or a server fails; never when it is refused. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      const mayPass = status === undefined || status >= 500;
      const isTransient = error instanceof TooManyRequestsException || error instanceof ExternalServiceException;
      if ((!mayPass && !isTransient) || attempt === MOST_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

export type Apps = Readonly<Record<Side, CognitoIdentityClient>>;

export class Mover {
  readonly name: string;
  readonly beginning: Beginning;
  /** Issuers at which this person has a login: one to three, in the order in which they are linked. */
  readonly providers: readonly number[];
  /** What was answered to this person that contradicts what was answered before. */
  readonly contradictions: string[] = [];
  readonly #migration: Migration;
  readonly #random: Random;
  readonly #tokens = new Map<number, Record<string, string>>();
  #identityId: string | undefined;

  constructor(migration: Migration, random: Random, name: string) {
    this.#migration = migration;
    this.#random = random;
    this.name = name;
    this.beginning = random.pick(BEGINNINGS);
    const count = 1 + random.below(3);
    const first = random.below(3);
    this.providers = Array.from({ length: count }, (_, index) => (first + index) % 3);
  }

  get identityId(): string {
    return present(this.#identityId);
  }

  /** The tokens of a session: signed once, good for an hour. */
  async signIn(): Promise<void> {
    for (const provider of this.providers) {
      this.#tokens.set(provider, await this.#migration.providers.logins(this.name, [provider]));
    }
  }

  /** What old apps did before the move. */
  async before(old: CognitoIdentityClient): Promise<void> {
    const { identityPoolId } = this.#migration;
    if (this.beginning === "linked") this.#learn(await getId(old, identityPoolId, this.#logins(...this.providers)));
    if (this.beginning === "partly") this.#learn(await getId(old, identityPoolId, this.#logins(this.#first)));
    if (this.beginning === "guest") this.#learn(await getId(old, identityPoolId));
    if (this.beginning === "merged") {
      const id = await getId(old, identityPoolId, this.#logins(this.#first));
      const guest = await getId(old, identityPoolId);
      this.#learn((await getOpenIdToken(old, guest, this.#logins(this.#first))).identityId);
      this.#check("the owner of the login", id);
    }
  }

  /** Signs in, links one login after the other, and comes back: each by an old app, a new one, or both at once. */
  async during(apps: Apps): Promise<void> {
    const { identityPoolId } = this.#migration;
    if (this.beginning === "nobody as a guest") {
      this.#learn(await insist(async () => await getId(apps[this.#side()], identityPoolId)));
    }
    const isGuest = this.beginning === "guest" || this.beginning === "nobody as a guest";
    if (isGuest) {
      await this.#everywhere(
        "as a guest",
        async (app) => (await getOpenIdToken(app, this.identityId)).identityId,
        apps,
      );
    }
    // Who has an id kept by the app goes on with it; who has none asks for it.
    if (this.#identityId !== undefined && (isGuest || this.#random.chance(0.5))) await this.#mint(apps, this.#first);
    await this.#resolve(apps, this.#first);
    const linked = [this.#first];
    for (const next of this.providers.slice(1)) {
      await this.#mint(apps, present(linked[this.#random.below(linked.length)]), next);
      await this.#resolve(apps, next);
      linked.push(next);
    }
    await this.#mint(apps, present(this.providers[this.#random.below(this.providers.length)]));
  }

  /** Each login leads to the identity, and gets it a token. */
  async comesBack(app: CognitoIdentityClient, when: string): Promise<void> {
    for (const provider of this.providers) {
      this.#check(
        when,
        await insist(async () => await getId(app, this.#migration.identityPoolId, this.#logins(provider))),
      );
    }
    const provider = present(this.providers[this.#random.below(this.providers.length)]);
    this.#check(when, await this.#minted(app, provider));
  }

  get #first(): number {
    return present(this.providers[0]);
  }

  #logins(...providers: readonly number[]): Record<string, string> {
    return Object.assign({}, ...providers.map((provider) => present(this.#tokens.get(provider)))) as Record<
      string,
      string
    >;
  }

  async #resolve(apps: Apps, provider: number): Promise<void> {
    const { identityPoolId } = this.#migration;
    const ask = async (app: CognitoIdentityClient) => await getId(app, identityPoolId, this.#logins(provider));
    await this.#everywhere(`GetId with login ${provider}`, ask, apps);
  }

  async #mint(apps: Apps, ...providers: readonly number[]): Promise<void> {
    const ask = async (app: CognitoIdentityClient) => await this.#minted(app, ...providers);
    await this.#everywhere(`GetOpenIdToken with ${providers.join(" and ")}`, ask, apps);
  }

  async #minted(app: CognitoIdentityClient, ...providers: readonly number[]): Promise<string> {
    const { identityId, token } = await insist(
      async () => await getOpenIdToken(app, this.identityId, this.#logins(...providers)),
    );
    const { sub, aud } = decodeJwt(token);
    if (sub !== identityId || aud !== this.#migration.identityPoolId) this.contradictions.push(`a token of ${sub}`);
    return identityId;
  }

  async #everywhere(what: string, ask: (app: CognitoIdentityClient) => Promise<string>, apps: Apps): Promise<void> {
    const sides: readonly Side[] = this.#random.chance(0.15) ? ["old", "new"] : [this.#side()];
    await Promise.all(
      sides.map(async (side) => {
        const answer = await insist(async () => await ask(apps[side])).catch(String);
        this.#check(`${what} by the ${side} app`, answer);
      }),
    );
  }

  #side(): Side {
    return this.#random.chance(0.3) ? "old" : "new";
  }

  #learn(identityId: string): void {
    this.#identityId = identityId;
  }

  #check(what: string, identityId: string): void {
    this.#identityId ??= identityId;
    if (this.#identityId !== identityId) {
      this.contradictions.push(`${this.name} (${this.beginning}): ${what} is ${identityId}, not ${this.#identityId}`);
    }
  }
}
