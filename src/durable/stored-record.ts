/**
 * The check on the one record that an object reads when it wakes. Every record says the version of its shape; one that this
 * code does not know was written by newer code, or is damaged: then each call to the object fails, and nothing is guessed at.
 */

/** Null when nothing is stored. Throws for any version that is not among the known ones. */
export function ofKnownVersion<R extends { readonly version: number }>(
  stored: R | undefined,
  key: string,
  known: readonly R["version"][],
): R | null {
  if (stored === undefined) return null;
  const { version } = stored;
  if (!known.includes(version)) throw new Error(`the stored ${key} has the unknown version ${String(version)}`);
  return stored;
}
