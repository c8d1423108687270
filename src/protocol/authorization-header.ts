/**
 * The grammar of a signed request's `Authorization` header and `x-amz-date`. Stricter than AWS's on purpose: one
 * spelling, the one that SDKs write, so that no second reading of a header exists. It knows no secret.
 */
import { ALGORITHM } from "./canonical-request.ts";

export type AuthorizationHeader = {
  readonly accessKeyId: string;
  /** `yyyymmdd` of the credential scope. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  /** Lower case, ascending, without duplicates. */
  readonly signedHeaderNames: readonly string[];
  readonly signature: Uint8Array;
};

// Every repetition is bounded and ends at a character that it cannot contain, so matching is linear and stops within the
// first 1500 characters, however long the header of an unauthenticated caller is. Order and number of the parts are
// fixed: a second `Credential` or `Signature` has no place to hide. `[\w-]{1,128}` is what ADMIN_CREDENTIALS takes.
const HEADER = new RegExp(
  [
    `^${ALGORITHM} Credential=(?<accessKeyId>[\\w-]{1,128})/(?<day>\\d{8})/(?<region>[a-z0-9-]{1,32})`,
    "/(?<service>[a-z0-9-]{1,32})/(?<terminator>[a-z0-9_]{1,32})",
    ", ?SignedHeaders=(?<names>[a-z0-9_;-]{1,1024})",
    ", ?Signature=(?<signature>[0-9a-f]{64})$",
  ].join(""),
);

/** `undefined` for anything but a well-formed header-signed Signature Version 4. */
export function parseAuthorizationHeader(header: string): AuthorizationHeader | undefined {
  const groups = HEADER.exec(header)?.groups;
  if (groups === undefined) return undefined;
  const { accessKeyId, day, region, service, terminator, names, signature } = groups;
  if (!accessKeyId || !day || !region || !service || !terminator || !names || !signature) return undefined;
  const signedHeaderNames = names.split(";");
  if (!isStrictlyAscending(signedHeaderNames)) return undefined;
  return { accessKeyId, day, region, service, terminator, signedHeaderNames, signature: Uint8Array.fromHex(signature) };
}

/** Sorted, unique and without an empty name, by code unit: the order that the canonical request prescribes. */
function isStrictlyAscending(names: readonly string[]): boolean {
  let previous = "";
  for (const name of names) {
    if (name <= previous) return false;
    previous = name;
  }
  return true;
}

/** Epoch seconds of an `x-amz-date` (`yyyymmddThhmmssZ`); `undefined` for another form or a day that does not exist. */
export function parseTimestamp(timestamp: string): number | undefined {
  const iso = timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const milliseconds = iso === timestamp ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(milliseconds)) return undefined;
  const epochSeconds = milliseconds / 1000;
  // Date.parse rolls 30 February over into March: only what is written back the same is a date.
  return formatTimestamp(epochSeconds) === timestamp ? epochSeconds : undefined;
}

export function formatTimestamp(epochSeconds: number): string {
  return new Date(Math.floor(epochSeconds) * 1000).toISOString().replaceAll(/[-:]|\.000/g, "");
}
