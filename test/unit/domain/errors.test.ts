import { describe, expect, it } from "vitest";
import { err, ok, RATE_EXCEEDED, serviceError } from "../../../src/domain/errors.ts";

describe("results", () => {
  it("are one or the other", () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 });
    expect(err("no")).toEqual({ ok: false, error: "no" });
  });
});

describe("serviceError", () => {
  it("keeps what the log may know apart from what the wire may say", () => {
    expect(serviceError("NotAuthorizedException", "No.", "why")).toEqual({
      type: "NotAuthorizedException",
      message: "No.",
      reason: "why",
    });
  });

  it("has no reason where none was given", () => {
    expect(Object.keys(serviceError("NotAuthorizedException", "No."))).toEqual(["type", "message"]);
  });

  it("throttles in the words of the live service", () => {
    expect(RATE_EXCEEDED).toEqual({ type: "TooManyRequestsException", message: "Rate exceeded" });
  });
});
