/** A dialog over the page: the browser's own, which keeps the focus in it and gives it back; Escape closes it. */
import type { ComponentChildren, TargetedSubmitEvent } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Failure as Fault } from "../api.ts";
import { Failure } from "./failure.tsx";
import { focusHeading } from "./heading.tsx";

export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // Taken out of the page while it is open it would give the focus back to nobody.
    return () => dialog?.close();
  }, []);
  return (
    // Its event comes later: of a dialog that is gone by then nobody is told again.
    <dialog ref={element} aria-labelledby={heading} onClose={() => element.current !== null && onClose()}>
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}

type Danger = {
  /** A question, as "Delete 3 identities?". */
  title: string;
  /** The word on the button that does it. */
  verb: string;
  /** What has to be typed first; absent: nothing. */
  typed?: string;
  /** A failure is shown, and the dialog stays. */
  act: () => Promise<Fault | null>;
  onDone: () => void;
  onClose: () => void;
  /** What is lost for good. */
  children: ComponentChildren;
};

/** Asks before what cannot be undone. */
export function DangerDialog({ title, verb, typed, act, onDone, onClose, children }: Danger) {
  const [text, setText] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState<Fault | null>(null);
  const field = useId();
  const confirm = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const dialog = event.currentTarget.closest("dialog");
    setIsBusy(true);
    const failed = await act();
    setIsBusy(false);
    setFailure(failed);
    if (failed !== null) return;
    onDone();
    dialog?.close();
    // The button that asked may be gone with what it was for.
    focusHeading();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void confirm(event)}>
        {children}
        {typed !== undefined && (
          <p>
            <label htmlFor={field}>
              Type <strong>{typed}</strong>
            </label>
            <input id={field} value={text} autoComplete="off" onInput={(event) => setText(event.currentTarget.value)} />
          </p>
        )}
        {failure !== null && <Failure failure={failure} />}
        <p class="actions">
          <button type="submit" class="danger" disabled={isBusy || (typed !== undefined && text !== typed)}>
            {verb}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}
