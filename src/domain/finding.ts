/** What is wrong, or could be better, with settings: found by looking at them alone, told to whoever may change them. Pure. */

/** From what stops logins, over what surprises, to what is only better otherwise. */
const LEVELS = ["error", "warning", "advice"] as const;

export type FindingLevel = (typeof LEVELS)[number];

/** Holds no secret and nothing of a user: it is shown as it is. */
export type Finding = {
  readonly level: FindingLevel;
  /** Kebab-case; what a program may go by, so that it stays when the words change. */
  readonly code: string;
  /** The provider or setting that it is about; absent where it is about the whole. */
  readonly about?: string;
  /** What is wrong, and what was expected. */
  readonly message: string;
  /** What to do. */
  readonly action: string;
};

/** The worst first; within a level in the order given. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return LEVELS.flatMap((level) => findings.filter((finding) => finding.level === level));
}
