/**
 * Page tokens: a position, sealed and bound to what it lists. A position may be something that the reader of the page is not
 * shown, so that nobody but this service can read it.
 */
import type { KeyEncryptionKeys } from "../config.ts";
import { type ServiceError, serviceError } from "../domain/errors.ts";
import { openByEither, sealText } from "../durable/sealed-text.ts";

export const INVALID_PAGE_TOKEN: ServiceError = serviceError("InvalidParameterException", "Invalid NextToken.");

type Position = readonly (string | number)[];

const PURPOSE = "page token";

export async function encodePageToken(
  listing: string,
  position: Position,
  { keyEncryptionKey }: Pick<KeyEncryptionKeys, "keyEncryptionKey">,
): Promise<string> {
  const { iv, ciphertext } = await sealText(JSON.stringify(position), PURPOSE, [listing], keyEncryptionKey);
  return `${iv}.${ciphertext}`;
}

/** The position after which the page starts, or null for a token that is not one, or of another listing. */
export async function decodePageToken(
  listing: string,
  token: string,
  keys: KeyEncryptionKeys,
): Promise<Position | null> {
  const [iv = "", ciphertext = "", ...others] = token.split(".", 3);
  const opened = others.length === 0 ? await openByEither({ iv, ciphertext }, PURPOSE, [listing], keys) : null;
  if (opened === null) return null;
  const position: unknown = JSON.parse(opened.text);
  return Array.isArray(position) && position.every(isPart) ? position : null;
}

function isPart(part: unknown): part is string | number {
  return typeof part === "string" || (Number.isSafeInteger(part) && Number(part) >= 0);
}
