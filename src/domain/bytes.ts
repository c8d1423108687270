/** Texts as bytes, and bytes put together. The one UTF-8 encoder, and the one decoder, which forgives nothing. */

const encoder = new TextEncoder();
/** Invalid UTF-8 throws, and a byte order mark stays: two readings of one text are one too many (T10). */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): ReturnType<TextEncoder["encode"]> {
  return encoder.encode(text);
}

/** The text, or undefined for what is no UTF-8. */
export function textOf(bytes: ArrayBuffer | Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** `length`: of all of them together. */
export function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
