import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementsNamed, readXml, textIn, type XmlElement } from "../../../src/sts/xml-reader.ts";

const read = (text: string) => readXml(new TextEncoder().encode(text));

describe("readXml", () => {
  it.each([
    ["elements and text", "<a><b>x</b><c>y</c></a>"],
    ["a declaration", '<?xml version="1.0" encoding="UTF-8"?>\n<a><b>x</b></a>'],
    ["a byte order mark", "\uFEFF<a><b>x</b></a>"],
    ["attributes, in both quotes", `<a xmlns="https://sts.amazonaws.com/doc/2011-06-15/" b = 'c"d' ><b>x</b></a >`],
    ["blanks around it", " \n<a>\n <b>x</b>\n</a>\n "],
    ["an empty element", "<a><b>x</b><c/><d /></a>"],
  ])("reads %s", (_, text) => {
    const root = read(text);
    expect(root?.name).toBe("a");
    expect(root && textIn(root, "b")).toBe("x");
  });

  it("decodes the five entities and characters by number, once", () => {
    expect(read("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x41;&#x1F600;</a>")?.text).toBe("<>&\"'AA\u{1F600}");
    expect(read("<a>&amp;lt;&#38;amp;</a>")?.text).toBe("&lt;&amp;");
  });

  it.each([
    ["nothing", ""],
    ["text alone", "AccessDenied"],
    ["JSON", '{"Error":{"Code":"AccessDenied"}}'],
    ["HTML", "<!doctype html><html><body>x</body></html>"],
    ["a DTD", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ["an entity of its own", "<a>&b;</a>"],
    ["a comment", "<a><!-- b --></a>"],
    ["CDATA", "<a><![CDATA[b]]></a>"],
    ["a processing instruction", "<a><?b c?></a>"],
    ["a second declaration", '<?xml version="1.0"?><?xml version="1.0"?><a/>'],
    ["a declaration that is not at the beginning", ' <?xml version="1.0"?><a/>'],
    ["another encoding", '<?xml version="1.0" encoding="UTF-16"?><a/>'],
    ["two roots", "<a/><b/>"],
    ["text after the root", "<a/>b"],
    ["an element that is not closed", "<a><b></a>"],
    ["an element that is closed twice", "<a></a></a>"],
    ["a closing tag alone", "</a>"],
    ["a closing tag with attributes", '<a></a b="c">'],
    ["half a tag", "<a"],
    ["a bare ampersand", "<a>b & c</a>"],
    ["a character that is none", "<a>&#0;</a>"],
    ["half of a pair", "<a>&#xD800;</a>"],
    ["a number that is too large", "<a>&#x110000;</a>"],
    ["a control character", "<a>\u0001</a>"],
    ["an attribute without quotes", "<a b=c/>"],
    ["a tag in an attribute", '<a b="<c>"/>'],
    ["elements nested seventeen deep", `${"<a>".repeat(17)}${"</a>".repeat(17)}`],
  ])("reads nothing in %s", (_, text) => {
    expect(read(text)).toBeUndefined();
  });

  it("reads nothing in what is no UTF-8", () => {
    expect(readXml(Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e))).toBeUndefined();
  });

  it("reads sixteen levels", () => {
    expect(read(`${"<a>".repeat(16)}${"</a>".repeat(16)}`)).toBeDefined();
  });

  // With a reader that tried each of many ways none of these would end.
  const size = 64 * 1024;
  it.each([
    ["tags that begin", "<".repeat(size), undefined],
    ["blanks in a tag", `<a${" ".repeat(size)}`, undefined],
    ["attributes", `<a ${'b="c" '.repeat(size / 6)}`, undefined],
    ["a quotation", `<a b="${"c".repeat(size)}`, undefined],
    ["elements, nested", "<a>".repeat(size / 3), undefined],
    ["elements, side by side", `<a>${"<b/>".repeat(size / 4)}</a>`, "a"],
    ["references", `<a>${"&amp;".repeat(size / 5)}</a>`, "a"],
    ["ampersands", `<a>${"&".repeat(size)}</a>`, undefined],
  ])("comes to an end with 64 KiB of %s", (_, text, name) => {
    expect(read(text)?.name).toBe(name);
  });

  it("finds elements at any depth, and text that stands alone", () => {
    const root = read("<a><b><c>1</c></b><c>2</c><d>3<e/></d></a>");
    if (root === undefined) throw new Error("not read");
    expect(elementsNamed(root, "c").map(({ text }) => text)).toEqual(["1", "2"]);
    expect([textIn(root, "c"), textIn(root, "d"), textIn(root, "f")]).toEqual(["2", undefined, undefined]);
    const twice = read("<a><c>1</c><c>2</c></a>");
    expect(twice && textIn(twice, "c")).toBeUndefined();
  });

  const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
    tree: fc.record({
      name: fc.stringMatching(/^[A-Za-z_][\w.-]{0,5}$/),
      text: fc.string().map((text) => text.replaceAll(/[^\t\n -~]/g, "")),
      children: fc.oneof({ maxDepth: 18 }, fc.constant([]), fc.array(tie("tree"), { maxLength: 3 })),
    }),
  }));

  function write({ name, text, children }: XmlElement): string {
    const escaped = text.replaceAll(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`);
    return `<${name}>${escaped}${children.map(write).join("")}</${name}>`;
  }

  function depthOf({ children }: XmlElement): number {
    return 1 + Math.max(0, ...children.map(depthOf));
  }

  it("reads whatever tree was written, as it was, unless it is too deep", () => {
    fc.assert(
      fc.property(tree, (written) => {
        expect(read(write(written))).toEqual(depthOf(written) > 16 ? undefined : written);
      }),
    );
  });

  it("never throws, whatever the bytes", () => {
    const pieces = [
      "<",
      ">",
      "/",
      "&",
      ";",
      "#x41",
      "<a>",
      "</a>",
      "<!--",
      "<?xml",
      "?>",
      "<![CDATA[",
      "]]>",
      '"',
      "'",
      "=",
      " ",
      "\0",
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 30 }), (parts) => {
        expect(() => read(parts.join(""))).not.toThrow();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readXml(bytes)).not.toThrow();
      }),
    );
  });
});
