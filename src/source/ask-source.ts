/** One question at a source, if its budget permits it, and what its answer is worth. */
import { err, type Result } from "../domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { Members } from "../domain/json.ts";
import type { LogEvent } from "../log/events.ts";
import type { AskCognito, SourceCredential } from "./cognito.ts";
import type { Told } from "./source-actor.ts";
import { failureOf, type SourceFailure } from "./source-answer.ts";

/** The object of one source pool: each call may fail. */
export type SourceBudget = { draw(): Promise<boolean>; tell(told: Told): Promise<void> };

/** What every question at a source takes. */
export type SourceTools = {
  readonly askCognito: AskCognito;
  readonly region: string;
  /** By the source pool's id. */
  readonly credentials: ReadonlyMap<string, SourceCredential>;
  budgetOf(sourcePoolId: IdentityPoolId): SourceBudget;
  log(event: LogEvent): void;
};

export type SourceQuestion = {
  /** Of the service model. */
  readonly operation: string;
  readonly input: object;
  /** The one that is asked about, where there is one. */
  readonly identityId?: IdentityId;
  /** Whether it is one that only a credential may ask. */
  readonly isSigned?: boolean;
};

/** Never rejects. */
export async function askSource(
  sourcePoolId: IdentityPoolId,
  { operation, input, identityId, isSigned = false }: SourceQuestion,
  tools: SourceTools,
  onFetch?: () => void,
): Promise<Result<Members, SourceFailure>> {
  const credential = isSigned ? tools.credentials.get(sourcePoolId) : undefined;
  if (isSigned && credential === undefined) return err({ kind: "misconfigured", problem: "no-credentials" });
  const isDrawn = await tools
    .budgetOf(sourcePoolId)
    .draw()
    .catch(() => null);
  // Nobody knows how often the source was asked: then it is not.
  if (isDrawn === null) return err({ kind: "unavailable", cause: "its object" });
  if (!isDrawn) return err({ kind: "throttled", by: "budget" });
  onFetch?.();
  const signing = credential === undefined ? {} : { credential };
  const answer = await tools.askCognito({ region: tools.region, operation, input, ...signing });
  return answer.ok ? answer : err(failureOf(answer.error, identityId, isSigned));
}
