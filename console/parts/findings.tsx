/** What the service found wrong with settings: how bad it is as a word and a shape, what is wrong, and what to do. */
import type { OutputOf } from "../wire.ts";
import { Mark } from "./mark.tsx";

type Finding = OutputOf<"Edgepool.CheckIdentityPool">["Findings"][number];

const LEVELS = {
  error: { kind: "bad", word: "Error" },
  warning: { kind: "warn", word: "Warning" },
  advice: { kind: "none", word: "Advice" },
} as const;

export function Findings({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) {
    return (
      <p>
        <Mark kind="good">Nothing found.</Mark>
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
            <p class="muted">{Action}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}
