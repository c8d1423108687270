/** The command lines of the tools beside `npm start`: flags from text to plain values, `--help`, and an error in one sentence. */
import { err, ok, type Result } from "../src/domain/errors.ts";

export type Flag =
  | { readonly kind: "switch" }
  | { readonly kind: "text" }
  /** A whole number in decimal digits, within both bounds. */
  | { readonly kind: "number"; readonly least: number; readonly most: number };

type ValueOf<F extends Flag> = F["kind"] extends "switch" ? boolean : F["kind"] extends "text" ? string : number;

/** What was given: a switch is true, and what was not given is undefined. */
export type Flags<Spec extends Readonly<Record<string, Flag>>> = {
  readonly [Name in keyof Spec]: ValueOf<Spec[Name]> | undefined;
};

export const SWITCH = { kind: "switch" } as const;
export const TEXT = { kind: "text" } as const;
export const SEED = { kind: "number", least: 0, most: 4_294_967_295 } as const;

export function numberFrom(least: number, most: number): { kind: "number"; least: number; most: number } {
  return { kind: "number", least, most };
}

function valueOf(name: string, flag: Flag, text: string): Result<string | number, string> {
  if (flag.kind !== "number") return ok(text);
  const { least, most } = flag;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most
    ? ok(value)
    : err(`--${name} must be a whole number from ${least} to ${most}, and ${JSON.stringify(text)} is not`);
}

/**
 * Flags as `--name value` or `--name=value`; `help` when it is asked for, whatever else is there. A failure is one sentence
 * for the terminal. A flag that is given twice counts as it was given last.
 */
export function parseFlags<const Spec extends Readonly<Record<string, Flag>>>(
  spec: Spec,
  words: readonly string[],
): Result<Flags<Spec> | "help", string> {
  if (words.includes("--help") || words.includes("-h")) return ok("help");
  const names = Object.keys(spec)
    .map((name) => `--${name}`)
    .join(", ");
  const values: Record<string, boolean | string | number> = {};
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [, name = "", given] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const flag = Object.hasOwn(spec, name) ? spec[name] : undefined;
    if (flag === undefined) return err(`there is no flag ${JSON.stringify(word)}: the flags are ${names}, --help`);
    if (flag.kind === "switch") {
      if (given !== undefined) return err(`--${name} takes no value`);
      values[name] = true;
      continue;
    }
    const text = given ?? left.shift();
    if (text === undefined || text === "" || text.startsWith("--")) return err(`--${name} needs a value`);
    const value = valueOf(name, flag, text);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return ok(values as Flags<Spec>);
}

/** Several that were given, of which only one has a meaning; null when all is well. */
export function clashAmong(flags: Readonly<Record<string, unknown>>, names: readonly string[]): string | null {
  const given = names.filter((name) => flags[name] !== undefined).map((name) => `--${name}`);
  return given.length > 1 ? `${given.join(" and ")} exclude each other` : null;
}

/** Runs a tool by its command line: usage and exit code 0, one sentence on stderr and 1, or what `run` says. */
export async function runTool<const Spec extends Readonly<Record<string, Flag>>>(
  tool: {
    readonly usage: string;
    readonly flags: Spec;
    /** What flags alone cannot say, in one sentence; null when all is well. */
    readonly check: (flags: Flags<Spec>) => string | null;
    /** False is a run that found something. */
    readonly run: (flags: Flags<Spec>) => Promise<boolean>;
  },
  words: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const parsed = parseFlags(tool.flags, words);
  if (parsed.ok && parsed.value === "help") {
    console.log(tool.usage);
    return;
  }
  const fault = !parsed.ok ? parsed.error : parsed.value === "help" ? null : tool.check(parsed.value);
  if (fault !== null || !parsed.ok || parsed.value === "help") {
    console.error(`${fault}: see --help`);
    process.exitCode = 1;
    return;
  }
  // Whoever reads the output may have seen enough: `| head`.
  process.stdout.on("error", () => process.exit(1));
  if (!(await tool.run(parsed.value))) process.exitCode = 1;
}
