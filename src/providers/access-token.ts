/**
 * What all kinds share whose login token only its provider can judge: an access token without a readable claim or signature.
 * Every verification costs the provider a call, and the app is the one that WE asked about.
 */
import { err, ok } from "../domain/errors.ts";
import type { PresentedLogin, ProviderKind } from "./provider.ts";
import type { Client, ProvenLogin } from "../domain/proven-login.ts";
import { type ProviderApi, providerApiOf, upstreamTrouble } from "./provider-api.ts";
import type { Judgement, RefusalReason } from "../domain/login-refusal.ts";
import { anyOf, type LoginRule, tellInPool } from "../domain/login-rules.ts";

export type AccessTokenProfile = {
  readonly providerName: string;
  /** What a token of the provider can look like at all: judged before anybody is asked (T28). */
  readonly tokenForm: RegExp;
  /** The same for people. */
  readonly formText: string;
  readonly clientsOf?: (value: string) => readonly Client[];
  readonly prove: (login: PresentedLogin, api: ProviderApi) => Promise<Judgement<ProvenLogin>>;
};

const RULES: readonly LoginRule[] = ["provider-in-pool", "form", "provider-verdict"];

/** A user's id at its provider: visible ASCII, and never so long that an amr entry becomes a burden (T18). */
const SUBJECT = /^[\x21-\x7e]{1,255}$/;

export function accessTokenKind(profile: AccessTokenProfile): ProviderKind {
  const { providerName, tokenForm, formText, clientsOf, prove } = profile;
  return {
    owns: (name) => name === providerName,
    rules: RULES,
    isVerifiable: () => true,
    asksApi: () => true,
    ...(clientsOf !== undefined && { clientsOf }),
    inspect(login, context) {
      const { tell } = context;
      tellInPool(login.clients, tell);
      if (login.clients.length === 0) return err({ kind: "unsupported-provider" });
      tell?.("form", formText, `${login.token.length} characters`);
      if (!tokenForm.test(login.token)) return err({ kind: "malformed", part: "access token" });
      return ok({
        async prove() {
          const proven = await prove(login, providerApiOf(providerName, context));
          const expected = `${providerName} calls it good, and made for ${anyOf(login.clients)}`;
          tell?.("provider-verdict", expected, proven.ok ? proven.value.client.clientId : verdictText(proven.error));
          return proven;
        },
      });
    },
  };
}

function verdictText(reason: RefusalReason): string {
  return "failure" in reason && reason.failure !== undefined ? `${reason.kind}: ${reason.failure}` : reason.kind;
}

/**
 * Whom the token speaks for. An id that cannot be one means that the upstream is not what it should be. `issuedAt`, in epoch
 * seconds, is what the provider says of the token's age, if it says anything.
 */
export function provenLogin(subject: unknown, client: Client, issuedAt?: unknown): Judgement<ProvenLogin> {
  if (typeof subject !== "string" || !SUBJECT.test(subject)) return upstreamTrouble("answer");
  const isKnown = typeof issuedAt === "number" && Number.isFinite(issuedAt) && issuedAt > 0;
  return ok({ subject, client, ...(isKnown && { issuedAt }) });
}
