/** How a trace shows what was stored and answered: the little that tells one from another. */

import { readable } from "./platform.ts";

/** What a storage step wrote, short enough to read in a trace. */
export function shortly(value: unknown): string {
  const text = JSON.stringify(value, (key, part: unknown) => {
    return [
      "version",
      "identityPoolId",
      "createdAt",
      "modifiedAt",
      "linkedAt",
      "startedAt",
      "since",
      "at",
      "subject",
      "providerName",
      // Sealed texts, which are others in each run.
      "iv",
      "ciphertext",
    ].includes(key)
      ? undefined
      : part;
  });
  return (text ?? "").replaceAll('"', "");
}

/** A reply as the trace shows it: its kind and the little that tells it from others. */
export function brief(value: unknown): string {
  return readable((JSON.stringify(value) ?? "nothing").replaceAll('"', "")).slice(0, 110);
}
