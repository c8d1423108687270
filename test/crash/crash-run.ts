/**
 * A run of the crash test: the real Worker with its state on disk, clients that never stop, and a SIGKILL at random moments,
 * for the runtime alone or for every process. At the end everything that clients saw and everything on disk is judged.
 */
import { SetIdentityPoolRolesCommand } from "@aws-sdk/client-cognito-identity";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROLES } from "../support/account-roles.ts";
import { killEverything, killRuntime, runtimeOf } from "../support/runtime-kills.ts";
import { ANY_PORT } from "../../scripts/local-port.ts";
import { type Random, streamOf } from "../support/random.ts";
import { adminClient, present } from "../support/cognito-clients.ts";
import { type Providers, startProviders } from "../support/providers.ts";
import { serveStandIn } from "../support/stand-in-server.ts";
import { stsStandIn } from "../support/sts-stand-in.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";
import { disagreementsIn } from "./agreement.ts";
import { contradictionsIn, pendingIn } from "./contradictions.ts";
import { type Login, Person } from "./person.ts";
import { readStoredState, type StoredState } from "../support/stored-state.ts";
import { Client, type Counts, type Deed, type Stage } from "./workload.ts";

export type CrashPlan = {
  readonly seed: number;
  /** Kills of the runtime alone, which is then started again, and of every process at once. */
  readonly runtimeKills: number;
  readonly wholeKills: number;
  /** Told of each step as it happens. */
  readonly onStep?: (step: string) => void;
};

export type CrashReport = {
  readonly violations: readonly string[];
  readonly counts: Counts;
  readonly deeds: Readonly<Record<Deed, number>>;
  /** Processes of the runtime that were killed, each another one. */
  readonly kills: number;
  readonly people: number;
  readonly identities: number;
  /** Transactions, reservations and messages that the kills of every process left open on disk. */
  readonly leftOpen: number;
};

const CLIENTS = 16;
const PEOPLE_AT_ONCE = 5;
const PROVIDERS = 3;
/** Load between two kills, in milliseconds: at times none, so that a recovery is killed, too. */
const SHORTEST_LOAD_MS = 100;
const LONGEST_LOAD_MS = 700;
/** An alarm looks after what is open when it is ten seconds old. Several times that is a failure on a busy machine, too. */
const REST_DEADLINE_MS = 60_000;
const POLL_MS = 250;
/** How long the load goes on after the last kill, at most, while something that clients do was never acknowledged. */
const DEEDS_DEADLINE_MS = 60_000;

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

class Run {
  readonly #plan: CrashPlan;
  readonly #random: Random;
  readonly #stateFolder: string;
  readonly #providers: Providers;
  readonly #stage: Stage;
  readonly #everybody: Person[];
  #worker: RunningWorker;
  #leftOpen = 0;
  readonly #killed = new Set<number>();

  private constructor(plan: CrashPlan, stateFolder: string, providers: Providers, worker: RunningWorker, stage: Stage) {
    this.#plan = plan;
    this.#random = streamOf(plan.seed, "kills");
    this.#stateFolder = stateFolder;
    this.#providers = providers;
    this.#worker = worker;
    this.#stage = stage;
    this.#everybody = [...stage.people];
  }

