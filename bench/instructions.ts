/**
 * Instructions of one answer, counted by Valgrind: the same from run to run to within some hundredths, whatever else the machine
 * does, where CPU time moves by a tenth. To tell whether a change helped; not what an answer costs, since it knows neither
 * caches nor the processor's newest instructions, in which the real signatures and hashes are made.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { promisify } from "node:util";
import type { Request } from "autocannon";
import type { TokenAlgorithm } from "../src/domain/token-algorithm.ts";
import { describeMachine, loadAverage, median, printTable, writeJson } from "./report.ts";
import { progress } from "./rounds.ts";
import { OVER_TLS, type Runtime } from "./runtime.ts";
import { floorLoad, hotPath } from "./scenarios.ts";
import type { Workshop } from "./workshop.ts";

const ALGORITHMS = ["RS256", "ES256"] as const;
const CONNECTIONS = 16;
/** Few enough that none is evicted between two of its calls: under Valgrind all is some forty times slower. */
const IDENTITIES = 32;
/** Until V8 has compiled what is hot. */
const WARM_UP_ANSWERS = 4000;
const COUNTED_ANSWERS = 300;
/** A collection of the whole heap falls into one of them now and then: the median leaves it out. */
const WINDOWS = 5;

const run = promisify(execFile);

async function ask(runtime: Runtime, requests: readonly Request[], answers: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const turns = Array.from({ length: answers }, (_, turn) => requests[turn % requests.length]).values();
  const connection = async () => {
    // The connections draw from one iterator, so each turn is taken once.
    for (const turn of turns) if (turn !== undefined) await answerTo(runtime, turn, agent);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
}

async function answerTo(runtime: Runtime, { method, path, headers, body = "" }: Request, agent: Agent): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const length = method === "POST" ? { "content-length": String(Buffer.byteLength(body)) } : {};
  const sent = request(
    runtime.origin + path,
    { method, headers: { ...OVER_TLS, ...headers, ...length }, agent },
    (response) => {
      response.resume().once("end", resolve);
      if (response.statusCode !== 200) reject(new Error(`${runtime.name}: an answer of ${response.statusCode}`));
    },
  );
  sent.once("error", reject).end(body);
  await promise;
}

async function count(runtime: Runtime, requests: readonly Request[], countsFile: string): Promise<readonly number[]> {
  const control = async (option: string) => await run("callgrind_control", [...option.split(" "), String(runtime.pid)]);
  progress(`${runtime.name}: warm-up`);
  await ask(runtime, requests, WARM_UP_ANSWERS);
  await control("-i on");
  const counted: number[] = [];
  for (let window = 1; window <= WINDOWS; window++) {
    await control("-z");
    await ask(runtime, requests, COUNTED_ANSWERS);
    await control("-d");
    const [, total] = /^(?:totals|summary): (\d+)/m.exec(await readFile(`${countsFile}.${window}`, "utf8")) ?? [];
    counted.push(Number(total) / COUNTED_ANSWERS);
    progress(`${runtime.name}: window ${window} of ${WINDOWS}`);
  }
  await control("-i off");
  return counted;
}

/** Instructions of an answer, in each window. */
type Counts = {
  readonly product: readonly number[];
  readonly floor: readonly number[];
  readonly equalFloor: readonly number[];
};

/** One process after the other. */
async function countAll(workshop: Workshop, algorithm: TokenAlgorithm): Promise<Counts> {
  const countsOf = (name: string) => workshop.folder(`${name}.counts`);
  const under = (name: string) => [
    "valgrind",
    "--tool=callgrind",
    "--instr-atstart=no",
    `--callgrind-out-file=${countsOf(name)}`,
  ];
  const counted = async (runtime: Runtime, requests: readonly Request[]) => {
    const counts = await count(runtime, requests, countsOf(runtime.name));
    await runtime.stop();
    return counts;
  };
  const name = `edgepool-${algorithm}`;
  const service = await workshop.service(name, { algorithm, under: under(name) });
  const requests = (await hotPath.prepare(workshop.stage(service, 0))).requests.slice(0, IDENTITIES);
  const product = await counted(service.runtime, requests);
  const floorOf = async (floor: string) => {
    const settings = { IDENTITIES: String(IDENTITIES), ALGORITHM: algorithm };
    return await workshop.floor(floor, { settings, under: under(floor) });
  };
  const floor = await counted(await floorOf(`floor-${algorithm}`), floorLoad(algorithm).requests);
  const equalFloor = await counted(await floorOf(`equal-floor-${algorithm}`), requests);
  return { product, floor, equalFloor };
}

function rowsOf(algorithm: TokenAlgorithm, { product, floor, equalFloor }: Counts): readonly (readonly string[])[] {
  const row = (name: string, counted: readonly number[]) => [
    `${name}, ${algorithm}`,
    ...[median(counted), Math.min(...counted), Math.max(...counted)].map((figure) => (figure / 1000).toFixed(0)),
  ];
  return [row("one login, linked", product), row("floor", floor), row("equal floor", equalFloor)];
}

export async function instructions(workshop: Workshop): Promise<void> {
  const loadBefore = loadAverage();
  // Side by side, since what else the machine does is not counted.
  const results = await Promise.all(
    ALGORITHMS.map(async (algorithm) => ({ algorithm, counts: await countAll(workshop, algorithm) })),
  );
  printTable(
    ["thousand instructions of an answer", "median", "least", "most"],
    results.flatMap(({ algorithm, counts }) => rowsOf(algorithm, counts)),
  );
  console.log(await writeJson("instructions", { machine: describeMachine(loadBefore), results }));
  // As with requests per second, above 1 is better than the floor.
  const ratioTo = (floor: "floor" | "equalFloor") =>
    results.map(
      ({ algorithm, counts }) => `${algorithm} ${(median(counts[floor]) / median(counts.product)).toFixed(2)}`,
    );
  console.log(`hot path / floor, answers of as many instructions: ${ratioTo("floor").join(" ")}`);
  console.log(`hot path / equal floor, answers of as many instructions: ${ratioTo("equalFloor").join(" ")}`);
}
