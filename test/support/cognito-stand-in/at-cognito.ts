/** The stage of the stand-in's own tests: one process, two issuers, and people who sign in with one, the other, or both. */
import type { CognitoIdentityClient, CreateIdentityPoolCommandInput } from "@aws-sdk/client-cognito-identity";
import { afterAll, afterEach, beforeAll } from "vitest";
import { appClient, createPool } from "../cognito-clients.ts";
import { type Claims, type LoopbackIssuer, startLoopbackIssuer } from "../loopback-issuer.ts";
import { operatorClient, type RunningCognito, startCognito } from "./start-cognito.ts";

export const CLIENT_ID = "client-1";
export const GOOGLE = "accounts.google.com";
export const APPLE = "appleid.apple.com";

type Logins = Readonly<Record<string, string>>;

export type AtCognito = {
  readonly cognito: RunningCognito;
  readonly app: CognitoIdentityClient;
  readonly operator: CognitoIdentityClient;
  readonly google: LoopbackIssuer;
  /** A pool with Google and Apple, guests and the classic flow. */
  newPool(settings?: Partial<CreateIdentityPoolCommandInput>): Promise<string>;
  googleLogin(subject: string, claims?: Claims): Promise<Logins>;
  appleLogin(subject: string, claims?: Claims): Promise<Logins>;
};

/** There from the file's first test to its last one; what comes back is filled before the first. */
export function useCognito(): AtCognito {
  const stage = {} as { -readonly [Member in keyof AtCognito]: AtCognito[Member] };
  let apple: LoopbackIssuer;
  const login = async (issuer: LoopbackIssuer, sub: string, claims: Claims) => ({
    [issuer.providerName]: await issuer.loginToken({ sub, aud: CLIENT_ID, ...claims }),
  });
  beforeAll(async () => {
    stage.google = await startLoopbackIssuer({ issuer: `https://${GOOGLE}` });
    apple = await startLoopbackIssuer({ issuer: `https://${APPLE}`, algorithm: "ES256" });
    stage.cognito = await startCognito({ issuers: { [GOOGLE]: stage.google.address, [APPLE]: apple.address } });
    stage.app = appClient(stage.cognito.address, { maxAttempts: 1 });
    stage.operator = operatorClient(stage.cognito, { maxAttempts: 1 });
  });
  afterEach(async () => await stage.cognito.trouble({}));
  afterAll(async () => {
    await Promise.all([stage.cognito.kill(), stage.google.close(), apple.close()]);
  });
  return Object.assign(stage, {
    newPool: async (settings: Partial<CreateIdentityPoolCommandInput> = {}) =>
      await createPool(stage.operator, {
        SupportedLoginProviders: { [GOOGLE]: CLIENT_ID, [APPLE]: CLIENT_ID },
        ...settings,
      }),
    googleLogin: async (subject: string, claims: Claims = {}) => await login(stage.google, subject, claims),
    appleLogin: async (subject: string, claims: Claims = {}) => await login(apple, subject, claims),
  });
}
