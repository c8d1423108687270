/** What keys and values of tags may be, as AWS's tagging and STS have it: texts that can carry no markup and no control. Pure. */

/** Letters and digits of any script. How long a key or a value may be is said by its shape. */
const TAG_TEXT = /^[\p{L}\p{N} _.:/=+\-@]*$/u;
/** AWS keeps these keys for itself, in any case. */
const RESERVED_KEY = /^aws:/i;

export function isTagText(text: string): boolean {
  return TAG_TEXT.test(text);
}

export function isTagKey(text: string): boolean {
  return text !== "" && isTagText(text) && !RESERVED_KEY.test(text);
}
