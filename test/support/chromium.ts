/** A real browser without a window, spoken to by the Chrome DevTools Protocol: enough to open a page and to run code in it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Missing, missingProgram } from "./debian-tools.ts";

export const CHROMIUM = "/usr/bin/chromium";
const START_DEADLINE_MS = 150_000;

export async function missingChromium(): Promise<Missing> {
  return await missingProgram(CHROMIUM, "chromium");
}

export type Page = {
  /** Opens an address and waits until it has loaded. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page, awaited; a throw in the page is a throw here. */
  evaluate(expression: string): Promise<unknown>;
  /** Runs code that leads to another page, and waits until that has loaded. */
  follow(expression: string): Promise<void>;
};

export type Browser = { readonly page: Page; close(): Promise<void> };

type Reply = {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { message: string };
};

/** One DevTools session: commands are answered by their number, events are waited for by name. */
class Session {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (reply: Reply) => void>();
  readonly #waiting: { readonly method: string; readonly resolve: () => void }[] = [];
  #count = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(String(data))));
  }

  async send<T>(method: string, params: object = {}): Promise<T> {
    this.#count += 1;
    const id = this.#count;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#answers.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  async event(method: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ method, resolve });
    await promise;
  }

  #receive(reply: Reply): void {
    if (reply.id !== undefined) {
      this.#answers.get(reply.id)?.(reply);
      this.#answers.delete(reply.id);
      return;
    }
    for (const [index, { method, resolve }] of [...this.#waiting.entries()].toReversed()) {
      if (method !== reply.method) continue;
      this.#waiting.splice(index, 1);
      resolve();
    }
  }
}

async function connect(url: string): Promise<Session> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  return new Session(socket);
}

/** The port is in the line that the browser prints on stderr once it listens. */
async function devToolsOrigin(child: ReturnType<typeof spawn>): Promise<string> {
  let printed = "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    printed += chunk;
    const [, host] = /DevTools listening on ws:\/\/([^/]+)\//.exec(printed) ?? [];
    if (host !== undefined) resolve(`http://${host}`);
  });
  const timer = setTimeout(() => reject(new Error(`chromium does not listen: ${printed}`)), START_DEADLINE_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

export async function startChromium(): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-chromium-"));
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  // Any public name leads to this machine: a page of an origin elsewhere, and a name that was rebound to us.
  const names = ["--host-resolver-rules=MAP *.example 127.0.0.1"];
  const offline = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const child = spawn(
    CHROMIUM,
    [...flags, ...names, ...offline, "--remote-debugging-port=0", `--user-data-dir=${folder}`, "about:blank"],
    {
      // A group of its own: the browser is many processes, and all of them end with it.
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const exited = once(child, "exit");
  const origin = await devToolsOrigin(child);
  const targets = (await (await fetch(`${origin}/json/list`)).json()) as {
    type: string;
    webSocketDebuggerUrl: string;
  }[];
  const target = targets.find(({ type }) => type === "page");
  if (target === undefined) throw new Error("chromium has no page");
  const session = await connect(target.webSocketDebuggerUrl);
  await session.send("Page.enable");

  const evaluate = async (expression: string): Promise<unknown> => {
    type Evaluated = {
      result: { value?: unknown };
      exceptionDetails?: { exception?: { description?: string }; text: string };
    };
    const parameters = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await session.send<Evaluated>("Runtime.evaluate", parameters);
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  };
  return {
    page: {
      evaluate,
      async open(url) {
        const loaded = session.event("Page.loadEventFired");
        await session.send("Page.navigate", { url });
        await loaded;
      },
      async follow(expression) {
        const loaded = session.event("Page.loadEventFired");
        await evaluate(expression);
        await loaded;
      },
    },
    async close() {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      await exited;
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
