/**
 * The picture of an identity's life, as places on a sheet: time runs to the right, the identity is the trunk, a login is a lane below
 * it, and an identity that was absorbed a lane above that joins it. Distances in time are shown by their logarithm, and said in words.
 * Pure: the drawing is parts/life.tsx.
 */
import type { ExtensionOutputOf } from "../src/protocol/extensions.ts";

export type LivedIdentity = Pick<
  ExtensionOutputOf<"DescribeIdentityInFull">,
  "Standing" | "CreationDate" | "Logins" | "Life"
>;
type Entry = LivedIdentity["Life"][number];

/** A login, from the moment at which it was linked. In pixels, as all that follows. */
export type Lane = {
  readonly provider: string;
  /** For its mark. */
  readonly letter: string;
  readonly y: number;
  readonly from: number;
  readonly to: number;
  /** Unlinked, or gone with the identity; else it goes on. */
  readonly isOver: boolean;
  /** Of another lane in the same row the name need not be said again. */
  readonly isNamed: boolean;
};

/** Another identity: it comes from the left and joins, or this one goes on in it. */
export type Join = {
  readonly identityId: string;
  readonly kind: "absorbed" | "merged";
  readonly y: number;
  /** Where the two meet. */
  readonly at: number;
};

export type Mark = { readonly at: number; readonly kind: "begin" | "change" | "end"; readonly words: string };

export type Tick = { readonly x: number; /** Epoch seconds; null: now. */ readonly at: number | null };

/** Between two ticks, in words. */
export type Distance = { readonly x: number; readonly words: string };

export type LifePicture = {
  readonly width: number;
  readonly height: number;
  /** Where the trunk lies, and the axis. */
  readonly trunkY: number;
  readonly axisY: number;
  /** Where it is alive: from, to. */
  readonly trunk: readonly (readonly [from: number, to: number])[];
  /** Where it only lies: after its end, or while it is disabled. */
  readonly rest: readonly (readonly [from: number, to: number])[];
  readonly marks: readonly Mark[];
  readonly lanes: readonly Lane[];
  readonly joins: readonly Join[];
  readonly ticks: readonly Tick[];
  readonly distances: readonly Distance[];
};

const MARGIN = 20;
const ROW = 42;
/** Room for the date below a tick, and for a word above the trunk. */
const LEAST_DISTANCE = 104;
/** More of it for each tenfold of a minute. */
const GROWTH = 14;
/** An absorbed identity is seen coming for so long. */
export const APPROACH = 84;
/** Half of the mark of a lane, and what is free beside it. */
const LABEL_AT = 30;
const LABEL_GAP = 16;
/** Of the letters that names of providers, and ids, are written in. */
const LETTER_WIDTH = 7.4;
const ID_LETTER_WIDTH = 7.3;
/** Of a date, half of it. */
const DATE_HALF = 50;

export function labelWidth(text: string): number {
  return text.length * LETTER_WIDTH;
}

