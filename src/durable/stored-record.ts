/**
 * Reads the one record of an object. Every record says the version of its shape; one that this code does not know was written
 * by newer code, or is damaged: then each call to the object fails, and nothing is guessed at or overwritten.
 */

/** Null when nothing is stored. Throws for any version but 1. */
export function readRecord<R extends { readonly version: 1 }>(storage: DurableObjectStorage, key: string): R | null {
  const stored = storage.kv.get<R>(key);
  if (stored === undefined) return null;
  const version: unknown = stored.version;
  if (version !== 1) throw new Error(`the stored ${key} has the unknown version ${String(version)}`);
  return stored;
}
