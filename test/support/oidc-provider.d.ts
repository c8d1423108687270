/** What the tests use of oidc-provider, which comes without types. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  type Grant = { addOIDCScope(scope: string): void; save(): Promise<string> };
  export type Context = {
    readonly oidc: {
      readonly provider: { readonly Grant: new (owner: { accountId: string; clientId: string }) => Grant };
      readonly client: { readonly clientId: string };
      readonly session: { readonly accountId: string };
    };
  };

  export class Provider {
    constructor(issuer: string, configuration: object);
    /** Whether the headers of a proxy in front are believed. */
    proxy: boolean;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  }
}
