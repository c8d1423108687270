/** The production entry: the fetch handler and the Durable Object classes; no logic. */
import { createApp } from "./app.ts";
import { parseConfig } from "./config.ts";

export { IdentityDirectoryObject } from "./durable/identity-directory-object.ts";
export { IdentityObject } from "./durable/identity-object.ts";
export { IdentityPoolObject } from "./durable/identity-pool-object.ts";
export { IssuerObject } from "./durable/issuer-object.ts";
export { KeyRingObject } from "./durable/key-ring-object.ts";
export { LoginObject } from "./durable/login-object.ts";
export { PoolDirectoryObject } from "./durable/pool-directory-object.ts";
export { SourceObject } from "./durable/source-object.ts";

const app = createApp({ parse: parseConfig });

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),
} satisfies ExportedHandler<Env>;
