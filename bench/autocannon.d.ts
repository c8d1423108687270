/** The part of autocannon that the benchmark uses; the package brings no types of its own. */
declare module "autocannon" {
  import type { EventEmitter } from "node:events";

  export type Request = {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };

  export type Client = { setRequests(requests: readonly Request[]): void };

  export type Options = {
    readonly url: string;
    readonly connections: number;
    /** Seconds; counts only without `amount`. */
    readonly duration: number;
    /** Requests in all; the run ends with the last answer. */
    readonly amount?: number;
    /** Milliseconds between two looks at whether to stop. */
    readonly sampleInt: number;
    readonly setupClient: (client: Client) => void;
  };

  export type Totals = { readonly errors: number; readonly timeouts: number; readonly non2xx: number };

  export interface Instance extends EventEmitter {
    stop(): void;
    on(event: "response", listener: (client: Client, status: number, bytes: number, durationMs: number) => void): this;
  }

  export default function autocannon(options: Options, done: (error: Error | null, totals: Totals) => void): Instance;
}
