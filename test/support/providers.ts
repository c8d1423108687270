/** Several issuers of one pool, and people who sign in at them: the stage of the tests about linking. */
import type { CognitoIdentityClient, CreateIdentityPoolCommandInput } from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll } from "vitest";
import { createPool, present } from "./cognito-clients.ts";
import { type Claims, type LoopbackIssuer, startLoopbackIssuer } from "./loopback-issuer.ts";

export type Providers = {
  readonly issuers: readonly LoopbackIssuer[];
  /** Provider names in the order of the issuers. */
  readonly names: readonly string[];
  /** A new pool that accepts every one of them. */
  newPool(admin: CognitoIdentityClient, settings?: Partial<CreateIdentityPoolCommandInput>): Promise<string>;
  /** A fresh `Logins` map of this person at these issuers; default: at the first one. */
  logins(person: string, indexes?: readonly number[], claims?: Claims): Promise<Record<string, string>>;
  close(): Promise<void>;
};

/** Audience of the login tokens. */
export const CLIENT_ID = "client-1";

export async function startProviders(count: number): Promise<Providers> {
  const issuers = await Promise.all(
    Array.from({ length: count }, async () => await startLoopbackIssuer({ algorithm: "ES256" })),
  );
  const names = issuers.map((issuer) => issuer.providerName);
  const supported = Object.fromEntries(names.map((name) => [name, CLIENT_ID]));
  return {
    issuers,
    names,
    newPool: async (admin, settings) => await createPool(admin, { SupportedLoginProviders: supported, ...settings }),
    async logins(person, indexes = [0], claims = {}) {
      const entries = indexes.map(async (index) => {
        const issuer = present(issuers[index]);
        return [issuer.providerName, await issuer.loginToken({ sub: person, aud: CLIENT_ID, ...claims })] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    },
    async close() {
      await Promise.all(issuers.map(async (issuer) => await issuer.close()));
    },
  };
}

/** There from the file's first test to its last one; what comes back is filled before the first. */
export function useProviders(count: number): Providers {
  const providers = {} as Providers;
  beforeAll(async () => void Object.assign(providers, await startProviders(count)));
  afterAll(async () => await providers.close());
  return providers;
}
