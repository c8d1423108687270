/** A table with a head of plain words over each column. */
import type { ComponentChildren } from "preact";

type TableProps = {
  readonly heads: readonly string[];
  /** `stacked`: on a narrow page each row is a block, its cells labelled. `rules`: the last columns may be long. `counted`: the last one has numbers. */
  readonly kind?: "stacked" | "rules" | "counted";
  /** For a screen reader alone. */
  readonly caption?: string;
  readonly id?: string;
  /** Where it has no link or button to reach it by the keyboard, and may be wider than the page. */
  readonly isFocusable?: true;
  /** Its rows. */
  readonly children: ComponentChildren;
};

export function Table({ heads, kind, caption, id, isFocusable, children }: TableProps) {
  return (
    <div class={kind === undefined ? "table" : `table ${kind}`} tabIndex={isFocusable && 0}>
      <table id={id}>
        {caption !== undefined && <caption class="unseen">{caption}</caption>}
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
