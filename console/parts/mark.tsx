/** A state as a shape and a word: colour only stands beside them. */

import type { MarkKind } from "../mark-kind.ts";

const MARKS: Readonly<Record<MarkKind, string>> = {
  good: "M3 8.5 6.5 12 13 4.5",
  bad: "M4 4l8 8M12 4l-8 8",
  warn: "M8 3v6M8 12.2v.3",
  none: "M4 8h8",
};

export function Mark({ kind, children }: { kind: MarkKind; children: string }) {
  return (
    <span class={`mark ${kind}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={MARKS[kind]} />
      </svg>
      {children}
    </span>
  );
}
