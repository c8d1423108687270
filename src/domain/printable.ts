/** Text of others, as a message, a header or a log line may repeat it. Pure. */

/** Printable ASCII, with `?` for each other UTF-16 unit: nothing that could split a line or turn its direction. */
export function printableAscii(text: string): string {
  return text.replaceAll(/[^ -~]/g, "?");
}

/** Longest piece of a provider's or a role's name that a message repeats: room for any that AWS has, and for no text besides (T71). */
const MAX_NAME_LENGTH = 256;

export function quotedName(name: string): string {
  return printableAscii(name).slice(0, MAX_NAME_LENGTH);
}
