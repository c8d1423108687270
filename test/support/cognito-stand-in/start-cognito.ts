/** Starts the stand-in of Cognito for a test, kills it, brings it back, and asks it for what no client could. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CognitoIdentityClient, type CognitoIdentityClientConfig } from "@aws-sdk/client-cognito-identity";
import type { Identity } from "./cognito-store.ts";
import type { Credential } from "./signature-check.ts";
import type { Troubles } from "./troubles.ts";

export type CognitoOptions = {
  /** Default: us-east-1. */
  readonly region?: string;
  /** What is kept there survives a kill; default: nothing is kept. */
  readonly stateFile?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Provider name to the address of whoever stands in for that issuer; issuers on loopback need none. */
  readonly issuers?: Readonly<Record<string, string>>;
  /** Default: `OPERATOR` alone. */
  readonly credentials?: readonly Credential[];
};

/** Who may do everything at the stand-in. */
export const OPERATOR: Credential = {
  accessKeyId: "AKIA0000000000000000",
  secretAccessKey: "SecretOfTheOperator/OfTheStandIn+Cognito",
};

export type AskedCall = {
  readonly operation: string;
  /** Names in its `Logins`, sorted. */
  readonly providers: readonly string[];
  /** 200, or the name of an exception. */
  readonly outcome: string;
};

export type RunningCognito = {
  readonly address: string;
  readonly port: number;
  /** What it was asked since it began, in the order of its answers. */
  calls(): Promise<readonly AskedCall[]>;
  /** Every identity of every pool, subjects included. */
  identities(): Promise<readonly Identity[]>;
  /** In place of those before; `{}` ends them all. */
  trouble(troubles: Troubles): Promise<void>;
  /** By SIGKILL: what it had acknowledged is in its state file. */
  kill(): Promise<void>;
};

const PROCESS = join(import.meta.dirname, "stand-in-process.ts");

export async function startCognito(options: CognitoOptions = {}): Promise<RunningCognito> {
  const { region = "us-east-1", stateFile, port = 0, issuers = {}, credentials = [OPERATOR] } = options;
  const parameters = {
    region,
    port,
    issuers: JSON.stringify(issuers),
    credentials: JSON.stringify(credentials),
    ...(stateFile !== undefined && { state: stateFile }),
  };
  const flags = Object.entries(parameters).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(process.execPath, [PROCESS, ...flags], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const [address] = (await Promise.race([once(lines, "line"), ended.then(() => [])])) as [string?];
  if (address === undefined) throw new Error("the stand-in of Cognito did not start");
  const ask = async (path: string) => await (await fetch(`${address}/stand-in/${path}`)).text();
  return {
    address,
    port: Number(new URL(address).port),
    calls: async () => JSON.parse(await ask("calls")),
    identities: async () => JSON.parse(await ask("identities")),
    async trouble(troubles) {
      await fetch(`${address}/stand-in/troubles`, { method: "PUT", body: JSON.stringify(troubles) });
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** An operator's client of the stand-in. Apps have the one of cognito-clients.ts. */
export function operatorClient(
  { address }: Pick<RunningCognito, "address">,
  options: CognitoIdentityClientConfig = {},
): CognitoIdentityClient {
  return new CognitoIdentityClient({ endpoint: address, region: "us-east-1", credentials: OPERATOR, ...options });
}
