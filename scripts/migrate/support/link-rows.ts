/** The customer's own table of users: which login is whose, as NDJSON or CSV, into lines of ImportIdentities. Pure. */
import { err, ok, type Result } from "../../../src/domain/errors.ts";
import type { ImportLine } from "./import-lines.ts";

export const COLUMNS = ["identityId", "providerName", "subject"] as const;

/** How the rows of a file are read: NDJSON, or CSV with the places of its columns. */
export type RowForm = { readonly kind: "ndjson" } | { readonly kind: "csv"; readonly columns: readonly number[] };

/** By the first line of the file. Columns may stand in any order, and others beside them. */
export function formOf(firstLine: string): Result<RowForm, string> {
  if (firstLine.trimStart().startsWith("{")) return ok({ kind: "ndjson" });
  const cells = cellsOf(firstLine);
  const names = cells.ok ? cells.value.map((cell) => cell.trim()) : [];
  const columns = COLUMNS.map((name) => names.indexOf(name));
  return columns.includes(-1)
    ? err(`the first line must be a JSON object, or name the columns ${COLUMNS.join(", ")}`)
    : ok({ kind: "csv", columns });
}

/** One row as a line of ImportIdentities; the reason where it is none. No reason quotes a subject. */
export function linkLine(form: RowForm, text: string): Result<ImportLine, string> {
  if (form.kind === "ndjson") return ndjsonLine(text);
  const cells = cellsOf(text);
  if (!cells.ok) return cells;
  const [identityId = "", providerName = "", subject = ""] = form.columns.map((at) => cells.value[at] ?? "");
  const missing = COLUMNS.filter((_, index) => [identityId, providerName, subject][index] === "");
  if (missing.length > 0) return err(`no ${missing.join(", no ")}`);
  return ok({ identityId, links: [{ providerName, subject }] });
}

/** The three members, or an identity id with a list of `links`, as an import has them. */
function ndjsonLine(text: string): Result<ImportLine, string> {
  const parsed = parseObject(text);
  if (!parsed.ok) return parsed;
  const { identityId, links, providerName, subject, ...others } = parsed.value;
  if (typeof identityId !== "string") return err("no identityId");
  if (Array.isArray(links) && links.length > 0) return ok(parsed.value);
  if (typeof providerName !== "string" || typeof subject !== "string")
    return err("neither links nor providerName and subject");
  return ok({ ...others, identityId, links: [{ providerName, subject }] });
}

export function parseObject(text: string): Result<ImportLine, string> {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? ok(value as ImportLine) : err("not a JSON object");
  } catch {
    return err("not JSON");
  }
}

/** RFC 4180, but for cells with a line break in them: a subject has none. */
function cellsOf(text: string): Result<readonly string[], string> {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let isLast = false; !isLast;) {
    const match = cell.exec(text);
    if (match === null) return err("not CSV: a quote is not closed, or stands within a cell");
    const [, quoted, plain = "", separator] = match;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    isLast = separator === "";
  }
  return ok(cells);
}
