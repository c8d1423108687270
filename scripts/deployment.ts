/**
 * What a deployment would lack: its settings and given secrets, judged by the Worker's own rules, from text to sentences. Asks
 * nobody and reads no file; repeats no secret.
 */
import { parseArgs, parseEnv } from "node:util";
import { parseConfig } from "../src/config.ts";
import { err, ok, type Result } from "../src/domain/errors.ts";
import { type Setting, SETTINGS } from "../src/settings.ts";

export type Texts = Readonly<Record<string, unknown>>;

/** Nobody reads the value of a secret again: what is not given may be there already. */
const REQUIRED_SECRETS = settingsOf("required");
const SECRETS = [...REQUIRED_SECRETS, ...settingsOf("optional")];

function settingsOf(kind: "required" | "optional"): readonly string[] {
  const settings: readonly Setting[] = Object.values(SETTINGS);
  return settings.filter(({ secret }) => secret === kind).map(({ name }) => name);
}

/** Those of `wrangler deploy` that decide what is deployed. */
export type DeployArguments = {
  readonly config: string | undefined;
  readonly env: string | undefined;
  readonly name: string | undefined;
  readonly secretsFile: string | undefined;
  /** Of `--var`, which has the last word. */
  readonly vars: Texts;
  readonly isDryRun: boolean;
  readonly isHelp: boolean;
};

export function readArguments(words: readonly string[]): DeployArguments {
  const { values, positionals } = parseArgs({
    args: [...words],
    // Wrangler knows more flags, and says itself what is wrong with them.
    strict: false,
    allowPositionals: true,
    options: {
      config: { type: "string", short: "c" },
      env: { type: "string", short: "e" },
      name: { type: "string" },
      var: { type: "string", multiple: true },
      "secrets-file": { type: "string" },
      "dry-run": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  // Wrangler takes several pairs after one --var.
  const pairs = [...(values.var ?? []), ...positionals].flatMap((word) => {
    const [, name, value] = /^(\w+):(.*)$/s.exec(String(word)) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return {
    config: text(values.config),
    env: text(values.env),
    name: text(values.name),
    secretsFile: text(values["secrets-file"]),
    vars: Object.fromEntries(pairs),
    isDryRun: values["dry-run"] === true,
    isHelp: values.help === true,
  };
}

/** The text of a `--secrets-file`: JSON, or lines of NAME=VALUE. */
export function parseSecrets(text: string): Result<Texts, string> {
  if (!text.trimStart().startsWith("{")) return ok(parseEnv(text));
  try {
    return ok(JSON.parse(text));
  } catch {
    return err("the file of --secrets-file is neither JSON nor lines of NAME=VALUE");
  }
}

export type Deployment = {
  readonly vars: Texts;
  /** Those that are uploaded with it. */
  readonly secrets: Texts;
  /** Whether it answers under workers.dev. */
  readonly servesWorkersDev: boolean;
  /** ISSUER of each other environment of the file, by how a sentence names it. */
  readonly otherIssuers?: ReadonlyMap<string, unknown>;
};

/**
 * What the Worker would refuse every call for, what would show a secret, and what would let nobody reach it. A required
 * secret that is not given is no problem yet: the deployed Worker may have it.
 */
export function problemsOf({
  vars,
  secrets,
  servesWorkersDev,
  otherIssuers = new Map(),
}: Deployment): readonly string[] {
  const open = SECRETS.filter((name) => Object.hasOwn(vars, name));
  const parsed = parseConfig({ ...vars, ...secrets });
  const found = parsed.ok ? [] : parsed.error;
  const { ISSUER: issuer } = vars;
  const isOnWorkersDev =
    typeof issuer === "string" && URL.canParse(issuer) && new URL(issuer).hostname.endsWith(".workers.dev");
  return [
    ...open.map((name) => `${name} is a secret, and [vars] or --var would show it to whoever may look at the Worker`),
    ...found.filter((problem) => !REQUIRED_SECRETS.some((name) => problem === `${name} is missing`)),
    ...[...otherIssuers].flatMap(([name, other]) =>
      other === issuer && issuer !== undefined
        ? [`ISSUER is that of ${name}, too: whoever trusts the tokens of one would trust those of both`]
        : [],
    ),
    ...(isOnWorkersDev && !servesWorkersDev ? ["ISSUER is under workers.dev, and workers_dev is not true"] : []),
  ];
}

/** Names of the required secrets that are neither given, with a value, nor there already. */
export function missingSecrets(given: Texts, deployed: readonly string[]): readonly string[] {
  return REQUIRED_SECRETS.filter((name) => !isGiven(given[name]) && !deployed.includes(name));
}

function isGiven(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}
