/** Ports on 127.0.0.1: whether one can be listened on, and one that can. A look, no claim: what counts is the service's own bind. */
import { createServer } from "node:net";
import { err, ok, type Result } from "../src/domain/errors.ts";

/** `--port`: any port that is free. */
export const ANY_PORT = 0;
export const MAX_PORT = 65_535;
export const DEFAULT_PORT = 8787;

/** Where no system takes the ports of outgoing connections from by itself: Linux begins at 32,768, the others at 49,152. */
const FIRST_FREE_PORT = 10_000;
const LAST_FREE_PORT = 32_767;

/** An origin, which is written without the port that is usual for its scheme. */
export function endpointOf(port: number, scheme: "http" | "https"): string {
  return new URL(`${scheme}://127.0.0.1:${port}`).origin;
}

/** The one sentence of a port that cannot be had; `code` is the system's. */
export function portProblem(port: number, code: string): string {
  const reason = code === "EADDRINUSE" ? "is in use" : `cannot be used (${code})`;
  const other = port === MAX_PORT ? DEFAULT_PORT : port + 1;
  return `port ${port} on 127.0.0.1 ${reason}: choose another one, as in npm start -- --port ${other}, or any with --port 0`;
}

export async function checkPort(port: number): Promise<Result<void, string>> {
  const probe = createServer();
  const { promise, resolve } = Promise.withResolvers<Result<void, string>>();
  probe.once("error", (error: NodeJS.ErrnoException) => resolve(err(portProblem(port, error.code ?? error.message))));
  probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(ok(undefined))));
  return promise;
}

/**
 * Another process may take it before the caller does, on purpose alone: no outgoing connection is given such a port. So that a
 * service that is stopped, or whose runtime died, finds it free when it comes back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_FREE_PORT + Math.floor(Math.random() * (LAST_FREE_PORT - FIRST_FREE_PORT + 1));
    if ((await checkPort(port)).ok) return port;
  }
}
