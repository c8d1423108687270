/** The isolate's memory of issuers' keys: every fetch is the issuer's object's. */
import { IsolateCache } from "../domain/isolate-cache.ts";
import { createIssuerKeys, type IssuerEntry, type IssuerKeys } from "../key-sets/issuer-keys.ts";
import type { IssuerObject } from "./issuer-object.ts";

/** Most issuers that one isolate remembers: far more than its pools name, and a few megabytes at most. */
const MAX_ISSUERS = 1000;

const cache = new IsolateCache<IssuerEntry>(MAX_ISSUERS);

/** The keys behind the binding, with the isolate's own cache and clock. */
export function issuerKeysOf(namespace: DurableObjectNamespace<IssuerObject>): IssuerKeys {
  return createIssuerKeys(
    (issuer) => namespace.getByName(issuer),
    cache,
    () => Date.now() / 1000,
  );
}
