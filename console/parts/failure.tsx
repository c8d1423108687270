/** A call that failed: what the service says, and what to do about it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure as Fault } from "../api.ts";
import { plainName } from "../plain-name.ts";
import { CopyButton } from "./text.tsx";

function adviceOf(failure: Fault): string | undefined {
  switch (failure.exception) {
    case "AccessDeniedException":
      return `This key may not do that. Its entry in ADMIN_CREDENTIALS has to name the operation ${plainName(failure.operation)}, and the identity pool where it names pools.`;
    case "UnrecognizedClientException":
      return "No entry of ADMIN_CREDENTIALS has this access key id. Look for a slip, or for another service.";
    case "InvalidSignatureException":
      return "The secret access key is not that of this access key id.";
    case "ResourceNotFoundException":
      return "It may have been deleted since this page was shown.";
    case "ConcurrentModificationException":
      return "Somebody else has changed it at the same time. Load it again, and look before you repeat.";
    case "InternalErrorException":
      return "The log of the Worker has more under this request id.";
    case "Unreachable":
      return "Is the service running, and this machine online?";
    case "Unreadable":
      return "Something between this page and the service answered in its place.";
    default:
      return undefined;
  }
}

/** Counts down once, and then asks again by itself. */
function useRepeat(failure: Fault, retry: (() => void) | undefined): number {
  const isRepeated = useRef(false);
  const [secondsLeft, setSecondsLeft] = useState(0);
  useEffect(() => {
    if (retry === undefined || failure.retryAfterSeconds === null || isRepeated.current) return setSecondsLeft(0);
    let left = failure.retryAfterSeconds;
    setSecondsLeft(left);
    const timer = setInterval(() => {
      left -= 1;
      setSecondsLeft(left);
      if (left > 0) return;
      clearInterval(timer);
      isRepeated.current = true;
      retry();
    }, 1000);
    return () => clearInterval(timer);
  }, [failure, retry]);
  return secondsLeft;
}

export function Failure({ failure, retry }: { failure: Fault; retry?: () => void }) {
  const secondsLeft = useRepeat(failure, retry);
  const advice = adviceOf(failure);
  return (
    <div class="failure" role="alert">
      <p>
        <strong>{failure.exception}</strong>
      </p>
      <p>{failure.message}</p>
      {advice !== undefined && <p>{advice}</p>}
      {failure.requestId !== null && (
        <p class="muted">
          Request <code>{failure.requestId}</code> <CopyButton text={failure.requestId} what="request id" />
        </p>
      )}
      {secondsLeft > 0 && <p>Asks again in {secondsLeft} s.</p>}
      {retry !== undefined && (
        <p>
          <button type="button" onClick={retry}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}
