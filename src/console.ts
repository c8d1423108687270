/** The Worker's part of the console, whose pages are assets: what they are told before anybody signs in, and the way to them. */
import type { Config } from "./config.ts";
import { CONSOLE_PATH, type ConsoleConfig } from "./protocol/console-config.ts";

/** What is so in local development alone. */
export type LocalDevelopment = { keyOf(config: Config): ConsoleConfig["localKey"] };

/** The ConsoleConfig; 404 where the console is switched off. */
export function consoleConfigResponse(config: Config, local: LocalDevelopment | undefined): Response {
  const { region, issuer, servesConsole } = config;
  const localKey = local?.keyOf(config);
  const answer: ConsoleConfig = {
    region,
    issuer,
    local: local !== undefined,
    ...(localKey !== undefined && { localKey }),
  };
  return new Response(servesConsole ? JSON.stringify(answer) : null, {
    status: servesConsole ? 200 : 404,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
    },
  });
}

/** For whoever leaves out the slash. */
export function consoleRedirect(): Response {
  return new Response(null, { status: 308, headers: { location: CONSOLE_PATH } });
}
