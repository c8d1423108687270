/** The command lines of the tools beside `npm start`: what they say of themselves, and of a line that they do not understand. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { numberFrom, parseFlags, SEED, SWITCH, TEXT } from "../../scripts/command-line.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const TOOLS = {
  simulate: {
    script: "scripts/simulate.ts",
    flags: ["--schedules", "--seed", "--trace", "--mutants", "--only", "--keep-seeds"],
  },
  "crash-test": { script: "scripts/crash-test.ts", flags: ["--kills", "--seed"] },
  bench: { script: "bench/run.ts", flags: ["--quick", "--cold", "--growth", "--soak", "--peers", "--profile"] },
} as const;
type Tool = keyof typeof TOOLS;

type Ended = { readonly code: unknown; readonly stdout: string; readonly stderr: string };

async function run(tool: Tool, words: readonly string[]): Promise<Ended> {
  const script = join(ROOT, TOOLS[tool].script);
  return await new Promise((settle) => {
    execFile(process.execPath, [script, ...words], (error, stdout, stderr) => {
      settle({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe("the command line of a tool", () => {
  it.each(Object.keys(TOOLS) as Tool[])("npm run %s says how it is used", async (tool) => {
    const { code, stdout, stderr } = await run(tool, ["--no-such-flag", "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`npm run ${tool} -- `);
    for (const flag of TOOLS[tool].flags) expect(stdout).toContain(flag);
  });

  it.each<[Tool, readonly string[], string]>([
    ["simulate", ["--no-such-flag"], "no flag"],
    ["simulate", ["--schedules", "0"], "whole number"],
    ["simulate", ["--trace", "--mutants"], "exclude each other"],
    ["simulate", ["--only", "freeze"], "--mutants"],
    ["simulate", ["--keep-seeds"], "--mutants"],
    ["crash-test", ["--kills", "1"], "whole number"],
    ["bench", ["--quick", "--soak"], "exclude each other"],
    ["bench", ["--source", "/nowhere"], "/nowhere"],
  ])("npm run %s %j: is refused in one sentence, with exit code 1", async (tool, words, reason) => {
    const { code, stdout, stderr } = await run(tool, words);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(reason);
  });

  it("is what the simulation does: three schedules, over the last seed", async () => {
    const { code, stdout } = await run("simulate", ["--schedules=3", "--seed", "4294967294"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 schedules, \d+ steps, from seed 4294967294, in /);
  });

  it("fails when no mutant is of the name that was asked for", async () => {
    expect(await run("simulate", ["--mutants", "--only", "no such mutant"])).toMatchObject({ code: 1 });
  });
});

describe("parseFlags", () => {
  const spec = { seed: SEED, kills: numberFrom(2, 100), only: TEXT, trace: SWITCH } as const;

  it.each<[readonly string[], Readonly<Record<string, unknown>>]>([
    [[], {}],
    [["--seed", "0", "--kills=2"], { seed: 0, kills: 2 }],
    [["--seed", "4294967295", "--kills", "100"], { seed: 4_294_967_295, kills: 100 }],
    [["--only", "a freeze", "--trace"], { only: "a freeze", trace: true }],
    [["--only=a=b"], { only: "a=b" }],
    [["--only", "-x"], { only: "-x" }],
    [["--kills", "3", "--kills", "4"], { kills: 4 }],
  ])("reads %j", (words, flags) => {
    expect(parseFlags(spec, words)).toEqual({ ok: true, value: flags });
  });

  it.each([[["--help"]], [["-h"]], [["--seed", "x", "--help"]]])("%j asks for help", (words) => {
    expect(parseFlags(spec, words)).toEqual({ ok: true, value: "help" });
  });

  it.each<[readonly string[], string]>([
    [["--no-such-flag"], 'there is no flag "--no-such-flag": the flags are --seed, --kills, --only, --trace, --help'],
    [["100"], 'there is no flag "100"'],
    [["--"], 'there is no flag "--"'],
    [["--__proto__", "1"], 'there is no flag "--__proto__"'],
    [["--toString", "1"], 'there is no flag "--toString"'],
    [["--seed"], "--seed needs a value"],
    [["--seed", "--trace"], "--seed needs a value"],
    [["--seed="], "--seed needs a value"],
    [["--seed", ""], "--seed needs a value"],
    [["--seed", "abc"], '--seed must be a whole number from 0 to 4294967295, and "abc" is not'],
    [["--seed", "-1"], "--seed must be"],
    [["--seed", "4294967296"], "--seed must be"],
    [["--seed", "1e3"], "--seed must be"],
    [["--seed", "1.5"], "--seed must be"],
    [["--seed", " 1"], "--seed must be"],
    [["--kills", "1"], "--kills must be a whole number from 2 to 100"],
    [["--kills", "101"], "--kills must be"],
    [["--trace=yes"], "--trace takes no value"],
  ])("refuses %j", (words, reason) => {
    expect(parseFlags(spec, words)).toEqual({ ok: false, error: expect.stringContaining(reason) });
  });
});
