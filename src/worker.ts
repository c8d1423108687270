/** The production entry: exports the fetch handler and the Durable Object classes; no logic. */
export { IdentityDirectoryObject } from "./durable/identity-directory-object.ts";
export { IdentityObject } from "./durable/identity-object.ts";
export { IdentityPoolObject } from "./durable/identity-pool-object.ts";
export { IssuerObject } from "./durable/issuer-object.ts";
export { KeyRingObject } from "./durable/key-ring-object.ts";
export { LoginObject } from "./durable/login-object.ts";
export { PoolDirectoryObject } from "./durable/pool-directory-object.ts";

export default {
  fetch(): Response {
    return new Response("under construction", { status: 503 });
  },
} satisfies ExportedHandler<Env>;
