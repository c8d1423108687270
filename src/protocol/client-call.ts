/** Which call of its client a request belongs to: the SDKs give each an id, and send it with every attempt. */
import type { ClientCall } from "../domain/identity.ts";

const CALL_ID = /^[\w-]{8,64}$/;

/** `now`, in epoch seconds, is when it came. The id is a client's word, and opens nothing by itself. */
export function callOf(headers: Headers, now: number): ClientCall {
  const callId = headers.get("amz-sdk-invocation-id") ?? "";
  return { askedAt: now, callId: CALL_ID.test(callId) ? callId : null };
}