  static async start(plan: CrashPlan, stateFolder: string): Promise<Run> {
    const providers = await startProviders(PROVIDERS);
    const standIn = stsStandIn();
    const server = await serveStandIn(() => standIn.standIn);
    const worker = await startService(ANY_PORT, stateFolder, false, server.address);
    const admin = adminClient(worker.endpoint);
    const identityPoolId = await providers.newPool(admin);
    await admin.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: identityPoolId, Roles: ROLES }));
    const newcomers = async () => await newPerson(providers, plan.seed);
    const stage: Stage = {
      endpoint: worker.endpoint,
      identityPoolId,
      providerNames: providers.names,
      sts: { ...standIn, server },
      merges: false,
      people: [await newcomers(), ...(await Promise.all(Array.from({ length: PEOPLE_AT_ONCE - 1 }, newcomers)))],
      counts: { calls: 0, answered: 0, refused: 0, unknown: 0, notDelivered: 0 },
      deeds: { resolve: 0, guest: 0, mint: 0, link: 0, credentials: 0, unlink: 0, delete: 0 },
      violations: [],
      known: new Set(),
      deleting: new Set(),
      deletedAt: new Map(),
    };
    return new Run(plan, stateFolder, providers, worker, stage);
  }

  async crash(): Promise<void> {
    const { runtimeKills, wholeKills, seed } = this.#plan;
    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, async (_, index) => {
      await new Client(this.#stage, streamOf(seed, `client ${index}`)).run(() => isOver);
    });
    try {
      for (const kind of this.#shuffled(runtimeKills, wholeKills)) {
        const rest = this.#random.chance(0.15) ? 0 : SHORTEST_LOAD_MS;
        await pause(rest + this.#random.next() * (LONGEST_LOAD_MS - SHORTEST_LOAD_MS));
        await (kind === "runtime" ? this.#killRuntime() : this.#killEverything());
        await this.#replaceSomebody();
      }
      // Those who came last have work to do, too; on a slow machine until each kind of it was done once.
      await pause(LONGEST_LOAD_MS);
      await this.#untilEveryDeedWasDone();
    } finally {
      isOver = true;
      await Promise.all(clients);
    }
  }

  /** Or until it is too late: then the report says what was never acknowledged. */
  async #untilEveryDeedWasDone(): Promise<void> {
    const deadline = performance.now() + DEEDS_DEADLINE_MS;
    while (Object.values(this.#stage.deeds).includes(0) && performance.now() < deadline) await pause(POLL_MS);
  }

  /** In random order, but for the kills of everything, which lie apart: each of them changes the merge policy. */
  #shuffled(runtimeKills: number, wholeKills: number): readonly ("runtime" | "everything")[] {
    const total = runtimeKills + wholeKills;
    const every = total / wholeKills;
    const whole = new Set(
      Array.from({ length: wholeKills }, (_, index) => Math.floor((index + this.#random.next()) * every)),
    );
    return Array.from({ length: total }, (_, index) => (whole.has(index) ? "everything" : "runtime"));
  }

  async #killRuntime(): Promise<void> {
    const runtime = await killRuntime(this.#worker);
    this.#killed.add(runtime);
    this.#plan.onStep?.(`killed the runtime ${runtime}`);
  }

  async #killEverything(): Promise<void> {
    this.#killed.add(runtimeOf(this.#worker));
    // What is on disk is looked at when the last one is gone.
    await killEverything(this.#worker);
    const open = pendingIn(readStoredState(this.#stateFolder)).length;
    this.#leftOpen += open;
    this.#stage.merges = !this.#stage.merges;
    this.#plan.onStep?.(`killed every process: ${open} left open; MERGE_POLICY is ${policyOf(this.#stage.merges)} now`);
    this.#worker = await startService(
      this.#worker.port,
      this.#stateFolder,
      this.#stage.merges,
      this.#stage.sts.server.address,
    );
  }

  /** People live through some kills and not through all, so that their histories stay short enough to be searched. */
  async #replaceSomebody(): Promise<void> {
    const newcomers = await Promise.all([1, 2].map(async () => await newPerson(this.#providers, this.#plan.seed)));
    const [first, ...others] = [...this.#stage.people.slice(newcomers.length), ...newcomers];
    this.#everybody.push(...newcomers);
    this.#stage.people = [present(first), ...others];
  }

  /** Asks for every login once more, waits until nothing is pending, and judges. */
  async judge(): Promise<CrashReport> {
    const { violations, counts, deeds } = this.#stage;
    const kills = this.#killed.size;
    const client = new Client(this.#stage, streamOf(this.#plan.seed, "judge"));
    let identities = 0;
    try {
      for (const person of this.#everybody) for (const login of person.logins) await client.resolve(person, [login]);
      await this.#untilRest();
      violations.push(...(await disagreementsIn(this.#stage, await this.#ownersByApi(client))));
      const state = await this.#untilRest();
      identities = state.identities.length;
      violations.push(...contradictionsIn(state));
    } catch (error) {
      // A service that does not come to rest, or does not answer at rest, has failed the test like any other.
      violations.push(String(error));
    }
    for (const person of this.#everybody) violations.push(...person.anomalies());
    return { violations, counts, deeds, kills, people: this.#everybody.length, identities, leftOpen: this.#leftOpen };
  }

  /** Invariant all-comes-to-rest: nothing stays open, and nobody has to help. Seen twice, since one look takes a while. */
  async #untilRest(): Promise<StoredState> {
    const deadline = performance.now() + REST_DEADLINE_MS;
    for (let restful = 0; ;) {
      const state = this.#look();
      const pending = state === null ? ["a file that is being written"] : pendingIn(state);
      restful = pending.length === 0 ? restful + 1 : 0;
      if (state !== null && restful === 2) return state;
      if (performance.now() > deadline)
        throw new Error(`all-comes-to-rest: open after ${REST_DEADLINE_MS} ms: ${pending.join(", ")}`);
      await pause(POLL_MS);
    }
  }

  #look(): StoredState | null {
    try {
      return readStoredState(this.#stateFolder);
    } catch {
      return null;
    }
  }

  /**
   * Invariant operations-agree: whom GetId names, GetOpenIdToken mints for. By identity, the providers of the logins that
   * lead to it.
   */
  async #ownersByApi(client: Client): Promise<ReadonlyMap<string, readonly string[]>> {
    const providersOf = new Map<string, string[]>();
    for (const person of this.#everybody) {
      for (const login of person.logins) {
        const identityId = await client.owner(person, login);
        const names = providersOf.get(identityId) ?? [];
        providersOf.set(identityId, [...names, this.#nameOf(login)]);
      }
    }
    return providersOf;
  }

  #nameOf(login: Login): string {
    return present(this.#providers.names[login.provider]);
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    await Promise.all([this.#providers.close(), this.#stage.sts.server.close()]);
  }
}

function policyOf(merges: boolean): "merge" | "conflict" {
  return merges ? "merge" : "conflict";
}

async function startService(
  port: number,
  stateFolder: string,
  merges: boolean,
  stsUrl: string,
): Promise<RunningWorker> {
  // The limit of an identity's rate is another test's affair.
  const rate = { RATE_LIMIT_PER_SECOND: "10000", RATE_LIMIT_BURST: "100000" };
  const settings = { MERGE_POLICY: policyOf(merges), STS_URL: stsUrl, ...rate };
  return await startWorker({ port, stateFolder, settings });
}

let peopleSoFar = 0;

/** Four logins at three issuers: two of them are users of one issuer, which no identity may hold together. */
async function newPerson(providers: Providers, seed: number): Promise<Person> {
  const name = `person-${seed}-${(peopleSoFar += 1)}`;
  const subjects = [
    ...providers.names.map((_, provider) => ({ provider, subject: name })),
    { provider: 0, subject: `${name}-b` },
  ];
  const logins = subjects.map(async ({ provider, subject }): Promise<Login> => {
    const [token] = Object.values(await providers.logins(subject, [provider]));
    return { provider, subject, token: present(token) };
  });
  return new Person(await Promise.all(logins));
}

/** Runs the plan on a state folder of its own; throws only for a defect of the harness. */
export async function runCrashes(plan: CrashPlan): Promise<CrashReport> {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-crash-"));
  try {
    const run = await Run.start(plan, join(folder, "state"));
    try {
      await run.crash();
      return await run.judge();
    } finally {
      await run.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
