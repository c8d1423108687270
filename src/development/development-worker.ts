/**
 * The development entry: the production Worker for this machine's clients alone, with plain http upstreams on loopback, and
 * the routes below /development/. `npm start` runs it; `npm run deploy` bundles src/worker.ts, whose classes
 * are those of here, too, and which imports nothing of this folder.
 */
import { createApp } from "../app.ts";
import { CONSOLE_PATH } from "../protocol/console-config.ts";
import { serviceError } from "../domain/errors.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { demoPool, demoPoolId, SET_DEMO_ROLES } from "./demo-pool.ts";
import { parseDevelopmentConfig } from "./development-config.ts";
import type { DevelopmentEnv } from "./development-env.ts";
import { encodeError } from "../protocol/aws-json.ts";
import { asksForPage } from "../protocol/browser.ts";
import { isolate } from "../isolate.ts";
import { hasLocalCredential, LOCAL_CREDENTIAL } from "./local-credential.ts";
import { logRequest } from "../log/request-line.ts";
import { admitLocal, type ForeignRequest } from "./local-request.ts";
import * as production from "../worker.ts";
import { DEVELOPMENT_PATH, developmentRoutes } from "./routes.ts";

export * from "../worker.ts";
export { DevelopmentIssuerObject } from "./development-issuer-object.ts";

// The objects that read the configuration are these, in place of those above; each judges upstreams by the development policy.

export class IdentityObject extends production.IdentityObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, parseDevelopmentConfig);
  }
}

export class IdentityPoolObject extends production.IdentityPoolObject {
  readonly #origin: string;

  constructor(ctx: DurableObjectState, env: DevelopmentEnv) {
    super(ctx, env, parseDevelopmentConfig);
    this.#origin = env.DEVELOPMENT_ORIGIN;
  }

  /** The demo pool is there from its first use on, whoever serves it; one that was deleted stays so. */
  override async read(): Promise<IdentityPool | null> {
    const pool = await super.read();
    const { region } = this.config;
    const identityPoolId = demoPoolId(region);
    if (pool !== null || this.ctx.id.name !== identityPoolId) return pool;
    const made = await this.create(identityPoolId, demoPool(this.#origin, region));
    if (made !== null) await this.change(SET_DEMO_ROLES);
    return await super.read();
  }
}

export class SourceObject extends production.SourceObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, parseDevelopmentConfig);
  }
}

export class PoolDirectoryObject extends production.PoolDirectoryObject {
  /** The demo pool is among those that are first listed, though nobody has used it before. */
  override async page(...parameters: Parameters<production.PoolDirectoryObject["page"]>) {
    const config = isolate.configOf(this.env, parseDevelopmentConfig);
    if (config.ok) await isolate.stubsOf(this.env).identityPool(demoPoolId(config.value.region)).read();
    return await super.page(...parameters);
  }
}

export class IssuerObject extends production.IssuerObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, parseDevelopmentConfig);
  }
}

export class KeyRingObject extends production.KeyRingObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, parseDevelopmentConfig);
  }
}

const app = createApp({
  parse: parseDevelopmentConfig,
  local: { keyOf: (config) => (hasLocalCredential(config) ? LOCAL_CREDENTIAL : undefined) },
});

/** What the names of all such headers begin with. */
const CROSS_ORIGIN = "access-control-";

/** `OPTIONS *` (RFC 9112, section 3.2.4), of which the runtime makes no address. */
const NO_PATH = { status: 400, reason: "no-path", message: "The target of a request must be a path." } as const;

/**
 * For a person a sentence, for a program the shape of every other failure; without the headers that would let a page read
 * either.
 */
function refuse(request: Request, { status, reason, message }: ForeignRequest | typeof NO_PATH): Response {
  const error = serviceError("AccessDeniedException", message, reason);
  const requestId = crypto.randomUUID();
  logRequest({ requestId, operation: null, status, error, durationMs: 0 });
  const encoded = encodeError(error, requestId);
  const headers = new Headers([...encoded.headers].filter(([name]) => !name.startsWith(CROSS_ORIGIN)));
  if (request.headers.get("accept")?.includes("text/html") !== true)
    return new Response(encoded.body, { status, headers });
  headers.set("content-type", "text/plain; charset=utf-8");
  return new Response(`${message}\n`, { status, headers });
}

const serve: ExportedHandlerFetchHandler<DevelopmentEnv> = (request, env, context) => {
  const admitted = admitLocal(request.headers, env.DEVELOPMENT_ORIGIN);
  if (!admitted.ok) return refuse(request, admitted.error);
  if (!URL.canParse(request.url)) return refuse(request, NO_PATH);
  const { pathname } = new URL(request.url);
  if (pathname.startsWith(CONSOLE_PATH)) return env.CONSOLE_FILES.fetch(request);
  const isDevelopment = pathname.startsWith(DEVELOPMENT_PATH) || (pathname === "/" && asksForPage(request));
  return isDevelopment ? developmentRoutes.fetch(request, env, context) : app.fetch(request, env, context);
};

/** What `npm start` opens its port to, by its name: scripts/serve.ts. */
export const local = { fetch: serve };

export default { fetch: serve } satisfies ExportedHandler<DevelopmentEnv>;
