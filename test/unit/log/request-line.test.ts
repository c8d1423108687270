import { afterEach, describe, expect, it, vi } from "vitest";
import { logDefect, logRequest } from "../../../src/log/request-line.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

function linesOf(method: "log" | "error", write: () => void): readonly unknown[] {
  const spy = vi.spyOn(console, method).mockImplementation(() => {});
  write();
  return spy.mock.calls.map(([line]): unknown => JSON.parse(String(line)));
}

describe("logRequest", () => {
  it("writes one line of JSON, and no more of a success than that it was one", () => {
    const request = { requestId: "r", operation: "GetId", status: 200, durationMs: 1.26 };
    expect(linesOf("log", () => logRequest(request))).toEqual([{ message: "request", ...request, durationMs: 1.3 }]);
  });

  it("names the exception and its reason, and not the message, which may quote the request", () => {
    const error = { type: "ValidationException", message: "Value at 'identityId' …", reason: "why" } as const;
    const [line] = linesOf("log", () =>
      logRequest({ requestId: "r", operation: null, status: 400, error, durationMs: 0 }),
    );
    expect(line).toEqual({
      message: "request",
      requestId: "r",
      operation: null,
      status: 400,
      exception: "ValidationException",
      reason: "why",
      durationMs: 0,
    });
  });
});

describe("logDefect", () => {
  it.each([
    ["an error", new TypeError("no such member"), { name: "TypeError", message: "no such member" }],
    ["what is no error, without its value", "eyJhbGciOi", { name: "string", message: "" }],
    ["nothing at all", undefined, { name: "undefined", message: "" }],
  ])("tells of %s, with the request that it belongs to", (_, cause, told) => {
    expect(linesOf("error", () => logDefect("r", "GetId", cause))).toMatchObject([
      { message: "defect", requestId: "r", operation: "GetId", cause: told },
    ]);
  });
});
