/** A call that a page shows the answer of: made when the page appears and when its input changes, and again on demand. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { type Answer, call } from "./api.ts";
import type { InputOf, OperationName } from "./wire.ts";

export type Call<Name extends OperationName> = {
  readonly operation: Name;
  readonly input: InputOf<Name>;
  /** Null while the first answer is awaited; while a later one is, the one before stays. */
  readonly answer: Answer<Name> | null;
  readonly isLoading: boolean;
  /** Asks again. */
  readonly reload: () => void;
};

/** A new input takes the place of the call before it, which is aborted; the answer before is shown until the new one is there. */
export function useCall<Name extends OperationName>(operation: Name, input: InputOf<Name>): Call<Name> {
  const [answer, setAnswer] = useState<Answer<Name> | null>(null);
  const [isLoading, setIsLoading] = useState(true);
  const [turn, setTurn] = useState(0);
  const text = JSON.stringify(input);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    setIsLoading(true);
    const ask = async () => {
      const answered = await call(operation, JSON.parse(text) as InputOf<Name>, { signal });
      setAnswer(answered);
      setIsLoading(false);
    };
    // What has been aborted is of no interest to anybody.
    ask().catch(() => {});
    return () => controller.abort();
  }, [operation, text, turn]);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  return { operation, input, answer, isLoading, reload };
}
