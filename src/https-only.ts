/**
 * Transport of a deployed service: what came over plain http is refused before it is looked at, and browsers are told never to try
 * it. Never redirected: a redirect would only hide from a client that it shows its tokens to everybody on the way.
 */
import { serviceError } from "./domain/errors.ts";
import { encodeError } from "./protocol/aws-json.ts";
import type { WireError } from "./protocol/wire-error.ts";
import { logRequest } from "./log/request-line.ts";

export type RequestHandler = {
  fetch(request: Request, env: Env, execution: ExecutionContext): Response | Promise<Response>;
};

/** A year, in seconds. Of this host alone: what else lies below it is not ours to decide. */
const STRICT_TRANSPORT = "max-age=31536000";

const PLAIN_HTTP: WireError = {
  ...serviceError(
    "UnknownOperationException",
    "The service answers over https alone. This request came over plain http: whatever it carried may have been read on the way.",
    "plain-http",
  ),
  misdirected: "scheme",
};

/**
 * `handler` for https alone. Cloudflare's `request.url` has the scheme that the client used, whatever its headers say. `refused` is
 * told of each request that is turned away.
 */
export function httpsOnly(handler: RequestHandler, refused: (env: Env) => void = () => {}): RequestHandler {
  return {
    async fetch(request, env, execution) {
      if (!request.url.startsWith("https:")) {
        refused(env);
        return refusePlainHttp();
      }
      const response = await handler.fetch(request, env, execution);
      response.headers.set("strict-transport-security", STRICT_TRANSPORT);
      return response;
    },
  };
}

/** Without the header: over plain http anybody could have written it (RFC 6797, section 7.2). */
function refusePlainHttp(): Response {
  const requestId = crypto.randomUUID();
  const response = encodeError(PLAIN_HTTP, requestId);
  logRequest({ requestId, operation: null, status: response.status, error: PLAIN_HTTP, durationMs: 0 });
  return response;
}
