/**
 * Where the CPU time of the hot path goes: a profile of V8 through workerd's inspector while 16 connections are served.
 * Its shares are what counts: an attached inspector costs time of its own, most of all for each line that is logged.
 */
import type { TokenAlgorithm } from "../src/domain/token-algorithm.ts";
import { measure } from "./load.ts";
import { printTable, writeJson } from "./report.ts";
import { freePort } from "../scripts/local-port.ts";
import { hotPath } from "./scenarios.ts";
import type { Workshop } from "./workshop.ts";

const CONNECTIONS = 16;
const SECONDS = 8;
const SAMPLING_MICROSECONDS = 100;
const LISTED = 45;

type CallFrame = { readonly functionName: string; readonly url: string; readonly lineNumber: number };
type ProfileNode = { readonly id: number; readonly callFrame: CallFrame; readonly children?: readonly number[] };
type Profile = {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

/** The Chrome DevTools protocol, as far as the profiler needs it. */
async function attach(
  port: number,
): Promise<{ call(method: string, params?: object): Promise<unknown>; close(): void }> {
  const list: unknown = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const targets = Array.isArray(list) ? list.map((entry) => new Map<string, unknown>(Object.entries(entry))) : [];
  const target = targets.find((entry) => String(entry.get("id")).includes("main")) ?? targets[0];
  const socket = new WebSocket(String(target?.get("webSocketDebuggerUrl")));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", (event) => {
    const message = new Map<string, unknown>(Object.entries(JSON.parse(String(event.data))));
    waiting.get(Number(message.get("id")))?.(message.get("result"));
  });
  let last = 0;
  return {
    call: async (method, params = {}) => {
      const id = ++last;
      socket.send(JSON.stringify({ id, method, params }));
      return await new Promise((resolve) => waiting.set(id, resolve));
    },
    close: () => socket.close(),
  };
}

async function record(workshop: Workshop, algorithm: TokenAlgorithm): Promise<Profile> {
  const port = await freePort();
  const workerdArguments = [`--inspector-addr=127.0.0.1:${port}`];
  const service = await workshop.service(`edgepool-${algorithm}`, { algorithm, workerdArguments });
  const load = await hotPath.prepare(workshop.stage(service, 0));
  await measure(service.runtime, load, CONNECTIONS, 2);
  const inspector = await attach(port);
  await inspector.call("Profiler.enable");
  await inspector.call("Profiler.setSamplingInterval", { interval: SAMPLING_MICROSECONDS });
  await inspector.call("Profiler.start");
  const sample = await measure(service.runtime, load, CONNECTIONS, SECONDS);
  const stopped = await inspector.call("Profiler.stop");
  inspector.close();
  console.log(`${algorithm}: ${sample.requestsPerSecond.toFixed(0)} requests per second under the profiler`);
  const [recorded] = Object.values(stopped ?? {});
  return recorded as Profile;
}

type Cost = { self: number; total: number };

/** Self and total time by function; a function that calls itself counts once in its total. */
function costsOf({ nodes, samples, timeDeltas }: Profile): {
  readonly costs: Map<string, Cost>;
  readonly busy: number;
} {
  const selfOf = new Map<number, number>();
  for (const [index, id] of samples.entries()) selfOf.set(id, (selfOf.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const costs = new Map<string, Cost>();
  let busy = 0;
  const nameOf = ({ functionName, url, lineNumber }: CallFrame) =>
    `${functionName === "" ? "(anonymous)" : functionName}${url === "" ? "" : ` ${url.split("/").at(-1)}:${lineNumber + 1}`}`;
  const walk = (node: ProfileNode, above: ReadonlySet<string>): number => {
    const name = nameOf(node.callFrame);
    const self = selfOf.get(node.id) ?? 0;
    let total = self;
    const path = new Set(above).add(name);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) total += walk(child, path);
    }
    const cost = costs.get(name) ?? { self: 0, total: 0 };
    cost.self += self;
    if (!above.has(name)) cost.total += total;
    costs.set(name, cost);
    if (name !== "(idle)") busy += self;
    return total;
  };
  const root = nodes[0];
  if (root !== undefined) walk(root, new Set());
  return { costs, busy };
}

export async function profile(workshop: Workshop): Promise<void> {
  for (const algorithm of ["ES256"] as const) {
    const recorded = await record(workshop, algorithm);
    const { costs, busy } = costsOf(recorded);
    const share = (value: number) => `${((value / busy) * 100).toFixed(1)} %`;
    const functions = [...costs].filter(([name]) => name !== "(idle)" && name !== "(root)");
    const rows = functions.toSorted(([, a], [, b]) => b.self - a.self).slice(0, LISTED);
    printTable(
      ["function", "self", "total"],
      rows.map(([name, { self, total }]) => [name, share(self), share(total)]),
    );
    console.log(`for Chrome DevTools: ${await writeJson(`hot-path-${algorithm}.cpuprofile`, recorded)}`);
  }
}
