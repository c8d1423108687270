/**
 * The development entry: the production Worker, with plain http upstreams on loopback, and the routes below
 * /development/. `npm start` runs it; `npm run deploy` bundles src/worker.ts, which imports nothing of this folder.
 */
import { createApp } from "../app.ts";
import { IdentityObject as ProductionIdentityObject } from "../durable/identity-object.ts";
import { IssuerObject as ProductionIssuerObject } from "../durable/issuer-object.ts";
import { KeyRingObject as ProductionKeyRingObject } from "../durable/key-ring-object.ts";
import { parseDevelopmentConfig, upstreamsOf } from "./development-config.ts";
import type { DevelopmentEnv } from "./development-env.ts";
import { DEVELOPMENT_PATH, developmentRoutes } from "./routes.ts";

export { IdentityDirectoryObject } from "../durable/identity-directory-object.ts";
export { IdentityPoolObject } from "../durable/identity-pool-object.ts";
export { LoginObject } from "../durable/login-object.ts";
export { PoolDirectoryObject } from "../durable/pool-directory-object.ts";
export { DevelopmentIssuerObject } from "./development-issuer-object.ts";

// The objects that read the configuration are these three; each judges upstreams by the development policy.

export class IdentityObject extends ProductionIdentityObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, upstreamsOf({ ...env }));
  }
}

export class IssuerObject extends ProductionIssuerObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, upstreamsOf({ ...env }));
  }
}

export class KeyRingObject extends ProductionKeyRingObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, upstreamsOf({ ...env }));
  }
}

const app = createApp({ configOf: (env) => parseDevelopmentConfig({ ...env }), allowsPlainHttp: true });

export default {
  fetch(request, env, context) {
    const isDevelopment = new URL(request.url).pathname.startsWith(DEVELOPMENT_PATH);
    return isDevelopment ? developmentRoutes.fetch(request, env, context) : app.fetch(request, env, context);
  },
} satisfies ExportedHandler<DevelopmentEnv>;
