/** What operators do with all of a pool's identities: the code of src/operations, run whole, and what the judge must hear of it. */
import { err, ok, type Result, serviceError } from "../../src/domain/errors.ts";
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { SignedContext } from "../../src/operations/context.ts";
import { exportIdentities } from "../../src/operations/export-identities.ts";
import { importIdentities } from "../../src/operations/import-identities.ts";
import type { FileLine } from "./line-plans.ts";
import type { Judge } from "./judge.ts";

/** More than any export of the simulation has. */
const MOST_PAGES = 300;

/** The verdicts of all lines are told to the judge. */
export async function takeIn(
  { judge }: { readonly judge: Judge },
  context: SignedContext,
  identityPoolId: IdentityPoolId,
  lines: readonly FileLine[],
): Promise<Result<null>> {
  judge.asksToImport(lines, identityPoolId);
  const answer = await importIdentities({ IdentityPoolId: identityPoolId, Identities: [...lines] }, context);
  if (!answer.ok) return answer;
  judge.imports.answered(lines, identityPoolId, answer.value.Results);
  const isDone = answer.value.Results.every(({ Verdict }) => Verdict !== "busy");
  return isDone ? ok(null) : err(serviceError("InternalErrorException", "a line is to be sent again"));
}

/** All lines, page by page, as they would stand in a file. */
export async function writeDown(
  context: SignedContext,
  identityPoolId: IdentityPoolId,
  size: number,
): Promise<Result<readonly FileLine[]>> {
  const lines: FileLine[] = [];
  let token: { readonly NextToken?: string } = {};
  for (let count = 0; count < MOST_PAGES; count++) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await exportIdentities({ IdentityPoolId: identityPoolId, MaxResults: size, ...token }, context);
    if (!page.ok) return page;
    lines.push(...page.value.Identities.map((line) => JSON.parse(JSON.stringify(line)) as FileLine));
    if (page.value.NextToken === undefined) return ok(lines);
    token = { NextToken: page.value.NextToken };
  }
  throw new Error("an export never ends");
}
