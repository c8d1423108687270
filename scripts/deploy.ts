/**
 * `npm run deploy`: `wrangler deploy` with the same arguments, once nothing is missing that the Worker would then refuse every
 * call for. Refuses in one sentence, before anything is uploaded. A dry run says the sentence, asks nobody, and goes on.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { err, ok, type Result } from "../src/domain/errors.ts";
import {
  type DeployArguments,
  type Deployment,
  missingSecrets,
  parseSecrets,
  problemsOf,
  readArguments,
  type Texts,
} from "./deployment.ts";

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const ADVICE = "docs/deployment.md";

function secretsIn(path: string | undefined): Result<Texts, string> {
  if (path === undefined) return ok({});
  try {
    return parseSecrets(readFileSync(path, "utf8"));
  } catch {
    return err(`the file of --secrets-file, ${path}, cannot be read`);
  }
}

function readDeployment({ config, env, vars, secretsFile }: DeployArguments): Result<Deployment, string> {
  const secrets = secretsIn(secretsFile);
  if (!secrets.ok) return secrets;
  try {
    const selection = { config: config ?? join(ROOT, "wrangler.toml"), ...(env !== undefined && { env }) };
    const declared = readConfig(selection, { hideWarnings: true });
    return ok({
      vars: { ...declared.vars, ...vars },
      secrets: secrets.value,
      servesWorkersDev: declared.workers_dev ?? declared.routes === undefined,
      otherIssuers: otherIssuers(selection.config, env, declared.definedEnvironments ?? []),
    });
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

/** By how a sentence names the environment. */
function otherIssuers(config: string, env: string | undefined, named: readonly string[]): ReadonlyMap<string, unknown> {
  const others = [undefined, ...named].filter((other) => other !== (env === "" ? undefined : env));
  return new Map(
    others.map((other) => {
      const { vars } = readConfig({ config, ...(other !== undefined && { env: other }) }, { hideWarnings: true });
      return [other === undefined ? "the environment at the top" : `the environment ${other}`, vars["ISSUER"]];
    }),
  );
}

/** Names of the secrets that the deployed Worker has: none before its first deployment. */
function deployedSecrets({ config, env, name }: DeployArguments): Result<readonly string[], string> {
  const flags = Object.entries({ config, env, name }).flatMap(([flag, value]) => (value ? [`--${flag}`, value] : []));
  const command = [WRANGLER, "secret", "list", "--format", "json", ...flags];
  const quiet = { WRANGLER_HIDE_BANNER: "true", WRANGLER_WRITE_LOGS: "false", WRANGLER_SEND_METRICS: "false" };
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, ...quiet },
  });
  if (status !== 0) {
    return /Worker "[^"]*" not found|code: 10007/.test(stdout + stderr)
      ? ok([])
      : err('"npx wrangler secret list" could not say which secrets the Worker has');
  }
  const list: readonly { readonly name: string }[] = JSON.parse(stdout.slice(stdout.indexOf("[")));
  return ok(list.map((secret) => secret.name));
}

function judge(parameters: DeployArguments): Result<void, string> {
  const deployment = readDeployment(parameters);
  if (!deployment.ok) return deployment;
  const problems = problemsOf(deployment.value);
  if (problems.length > 0) return err(`${problems.join("; ")} (${ADVICE})`);
  const { secrets } = deployment.value;
  const unknown = missingSecrets(secrets, []);
  if (unknown.length === 0 || parameters.isDryRun) return ok(undefined);
  const deployed = deployedSecrets(parameters);
  if (!deployed.ok) {
    return err(
      `${deployed.error}, and ${unknown.join(" and ")} may be missing: sign in, or give them by --secrets-file (${ADVICE})`,
    );
  }
  const missing = missingSecrets(secrets, deployed.value);
  if (missing.length === 0) return ok(undefined);
  return err(
    `the Worker has no secret ${missing.join(" and no ")}: give what is missing by --secrets-file (${ADVICE})`,
  );
}

const words = process.argv.slice(2);
const given = readArguments(words);
const parameters = { ...given, env: given.env ?? process.env["CLOUDFLARE_ENV"] };
const verdict = parameters.isHelp ? ok(undefined) : judge(parameters);
if (!verdict.ok) {
  console.error(`edgepool: ${parameters.isDryRun ? "would not be deployed" : "not deployed"}: ${verdict.error}`);
}
if (verdict.ok || parameters.isDryRun) {
  // The one at the top has no name, and wrangler warns of whoever names none.
  const named = parameters.isHelp || parameters.env !== undefined ? words : ["--env=", ...words];
  process.exitCode =
    spawnSync(process.execPath, [WRANGLER, "deploy", ...named], { cwd: ROOT, stdio: "inherit" }).status ?? 1;
} else {
  process.exitCode = 1;
}
