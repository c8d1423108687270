/** The one h1 of a page. After a change of page it has the focus, so that whoever cannot see the change hears of it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

let isFirst = true;

/** For whoever has done something whose place is gone. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("main h1")?.focus();
}

/** `title` is that of the document; `children`, where there are any, are shown instead. */
export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  const element = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Who has only just opened the console begins at its top.
    if (!isFirst) element.current?.focus();
    isFirst = false;
  }, []);
  useEffect(() => {
    document.title = `${title} · Edgepool`;
  }, [title]);
  return (
    <h1 ref={element} tabIndex={-1}>
      {children ?? title}
    </h1>
  );
}
