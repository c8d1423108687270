/** Serves a stand-in of a provider on a loopback port in the test's own process, and makes it fail as a real one does. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listenOnLoopback } from "./loopback-server.ts";
import type { StandIn } from "./provider-stand-ins.ts";

export type StandInServer = {
  readonly address: string;
  /** Paths of all requests so far, in their order, without their queries. */
  readonly requests: readonly string[];
  /** Whatever is asked from now on is answered so; undefined: by the stand-in again. */
  fail(trouble: ((request: IncomingMessage, response: ServerResponse) => void) | undefined): void;
  close(): Promise<void>;
};

/** `standInAt` is given the address that it is served at. */
export async function serveStandIn(standInAt: (address: string) => StandIn): Promise<StandInServer> {
  const requests: string[] = [];
  let trouble: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  let standIn: StandIn | undefined;
  let address = "";

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const { method = "GET" } = incoming;
    const init = { method, headers, ...(method === "POST" && { body: await text(incoming) }) };
    const response = await standIn?.(new Request(`${address}${incoming.url}`, init));
    outgoing.writeHead(response?.status ?? 500, Object.fromEntries(response?.headers ?? []));
    outgoing.end(await response?.text());
  };
  const server = createServer((incoming, outgoing) => {
    requests.push((incoming.url ?? "").replace(/\?.*/, ""));
    if (trouble !== undefined) trouble(incoming, outgoing);
    else answer(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  const { address: served, close } = await listenOnLoopback(server);
  address = served;
  standIn = standInAt(address);

  return {
    address,
    requests,
    fail(next) {
      trouble = next;
    },
    close,
  };
}

export type Trouble = readonly [what: string, fail: (request: IncomingMessage, response: ServerResponse) => void];

const JSON_TYPE = { "content-type": "application/json" };

/**
 * The ways in which a provider's API answers nothing, or that it has no answer now. None says when to come again: then nobody
 * would be asked until then.
 */
const SILENT_TROUBLES: readonly Trouble[] = [
  ["resets every connection", (request) => request.socket.destroy()],
  ["answers 429", (_, response) => response.writeHead(429, JSON_TYPE).end("{}")],
  ["answers 500", (_, response) => response.writeHead(500, JSON_TYPE).end('{"error":"server_error"}')],
  ["answers 503", (_, response) => response.writeHead(503).end("busy")],
];
/** The ways in which its answer is at fault. */
const UNUSABLE_TROUBLES: readonly Trouble[] = [
  ["answers with a page", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>")],
  ["calls its JSON a page", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("{}")],
  ["answers half a document", (_, response) => response.writeHead(200, JSON_TYPE).end('{"id":')],
  ["answers without end", (_, response) => response.writeHead(200, JSON_TYPE).end(`{"id":"${"1".repeat(600_000)}"}`)],
  ["sends its readers elsewhere", (_, response) => response.writeHead(302, { location: "https://example.com/" }).end()],
];

/** The ways in which a provider's API fails; each must end in ExternalServiceException. */
export const API_TROUBLES = [...SILENT_TROUBLES, ...UNUSABLE_TROUBLES];

/** What a client is told of a trouble, of this list or another silent one. */
export function wordsFor(fail: Trouble[1]): string {
  return UNUSABLE_TROUBLES.some(([, trouble]) => trouble === fail)
    ? "The identity provider's answer could not be used."
    : "The identity provider is not responding.";
}

/** Those that take the whole deadline of five seconds. */
export const SLOW_TROUBLES: readonly Trouble[] = [
  ["accepts the call and never answers", () => {}],
  ["starts an answer and never ends it", (_, response) => void response.writeHead(200, JSON_TYPE).write('{"id":')],
];
