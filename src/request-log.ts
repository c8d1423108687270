/** One structured line for each request. It names what happened and never what was presented: no token, secret or subject (T46). */
import type { ServiceError } from "./domain/errors.ts";

export type RequestLine = {
  readonly requestId: string;
  readonly operation: string | null;
  readonly status: number;
  readonly error?: ServiceError;
  readonly durationMs: number;
};

export function logRequest({ requestId, operation, status, error, durationMs }: RequestLine): void {
  const line = {
    message: "request",
    requestId,
    operation,
    status,
    ...(error !== undefined && { exception: error.type, ...(error.reason !== undefined && { reason: error.reason }) }),
    durationMs: Math.round(durationMs * 10) / 10,
  };
  console.log(JSON.stringify(line));
}

/** A defect, with what an operator needs to find it. */
export function logDefect(requestId: string, operation: string | null, cause: unknown): void {
  const { name, message, stack } = cause instanceof Error ? cause : { name: typeof cause, message: "", stack: "" };
  console.error(JSON.stringify({ message: "defect", requestId, operation, cause: { name, message, stack } }));
}
