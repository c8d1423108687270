/** The command line of `npm start`, from text to plain values. Reads nothing else and checks no setting. */
import { err, ok, type Result } from "../src/domain/errors.ts";
import type { Setting } from "../src/settings.ts";
import { DEFAULT_PORT, MAX_PORT } from "./local-port.ts";
import { helpLines } from "./settings-text.ts";

export type StartArguments = {
  readonly isHelp: boolean;
  /** 0 is any that is free. */
  readonly port: number;
  /** As given; undefined is the default folder. */
  readonly stateFolder: string | undefined;
  /** Later ones win; an empty value unsets. */
  readonly settings: ReadonlyMap<string, string>;
  /** Whether the terminal shows the log as it is, and not a short line for each request. */
  readonly showsJson: boolean;
  readonly isHttps: boolean;
};

/** Each takes a value, and these take none. */
const VALUE_FLAGS = ["--port", "--state", "--var"];
const SWITCHES = ["--https", "--json"];
const FLAGS = [...VALUE_FLAGS, ...SWITCHES];
const HINT = 'see "npm start -- --help"';

function parsePort(value: string): Result<number, string> {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : NaN;
  return port <= MAX_PORT
    ? ok(port)
    : err(`--port must be a whole number from 0 to ${MAX_PORT}, and ${JSON.stringify(value)} is not`);
}

function parseSetting(value: string, names: readonly string[]): Result<readonly [string, string], string> {
  const at = value.indexOf("=");
  if (at < 1) return err(`--var must be NAME=VALUE, and ${JSON.stringify(value)} is not`);
  const name = value.slice(0, at);
  return names.includes(name)
    ? ok([name, value.slice(at + 1)])
    : err(`there is no setting ${JSON.stringify(name)}: the settings are ${names.join(", ")}`);
}

/** A failure is one sentence for the terminal. `settingNames` are those that --var may set. */
export function parseStartArguments(
  commandLine: readonly string[],
  settingNames: readonly string[],
): Result<StartArguments, string> {
  const settings = new Map<string, string>();
  const switches = new Set<string>();
  let port = DEFAULT_PORT;
  let stateFolder: string | undefined;
  // `--flag=value` is `--flag value`.
  const words = commandLine.flatMap((word) => {
    const flag = VALUE_FLAGS.find((candidate) => word.startsWith(`${candidate}=`));
    return flag === undefined ? [word] : [flag, word.slice(flag.length + 1)];
  });
  if (words.includes("--help") || words.includes("-h")) {
    return ok({ isHelp: true, port, stateFolder, settings, showsJson: false, isHttps: false });
  }
  while (words.length > 0) {
    const flag = words.shift() ?? "";
    if (SWITCHES.includes(flag)) {
      switches.add(flag);
      continue;
    }
    if (!VALUE_FLAGS.includes(flag)) {
      // Without `--` npm keeps the flags for itself and passes their values on.
      const reason = flag.startsWith("-") ? `there is no flag ${flag}` : `${JSON.stringify(flag)} is not a flag`;
      return err(`${reason}: the flags are ${FLAGS.join(", ")}, after "npm start --"`);
    }
    const value = words.shift();
    if (value === undefined || value === "" || FLAGS.includes(value)) return err(`${flag} needs a value: ${HINT}`);
    if (flag === "--state") stateFolder = value;
    else if (flag === "--port") {
      const parsed = parsePort(value);
      if (!parsed.ok) return parsed;
      port = parsed.value;
    } else {
      const parsed = parseSetting(value, settingNames);
      if (!parsed.ok) return parsed;
      settings.set(...parsed.value);
    }
  }
  const [showsJson, isHttps] = [switches.has("--json"), switches.has("--https")];
  return ok({ isHelp: false, port, stateFolder, settings, showsJson, isHttps });
}

/** `settings`: those that --var may set; `defaults`: names of those that development gives a default of its own. */
export function usage(settings: readonly Setting[], defaults: ReadonlySet<string>): string {
  return `npm start -- [--port N] [--state DIR] [--https] [--json] [--var NAME=VALUE]...

Runs Edgepool on this machine: the Worker in workerd, a demo identity pool, and an issuer that signs in anyone.

  --port N           port on 127.0.0.1; default ${DEFAULT_PORT}; 0 takes one that is free and says which
  --state DIR        folder that keeps identities, pools and keys between starts; an empty one is a fresh service;
                     default .edgepool
  --https            serves over https, by a certificate of its own, and says how to trust it
  --json             shows the log as it is, one line of JSON for each event, and not a short line for each request
  --var NAME=VALUE   a setting of the service, any number of times; an empty value unsets it; the names are

${helpLines(settings, defaults)
  .map((line) => `      ${line}`)
  .join("\n")}

Settings come from here alone: neither the environment, nor .dev.vars, nor the [vars] of wrangler.toml are read. Local
development has defaults of its own for ${[...defaults].join(", ")}.
The demo identity pool is put back to its own settings at each start. DEVELOPMENT_UPSTREAMS is as in
{"https://accounts.google.com":"http://127.0.0.1:9001"}.`;
}
