/**
 * A move from Cognito to Edgepool under way: the stand-in with an identity pool, Edgepool with one of the same id and that source,
 * and apps of both kinds, old ones that ask Cognito and new ones that ask Edgepool.
 */
import type { CognitoIdentityClient, CreateIdentityPoolCommandInput } from "@aws-sdk/client-cognito-identity";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adminClient, appClient } from "./cognito-clients.ts";
import { type Providers, startProviders } from "./providers.ts";
import { killEverything, killRuntime } from "./runtime-kills.ts";
import { sendSigned } from "./signed-call.ts";
import { type RunningWorker, startWorker } from "./worker-process.ts";
import {
  type CognitoOptions,
  OPERATOR,
  operatorClient,
  type RunningCognito,
  startCognito,
} from "./cognito-stand-in/start-cognito.ts";

type PoolSettings = Partial<CreateIdentityPoolCommandInput>;

export type MigrationOptions = {
  /** How many issuers both pools have; default: 3. */
  readonly issuers?: number;
  /** Of the pool at Cognito. */
  readonly pool?: PoolSettings;
  /** Of the pool at Edgepool, where it has others. */
  readonly ownPool?: PoolSettings;
  /** Members of `Source` besides `Providers`. */
  readonly source?: Readonly<Record<string, string>>;
  /** Of the Worker. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether Edgepool has credentials of the operator at Cognito. */
  readonly hasCredentials?: boolean;
};

const COGNITO = "https://cognito-identity.us-east-1.amazonaws.com";

export class Migration {
  readonly providers: Providers;
  readonly identityPoolId: string;
  /** Name of the developer provider, where the pool at Cognito has one. */
  readonly developer: string | undefined;
  cognito: RunningCognito;
  worker: RunningWorker;
  readonly #folder: string;
  readonly #cognitoOptions: CognitoOptions;
  readonly #settings: Readonly<Record<string, string>>;

  private constructor(
    providers: Providers,
    pool: CreateIdentityPoolCommandInput & { readonly IdentityPoolId: string },
    cognito: RunningCognito,
    worker: RunningWorker,
    kept: { folder: string; cognitoOptions: CognitoOptions; settings: Readonly<Record<string, string>> },
  ) {
    this.providers = providers;
    this.identityPoolId = pool.IdentityPoolId;
    this.developer = pool.DeveloperProviderName;
    this.cognito = cognito;
    this.worker = worker;
    this.#folder = kept.folder;
    this.#cognitoOptions = kept.cognitoOptions;
    this.#settings = kept.settings;
  }

  static async start(options: MigrationOptions = {}): Promise<Migration> {
    const folder = await mkdtemp(join(tmpdir(), "edgepool-migration-"));
    const providers = await startProviders(options.issuers ?? 3);
    const cognitoOptions = { stateFile: join(folder, "cognito") };
    const cognito = await startCognito(cognitoOptions);
    const IdentityPoolId = await providers.newPool(operatorClient(cognito), options.pool);
    const { accessKeyId, secretAccessKey } = OPERATOR;
    const settings = {
      DEVELOPMENT_UPSTREAMS: JSON.stringify({ [COGNITO]: cognito.address }),
      SOURCE_RATE_PER_SECOND: "10000",
      ...(options.hasCredentials === true && {
        SOURCE_CREDENTIALS: JSON.stringify({ [IdentityPoolId]: { accessKeyId, secretAccessKey } }),
      }),
      ...options.settings,
    };
    const worker = await startWorker({ settings, stateFolder: join(folder, "edgepool") });
    const SupportedLoginProviders = Object.fromEntries(providers.names.map((name) => [name, "client-1"]));
    const pool = {
      IdentityPoolId,
      IdentityPoolName: "moved",
      AllowUnauthenticatedIdentities: true,
      SupportedLoginProviders,
      ...options.pool,
      ...options.ownPool,
    };
    const kept = { folder, cognitoOptions, settings };
    const migration = new Migration(providers, pool, cognito, worker, kept);
    await migration.ask("AdoptIdentityPool", pool);
    await migration.ask("SetIdentityPoolSource", { IdentityPoolId, Source: migration.source(options.source) });
    return migration;
  }

  /** As SetIdentityPoolSource takes it. */
  source(members: Readonly<Record<string, string>> = {}): object {
    const developer = this.developer === undefined ? [] : [this.developer];
    return { Providers: [...this.providers.names, ...developer], ...members };
  }

  /** One of Edgepool's own operations; anything but success is thrown. */
  async ask<T = unknown>(operation: string, input: object): Promise<T> {
    const { status, body } = await sendSigned(this.worker.endpoint, `Edgepool.${operation}`, input);
    if (status !== 200) throw new Error(`${operation}: ${status} ${body}`);
    return JSON.parse(body) as T;
  }

  /** An app that asks Cognito as ever. An app tries once, unless a test says otherwise. */
  oldApp(maxAttempts = 1): CognitoIdentityClient {
    return appClient(this.cognito.address, { maxAttempts });
  }

  /** An app of which one endpoint was changed. */
  newApp(maxAttempts = 1): CognitoIdentityClient {
    return appClient(this.worker.endpoint, { maxAttempts });
  }

  operatorAtCognito(): CognitoIdentityClient {
    return operatorClient(this.cognito);
  }

  admin(): CognitoIdentityClient {
    return adminClient(this.worker.endpoint);
  }

  /** The id that has the login at Cognito, without making one. */
  async ownerAtCognito(providerIndex: number, subject: string): Promise<string | undefined> {
    const providerName = this.providers.names[providerIndex];
    const all = await this.cognito.identities();
    return all.find(({ logins }) =>
      logins.some((login) => login.providerName === providerName && login.subject === subject),
    )?.identityId;
  }

  async killRuntime(): Promise<void> {
    await killRuntime(this.worker);
  }

  /** Every process of Edgepool, which comes back on the same port. */
  async killEdgepool(): Promise<void> {
    const { port, stateFolder } = this.worker;
    await killEverything(this.worker);
    this.worker = await startWorker({ port, stateFolder, settings: this.#settings });
  }

  async cutCognitoOff(): Promise<void> {
    await this.cognito.kill();
  }

  async bringCognitoBack(): Promise<void> {
    this.cognito = await startCognito({ ...this.#cognitoOptions, port: this.cognito.port });
  }

  async end(): Promise<void> {
    await Promise.all([this.worker.stop(), this.cognito.kill(), this.providers.close()]);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