/** `now` in epoch seconds. */
export function lifePicture(identity: LivedIdentity, now: number): LifePicture {
  const { Life: life } = identity;
  const spans = spansOf(identity);
  const isOver = identity.Standing !== "guest" && identity.Standing !== "authenticated";
  const instants = instantsOf(identity, spans);
  const last = instants.at(-1) ?? now;
  const end = isOver ? last : Math.max(now, last);
  const [first] = instants;
  // Whoever joins at the very beginning is seen coming, too.
  const joinsLeft = life.some(({ Kind, At }) => Kind === "absorbed" && At === first) ? APPROACH / 2 : 0;
  const places = placesOf(isOver ? instants : [...instants, end], MARGIN + DATE_HALF - 12 + joinsLeft);
  const xOf = (at: number): number => places.get(at) ?? MARGIN;
  const endX = Math.max(...places.values());

  const others = life.filter(({ Kind, Other }) => Other !== undefined && (Kind === "absorbed" || Kind === "merged"));
  const trunkY = MARGIN + 24 + others.length * ROW;
  const lanes = lanesOf(spans, xOf, endX, trunkY);
  const joins = others.map(({ Kind, Other = "", At }, index): Join => {
    return {
      identityId: Other,
      kind: Kind === "merged" ? "merged" : "absorbed",
      y: trunkY - 18 - ROW * (others.length - index) + 10,
      at: xOf(At),
    };
  });
  const rows = new Set(lanes.map(({ y }) => y)).size;
  const axisY = trunkY + rows * ROW + 36;
  const labelEnds = lanes.map((lane) => lane.from + LABEL_AT + (lane.isNamed ? labelWidth(lane.provider) : 0));
  const joinEnds = joins.map(({ kind, at, identityId }) => {
    return (kind === "merged" ? at : at - APPROACH) + LABEL_AT + identityId.length * ID_LETTER_WIDTH;
  });
  const { trunk, rest } = trunkOf(life, xOf, endX);
  return {
    width: Math.ceil(Math.max(endX + DATE_HALF, ...labelEnds, ...joinEnds) + MARGIN),
    height: axisY + 52,
    trunkY,
    axisY,
    trunk,
    rest,
    marks: marksOf(life, xOf),
    lanes,
    joins,
    ticks: [
      ...instants.map((at): Tick => ({ x: xOf(at), at })),
      ...(isOver || end === last ? [] : [{ x: endX, at: null }]),
    ],
    distances: distancesOf([...places]),
  };
}

/** The instants at which anything happened, each once. Clocks may have stepped back: order is that of time. */
function instantsOf({ CreationDate, Life }: LivedIdentity, spans: readonly Span[]): readonly number[] {
  const told = [...Life.map(({ At }) => At), ...spans.map(({ from }) => from)];
  return [...new Set(told.length === 0 ? [CreationDate] : told)].toSorted((one, other) => one - other);
}

function placesOf(instants: readonly number[], start: number): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  let x = start;
  for (const [index, at] of instants.entries()) {
    const before = instants[index - 1];
    if (before !== undefined) x += Math.round(LEAST_DISTANCE + GROWTH * Math.log10(1 + (at - before) / 60));
    places.set(at, x);
  }
  return places;
}

/** A login as the identity's life has it: instants, `to` null while it is linked. */
type Span = { readonly provider: string; readonly from: number; readonly to: number | null };

/**
 * What was linked and unlinked, in the order of the story. A provider may have several users, if it is a developer's, and the story
 * names none of them: of those that are still linked the record says since when, and the others have ended.
 */
function spansOf({ Logins, Life }: LivedIdentity): readonly Span[] {
  const spans: { provider: string; from: number; to: number | null }[] = [];
  const isHeld = (span: Span) =>
    Logins.some(({ ProviderName, LinkedAt }) => ProviderName === span.provider && LinkedAt === span.from);
  for (const { Kind, At, ProviderNames = [] } of Life) {
    if (Kind === "linked") for (const provider of ProviderNames) spans.push({ provider, from: At, to: null });
    const open = spans.filter(({ to }) => to === null);
    if (Kind === "unlinked") {
      for (const provider of ProviderNames) {
        const ofProvider = open.filter((span) => span.provider === provider);
        const ended = ofProvider.find((span) => !isHeld(span)) ?? ofProvider[0];
        if (ended !== undefined) ended.to = At;
      }
    }
    if (Kind === "merged" || Kind === "deleted") for (const span of open) span.to = At;
  }
  // Links that the story has dropped for its length, and further users of one link.
  for (const { ProviderName: provider, LinkedAt: from } of Logins) {
    const counted = (list: readonly Span[]) => list.filter((span) => span.provider === provider && span.from === from);
    const held = Logins.filter((login) => login.ProviderName === provider && login.LinkedAt === from).length;
    if (counted(spans).length < held) spans.push({ provider, from, to: null });
  }
  return spans;
}

/**
 * The earliest farthest from the trunk, so that no lane crosses another on its way down. One that comes again lies where it was, if
 * nothing is between there and the trunk any more.
 */
