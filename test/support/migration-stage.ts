/**
 * The stage of a migration: a stand-in of Cognito with a pool, an Edgepool that asks it, an issuer that both believe, and the
 * command line between them, as its user runs it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { CognitoIdentityClient, CreateIdentityPoolCommandInput } from "@aws-sdk/client-cognito-identity";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { adminClient, appClient, createPool } from "./cognito-clients.ts";
import { OPERATOR, operatorClient, type RunningCognito, startCognito } from "./cognito-stand-in/start-cognito.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "./loopback-issuer.ts";
import { type RunningWorker, startWorker, type WorkerOptions } from "./worker-process.ts";

export const GOOGLE = "accounts.google.com";
export const DEVELOPERS = "login.example.app";
const CLIENT_ID = "client-1";
const ROOT = join(import.meta.dirname, "../..");
const MIGRATE = join(ROOT, "scripts/migrate/migrate.ts");

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
type Variables = Readonly<Record<string, string | undefined>>;

export type MigrationStage = {
  readonly cognito: RunningCognito;
  readonly worker: RunningWorker;
  /** Of the pool at Cognito. */
  readonly pool: string;
  /** Of this stage's own; removed at its end. */
  readonly folder: string;
  readonly oldApp: CognitoIdentityClient;
  readonly operator: CognitoIdentityClient;
  readonly newApp: CognitoIdentityClient;
  readonly admin: CognitoIdentityClient;
  /** What the command line is given by its environment; undefined unsets. */
  variables(changed?: Variables): Record<string, string>;
  /** Runs a step for the stage's pool, to its end. */
  migrate(words: readonly string[], changed?: Variables): Promise<Ended>;
  /** With --json, which must end with the given code. */
  result(words: readonly string[], code?: number, changed?: Variables): Promise<Record<string, unknown>>;
  /** Starts a step, which is killed as soon as `isTime`; what it said until then. */
  killed(words: readonly string[], isTime: () => Promise<boolean>): Promise<Ended>;
  /** A login token of Google's, in a map. */
  login(subject: string): Promise<Record<string, string>>;
  /** Another Edgepool, as empty as the first was; stopped with the stage. */
  anotherWorker(options?: WorkerOptions): Promise<RunningWorker>;
  end(): Promise<void>;
};

export async function setMigrationStage(
  poolSettings: Partial<CreateIdentityPoolCommandInput> = {},
  workerSettings: Readonly<Record<string, string>> = {},
): Promise<MigrationStage> {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-migration-"));
  const google: LoopbackIssuer = await startLoopbackIssuer({ issuer: `https://${GOOGLE}` });
  const cognito = await startCognito({ issuers: { [GOOGLE]: google.address }, stateFile: join(folder, "cognito") });
  const settings = {
    DEVELOPMENT_UPSTREAMS: JSON.stringify({
      "https://cognito-identity.us-east-1.amazonaws.com": cognito.address,
      [`https://${GOOGLE}`]: google.address,
    }),
    ...workerSettings,
  };
  const worker = await startWorker({ settings });
  const workers = [worker];
  const operator = operatorClient(cognito);
  const pool = await createPool(operator, {
    SupportedLoginProviders: { [GOOGLE]: CLIENT_ID },
    DeveloperProviderName: DEVELOPERS,
    ...poolSettings,
  });

  const variables = (changed: Variables = {}): Record<string, string> => {
    const all: Variables = {
      PATH: process.env["PATH"],
      AWS_ENDPOINT_URL_COGNITO_IDENTITY: cognito.address,
      AWS_ACCESS_KEY_ID: OPERATOR.accessKeyId,
      AWS_SECRET_ACCESS_KEY: OPERATOR.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
      EDGEPOOL_ENDPOINT: worker.endpoint,
      EDGEPOOL_ACCESS_KEY_ID: LOCAL_CREDENTIAL.accessKeyId,
      EDGEPOOL_SECRET_ACCESS_KEY: LOCAL_CREDENTIAL.secretAccessKey,
      ...changed,
    };
    return Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  };
  const start = (words: readonly string[], changed?: Variables): ChildProcess => {
    const all = [MIGRATE, ...words, "--pool", pool, "--state", join(folder, "memory")];
    return spawn(process.execPath, all, {
      env: variables(changed),
      stdio: ["ignore", "pipe", "pipe"],
    });
  };
  const migrate = async (words: readonly string[], changed?: Variables) => await endOf(start(words, changed));

  return {
    cognito,
    worker,
    pool,
    folder,
    oldApp: appClient(cognito.address),
    operator,
    newApp: appClient(worker.endpoint),
    admin: adminClient(worker.endpoint),
    variables,
    migrate,
    async result(words, code = 0, changed = {}) {
      const ended = await migrate([...words, "--json"], changed);
      if (ended.code !== code)
        throw new Error(`${words.join(" ")} ended with ${ended.code}: ${ended.stderr}${ended.stdout}`);
      return JSON.parse(ended.stdout);
    },
    async killed(words, isTime) {
      const child = start(words);
      const ended = endOf(child);
      while (child.exitCode === null && !(await isTime()));
      child.kill("SIGKILL");
      return await ended;
    },
    async login(subject) {
      return { [GOOGLE]: await google.loginToken({ sub: subject, aud: CLIENT_ID }) };
    },
    async anotherWorker(options = {}) {
      const another = await startWorker({ settings, ...options });
      workers.push(another);
      return another;
    },
    async end() {
      await Promise.all([...workers.map(async (one) => await one.stop()), cognito.kill(), google.close()]);
      await rm(folder, { recursive: true });
    },
  };
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const [out, err] = [child.stdout, child.stderr];
  if (out === null || err === null) throw new Error("nothing to read");
  const [stdout, stderr, [code]] = await Promise.all([text(out), text(err), once(child, "exit")]);
  return { code, stdout, stderr };
}
