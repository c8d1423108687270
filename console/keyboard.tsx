/** The keys of the console: `/` to search, `g` and a letter for a page, `?` for this list. Nothing in a field, and nothing in a dialog. */
import { useEffect, useState } from "preact/hooks";
import { PAGES } from "./pages.ts";
import { Dialog } from "./parts/dialog.tsx";
import { go } from "./router.ts";

const ENTRIES = PAGES.flatMap(({ path, entry }) => (entry === undefined ? [] : [{ path, ...entry }]));
/** How long the letter after `g` may take. */
const CHORD_MS = 1500;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
}

/** The listener of the page, and the list of keys when it is asked for. */
export function Keyboard() {
  const [isHelpShown, setIsHelpShown] = useState(false);
  useEffect(() => {
    let chordUntil = 0;
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const isChord = Date.now() < chordUntil;
      chordUntil = 0;
      const entry = isChord ? ENTRIES.find(({ key }) => key === event.key) : undefined;
      const search = event.key === "/" ? document.querySelector<HTMLElement>("main [type=search]") : null;
      if (entry !== undefined) go(entry.path);
      else if (search !== null) search.focus();
      else if (event.key === "?") setIsHelpShown(true);
      else if (event.key === "g") chordUntil = Date.now() + CHORD_MS;
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  if (!isHelpShown) return null;
  const close = () => setIsHelpShown(false);
  return (
    <Dialog title="Keys" onClose={close}>
      <dl class="keys">
        {ENTRIES.map(({ path, title, key }) => (
          <div key={path}>
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>/</kbd>
          </dt>
          <dd>Search on this page</dd>
        </div>
        <div>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>This list</dd>
        </div>
      </dl>
      <p class="actions">
        <button type="button" onClick={close}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
