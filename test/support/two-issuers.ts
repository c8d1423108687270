/** A pool with two issuers of login tokens on loopback, `home` and `work`: users who sign in with one, with the other, or both. */
import { afterAll, beforeAll, inject } from "vitest";
import { adminClient, createPool } from "./cognito-clients.ts";
import { type Claims, type LoopbackIssuer, startLoopbackIssuer } from "./loopback-issuer.ts";

export const AUDIENCE = "client-1";

export type Logins = Record<string, string>;

type TwoIssuers = {
  readonly home: LoopbackIssuer;
  readonly work: LoopbackIssuer;
  /** Both, as `SupportedLoginProviders`. */
  readonly providers: Readonly<Record<string, string>>;
  readonly identityPoolId: string;
};

/** There from the file's first test to its last one; what comes back is filled before the first. */
export function useTwoIssuers(): TwoIssuers {
  const stage = {} as { -readonly [Member in keyof TwoIssuers]: TwoIssuers[Member] };
  beforeAll(async () => {
    [stage.home, stage.work] = await Promise.all([
      startLoopbackIssuer({ algorithm: "ES256" }),
      startLoopbackIssuer({ algorithm: "ES256" }),
    ]);
    stage.providers = { [stage.home.providerName]: AUDIENCE, [stage.work.providerName]: AUDIENCE };
    stage.identityPoolId = await createPool(adminClient(inject("endpoint")), {
      SupportedLoginProviders: stage.providers,
    });
  });
  afterAll(async () => {
    await Promise.all([stage.home.close(), stage.work.close()]);
  });
  return stage;
}

export async function loginOf(issuer: LoopbackIssuer, sub: string, claims: Claims = {}): Promise<Logins> {
  return { [issuer.providerName]: await issuer.loginToken({ sub, aud: AUDIENCE, ...claims }) };
}
