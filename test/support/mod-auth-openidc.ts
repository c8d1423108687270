/**
 * Apache with mod_auth_openidc, from Debian's packages, on a loopback port of its own and in a folder of its own. It knows an
 * issuer by the address of its discovery document alone, and has two places: /login, for users whom it sends to the issuer,
 * and /bearer, for clients that bring a token.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Missing } from "./debian-tools.ts";

const APACHE = "/usr/sbin/apache2";
const MODULES = "/usr/lib/apache2/modules";
/** Below those that the system gives away. Apache must be told a port, and another one where it is taken. */
const PORTS = [20_000, 32_000] as const;
const ATTEMPTS = 5;
const READY = "resuming normal operations";

export function missingApache(): Missing {
  const needed = [
    [APACHE, "apache2"],
    [join(MODULES, "mod_auth_openidc.so"), "libapache2-mod-auth-openidc"],
  ] as const;
  const missing = needed.find(([path]) => !existsSync(path));
  return missing && `${missing[1]} is not installed`;
}

/** The certificate that it trusts, in its own folder: its workers may read no other. */
const TRUSTED = "trusted.pem";

function configText(folder: string, port: number, issuer: string, audience: string): string {
  const metadata = `${issuer}/.well-known/openid-configuration`;
  const modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc"];
  return `
ServerRoot "${folder}"
DefaultRuntimeDir "${folder}"
PidFile "${folder}/pid"
DocumentRoot "${folder}/public"
ErrorLog "|/bin/cat"
LogLevel notice auth_openidc:info
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
StartServers 1
${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
# Read only where it runs as root.
User www-data
Group www-data
${existsSync(join(folder, TRUSTED)) ? `OIDCCABundlePath "${join(folder, TRUSTED)}"` : ""}
OIDCCryptoPassphrase "of this test alone"
OIDCProviderMetadataURL ${metadata}
OIDCRedirectURI http://127.0.0.1:${port}/login/callback
OIDCClientID "${audience}"
OIDCResponseType id_token
OIDCOAuthServerMetadataURL ${metadata}
OIDCOAuthRemoteUserClaim sub
<Location "/login">
  AuthType openid-connect
  Require valid-user
</Location>
<Location "/bearer">
  AuthType oauth20
  <RequireAll>
    Require claim iss:${issuer}
    Require claim aud:${audience}
    Require claim amr:authenticated
  </RequireAll>
</Location>
`;
}

export type Apache = {
  readonly origin: string;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
};

async function untilReady(child: ChildProcess, output: () => string): Promise<boolean> {
  const ended = once(child, "exit").then(() => false);
  const ready = new Promise<boolean>((resolve) => {
    child.stdout?.on("data", () => output().includes(READY) && resolve(true));
  });
  return await Promise.race([ready, ended]);
}

/** `audience` is the pool whose users may enter; `certificate`, as PEM, the one that it trusts over https. */
export async function startApache(issuer: string, audience: string, certificate?: string): Promise<Apache> {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-apache-"));
  if (certificate !== undefined) await writeFile(join(folder, TRUSTED), certificate);
  await mkdir(join(folder, "public/bearer"), { recursive: true });
  await writeFile(join(folder, "public/bearer/index.html"), "who is signed in may read this");
  // Its workers are not the user who made the folder, where that is root.
  await chmod(folder, 0o755);
  const removeFolder = async () => await rm(folder, { recursive: true, force: true });
  let printed = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(...PORTS);
    await writeFile(join(folder, "apache.conf"), configText(folder, port, issuer, audience));
    const child = spawn(APACHE, ["-D", "FOREGROUND", "-f", join(folder, "apache.conf")], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: "/usr/sbin:/usr/bin:/bin" },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => (printed += chunk));
    }
    if (await untilReady(child, () => printed)) {
      return {
        origin: `http://127.0.0.1:${port}`,
        log: () => printed,
        async stop() {
          const ended = once(child, "exit");
          child.kill("SIGTERM");
          await ended;
          await removeFolder();
        },
      };
    }
  }
  await removeFolder();
  throw new Error(`Apache did not start: ${printed}`);
}
