import { describe, expect, it } from "vitest";
import { serviceError, type ServiceErrorName } from "../../../src/domain/errors.ts";
import { renderError, unknownOperation } from "../../../src/protocol/wire-error.ts";

const statuses: Readonly<Record<ServiceErrorName, number>> = {
  ConcurrentModificationException: 400,
  DeveloperUserAlreadyRegisteredException: 400,
  ExternalServiceException: 400,
  InternalErrorException: 500,
  InvalidIdentityPoolConfigurationException: 400,
  InvalidParameterException: 400,
  LimitExceededException: 400,
  NotAuthorizedException: 403,
  ResourceConflictException: 409,
  ResourceNotFoundException: 404,
  TooManyRequestsException: 429,
  AccessDeniedException: 403,
  IncompleteSignatureException: 400,
  InvalidSignatureException: 400,
  MissingAuthenticationTokenException: 400,
  RequestEntityTooLargeException: 413,
  RequestTimeoutException: 408,
  SerializationException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
  ValidationException: 400,
};

describe("renderError", () => {
  it.each(Object.entries(statuses))("gives %s the status %i", (name, status) => {
    const type = Object.keys(statuses).find((known): known is ServiceErrorName => known === name);
    expect(type).toBeDefined();
    if (type === undefined) return;
    expect(renderError(serviceError(type, "why")).status).toBe(status);
  });

  it("names the error in the header with a colon and in the body without", () => {
    const { headers, body } = renderError(serviceError("NotAuthorizedException", "Logins don't match."));
    expect(headers["x-amzn-errortype"]).toBe("NotAuthorizedException:");
    expect(headers["x-amzn-errormessage"]).toBe("Logins don't match.");
    expect(body).toEqual({ __type: "NotAuthorizedException", message: "Logins don't match." });
  });

  it("says nothing of an internal error, and nothing of what only the log may know", () => {
    const rendered = renderError(serviceError("InternalErrorException", "SQLITE_CORRUPT in table x", "stack"));
    expect(rendered.body.message).toBe("An internal error occurred.");
    expect(JSON.stringify(rendered)).not.toMatch(/SQLITE|stack/);
    expect(JSON.stringify(renderError(serviceError("NotAuthorizedException", "no", "kid 7")))).not.toContain("kid 7");
  });

  it("names what is missing while the service is not configured, and of no other internal error", () => {
    const message = "Edgepool is not configured: ISSUER is missing.";
    const rendered = renderError({ ...serviceError("InternalErrorException", message), isUnconfigured: true });
    expect(rendered.status).toBe(500);
    expect(rendered.body).toEqual({ __type: "InternalErrorException", message });
    expect(renderError(serviceError("InternalErrorException", message)).body.message).not.toContain("ISSUER");
  });

  it("explains any error where somebody has put an explanation beside it, and no more of an internal one", () => {
    const internal = { ...serviceError("InternalErrorException", "stack"), explanation: "sts-connection" };
    expect(renderError(internal).body.message).toBe("An internal error occurred. (sts-connection)");
    const { headers } = renderError({ ...serviceError("NotAuthorizedException", "no."), explanation: "why" });
    expect(headers["x-amzn-errormessage"]).toBe("no. (why)");
  });

  it("keeps the message header to visible ASCII and to a length that clients accept", () => {
    const message = `a\r\nset-cookie: x=1\u0000é\u202e€${"z".repeat(20_000)}`;
    const { headers, body } = renderError(serviceError("InvalidParameterException", message));
    expect(headers["x-amzn-errormessage"]).toMatch(/^a\?\?set-cookie: x=1\?\?\?\?z+$/);
    expect(headers["x-amzn-errormessage"]?.length).toBe(1024);
    expect(body.message).toBe(message);
    expect(() => new Headers(headers)).not.toThrow();
  });

  it.each([
    [undefined, "1"],
    [0, "1"],
    [0.2, "1"],
    [1.01, "2"],
    [7, "7"],
  ])("tells a throttled client to wait %s seconds, rounded up", (retryAfterSeconds, header) => {
    const error = serviceError("TooManyRequestsException", "Rate exceeded");
    const rendered = renderError(retryAfterSeconds === undefined ? error : { ...error, retryAfterSeconds });
    expect(rendered.headers["retry-after"]).toBe(header);
  });

  it("tells nobody else to wait", () => {
    expect(renderError(serviceError("LimitExceededException", "no")).headers).not.toHaveProperty("retry-after");
  });

  it.each([
    ["AWSCognitoIdentityService.GetEverything", "GetEverything"],
    ["AWSCognitoIdentityProviderService.InitiateAuth", "InitiateAuth"],
    ["GetEverything", "GetEverything"],
  ])("names the operation of %s that is unknown", (target, name) => {
    expect(unknownOperation(target).message).toBe(
      `X-Amz-Target names no operation that this service has, '${name}': AWSCognitoIdentityService.<operation> is expected.`,
    );
  });

  it.each([
    undefined,
    "",
    "AWSCognitoIdentityService.",
    "a.<script>",
    "a.b c",
    "a.b_7",
    "a.GetId",
    "a.RotateSigningKey",
    `a.${"n".repeat(65)}`,
  ])("T51: quotes nothing of %s, which could be no name, or is known", (target) => {
    expect(unknownOperation(target).message).toBe(
      "X-Amz-Target names no operation that this service has: AWSCognitoIdentityService.<operation> is expected.",
    );
  });

  it("marks a request that was sent to the wrong path or with the wrong method", () => {
    expect(renderError({ ...unknownOperation(), misdirected: "path" }).status).toBe(404);
    const wrongMethod = renderError({ ...unknownOperation(), misdirected: "method" });
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers["allow"]).toBe("POST, OPTIONS");
    expect(wrongMethod.body.__type).toBe("UnknownOperationException");
  });
});
