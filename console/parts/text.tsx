/** Small texts that every page shows alike: ids, times, and the button that copies one. */
import { useEffect, useState } from "preact/hooks";
import { relative } from "../relative-time.ts";
import { announce } from "./live.tsx";

const SAID_MS = 2000;

/** `what` goes on after "Copy", for those who do not see what it stands beside; with `isNamed` for everybody. */
export function CopyButton({ text, what, isNamed = false }: { text: string; what: string; isNamed?: boolean }) {
  const [said, setSaid] = useState<"Copied" | "Not copied" | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
      announce(`Copied ${what}`);
    } catch {
      setSaid("Not copied");
      announce(`Not copied: the browser keeps its clipboard from this page. Select ${what} and copy it by hand.`);
    }
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()}>
      {said ?? "Copy"}
      <span class={isNamed ? undefined : "unseen"}> {what}</span>
    </button>
  );
}

/** An id, whole; a link where `href` says where to, of its whole row in a table. */
export function Id({ id, what, href }: { id: string; what: string; href?: string }) {
  return (
    <span class="id">
      {href === undefined ? (
        <code>{id}</code>
      ) : (
        <a class="target" href={href}>
          <code>{id}</code>
        </a>
      )}
      <CopyButton text={id} what={what} />
    </span>
  );
}

/** `at` in epoch seconds, as the API has it. */
export function Time({ at }: { at: number }) {
  const exact = new Date(at * 1000).toISOString();
  return (
    <time dateTime={exact} title={exact}>
      {relative(at, Date.now() / 1000)}
    </time>
  );
}
