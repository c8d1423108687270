/** The picture of an identity's life, drawn. Screen readers get the table that `describedBy` names in its place. */
import {
  APPROACH,
  type Join,
  type Lane,
  type LifePicture,
  lifePicture,
  type LivedIdentity,
  type Mark,
} from "../life-picture.ts";
import { go } from "../router.ts";

const BEND = 12;
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** As `12 May 2026` and `09:41:07`, both UTC. */
function dateOf(at: number): readonly [day: string, time: string] {
  const date = new Date(at * 1000);
  return [DATE.format(date), date.toISOString().slice(11, 19)];
}

function Cross({ x, y }: { x: number; y: number }) {
  return <path class="cross" d={`M${x - 5} ${y - 5}l10 10m0 -10l-10 10`} />;
}

function LaneLine({ lane: { y, from, to, isOver }, trunkY }: { lane: Lane; trunkY: number }) {
  return (
    <g class="lane">
      <path d={`M${from} ${trunkY}V${y - BEND}Q${from} ${y} ${from + BEND} ${y}H${to}`} />
      {isOver && <Cross x={to} y={y} />}
    </g>
  );
}

/** Drawn after all lines, so that none runs through it. */
function LaneName({ lane: { provider, letter, y, from, isOver, isNamed } }: { lane: Lane }) {
  return (
    <g class={isOver ? "lane over" : "lane"}>
      <circle cx={from + 16} cy={y} r="9" />
      <text class="letter" x={from + 16} y={y + 4}>
        {letter}
      </text>
      {isNamed && (
        <text x={from + 30} y={y - 8}>
          {provider}
        </text>
      )}
    </g>
  );
}

/** A pointer may follow it; from the keyboard the table has the same link. */
function JoinOf({ join: { identityId, kind, y, at }, trunkY }: { join: Join; trunkY: number }) {
  const isMerged = kind === "merged";
  const end = at + APPROACH;
  const line = isMerged
    ? `M${at} ${trunkY}V${y + BEND}Q${at} ${y} ${at + BEND} ${y}H${end}m-7 -6l7 6l-7 6`
    : `M${at - APPROACH / 2} ${y}H${at - BEND}Q${at} ${y} ${at} ${y + BEND}V${trunkY}`;
  return (
    <g class="join" onClick={() => go(`identity/${identityId}`)}>
      <title>Open this identity</title>
      {!isMerged && <path class="before" d={`M${at - APPROACH} ${y}H${at - APPROACH / 2}`} />}
      <path d={line} />
      <text class="mono" x={isMerged ? at + 16 : at - APPROACH} y={y - 9}>
        {identityId}
      </text>
    </g>
  );
}

function MarkOf({ mark: { at, kind, words }, trunkY }: { mark: Mark; trunkY: number }) {
  return (
    <g class={`moment ${kind}`}>
      {kind === "end" ? (
        <path d={`M${at} ${trunkY - 10}v20`} />
      ) : (
        <circle cx={at} cy={trunkY} r={kind === "begin" ? 7 : 5} />
      )}
      <text x={kind === "begin" ? at - 7 : at + 8} y={trunkY - 15}>
        {words}
      </text>
    </g>
  );
}

function Axis({ picture: { ticks, distances, axisY, trunkY } }: { picture: LifePicture }) {
  const [first, last] = [ticks[0]?.x ?? 0, ticks.at(-1)?.x ?? 0];
  return (
    <g class="axis">
      {ticks.map(({ x }) => (
        <path key={x} class="guide" d={`M${x} ${trunkY}V${axisY}`} />
      ))}
      <path d={`M${first} ${axisY}H${last}`} />
      {ticks.map(({ x, at }) => {
        const [day, time] = at === null ? ["now", ""] : dateOf(at);
        return (
          <g key={x}>
            <path d={`M${x} ${axisY - 4}v8`} />
            <text x={x} y={axisY + 22}>
              {day}
            </text>
            <text x={x} y={axisY + 39}>
              {time}
            </text>
          </g>
        );
      })}
      {distances.map(({ x, words }) => (
        <text key={x} class="distance" x={x} y={axisY - 7}>
          {words}
        </text>
      ))}
    </g>
  );
}

/** `now` in epoch seconds. */
export function Life({ identity, now, describedBy }: { identity: LivedIdentity; now: number; describedBy: string }) {
  const picture = lifePicture(identity, now);
  const { width, height, trunkY, trunk, rest, lanes, joins, marks } = picture;
  return (
    <div
      class="life"
      tabIndex={0}
      role="group"
      aria-label="Picture of the identity's life, which may be wider than the page"
    >
      <svg
        role="img"
        aria-label="The life of this identity"
        aria-describedby={describedBy}
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
      >
        <Axis picture={picture} />
        {lanes.map((lane) => (
          <LaneLine key={`${lane.from} ${lane.y}`} lane={lane} trunkY={trunkY} />
        ))}
        {lanes.map((lane) => (
          <LaneName key={`${lane.from} ${lane.y}`} lane={lane} />
        ))}
        {joins.map((join) => (
          <JoinOf key={`${join.identityId} ${join.y}`} join={join} trunkY={trunkY} />
        ))}
        {rest.map(([from, to]) => (
          <path key={from} class="rest" d={`M${from} ${trunkY}H${to}`} />
        ))}
        {trunk.map(([from, to]) => (
          <path key={from} class="trunk" d={`M${from} ${trunkY}H${to}`} />
        ))}
        {marks.map((mark) => (
          <MarkOf key={mark.at} mark={mark} trunkY={trunkY} />
        ))}
      </svg>
    </div>
  );
}
