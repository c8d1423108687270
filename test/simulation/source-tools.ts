/** What a call asks a source with: the product's own code, whose one exchange goes the simulated way. */
import { ok, err } from "../../src/domain/errors.ts";
import { sha256Hex } from "../../src/domain/digest.ts";
import type { ClientCall } from "../../src/domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import { membersOf } from "../../src/domain/json.ts";
import type { Isolate as ProductIsolate } from "../../src/isolate.ts";
import type { SourceTools } from "../../src/source/ask-source.ts";
import type { AskCognito, SourceCredential } from "../../src/source/cognito.ts";
import type { CallTools } from "../../src/source/source-party.ts";
import { DEVELOPER, OTHER_POOL_ID, POOL_ID } from "./settings.ts";
import type { Life } from "./slots.ts";
import type { Question } from "./source-judge.ts";
import type { Sources } from "./sources.ts";

const CREDENTIAL: SourceCredential = { accessKeyId: "AKIDATSOURCE", secretAccessKey: "" };
const CREDENTIALS: ReadonlyMap<string, SourceCredential> = new Map(
  [POOL_ID, OTHER_POOL_ID].map((id) => [id, CREDENTIAL]),
);

/** `askedAtMs` is when the call came in that asks; an object that owes the source a message has none. */
export function sourceToolsOf(sources: Sources, life: Life, askedAtMs: number): SourceTools {
  return {
    askCognito: async (question) => await ask(sources, life, askedAtMs, question),
    region: "r",
    credentials: sources.plan.hasCredential ? CREDENTIALS : new Map(),
    // How often it may be asked is no matter here, and what was asked is counted by nobody.
    budgetOf: () => ({ draw: async () => await Promise.resolve(true), tell: async () => {} }),
    log: () => {},
  };
}

export function callToolsOf(
  sources: Sources,
  life: Life,
  { askedAt }: ClientCall,
  refused: ProductIsolate["refusedAtSource"],
  now: () => number,
): CallTools {
  return {
    ...sourceToolsOf(sources, life, askedAt * 1000),
    refused,
    now,
    later: () => {},
    hash: sha256Hex,
    charge: async () => await Promise.resolve(null),
    note: () => {},
  };
}

async function ask(
  { line, judge }: Sources,
  life: Life,
  askedAtMs: number,
  { operation, input }: Parameters<AskCognito>[0],
): ReturnType<AskCognito> {
  const given = input as Readonly<Record<string, unknown>>;
  const isAsked = operation !== "UnlinkIdentity" && operation !== "DeleteIdentities";
  const question = questionIn(given, askedAtMs);
  if (isAsked) judge.asks(life, question);
  const answer = await line.ask(life, operation, given);
  if (answer === null) return err({ kind: "no-answer", cause: "deadline" });
  const members = membersOf(answer.document);
  if (answer.status === 200) {
    const identityId = members.get("IdentityId");
    if (isAsked && typeof identityId === "string") judge.answered(life, question, identityId);
    return ok(members);
  }
  const type = members.get("__type");
  if (answer.status !== 400 || typeof type !== "string") return err({ kind: "no-answer", cause: "status" });
  return err({ kind: "exception", type, message: String(members.get("message")) });
}

function questionIn(input: Readonly<Record<string, unknown>>, askedAtMs: number): Question {
  const { IdentityPoolId, IdentityId, Logins = {}, DeveloperUserIdentifier: user } = input;
  const presented = typeof user === "string" ? { [DEVELOPER]: user } : (Logins as Readonly<Record<string, string>>);
  return {
    askedAtMs,
    sourcePoolId: (IdentityPoolId as IdentityPoolId | undefined) ?? null,
    named: (IdentityId as IdentityId | undefined) ?? null,
    presented: new Map(Object.entries(presented)),
  };
}
