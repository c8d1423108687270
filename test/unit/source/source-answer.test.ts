import { describe, expect, it, vi } from "vitest";
import { errorOf } from "../../../src/domain/refusals.ts";
import { causeOf, failureOf, refusalOf } from "../../../src/source/source-answer.ts";
import { exception, SOURCE_POOL, Stage, X } from "./source-stage.ts";

const failure = (type: string, message = "", isSigned = false) =>
  failureOf({ kind: "exception", type, message }, X, isSigned);

describe("how Cognito says no", () => {
  it.each([
    [
      "classic-flow-refused",
      "InvalidParameterException",
      "Basic (classic) flow is not enabled, please use enhanced flow.",
    ],
    [
      "classic-flow-refused",
      "InvalidParameterException",
      "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.",
    ],
    ["guests-refused", "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool."],
    ["unknown-pool", "ResourceNotFoundException", `IdentityPool '${SOURCE_POOL}' not found.`],
    ["unsupported-provider", "NotAuthorizedException", "Token is not from a supported provider of this identity pool."],
    [
      "unsupported-provider",
      "NotAuthorizedException",
      `Identity pool - ${SOURCE_POOL} does not have identity providers configured.`,
    ],
    [
      "no-roles",
      "InvalidIdentityPoolConfigurationException",
      "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
    ],
  ])("is %s for the operator, and of no concern to the client", (problem, type, message) => {
    const read = failure(type, message);
    expect(read).toEqual({ kind: "misconfigured", problem });
    expect(errorOf(refusalOf(read))).toEqual({
      type: "ExternalServiceException",
      message: "The source of the identity pool did not answer.",
      reason: `source-misconfigured: ${problem}`,
    });
  });

  it.each(["TooManyRequestsException", "LimitExceededException", "ThrottlingException"])(
    "is throttling by %s",
    (type) => {
      const read = failure(type);
      expect(read).toEqual({ kind: "throttled", by: "source" });
      expect(errorOf(refusalOf(read))).toMatchObject({ type: "TooManyRequestsException", retryAfterSeconds: 1 });
    },
  );

  it("is a conflict in words of our own", () => {
    const error = errorOf(refusalOf(failure("ResourceConflictException", "words")));
    expect(error).toMatchObject({ type: "ResourceConflictException", reason: "source-conflict" });
    expect(error.message).not.toContain("words");
  });

  it("of a login that was good here is a disagreement", () => {
    const read = failure("NotAuthorizedException", "Invalid login token. Token expired: 2 >= 1");
    expect(read).toEqual({ kind: "disagrees" });
    expect(errorOf(refusalOf(read))).toMatchObject({ type: "ExternalServiceException", reason: "source-disagrees" });
  });

  it("of an id is the client's, in the very words, where an id was asked about; else it is trouble", () => {
    const texts = [
      ["ResourceNotFoundException", `Identity '${X}' not found.`],
      ["NotAuthorizedException", `Access to Identity '${X}' is forbidden.`],
      [
        "NotAuthorizedException",
        "Logins don't match. Please include at least one valid login for this identity or identity pool.",
      ],
    ] as const;
    for (const [type, message] of texts) {
      expect(errorOf(refusalOf(failure(type, message)))).toEqual({ type, message });
      const read = failureOf({ kind: "exception", type, message }, undefined, false);
      expect(errorOf(refusalOf(read))).toMatchObject({ type: "ExternalServiceException" });
    }
  });

  it("T38: repeats no id but the one that was asked about", () => {
    const other = "us-east-1:cccccccc-cccc-4ccc-8ccc-cccccccccccc";
    for (const message of [`Access to Identity '${other}' is forbidden.`, `Identity '${other}' not found.`]) {
      for (const type of ["NotAuthorizedException", "ResourceNotFoundException"]) {
        expect(errorOf(refusalOf(failure(type, message))).message).not.toContain(other);
      }
    }
  });

  it("of a signed question is about what was looked up, or about who asks", () => {
    expect(failure("ResourceNotFoundException", "no such user", true)).toEqual({ kind: "absent" });
    for (const type of ["AccessDeniedException", "InvalidSignatureException", "NotAuthorizedException"]) {
      expect(failure(type, "no", true)).toEqual({ kind: "misconfigured", problem: "credentials-refused" });
      expect(failure(type, "no", false).kind).toBe("unavailable");
    }
  });

  it("T46: by a name that is none of AWS's is an answer of nobody knows whom, and the log has no word of it", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    for (const name of ["WordsOfTheSource", "wordsException", "Words-Exception", "W".repeat(80)]) {
      const answer = await new Stage(exception(name, "")).party().ask(null, "public");
      expect(answer).toMatchObject({ ok: false, error: { error: { reason: "source-unavailable: status 400" } } });
    }
    vi.restoreAllMocks();
  });

  it("by anything else is trouble, and the log has its name", () => {
    const read = failure("InternalErrorException", "words");
    expect(causeOf(read)).toBe("source-unavailable: InternalErrorException");
    expect(errorOf(refusalOf(read))).toMatchObject({ type: "ExternalServiceException" });
  });
});
