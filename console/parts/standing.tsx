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

export function StandingWord({ standing }: { standing: Standing }) {
  const [shape, words] = SHAPES[standing];
  return (
    <span class={standing === "authenticated" ? "good" : standing === "deleted" ? "bad" : "muted"}>
      <span aria-hidden="true">{shape}</span> <span>{words}</span>
    </span>
  );
}
