/** Lines that were not taken: all are kept in a file, and the first of them are shown. */
import { appendFileSync, rmSync } from "node:fs";
import { refusedAmong, type Verdict } from "./import-lines.ts";

const SHOWN = 20;

export type Refusals = {
  readonly file: string;
  /** `places`: what names each line to its owner, as `line 17`; never a subject. */
  readonly note: (places: readonly string[], verdicts: readonly Verdict[]) => void;
};

/** `isFresh`: what an earlier run has kept is not of this one. */
export function keepRefusals(file: string, isFresh: boolean, say: (line: string) => void): Refusals {
  if (isFresh) rmSync(file, { force: true });
  let shown = 0;
  return {
    file,
    note(places, verdicts) {
      const refused = refusedAmong(places, verdicts);
      if (refused.length === 0) return;
      appendFileSync(file, refused.map((one) => `${JSON.stringify(one)}\n`).join(""), { mode: 0o600 });
      for (const { at, verdict, reason } of refused.slice(0, Math.max(0, SHOWN - shown))) {
        say(`${at}: ${verdict}${reason === "" ? "" : `, ${reason}`}`);
      }
      shown += refused.length;
    },
  };
}
