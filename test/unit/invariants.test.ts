/** test/INVARIANTS.md is the only list of invariants: what is cited is in it, and what is in it is tested by what it names. */
import { describe, expect, it } from "vitest";
import list from "../INVARIANTS.md?raw";

const files = Object.entries(
  import.meta.glob<string>(["../**/*.{ts,md}", "../../src/**/*.ts", "../../docs/**/*.md", "../../*.md"], {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);
const texts = new Map(files.map(([path, text]) => [path, text.replaceAll(/\s+(\*|\/\/)?\s*/g, " ")]));
const others = [...texts].filter(([path]) => path !== "../INVARIANTS.md" && path !== "./invariants.test.ts");

const entries = list.split(/\n\n(?=\*\*)/).slice(1);
const named = entries.map((entry) => {
  const [, name = "", text = ""] = /^\*\*([a-z-]+)\*\*: ([^#]*)/.exec(entry.replaceAll(/\s+/g, " ")) ?? [];
  const [says = "", tests = ""] = text.split("_Tested by_ ");
  const cited = [...tests.matchAll(/`([^`]+\.ts)`(?: "([^"]+)")?/g)].map(([, path = "", quoted = ""]) => ({
    path: path.startsWith("unit/") ? path.replace("unit/", "./") : `../${path}`,
    quoted,
  }));
  return { name, says, cited };
});
const names = named.map(({ name }) => name);

/** As `invariant one-owner`, several behind one word; and as the judges say it, `one-owner: …` at the start of a text. */
function namesIn(path: string, text: string): string[] {
  const word = /\b[Ii]nvariants? ((?:[a-z]+(?:-[a-z]+)+(?:, | and )?)+)/g;
  const judged = /["`]([a-z]+(?:-[a-z]+)+): /g;
  const found = [...text.matchAll(word)].flatMap(([, several = ""]) => several.split(/, | and /)).filter(Boolean);
  if (!/\/(simulation|crash)\/.*\.ts$/.test(path)) return found;
  return [...found, ...[...text.matchAll(judged)].map(([, name = ""]) => name)];
}

const citations = others.map(([path, text]) => ({ path, names: namesIn(path, text) }));

describe("the list of invariants", () => {
  it("has each name once, with what it says and what tests it", () => {
    expect(names.length).toBeGreaterThan(20);
    expect(new Set(names).size).toBe(names.length);
    expect(named.filter(({ name, says, cited }) => name === "" || says === "" || cited.length === 0)).toEqual([]);
  });

  it("has every name that code, tests and documents cite", () => {
    const unknown = citations.flatMap((file) => file.names.map((name) => ({ path: file.path, name })));
    expect(unknown.filter(({ name }) => !names.includes(name))).toEqual([]);
  });

  it("has the only names: none is cited by a number", () => {
    const numbered = /[(`"',*] ?(?:I(?:10|\d)|[DQK]\d|[RPU]1)\b[,:)` ]|\binvariants? \d/i;
    expect(others.flatMap(([path, text]) => (numbered.test(text) ? [[path, numbered.exec(text)?.[0]]] : []))).toEqual(
      [],
    );
  });

  it.each(named)("$name is tested by what it names, and one of that cites it", ({ name, cited }) => {
    expect(cited.filter(({ path, quoted }) => !(texts.get(path) ?? "").includes(quoted || " "))).toEqual([]);
    const tested = new Set(cited.map(({ path }) => path));
    expect(citations.filter((file) => tested.has(file.path) && file.names.includes(name))).not.toEqual([]);
  });
});
