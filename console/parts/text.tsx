/** Small texts that every page shows alike: ids, times, and the button that copies one. */
import { useEffect, useState } from "preact/hooks";
import { relative } from "../relative-time.ts";
import { announce } from "./live.tsx";

const SAID_MS = 2000;

/** `what` goes on after "Copy", for those who do not see what it stands beside; with `isNamed` for everybody. */
export function CopyButton({ text, what, isNamed = false }: { text: string; what: string; isNamed?: boolean }) {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setIsCopied(true);
    announce(`Copied ${what}`);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()}>
      {isCopied ? "Copied" : "Copy"}
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
