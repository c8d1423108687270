/**
 * A strict reader of the XML that a security token service answers with: elements and text, and nothing that XML has besides.
 * A document with a DTD, a comment, CDATA or a processing instruction is none: with them go entities that grow and files that
 * are read. Pure; whatever the bytes are, it neither throws nor takes longer than their length allows.
 */
import { textOf } from "../domain/bytes.ts";

export type XmlElement = {
  /** As written, with a prefix where there is one. */
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** What stands directly in it, decoded. */
  readonly text: string;
};

type Open = { readonly name: string; readonly children: XmlElement[]; text: string };

/** Deepest element: an answer of STS has five. */
const MAX_DEPTH = 16;
const BYTE_ORDER_MARK = "\uFEFF";
/** Only at the very beginning, and of UTF-8 where it names an encoding. */
const DECLARATION = /^<\?xml\s[^<>]{0,200}\?>/;
const ENCODING = /\sencoding\s*=\s*["']([^"']*)["']/;
const ATTRIBUTES = /(?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*/.source;
const TAG = `<(/?)([A-Za-z_][\\w.:-]*)(${ATTRIBUTES})\\s*(/?)>`;
const NAMED: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);
/** XML 1.0, section 2.2: all that a document may hold. */
const CHARACTERS = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

/** The root element; undefined where the bytes are no such document. */
export function readXml(bytes: Uint8Array): XmlElement | undefined {
  const decoded = textOf(bytes);
  if (decoded === undefined) return undefined;
  const document = decoded.startsWith(BYTE_ORDER_MARK) ? decoded.slice(1) : decoded;
  if (!CHARACTERS.test(document)) return undefined;
  const [declaration = ""] = DECLARATION.exec(document) ?? [];
  const encoding = ENCODING.exec(declaration)?.[1] ?? "utf-8";
  return encoding.toLowerCase() === "utf-8" ? readRoot(document, declaration.length) : undefined;
}

function readRoot(document: string, start: number): XmlElement | undefined {
  const tagAt = new RegExp(TAG, "y");
  const open: Open[] = [];
  let root: XmlElement | undefined;
  let at = start;
  while (at < document.length) {
    const next = document.indexOf("<", at);
    const text = decode(document.slice(at, next === -1 ? document.length : next));
    const parent = open.at(-1);
    if (text === undefined) return undefined;
    if (parent !== undefined) parent.text += text;
    else if (text.trim() !== "") return undefined;
    if (next === -1) break;
    tagAt.lastIndex = next;
    const [tag = "", closes, name = "", attributes, isEmpty] = tagAt.exec(document) ?? [];
    if (tag === "") return undefined;
    at = next + tag.length;
    if (closes === "/") {
      if (parent?.name !== name || attributes !== "" || isEmpty === "/") return undefined;
      open.pop();
      if (open.length === 0) root = parent;
      continue;
    }
    // There is one root, and nothing after it.
    if (root !== undefined || open.length === MAX_DEPTH) return undefined;
    const element: Open = { name, children: [], text: "" };
    parent?.children.push(element);
    if (isEmpty !== "/") open.push(element);
    else if (parent === undefined) root = element;
  }
  return open.length === 0 ? root : undefined;
}

/** Undefined where a reference is none of the five entities, and no character. */
function decode(text: string): string | undefined {
  let isGood = true;
  const references = /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w{1,8}));|&/g;
  const decoded = text.replaceAll(references, (_, hex?: string, decimal?: string, name?: string) => {
    const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
    const character = name === undefined ? characterOf(code) : NAMED.get(name);
    isGood &&= character !== undefined;
    return character ?? "";
  });
  return isGood ? decoded : undefined;
}

function characterOf(code: number): string | undefined {
  if (!(code > 0 && code <= 0x10ffff)) return undefined;
  const character = String.fromCodePoint(code);
  return CHARACTERS.test(character) ? character : undefined;
}

/** All elements of this name, at any depth, in the order of the document. */
export function elementsNamed(root: XmlElement, name: string): readonly XmlElement[] {
  const below = root.children.flatMap((child) => elementsNamed(child, name));
  return root.name === name ? [root, ...below] : below;
}

/** The text of the one child of this name, which holds nothing but text; undefined where there is none, or another one. */
export function textIn(parent: XmlElement, name: string): string | undefined {
  const [child, ...others] = parent.children.filter((one) => one.name === name);
  return others.length === 0 && child?.children.length === 0 ? child.text : undefined;
}
