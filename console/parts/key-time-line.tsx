/** The time line of the signing keys, drawn. Screen readers get the table that `describedBy` names in its place. */
import { keyTimeLine, type SigningKey } from "../key-time-line.ts";

const ROW = 40;
const TOP = 28;

function dayOf(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 10);
}

/** `now` in epoch seconds. Places across are in per cent, so that it fits any width. */
export function KeyTimeLine({
  keys,
  now,
  describedBy,
}: {
  keys: readonly SigningKey[];
  now: number;
  describedBy: string;
}) {
  const line = keyTimeLine(keys, now);
  const bottom = TOP + line.rows.length * ROW + 4;
  return (
    <div class="key-line">
      <svg
        role="img"
        aria-label="The signing keys on a time line"
        aria-describedby={describedBy}
        width="100%"
        height={bottom + 24}
      >
        <line class="axis" x1="0" x2="100%" y1={bottom} y2={bottom} />
        <line class="now" x1={`${line.now}%`} x2={`${line.now}%`} y1="20" y2={bottom} />
        <text x={`${line.now}%`} y="14" text-anchor={line.now < 10 ? "start" : line.now > 90 ? "end" : "middle"}>
          now
        </text>
        <text x="4" y={bottom + 18}>
          {dayOf(line.from)}
        </text>
        <text class="last" x="100%" dx="-4" y={bottom + 18}>
          {dayOf(line.to)}
        </text>
        {line.rows.map(({ keyId, segments }, index) => {
          const y = TOP + index * ROW + 26;
          return (
            <g key={keyId}>
              <text class="mono" x="4" y={y - 10}>
                {keyId}
              </text>
              {segments.map(({ kind, from, to, isToCome }) => (
                <line
                  key={`${kind} ${from}`}
                  class={isToCome ? `${kind} to-come` : kind}
                  x1={`${from}%`}
                  x2={`${to}%`}
                  y1={y}
                  y2={y}
                />
              ))}
            </g>
          );
        })}
      </svg>
      <p class="legend" aria-hidden="true">
        <span class="signing">signs</span> <span class="published">published, does not sign</span>{" "}
        <span class="to-come">paler: to come</span>
      </p>
    </div>
  );
}
