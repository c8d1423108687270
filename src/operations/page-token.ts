/** Page tokens: opaque to callers, bound to what they list. They hold no secret, so that they need no signature. */
import { type ServiceError, serviceError } from "../domain/errors.ts";

export const INVALID_PAGE_TOKEN: ServiceError = serviceError("InvalidParameterException", "Invalid NextToken.");

type Position = readonly (string | number)[];

export function encodePageToken(listing: string, position: Position): string {
  return new TextEncoder()
    .encode(JSON.stringify([listing, ...position]))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The position after which the page starts, or null for a token that is not one, or of another listing. */
export function decodePageToken(listing: string, token: string): Position | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.fromBase64(token, { alphabet: "base64url" }),
    );
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed) || parsed[0] !== listing) return null;
    const position: readonly unknown[] = parsed.slice(1);
    return position.every(isPart) ? position : null;
  } catch {
    // Not base64url, not UTF-8 or not JSON: no token of ours.
    return null;
  }
}

function isPart(part: unknown): part is string | number {
  return typeof part === "string" || (Number.isSafeInteger(part) && Number(part) >= 0);
}
