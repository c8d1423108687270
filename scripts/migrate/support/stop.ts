/** A run that cannot go on, in words for the terminal: what is wrong, and what to do. */
export class Stop extends Error {
  override readonly name = "Stop";
}

/** A call that one side refused, or that never reached it. Told in words by explain.ts. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly party: PartyName;
  readonly operation: string;

  constructor(party: PartyName, operation: string, cause: unknown) {
    super(`${operation} at ${party}`, { cause });
    this.party = party;
    this.operation = operation;
  }
}

/** Of SQLite's result codes, the one of a file that somebody else has locked. */
export const SQLITE_BUSY = 5;

/** SQLite's own code of an error of its; undefined for any other. */
export function errcodeOf(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code : undefined;
}

/** JSON that has nothing of the operation's answer. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  constructor(operation: string) {
    super(`the answer has nothing of what ${operation} answers`);
  }
}

export type PartyName = "Cognito" | "Edgepool";
