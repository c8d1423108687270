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

export type PartyName = "Cognito" | "Edgepool";
