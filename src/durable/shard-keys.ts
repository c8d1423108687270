/**
 * How the keys of a shard's rows rest. As bytes an id has 16 and a login's 32, where their texts have 46 and 64; their order is the
 * same. Text sorts before bytes in SQLite, so that a text that is no id in its usual form is kept as it is, and is before all others.
 */
import { identityIdOf } from "../domain/identifiers.ts";

export type KeyForm = {
  readonly declared: "TEXT" | "BLOB";
  write(key: string): string | ArrayBuffer;
  read(value: SqlStorageValue | undefined): string;
};

/** As the first release has them. */
export const TEXT_KEYS: KeyForm = {
  declared: "TEXT",
  write: (key) => key,
  read: (value) => (typeof value === "string" ? value : ""),
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const HASH = /^[0-9a-f]{64}$/;

/** Ids of identities, whose region the shard knows. */
export function idsAsBytes(region: string): KeyForm {
  const prefix = `${region}:`;
  return asBytes(
    (id) => {
      const uuid = id.startsWith(prefix) ? id.slice(prefix.length) : "";
      return UUID.test(uuid) ? uuid.replaceAll("-", "") : null;
    },
    (hex) => {
      const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
      return identityIdOf(region, parts.join("-"));
    },
  );
}

/** Ids of logins. */
export const HASHES_AS_BYTES: KeyForm = asBytes(
  (hash) => (HASH.test(hash) ? hash : null),
  (hex) => hex,
);

function asBytes(hexOf: (key: string) => string | null, keyOf: (hex: string) => string): KeyForm {
  return {
    declared: "BLOB",
    write(key) {
      const hex = hexOf(key);
      return hex === null ? key : Uint8Array.fromHex(hex).buffer;
    },
    read(value) {
      return value instanceof ArrayBuffer ? keyOf(new Uint8Array(value).toHex()) : TEXT_KEYS.read(value);
    },
  };
}
