/**
 * TLS before the port of the Worker: what comes is deciphered and passed on byte for byte, so that no header is added, and none is
 * believed. Miniflare itself speaks TLS only where it puts a Worker of its own before ours.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import { createServer } from "node:tls";

export type HttpsFront = {
  readonly port: number;
  /** From now on connections lead to that port of 127.0.0.1. */
  leadTo(port: number): void;
};

/** Listens on 127.0.0.1 until the process ends; rejects where the port cannot be had. `key` and `certificate` are PEM. */
export async function openHttpsFront(
  port: number,
  { key, certificate }: { readonly key: string; readonly certificate: string },
): Promise<HttpsFront> {
  let target: number | undefined;
  const server = createServer({ key, cert: certificate, ALPNProtocols: ["http/1.1"] }, (client) => {
    // Either side may go away at any time, which ends the other.
    if (target === undefined) client.destroy();
    else pipeline(client, connect(target, "127.0.0.1"), client, () => {});
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port,
    leadTo(workerPort) {
      target = workerPort;
    },
  };
}
