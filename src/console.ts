/** The Worker's part of the console, whose pages are assets: what they are told before anybody signs in, and the way to them. */
import type { Config } from "./config.ts";
import type { Result } from "./domain/errors.ts";
import { encodeError } from "./protocol/aws-json.ts";
import { CONSOLE_PATH, type ConsoleConfig } from "./protocol/console-config.ts";
import type { WireError } from "./protocol/wire-error.ts";

/** What is so in local development alone. */
export type LocalDevelopment = { keyOf(config: Config): ConsoleConfig["localKey"] };

/** The ConsoleConfig; 404 where the console is switched off, and the error where the service is not whole. */
export function consoleConfigResponse(
  service: Result<{ readonly config: Config }, WireError>,
  local: LocalDevelopment | undefined,
): Response {
  if (!service.ok) return encodeError(service.error, crypto.randomUUID());
  const { region, issuer, servesConsole } = service.value.config;
  const localKey = local?.keyOf(service.value.config);
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