function lanesOf(spans: readonly Span[], xOf: (at: number) => number, endX: number, trunkY: number): readonly Lane[] {
  const rows: { readonly provider: string; busyUntil: number }[] = [];
  const placed = spans
    .toSorted((one, other) => one.from - other.from)
    .map(({ provider, from, to }) => {
      const start = xOf(from);
      const stop = to === null ? endX : Math.max(xOf(to), start + LABEL_AT);
      const known = rows.findIndex(
        (row, at) =>
          row.provider === provider && rows.slice(at).every(({ busyUntil }) => busyUntil + LABEL_GAP <= start),
      );
      const index = known === -1 ? rows.push({ provider, busyUntil: 0 }) - 1 : known;
      const row = rows[index];
      const isNamed = known === -1;
      if (row !== undefined) row.busyUntil = Math.max(stop, start + LABEL_AT + (isNamed ? labelWidth(provider) : 0));
      return { provider, from: start, to: stop, isOver: to !== null, isNamed, index };
    });
  return placed.map(({ index, ...lane }) => ({
    ...lane,
    letter: letterOf(lane.provider),
    y: trunkY + 18 + (rows.length - index) * ROW - 6,
  }));
}

/** Of the part of a name by which people know the provider. */
export function letterOf(provider: string): string {
  const [authority = "", ...path] = provider.split("/");
  const labels = authority.replace(/:\d+$/, "").split(".");
  const isAddress = labels.every((label) => /^\d+$/.test(label));
  const known = isAddress ? path[0] : (labels.at(-2) ?? labels[0]);
  return (known || provider).slice(0, 1).toUpperCase();
}

const ENDS: ReadonlySet<Entry["Kind"]> = new Set(["merged", "closed", "deleted"]);

function trunkOf(
  life: LivedIdentity["Life"],
  xOf: (at: number) => number,
  endX: number,
): Pick<LifePicture, "trunk" | "rest"> {
  const trunk: [number, number][] = [];
  const rest: [number, number][] = [];
  let from = life[0] === undefined ? MARGIN : xOf(life[0].At);
  let isAlive = true;
  const endSegment = (to: number) => {
    if (to > from) (isAlive ? trunk : rest).push([from, to]);
    from = Math.max(from, to);
  };
  let isEnded = false;
  for (const { Kind, At } of life) {
    const isEnd = ENDS.has(Kind);
    if (!isEnd && Kind !== "disabled" && Kind !== "enabled") continue;
    endSegment(xOf(At));
    isEnded ||= isEnd;
    isAlive = Kind === "enabled" && !isEnded;
  }
  if (!isEnded) endSegment(endX);
  return { trunk, rest };
}

/** What is said above the trunk: links and unlinks are said by their lanes. */
function marksOf(life: LivedIdentity["Life"], xOf: (at: number) => number): readonly Mark[] {
  const byPlace = new Map<number, Entry[]>();
  for (const entry of life) {
    if (entry.Kind === "linked" || entry.Kind === "unlinked") continue;
    const at = xOf(entry.At);
    byPlace.set(at, [...(byPlace.get(at) ?? []), entry]);
  }
  return [...byPlace].map(([at, entries]): Mark => {
    const kinds = [...new Set(entries.map(({ Kind }) => Kind))];
    const isEnd = kinds.some((kind) => ENDS.has(kind));
    const isBegin = kinds.includes("born") || kinds.includes("adopted");
    return { at, kind: isEnd ? "end" : isBegin ? "begin" : "change", words: kinds.join(", ") };
  });
}

function distancesOf(places: readonly (readonly [at: number, x: number])[]): readonly Distance[] {
  return places.slice(1).map(([at, x], index) => {
    const [before = at, beforeX = x] = places[index] ?? [];
    return { x: (beforeX + x) / 2, words: spanInWords(at - before) };
  });
}

const UNITS: readonly (readonly [unit: string, seconds: number])[] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** A length of time in its largest whole unit. */
export function spanInWords(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 1];
  const count = Math.floor(seconds / size);
  if (count === 0) return "moments";
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
