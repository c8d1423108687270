/** The stage of the attacks: an issuer whose keys the attacker knows or lacks, a pool that trusts it, and calls as raw as HTTP has them. */
import { randomUUID } from "node:crypto";
import { expect, inject } from "vitest";
import { adminClient, appClient, createPool, getId } from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { call, type WireAnswer } from "../support/wire-call.ts";
import { type ForgeKey, makeKey, tokenOf } from "./forge.ts";

export const CLIENT_ID = "client-1";

export type Stage = {
  readonly endpoint: string;
  readonly issuer: LoopbackIssuer;
  readonly key: ForgeKey;
  readonly identityPoolId: string;
  readonly app: ReturnType<typeof appClient>;
  readonly admin: ReturnType<typeof adminClient>;
  /** Claims in order, with changes. */
  claims(changes?: object): Record<string, unknown>;
  /** A token in order, with changes. */
  token(changes?: object, header?: object): string;
  /** GetOpenIdToken of a new guest with this login token. */
  present(token: string, providerName?: string): Promise<Presented>;
  /** Presents it and expects that it is refused as a token that proves nothing, and that the guest stays a guest. */
  expectRefused(token: string, providerName?: string): Promise<string>;
  expectAccepted(token: string): Promise<void>;
  close(): Promise<void>;
};

export type Presented = { readonly guest: string; readonly answer: WireAnswer };

export function newPerson(): string {
  return randomUUID();
}

export function errorOf({ body }: WireAnswer): { readonly type: string; readonly message: string } {
  const { __type: type, message } = JSON.parse(body) as { __type: string; message: string };
  return { type, message };
}

/** An issuer that publishes these keys, and exactly them; default: one for `algorithm`. `endpoint`: the shared Worker's. */
export async function setStage(
  algorithm = "ES256",
  published?: (key: ForgeKey) => readonly unknown[],
  endpoint = inject("endpoint"),
): Promise<Stage> {
  const [app, admin] = [appClient(endpoint), adminClient(endpoint)];
  const issuer = await startLoopbackIssuer({ algorithm: "ES256" });
  const key = makeKey(algorithm, "key-of-the-issuer");
  const keys = published?.(key) ?? [key.publicJwk];
  issuer.answer("/.well-known/jwks.json", (response) => response.end(JSON.stringify({ keys })));
  const identityPoolId = await createPool(admin, { SupportedLoginProviders: { [issuer.providerName]: CLIENT_ID } });

  const stage: Stage = {
    endpoint,
    issuer,
    key,
    identityPoolId,
    app,
    admin,
    claims(changes = {}) {
      const now = Math.floor(Date.now() / 1000);
      return { iss: issuer.issuer, sub: newPerson(), aud: CLIENT_ID, iat: now, exp: now + 600, ...changes };
    },
    token: (changes, header) => tokenOf(key, stage.claims(changes), header),
    async present(token, providerName = issuer.providerName) {
      const guest = await getId(app, identityPoolId);
      const answer = await call(endpoint, "GetOpenIdToken", { IdentityId: guest, Logins: { [providerName]: token } });
      return { guest, answer };
    },
    async expectRefused(token, providerName) {
      const { guest, answer } = await stage.present(token, providerName);
      const { type, message } = errorOf(answer);
      expect([answer.status, type]).toEqual([403, "NotAuthorizedException"]);
      // Invariant all-or-nothing: nothing was linked, so that the guest still mints as a guest.
      const asGuest = await call(endpoint, "GetOpenIdToken", { IdentityId: guest });
      expect(asGuest.status).toBe(200);
      return message;
    },
    async expectAccepted(token) {
      const { guest, answer } = await stage.present(token);
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([200, { IdentityId: guest }]);
    },
    close: async () => await issuer.close(),
  };
  return stage;
}
