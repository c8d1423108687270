/**
 * Page tokens: a position, sealed and bound to what it lists. A position may be something that the reader of the page is not
 * shown, so that nobody but this service can read it.
 */
import type { Config } from "../config.ts";
import { type ServiceError, serviceError } from "../domain/errors.ts";
import { openText, sealText } from "../durable/sealed-text.ts";

export const INVALID_PAGE_TOKEN: ServiceError = serviceError("InvalidParameterException", "Invalid NextToken.");

type Position = readonly (string | number)[];
type Keys = Pick<Config, "keyEncryptionKey">;

const PURPOSE = "page token";

export async function encodePageToken(
  listing: string,
  position: Position,
  { keyEncryptionKey }: Keys,
): Promise<string> {
  const { iv, ciphertext } = await sealText(JSON.stringify(position), PURPOSE, [listing], keyEncryptionKey);
  return `${iv}.${ciphertext}`;
}

/** The position after which the page starts, or null for a token that is not one, or of another listing. */
export async function decodePageToken(
  listing: string,
  token: string,
  { keyEncryptionKey }: Keys,
): Promise<Position | null> {
  const [iv = "", ciphertext = "", ...others] = token.split(".", 3);
  const text = others.length === 0 ? await openText({ iv, ciphertext }, PURPOSE, [listing], keyEncryptionKey) : null;
  if (text === null) return null;
  const position: unknown = JSON.parse(text);
  return Array.isArray(position) && position.every(isPart) ? position : null;
}

function isPart(part: unknown): part is string | number {
  return typeof part === "string" || (Number.isSafeInteger(part) && Number(part) >= 0);
}
