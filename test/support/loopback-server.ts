/** A server of a test on a loopback port of its own. */
import { once } from "node:events";
import type { Server } from "node:http";

export type LoopbackServer = {
  /** Origin, without a trailing slash. */
  readonly address: string;
  /** Also ends what is still under way. */
  readonly close: () => Promise<void>;
};

export async function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not a TCP server");
  return {
    address: `http://127.0.0.1:${bound.port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
