/** What the development entry is given on top of the production environment: scripts/serve.ts sets it. */
import type { DevelopmentIssuerObject } from "./development-issuer-object.ts";

export type DevelopmentEnv = Env & {
  /** `http://127.0.0.1:PORT`, or https: where the Worker is served, whatever Host a request names and whatever ISSUER says. */
  readonly DEVELOPMENT_ORIGIN: string;
  readonly DEVELOPMENT_UPSTREAMS?: string;
  /** The pages of the console, with their headers. A deployment has no such binding: the platform serves them before the Worker. */
  readonly CONSOLE_FILES: Fetcher;
  readonly DEVELOPMENT_ISSUER: DurableObjectNamespace<DevelopmentIssuerObject>;
};
