/** The processes below one, as the system's own `ps` lists them. Ends only those that a test names by their id. */
import { execFileSync } from "node:child_process";

export type Process = { readonly pid: number; readonly parent: number; readonly command: string };

function allProcesses(): readonly Process[] {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).trim().split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, state = "", command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    // A zombie has ended, and its entry waits for a parent that may never look; but while it has threads left (`l`), they may
    // still hold its ports.
    return /^Z[^l]*$/.test(state) ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** The process itself and all below it. */
export function processTree(pid: number): readonly Process[] {
  const processes = allProcesses();
  const below = (parent: number): readonly Process[] =>
    processes.flatMap((process) => (process.parent === parent ? [process, ...below(process.pid)] : []));
  return [...processes.filter((process) => process.pid === pid), ...below(pid)];
}

/** Those of them that still run, under the same command: an id may have been given to another process meanwhile. */
export function survivors(processes: readonly Process[]): readonly Process[] {
  const running = new Map(allProcesses().map((process) => [process.pid, process.command]));
  return processes.filter(({ pid, command }) => running.get(pid) === command);
}
