/** What the service found wrong with settings: how bad it is as a word and a shape, what is wrong, and what to do. */
import type { OutputOf } from "../wire.ts";
import { Mark } from "./mark.tsx";

type Finding = OutputOf<"Edgepool.CheckIdentityPool">["Findings"][number];

const LEVELS = {
  error: { kind: "bad", word: "Error" },
  warning: { kind: "warn", word: "Warning" },
  advice: { kind: "none", word: "Advice" },
} as const;

type FindingsProps = {
  readonly findings: readonly Finding[];
  /** Said where there are none. */
  readonly nothing?: string;
};

export function Findings({ findings, nothing = "Nothing found." }: FindingsProps) {
  if (findings.length === 0) {
    return (
      <p>
        <Mark kind="good">{nothing}</Mark>
      </p>
    );
  }
  return (
    <ul class="plain findings">
      {findings.map(({ Level, Code, About, Message, Action }) => (
        <li key={`${Code} ${About}`}>
          <Mark kind={LEVELS[Level].kind}>{LEVELS[Level].word}</Mark>
          <div>
            <p>
              {About !== undefined && <code>{About}</code>} {Message}
            </p>
            <p class="muted">
              {Action} <code>{Code}</code>
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
