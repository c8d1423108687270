/** Where an identity stands: a word, and a shape beside it. */
import type { OutputOf } from "../wire.ts";

type Standing = OutputOf<"Edgepool.DescribeIdentityInFull">["Standing"];

const SHAPES: Readonly<Record<Standing, readonly [shape: string, words: string]>> = {
  guest: ["○", "Guest"],
  authenticated: ["●", "Authenticated"],
  closed: ["■", "Closed"],
  merged: ["⤳", "Merged into another"],
  deleted: ["✕", "Deleted"],
};

/** `isDisabled`: by an operator's word, whatever it is besides. */
export function StandingWord({ standing, isDisabled }: { standing: Standing; isDisabled: boolean }) {
  const [shape, words] = SHAPES[standing];
  if (isDisabled) {
    return (
      <span class="bad">
        <span aria-hidden="true">⊘</span> <span>Disabled ({words.toLowerCase()})</span>
      </span>
    );
  }
  return (
    <span class={standing === "authenticated" ? "good" : standing === "deleted" ? "bad" : "muted"}>
      <span aria-hidden="true">{shape}</span> <span>{words}</span>
    </span>
  );
}
