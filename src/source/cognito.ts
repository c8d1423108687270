/**
 * One question to Amazon Cognito's identity pools: one bounded exchange, whose answer is members or an exception. The region is a
 * setting; nothing of a request is part of the address. What is asked and answered is logged nowhere, but for the outcome.
 */
import { AwsV4Signer } from "aws4fetch";
import { err, ok, type Result } from "../domain/errors.ts";
import { type Members, membersOf } from "../domain/json.ts";
import { writeEvent } from "../log/write.ts";
import type { FetchTools } from "../outbound/bounded-fetch.ts";
import { cognitoAddress } from "../outbound/cognito-address.ts";
import { askForJson } from "../outbound/fetch-json.ts";

/** An access key of AWS's that may look up and delete at the source. */
export type SourceCredential = { readonly accessKeyId: string; readonly secretAccessKey: string };

export type CognitoTools = Pick<FetchTools, "fetch" | "upstreams">;

export type CognitoQuestion = {
  readonly region: string;
  /** Of the service model. */
  readonly operation: string;
  readonly input: object;
  /** Signs the question; absent for a public operation. */
  readonly credential?: SourceCredential;
};

/** How Cognito says no. `message` may repeat what it was shown: it is read, and goes no further. */
export type CognitoException = { readonly kind: "exception"; readonly type: string; readonly message: string };

/** No answer, or none that can be read; `cause` is one of our own words. */
export type NoAnswer = { readonly kind: "no-answer"; readonly cause: string };

/** For connect, headers and body together, in milliseconds. */
const DEADLINE_MS = 5000;
/** AWS says no with 400, and in front of the service with others. */
const JUDGED_STATUSES = [200, 400, 403, 404, 409, 413, 429];
const CONTENT_TYPE = "application/x-amz-json-1.1";

/** The members of the answer. Never rejects. */
export type AskCognito = (question: CognitoQuestion) => Promise<Result<Members, CognitoException | NoAnswer>>;

/** As `AskCognito` has it. */
export async function askCognito(
  { region, operation, input, credential }: CognitoQuestion,
  tools: CognitoTools,
): ReturnType<AskCognito> {
  const startedAt = performance.now();
  const url = cognitoAddress(region);
  const body = JSON.stringify(input);
  const plain = { "content-type": CONTENT_TYPE, "x-amz-target": `AWSCognitoIdentityService.${operation}` };
  const headers =
    credential === undefined ? plain : await signed(tools.upstreams.locate(url), plain, body, region, credential);
  const question = { url, headers, body, statuses: JUDGED_STATUSES };
  const answer = await askForJson(question, { ...tools, deadlineMs: DEADLINE_MS });
  const outcome = answer.ok ? answer.value.status : answer.error;
  const durationMs = Math.round(performance.now() - startedAt);
  writeEvent({ message: "upstream asked", provider: url.host, outcome, durationMs });
  if (!answer.ok) return err({ kind: "no-answer", cause: answer.error });
  const { status, document } = answer.value;
  const members = membersOf(document);
  if (status === 200) return ok(members);
  if (status === 429) return err({ kind: "exception", type: "TooManyRequestsException", message: "" });
  const type = exceptionName(members.get("__type"));
  const message = members.get("message") ?? members.get("Message");
  return type === undefined
    ? err({ kind: "no-answer", cause: `status ${status}` })
    : err({ kind: "exception", type, message: typeof message === "string" ? message : "" });
}

/** What AWS calls an exception, which goes to the log: no text that could be something else. */
const EXCEPTION_NAME = /^[A-Z][A-Za-z]{1,50}Exception$/;

/** The name alone: AWS JSON may write `namespace#Name:address`. */
function exceptionName(type: unknown): string | undefined {
  const name = typeof type === "string" ? type.split(":")[0]?.split("#").at(-1) : undefined;
  return name !== undefined && EXCEPTION_NAME.test(name) ? name : undefined;
}

/** With Signature Version 4, for the address that is really asked. */
async function signed(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  region: string,
  credential: SourceCredential,
): Promise<Readonly<Record<string, string>>> {
  const question = { url: url.href, method: "POST", headers, body, service: "cognito-identity", region };
  const request = await new AwsV4Signer({ ...question, ...credential }).sign();
  return Object.fromEntries(request.headers);
}
