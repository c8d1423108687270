/** A list that the service gives in parts: each says how the next is asked for, and the way back is remembered here. */
import { useState } from "preact/hooks";

export type Pages = {
  /** Of the part that is shown; undefined: the first. */
  readonly token: string | undefined;
  readonly next: (token: string) => void;
  readonly back: () => void;
  /** To the first. */
  readonly reset: () => void;
};

export function usePages(): Pages {
  const [tokens, setTokens] = useState<readonly string[]>([]);
  return {
    token: tokens.at(-1),
    next: (token) => setTokens([...tokens, token]),
    back: () => setTokens(tokens.slice(0, -1)),
    reset: () => setTokens([]),
  };
}
