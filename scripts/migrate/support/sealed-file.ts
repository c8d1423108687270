/**
 * Files of an export: lines, and at their end one that says how many they are, their SHA-256, and which file of the export this is. So a
 * file that was cut off, changed or left out is noticed before anything is imported.
 */
import { createHash } from "node:crypto";
import { appendFileSync, createReadStream, truncateSync, writeFileSync } from "node:fs";
import { err, ok, type Result } from "../../../src/domain/errors.ts";
import { fileLines } from "./file-lines.ts";
import { parseObject } from "./link-rows.ts";

export type Written = { readonly lines: number; readonly bytes: number };

export const NOTHING_WRITTEN: Written = { lines: 0, bytes: 0 };

/** Appends behind what is known to be written; what a killed run wrote behind that is dropped. */
export function appendLines(file: string, written: Written, lines: readonly object[]): Written {
  if (written.bytes === 0) writeFileSync(file, "", { mode: 0o600 });
  else truncateSync(file, written.bytes);
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  appendFileSync(file, text);
  return { lines: written.lines + lines.length, bytes: written.bytes + Buffer.byteLength(text) };
}

/** Which file of its export it is, counted from 1, and whether it is the last. */
export type Part = { readonly number: number; readonly isLast: boolean };

/** Writes the last line. */
export async function seal(file: string, written: Written, { number, isLast }: Part): Promise<void> {
  truncateSync(file, written.bytes);
  const sha256 = await sha256Of(file, written.bytes);
  appendFileSync(file, `${JSON.stringify({ kind: "end", file: number, isLast, count: written.lines, sha256 })}\n`);
}

/** Which part it is; the reason where it is not as it was sealed. */
export async function checkSeal(file: string): Promise<Result<Part, string>> {
  let before = 0;
  let last = "";
  let sealed = 0;
  let count = 0;
  for await (const { number, text = "", end } of fileLines(file)) {
    if (text.trim() === "") continue;
    [before, sealed, count, last] = [sealed, end, number - 1, text];
  }
  const end = parseObject(last);
  if (!end.ok || end.value["kind"] !== "end")
    return err("it has no last line with a count and a SHA-256, and may be cut off");
  if (end.value["count"] !== count)
    return err(`its last line counts ${String(end.value["count"])} lines, and there are ${count}`);
  if (end.value["sha256"] !== (await sha256Of(file, before))) return err("its SHA-256 is not that of its last line");
  return ok({ number: Number(end.value["file"]), isLast: end.value["isLast"] === true });
}

async function sha256Of(file: string, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  if (bytes > 0) for await (const chunk of createReadStream(file, { end: bytes - 1 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
