/**
 * The way to Cognito and back: its calls as they are on the wire, each as late as it happens to be, and what may go wrong with it. It
 * does what it is asked, and nobody need hear of it.
 */
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { Cognito, CognitoError, Presented } from "./simulated-cognito.ts";
import type { Network } from "./network.ts";
import type { OldAct } from "./operations.ts";
import { DEVELOPER } from "./settings.ts";
import { type Random, streamOf } from "../support/random.ts";
import type { Life } from "./slots.ts";
import { brief } from "./trace.ts";

type OldRequest = {
  readonly act: OldAct;
  readonly identityPoolId: IdentityPoolId;
  readonly identityId: IdentityId | null;
  readonly presented: Presented;
};

export type WireAnswer = { readonly status: number; readonly document: unknown };

/** As the production's own deadline has it. */
const DEADLINE_MS = 5000;

const THROTTLED: WireAnswer = answerOf({ error: "TooManyRequestsException", message: "Rate exceeded" });
const FAILED: WireAnswer = { status: 500, document: { __type: "InternalErrorException", message: "Internal error" } };
/** What a proxy says, a member of another type, an id that no Cognito of this region gives. */
const JUNK: readonly [WireAnswer, ...WireAnswer[]] = [
  { status: 200, document: "<html>" },
  { status: 200, document: { IdentityId: 7, Token: 7 } },
  { status: 200, document: { IdentityId: "elsewhere:1", Token: "e30.e30.e30" } },
];

export class SourceLine {
  readonly #network: Network;
  readonly #cognito: Cognito;
  readonly #random: Random;
  readonly #waiting = new Set<Life>();

  constructor(network: Network, cognito: Cognito, seed: number) {
    this.#network = network;
    this.#cognito = cognito;
    this.#random = streamOf(seed, "source");
  }

  /** Whether anybody waits for an answer. */
  get isAsked(): boolean {
    for (const life of this.#waiting) if (life.isAlive) return true;
    return false;
  }

  /** Without any of the faults: its users are nobody's concern here. The id that it is told; null where it is told none. */
  async askAsOldApp(
    life: Life,
    { act, identityPoolId, identityId, presented }: OldRequest,
  ): Promise<IdentityId | null> {
    const cognito = this.#cognito;
    await this.#network.sleep(life, this.#delayMs());
    const tokens = new Map([...presented].filter(([name]) => name !== DEVELOPER));
    if (act === "delete") cognito.delete(identityId ?? "");
    if (act === "unlink") cognito.unlink(identityId ?? "", tokens, [...tokens.keys()].slice(0, 1));
    if (act !== "get-id" && act !== "get-token") return null;
    const answer =
      act === "get-id" ? cognito.getId(identityPoolId, tokens) : cognito.getOpenIdToken(identityId ?? "", tokens);
    this.#network.note(() => `${life.name} is told by the source: ${brief(answer)}`);
    return "error" in answer ? null : (answer.identityId as IdentityId);
  }

  /** Null where no answer came in time; whether it was done, nobody knows then. */
  async ask(life: Life, operation: string, input: Readonly<Record<string, unknown>>): Promise<WireAnswer | null> {
    const network = this.#network;
    network.note(() => `${life.name} asks the source: ${operation} ${brief(input)}`);
    this.#waiting.add(life);
    const answer = await this.#asked(life, operation, input);
    this.#waiting.delete(life);
    return answer;
  }

  async #asked(life: Life, operation: string, input: Readonly<Record<string, unknown>>): Promise<WireAnswer | null> {
    const network = this.#network;
    const { faults, coverage } = network;
    if (faults.strikes("source-throttles")) {
      coverage.hit("F19 the source throttles");
      return await this.#after(life, this.#delayMs(), THROTTLED);
    }
    if (faults.strikes("source-fails")) {
      coverage.hit("F19 the source fails");
      return await this.#after(life, this.#delayMs(), FAILED);
    }
    return await new Promise((resolve) => {
      network.after(this.#delayMs(), () => {
        const answer = this.#answer(operation, input);
        network.note(() => `the source has done ${operation}: ${brief(answer.document)}`);
        void this.#sendBack(life, answer).then(resolve);
      });
    });
  }

  async #sendBack(life: Life, answer: WireAnswer): Promise<WireAnswer | null> {
    const { faults, coverage } = this.#network;
    if (faults.strikes("source-loses-answer")) {
      coverage.hit("F20 what the source has done is not answered");
      return await this.#after(life, DEADLINE_MS, null);
    }
    if (faults.strikes("source-answers-junk")) {
      coverage.hit("F19 the source answers junk");
      return await this.#after(life, this.#delayMs(), this.#random.pick(JUNK));
    }
    return await this.#after(life, this.#delayMs(), answer);
  }

  async #after<T>(life: Life, ms: number, value: T): Promise<T> {
    await this.#network.sleep(life, ms);
    return value;
  }

  #delayMs(): number {
    return 1 + this.#random.below(this.#random.chance(0.1) ? 1500 : 60);
  }

  #answer(operation: string, input: Readonly<Record<string, unknown>>): WireAnswer {
    const cognito = this.#cognito;
    const identityPoolId = String(input["IdentityPoolId"]) as IdentityPoolId;
    const identityId = String(input["IdentityId"]);
    const presented = new Map(Object.entries((input["Logins"] ?? {}) as Readonly<Record<string, string>>));
    switch (operation) {
      case "GetId":
        return answerOf(cognito.getId(identityPoolId, presented));
      case "GetOpenIdToken": {
        const proved = cognito.getOpenIdToken(identityId, presented);
        if ("error" in proved) return answerOf(proved);
        const { identityId: sub, aud, amr } = proved;
        const claims = { iss: "https://cognito-identity.amazonaws.com", sub, aud, amr };
        const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
        const token = [{ alg: "RS512", typ: "JWS", kid: "1" }, claims, 0].map(part).join(".");
        return { status: 200, document: { IdentityId: sub, Token: token } };
      }
      case "GetCredentialsForIdentity":
        return answerOf(cognito.getCredentials(identityId, presented));
      case "UnlinkIdentity":
        return answerOf(cognito.unlink(identityId, presented, (input["LoginsToRemove"] ?? []) as readonly string[]));
      case "LookupDeveloperIdentity":
        return answerOf(cognito.lookUp(identityPoolId, String(input["DeveloperUserIdentifier"])));
      case "DeleteIdentities":
        for (const id of input["IdentityIdsToDelete"] as readonly string[]) cognito.delete(id);
        return { status: 200, document: { UnprocessedIdentityIds: [] } };
      default:
        return { status: 400, document: { __type: "UnknownOperationException" } };
    }
  }
}

function answerOf(result: CognitoError | { readonly identityId?: string; readonly isDone?: true }): WireAnswer {
  if ("error" in result) return { status: 400, document: { __type: result.error, message: result.message } };
  return { status: 200, document: result.identityId === undefined ? {} : { IdentityId: result.identityId } };
}
