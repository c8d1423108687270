/** The emergency rotation of the signing key: what it means, and by force only after a second question. */
import { useState } from "preact/hooks";
import { call, type Failure as Fault } from "../api.ts";
import { DangerDialog } from "./dialog.tsx";
import { announce } from "./live.tsx";

type Asked = "no" | "rotate" | "force";

function ByForce() {
  return (
    <>
      <p>
        Another key signs at once, also one that relying parties have not had time to load. They may refuse all new
        tokens for up to five minutes, until their copy of the key set has turned over.
      </p>
      <p>
        Where the key ring cannot be read, or rests under a <code>KEY_ENCRYPTION_KEY</code> that is lost, every key is
        dropped and made anew: <strong>all living tokens end</strong>.
      </p>
    </>
  );
}

function InOrder() {
  return (
    <>
      <p>
        The key that signs now leaves the key set at once, and the next one signs. Do this when the key may be known to
        others: without an emergency, keys rotate by themselves.
      </p>
      <p>
        Tokens that the dropped key has signed are refused from then on, as soon as relying parties load the key set
        anew: five minutes at most. Apps ask again by themselves.
      </p>
    </>
  );
}

function tooSoon({ retryAfterSeconds }: Fault): string {
  const words = "The next key has not been published for 25 minutes yet, so that some relying parties do not know it.";
  if (retryAfterSeconds === null) return words;
  const minutes = Math.ceil(retryAfterSeconds / 60);
  return `${words} It may sign in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
}

export function RotateKey({ onChange }: { onChange: () => void }) {
  const [asked, setAsked] = useState<Asked>("no");
  const [isTooSoon, setIsTooSoon] = useState(false);
  const isForced = asked === "force";
  const act = async (): Promise<Fault | null> => {
    const answer = await call("Edgepool.RotateSigningKey", { Force: isForced });
    if (answer.ok) return null;
    const { failure } = answer;
    if (failure.exception !== "TooManyRequestsException") return failure;
    setIsTooSoon(true);
    return { ...failure, message: tooSoon(failure) };
  };
  const done = () => {
    setAsked("no");
    announce("Rotated");
    onChange();
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => setAsked("rotate")}>
        Rotate now
      </button>
      {asked !== "no" && (
        <DangerDialog
          key={asked}
          title={isForced ? "Rotate by force?" : "Drop the key that signs now?"}
          verb={isForced ? "Rotate by force" : "Rotate"}
          {...(isForced && { typed: "force" })}
          act={act}
          onDone={done}
          onClose={() => setAsked("no")}
        >
          {isForced ? <ByForce /> : <InOrder />}
          {isTooSoon && !isForced && (
            <p>
              In an emergency:{" "}
              <button type="button" onClick={() => setAsked("force")}>
                Do not wait
              </button>
            </p>
          )}
        </DangerDialog>
      )}
    </>
  );
}
