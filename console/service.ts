/** What the service says of itself before anybody signs in. */
import type { ConsoleConfig } from "../src/protocol/console-config.ts";
import { storeOf } from "./store.ts";

/** Null until it is known. */
export const service = storeOf<ConsoleConfig | null>(null);

/** Undefined when all is well; else why the console does not work here, in sentences for a person. */
export async function readService(): Promise<string | undefined> {
  try {
    const response = await fetch("/console-config.json", { cache: "no-store" });
    if (response.status === 404) {
      return "The console is switched off here: the setting CONSOLE is off. The API works without it.";
    }
    const body = (await response.json()) as ConsoleConfig & { readonly message?: string };
    if (!response.ok) return body.message ?? `The service answers with the status ${response.status}.`;
    service.set(body);
    return undefined;
  } catch {
    return "The service could not be reached. Is it running?";
  }
}
