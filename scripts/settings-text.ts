/** What is written from the table of settings: lists in a document of `docs`, the comments of wrangler.toml, the lines of `--help`. Text only. */
import { STAND_INS } from "../src/development/upstreams.ts";
import { extensions } from "../src/protocol/extensions.ts";
import { operations } from "../src/protocol/shapes.ts";
import { type Setting, SETTINGS } from "../src/settings.ts";

const ALL: readonly Setting[] = Object.values(SETTINGS);

/** docs/settings.md with its lists written anew, and the operations of the credential that may read. */
export function settingsPage(document: string): string {
  return withReads(withLists(withLists(document, "settings", ALL), "development settings", [STAND_INS]));
}

/** By its name a signed operation only reads; a token of a developer's user is no reading. */
const READS = /^(Check|Describe|Find|Get(?!OpenIdToken)|List|Lookup)/;
const LIST_OF_READER = /("accessKeyId": "reader",[^\]]*"operations": \[)[^\]]*\]/;

function withReads(document: string): string {
  const reads = Object.entries({ ...operations, ...extensions }).flatMap(([name, { access }]) =>
    access === "signed" && READS.test(name) ? [`      ${JSON.stringify(name)}`] : [],
  );
  return document.replace(LIST_OF_READER, (_, before: string) => `${before}\n${reads.toSorted().join(",\n")}\n    ]`);
}

/** wrangler.toml with its [vars] and [secrets] written anew. What a setting is set to, without `#` before it, stays. */
export function variables(toml: string): string {
  const required = ALL.filter(({ secret }) => secret === "required").map(({ name }) => JSON.stringify(name));
  const vars = ALL.filter(({ secret }) => secret === undefined);
  const secrets = ALL.filter(({ secret }) => secret !== undefined);
  const withVars = withTable(toml, "vars", (before) => vars.flatMap((setting) => variableLines(setting, before)));
  return withTable(withVars, "secrets", () => [...secrets.flatMap(commentOf), `required = [${required.join(", ")}]`]);
}

/** Both lists of these settings, between the marks of `list`. */
function withLists(document: string, list: string, settings: readonly Setting[]): string {
  const table = [
    "| Setting | Meaning | Unit | Default |",
    "| --- | --- | --- | --- |",
    ...settings.map(
      (setting) => `| \`${setting.name}\` | ${meaningOf(setting)} | ${setting.unit ?? ""} | ${defaultOf(setting)} |`,
    ),
  ];
  const bounds = settings.map(({ name, value }) => `- \`${name}\` must be ${value.mustBe}`);
  return withPart(withPart(document, list, table), `${list}, what they must be`, bounds);
}

function meaningOf({ meaning, secret }: Setting): string {
  return secret === undefined ? meaning : `secret: ${meaning}`;
}

function defaultOf(setting: Setting): string {
  return setting.default === null ? "**required**" : `\`${setting.default}\``;
}

function withPart(document: string, name: string, lines: readonly string[]): string {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`];
  const from = document.indexOf(start) + start.length;
  const to = document.indexOf(end);
  if (from < start.length || to < from) throw new Error(`there is no part ${JSON.stringify(name)} in the document`);
  return `${document.slice(0, from)}\n${lines.join("\n")}\n\n${document.slice(to)}`;
}

const STAGING = "[env.staging";

/**
 * wrangler.toml with what [env.staging] has of its own, and has to repeat, written anew: it is all that stands after its settings.
 * Limits count apart.
 */
export function stagingBindings(toml: string): string {
  const at = toml.indexOf(`${STAGING}.secrets]`);
  if (at === -1) throw new Error(`there is no ${STAGING}.secrets] in the text`);
  const repeated = toml
    .slice(0, at)
    .split("\n\n")
    .map((table) => table.replaceAll(/^#.*\n/gm, "").trim())
    .filter((table) => /^\[(secrets\]|version_metadata\]|\[durable_objects\.bindings|\[ratelimits)/.test(table))
    .map((table) =>
      table
        .replaceAll(/ # .*$/gm, "")
        .replace(/^(\[+)/, "$1env.staging.")
        .replace(/namespace_id = "1/, 'namespace_id = "2'),
    );
  return `${toml.slice(0, at)}${repeated.join("\n\n")}\n`;
}

/** Down to the next empty line. */
function withTable(toml: string, name: string, linesOf: (before: readonly string[]) => readonly string[]): string {
  const [before, table, after] = splitAt(toml, `\n[${name}]\n`, "\n\n");
  return `${before}${linesOf(table.split("\n")).join("\n")}${after}`;
}

function splitAt(text: string, start: string, end: string): readonly [string, string, string] {
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end, from);
  if (from < start.length || to === -1)
    throw new Error(`there is no table ${start.trim()} with an empty line after it`);
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
}

function variableLines(setting: Setting, before: readonly string[]): readonly string[] {
  const { name, example, default: fallback } = setting;
  const given = before.find((line) => new RegExp(`^${name} *=`).test(line));
  return [given ?? `# ${name} = "${fallback ?? example ?? ""}"`, ...commentOf(setting)];
}

/** No line is longer, in characters. */
const MAX_LINE_LENGTH = 132;

function commentOf({ name, meaning, unit, value, secret, default: fallback }: Setting): readonly string[] {
  const text = [
    secret === undefined ? "" : `${name}, ${secret}: `,
    `${meaning.replaceAll("`", "")}. ${sentence(value.mustBe, unit)}.`,
    fallback === null && secret === undefined ? " Required." : "",
  ].join("");
  const lines: string[] = [];
  let line = "#  ";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > MAX_LINE_LENGTH) {
      lines.push(line);
      line = "#  ";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function sentence(mustBe: string, unit: string | undefined): string {
  const inUnit = unit === undefined ? "" : `, in ${unit}`;
  return `${mustBe.slice(0, 1).toUpperCase()}${mustBe.slice(1)}${inUnit}`;
}

/** `withoutDefault`: names of the settings that have another default than their row says. */
export function helpLines(settings: readonly Setting[], withoutDefault: ReadonlySet<string>): readonly string[] {
  const sorted = settings.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return sorted.flatMap(({ name, meaning, unit, value, default: fallback }) => {
    const absent = fallback === null || withoutDefault.has(name) ? "" : ` Default: ${fallback}`;
    return [name, `    ${meaning.replaceAll("`", "")}`, `    ${sentence(value.mustBe, unit)}.${absent}`];
  });
}
