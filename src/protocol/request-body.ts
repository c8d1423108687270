/**
 * The bytes of a request's body: no more than a limit, and no longer than a deadline, so that a body that is too large or never
 * ends holds no memory. Judges nothing of what they say.
 */
import { concatenate } from "../domain/bytes.ts";
import { err, ok, type Result, serviceError } from "../domain/errors.ts";

/** For the whole body, in milliseconds: the largest one comes within it at 110 kB a second, and a usual one on any line. */
export const BODY_DEADLINE_MS = 10_000;

const TOO_LATE = Symbol("too late");

/**
 * Failures: RequestEntityTooLargeException, RequestTimeoutException (which the SDKs repeat), SerializationException for a client
 * that hangs up. HTTP ends a body at its Content-Length, so one that states an allowed length is read in one step; one that
 * states none is counted as it arrives, and the rest of a longer one is never read.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  deadlineMs = BODY_DEADLINE_MS,
): Promise<Result<Uint8Array>> {
  const statedLength = request.headers.get("content-length");
  if (Number(statedLength) > maxBytes) return tooLarge(maxBytes);
  // Beside a Transfer-Encoding a Content-Length says nothing (RFC 9112, section 6.3).
  const isLengthKnown = statedLength !== null && !request.headers.has("transfer-encoding");
  // Of a body that is read in one step no stream is made.
  const stream = isLengthKnown ? null : request.body;
  if (!isLengthKnown && stream === null) return ok(new Uint8Array());
  const deadline = Promise.withResolvers<typeof TOO_LATE>();
  const timer = setTimeout(() => deadline.resolve(TOO_LATE), deadlineMs);
  try {
    const body =
      stream === null
        ? await Promise.race([readWhole(request), deadline.promise])
        : await readCounted(stream, maxBytes, deadline.promise);
    if (body === TOO_LATE) return tooLate(deadlineMs);
    return body === undefined || body.byteLength > maxBytes ? tooLarge(maxBytes) : ok(body);
  } catch (cause) {
    // A client that hangs up is an expected failure and not a defect of ours.
    return err(serviceError("SerializationException", "The request body could not be read.", String(cause)));
  } finally {
    clearTimeout(timer);
  }
}

async function readWhole(request: Request): Promise<Uint8Array> {
  return new Uint8Array(await request.arrayBuffer());
}

/** Undefined when there is too much. Whatever is not read to its end is cancelled. */
async function readCounted(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  deadline: Promise<typeof TOO_LATE>,
): Promise<Uint8Array | undefined | typeof TOO_LATE> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const read = await Promise.race([reader.read(), deadline]);
    const isTooLate = read === TOO_LATE;
    if (!isTooLate) length += read.value?.byteLength ?? 0;
    if (isTooLate || length > maxBytes) {
      // Not waited for: a source that stands still may never answer.
      reader.cancel().catch(() => undefined);
      return isTooLate ? TOO_LATE : undefined;
    }
    if (read.done) break;
    chunks.push(read.value);
  }
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : concatenate(chunks, length);
}

function tooLarge(maxBytes: number): Result<never> {
  const message = `The request body is larger than ${maxBytes} bytes.`;
  return err(serviceError("RequestEntityTooLargeException", message));
}

function tooLate(deadlineMs: number): Result<never> {
  const message = `The request body did not arrive within ${deadlineMs / 1000} seconds.`;
  return err(serviceError("RequestTimeoutException", message));
}
