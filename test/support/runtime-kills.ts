/** SIGKILLs in the middle of the work: of workerd alone, which `npm start` then starts again, and of every process at once. */
import { processTree, survivors } from "./process-tree.ts";
import type { RunningWorker } from "./worker-process.ts";

const POLL_MS = 10;

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It may have gone with the one that was killed before it.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** The process of workerd itself. */
export function runtimeOf(worker: RunningWorker): number {
  const runtime = processTree(worker.pid).find(({ command }) => /workerd\S* serve /.test(command));
  if (runtime === undefined) throw new Error(`no runtime among the processes: ${worker.log().slice(-2000)}`);
  return runtime.pid;
}

/** The process id of the one that was killed, once its successor answers. */
export async function killRuntime(worker: RunningWorker): Promise<number> {
  const runtime = runtimeOf(worker);
  kill(runtime);
  for (;;) {
    const isUp = await fetch(`${worker.endpoint}/.well-known/jwks.json`).then(
      (response) => response.body?.cancel().then(() => response.ok) ?? response.ok,
      () => false,
    );
    if (isUp) return runtime;
    await pause();
  }
}

/** Until the last of its processes is gone: SIGKILL takes a moment to reach each. */
export async function killEverything(worker: RunningWorker): Promise<void> {
  const processes = processTree(worker.pid);
  for (const { pid } of processes) kill(pid);
  await worker.ended;
  while (survivors(processes).length > 0) await pause();
}
