/**
 * Programs of other people that come with Debian: Python with its packages, the AWS command line, a browser. Where one is
 * missing its tests are skipped with that reason; with CI=true they fail instead, so that the gate never passes without.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TestContext } from "vitest";

const run = promisify(execFile);
const PYTHON = "/usr/bin/python3";

/** Undefined when it is there; else what to install. */
export type Missing = string | undefined;

async function probe(file: string, parameters: readonly string[], debianPackage: string): Promise<Missing> {
  try {
    await run(file, parameters);
    return undefined;
  } catch {
    return `${debianPackage} is not installed`;
  }
}

export async function missingPythonModule(module: string, debianPackage: string): Promise<Missing> {
  return await probe(PYTHON, ["-c", `import ${module}`], debianPackage);
}

export async function missingProgram(file: string, debianPackage: string): Promise<Missing> {
  return await probe(file, ["--version"], debianPackage);
}

/** At the beginning of a test that needs the tool. */
export function need({ skip }: Pick<TestContext, "skip">, missing: Missing): void {
  if (missing === undefined) return;
  if (process.env["CI"] === "true") throw new Error(`${missing}, and with CI=true nothing is skipped`);
  skip(missing);
}

export type ProgramResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs a program to its end with nothing of this process's environment but the path. */
export async function runProgram(
  file: string,
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  try {
    const options = {
      env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent", ...env },
      timeout: 150_000,
      maxBuffer: 1 << 24,
    };
    const { stdout, stderr } = await run(file, parameters, options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (!(error instanceof Error && "stderr" in error && "code" in error)) throw error;
    const { code, stdout, stderr } = error as Error & { code: unknown; stdout: string; stderr: string };
    return { code: Number(code), stdout, stderr };
  }
}

/** A script of test/e2e/python; it reads one JSON argument and prints one JSON value. */
export async function runPython(script: string, argument: unknown): Promise<unknown> {
  const path = new URL(`../e2e/python/${script}`, import.meta.url).pathname;
  const result = await runProgram(PYTHON, [path, JSON.stringify(argument)]);
  if (result.code !== 0) throw new Error(`${script} ended with ${result.code}: ${result.stderr}`);
  return JSON.parse(result.stdout);
}
