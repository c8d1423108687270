/** The lines of a file as a stream, with where each ends, so that reading can go on there. */
import { createReadStream } from "node:fs";

export type FileLine = {
  /** Counted from 1. */
  readonly number: number;
  /** Without its end; undefined for one that is longer than any line may be. */
  readonly text: string | undefined;
  /** Offset in bytes of the next line. */
  readonly end: number;
};

export type Place = { readonly offset: number; readonly line: number };

export const BEGINNING: Place = { offset: 0, line: 0 };

/** In bytes. An identity of a hundred logins has a tenth of it. */
export const MAX_LINE_BYTES = 1 << 18;

const NEWLINE = 10;

/** From `place` on; what stands behind the last newline counts as a line, too, if there is anything. */
export async function* fileLines(path: string, place: Place = BEGINNING): AsyncGenerator<FileLine> {
  let { offset: end, line: number } = place;
  let kept: Buffer[] = [];
  let keptBytes = 0;
  const take = (piece: Buffer) => {
    keptBytes += piece.length;
    // Of a line that is too long the rest is passed over, and not kept.
    if (keptBytes <= MAX_LINE_BYTES) kept.push(piece);
  };
  const finish = (newline: 0 | 1): FileLine => {
    const text = keptBytes <= MAX_LINE_BYTES ? textOf(Buffer.concat(kept), number === 0) : undefined;
    number += 1;
    end += keptBytes + newline;
    kept = [];
    keptBytes = 0;
    return { number, text, end };
  };
  for await (const chunk of createReadStream(path, { start: place.offset }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      yield finish(1);
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  if (keptBytes > 0) yield finish(0);
}

/** Files from other systems end their lines in two characters, and begin with a mark. */
function textOf(bytes: Buffer, isFirst: boolean): string {
  const text = bytes.toString("utf8").replace(/\r$/, "");
  return isFirst ? text.replace(/^\uFEFF/, "") : text;
}
