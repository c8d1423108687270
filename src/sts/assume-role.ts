/**
 * AssumeRoleWithWebIdentity at a security token service (STS): one question, and a second one where the first may only have come at a
 * bad moment; one deadline for both. The address is a setting: nothing of a request is ever part of it. Nothing that is given
 * out is kept (docs/adr/0066-credentials-are-not-cached.md).
 */
import { err, RATE_EXCEEDED, type Result, type ServiceError, serviceError } from "../domain/errors.ts";
import { configurationError } from "../domain/refusals.ts";
import { roleNameOf } from "../domain/role-arn.ts";
import type { StsTrace } from "../domain/trace.ts";
import { type AnswerRules, boundedFetch, type FetchTools } from "../outbound/bounded-fetch.ts";
import { type Credentials, readStsAnswer, type StsFailure, withoutAnswer } from "./sts-answer.ts";
import { type RoleRequest, stsBody, type StsTerms } from "./sts-request.ts";

export type StsSettings = StsTerms & {
  /** Address that is asked; null where there is none. */
  readonly url: string | null;
};

export type StsTools = Pick<FetchTools, "fetch" | "upstreams"> & {
  /** Epoch seconds. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  pause(ms: number): Promise<void>;
};

export type AssumedRole = {
  readonly credentials: Result<Credentials>;
  readonly trace: StsTrace;
};

/** For both questions and the pause between them, in milliseconds. */
const DEADLINE_MS = 5000;
/** How long the second question waits, in milliseconds: at least, and at most so much longer. */
const MIN_PAUSE_MS = 100;
const PAUSE_SPREAD_MS = 200;
/** A second question with less time than this, in milliseconds, is not worth asking. */
const MIN_ATTEMPT_MS = 500;
const HEADERS = {
  "content-type": "application/x-www-form-urlencoded",
  // Else a front of AWS's answers in JSON.
  accept: "application/xml, text/xml",
};
const ANSWER_RULES: AnswerRules = { isAnswer: () => true, isOfType: () => true, maxBytes: 64 * 1024 };

type Attempt = { readonly answer: Result<Credentials, StsFailure>; readonly status: number | undefined };

/** Never rejects. Fails as docs/credentials.md says, and with `no-sts` where there is nobody to ask. */
export async function assumeRole(request: RoleRequest, settings: StsSettings, tools: StsTools): Promise<AssumedRole> {
  const role = roleNameOf(request.roleArn);
  const { url, durationSeconds } = settings;
  if (url === null) return { credentials: err(configurationError("no-sts")), trace: { role } };
  const startedAt = performance.now();
  const question = { url: new URL(url), headers: HEADERS, body: stsBody(request, settings) };
  const leftMs = () => DEADLINE_MS - (performance.now() - startedAt);

  async function attempt(): Promise<Attempt> {
    const { fetch, upstreams } = tools;
    const deadlineMs = Math.max(1, leftMs());
    const exchanged = await boundedFetch(question, { fetch, upstreams, deadlineMs }, ANSWER_RULES);
    if (!exchanged.ok) return { answer: err(withoutAnswer(exchanged.error)), status: undefined };
    const asked = { token: request.token, durationSeconds };
    return { answer: readStsAnswer(exchanged.value, asked, tools.now()), status: exchanged.value.status };
  }

  let last = await attempt();
  const isTransient = !last.answer.ok && last.answer.error.isTransient;
  if (isTransient) {
    const pauseMs = MIN_PAUSE_MS + tools.random() * PAUSE_SPREAD_MS;
    if (leftMs() - pauseMs >= MIN_ATTEMPT_MS) {
      await tools.pause(pauseMs);
      last = await attempt();
    }
  }
  const { answer, status } = last;
  const message = answer.ok ? undefined : answer.error.message;
  const trace: StsTrace = {
    role,
    status,
    message,
    durationMs: Math.round(performance.now() - startedAt),
    ...(answer.ok && { sessionSeconds: Math.floor(answer.value.expiresAt - tools.now()) }),
  };
  return { credentials: answer.ok ? answer : err(errorOfSts(answer.error)), trace };
}

/** In the words of the live service: docs/troubleshooting.md. Why, is for the log alone. */
function errorOfSts({ fault, reason }: StsFailure): ServiceError {
  switch (fault) {
    case "configuration":
      return configurationError(reason);
    case "external":
      return serviceError(
        "ExternalServiceException",
        "The security token service could not reach this issuer.",
        reason,
      );
    case "internal":
      return serviceError("InternalErrorException", "An internal error occurred.", reason);
    case "throttled":
      return { ...RATE_EXCEEDED, reason, retryAfterSeconds: 1 };
  }
}
