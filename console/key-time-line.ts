/**
 * The signing keys on a time line, as places on a sheet: a row for each key, with how long it is published and how long it signs.
 * Time is to scale. Pure: the drawing is parts/key-time-line.tsx.
 */
import type { ExtensionOutputOf } from "../src/protocol/extensions.ts";

export type SigningKey = ExtensionOutputOf<"DescribeKeyRing">["Keys"][number];

/** `published`: relying parties are told of it, and it does not sign. In per cent of the width. */
export type Segment = {
  readonly kind: "published" | "signing";
  readonly from: number;
  readonly to: number;
  /** What is to come holds only while the settings stay. */
  readonly isToCome: boolean;
  /** It goes on beyond the sheet. */
  readonly isOpen: boolean;
};

export type KeyRow = { readonly keyId: string; readonly segments: readonly Segment[] };

export type KeyTimeLine = {
  /** Epoch seconds at the two ends of the sheet. */
  readonly from: number;
  readonly to: number;
  /** In per cent. */
  readonly now: number;
  readonly rows: readonly KeyRow[];
};

/** Seconds that are shown at least, around now: an hour. */
const LEAST_SPAN = 3600;
/** Of the whole, at each end. */
const BORDER = 0.04;

/** A piece of a key's life: from null is before anything that is known, to null has no end yet. */
type Piece = { readonly kind: Segment["kind"]; readonly from: number | null; readonly to: number | null };

function piecesOf(key: SigningKey): readonly Piece[] {
  const { State, PublishedAt = null, ActivatedAt = null, ActivatesAt = null, RetiresAt = null } = key;
  if (State === "retired") {
    return [
      { kind: "signing", from: null, to: key.RetiredAt ?? null },
      { kind: "published", from: key.RetiredAt ?? null, to: key.LeavesAt ?? null },
    ];
  }
  const starts = State === "active" ? ActivatedAt : ActivatesAt;
  const before: readonly Piece[] = [{ kind: "published", from: PublishedAt, to: starts }];
  return starts === null ? before : [...before, { kind: "signing", from: starts, to: RetiresAt }];
}

/** `now` in epoch seconds. */
export function keyTimeLine(keys: readonly SigningKey[], now: number): KeyTimeLine {
  const pieces = keys.map(piecesOf);
  const known = pieces.flat().flatMap(({ from, to }) => [from ?? [], to ?? []].flat());
  const first = Math.min(now - LEAST_SPAN / 2, ...known);
  const last = Math.max(now + LEAST_SPAN / 2, ...known);
  const border = (last - first) * BORDER;
  const [from, to] = [first - border, last + border];
  const percent = (at: number) => ((at - from) / (to - from)) * 100;
  const rows = keys.map(({ KeyId }, index): KeyRow => {
    const segments = (pieces[index] ?? []).flatMap((piece): Segment[] => {
      const [start, end] = [piece.from ?? from, piece.to ?? to];
      const segment = { kind: piece.kind, from: percent(start), isOpen: piece.to === null };
      if (end <= start) return [];
      // What has been and what is to come are drawn apart.
      if (start >= now || end <= now) return [{ ...segment, to: percent(end), isToCome: start >= now }];
      return [
        { ...segment, to: percent(now), isToCome: false, isOpen: false },
        { ...segment, from: percent(now), to: percent(end), isToCome: true },
      ];
    });
    return { keyId: KeyId, segments };
  });
  return { from, to, now: percent(now), rows };
}
