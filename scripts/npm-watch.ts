/**
 * Notices the end of the npm that runs this script. A signal to npm ends the shell between them, and nothing passes it on:
 * without this, `kill` of an `npm start` would leave the service running.
 */
import { execFileSync } from "node:child_process";

const INTERVAL_MS = 250;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** npm is the parent, or the parent of the shell in between. */
function ancestors(): readonly number[] {
  const parent = process.ppid;
  if (process.platform === "win32") return [parent];
  const line = execFileSync("ps", ["-o", "ppid=,args=", "-p", String(parent)], { encoding: "utf8" });
  const [, grandparent, command = ""] = /^\s*(\d+)\s+(.*)/.exec(line) ?? [];
  return /^\S*sh -c /.test(command) ? [parent, Number(grandparent)] : [parent];
}

/** Calls back once. Watches nothing when no npm runs this script: a background process may outlive whoever started it. */
export function whenNpmEnds(callback: () => void): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const watched = ancestors();
  const timer = setInterval(() => {
    if (watched[0] === process.ppid && watched.every(isAlive)) return;
    clearInterval(timer);
    callback();
  }, INTERVAL_MS).unref();
}
