/** What `npm start` prints once the service answers. Text only. */
import { join } from "node:path";
import type { Config } from "../src/config.ts";
import {
  awsCredentials,
  awsGuest,
  awsLogin,
  awsSigned,
  curlGuest,
  curlLogin,
  type Service,
  trust,
  verifyToken,
} from "../src/development/commands.ts";
import { demoPool, demoPoolId } from "../src/development/demo-pool.ts";
import { developmentProviderName, ISSUER_PATH } from "../src/development/development-issuer.ts";
import { hasLocalCredential, LOCAL_CREDENTIAL } from "../src/development/local-credential.ts";
import { STS_PATH } from "../src/development/sts-trust.ts";
import { CONSOLE_PATH } from "../src/protocol/console-config.ts";

/** Whom the printed commands sign in. */
const NAME = "alice";

type Row = readonly [label: string, value: string];

function table(rows: readonly Row[]): string {
  return rows.map(([label, value]) => `  ${label.padEnd(16)}${value}`).join("\n");
}

function paragraph(title: string, commands: readonly string[]): string {
  return [`${title}:`, ...commands].join("\n");
}

function providerRows(origin: string, region: string): readonly Row[] {
  const pool = demoPool(origin, region);
  const development = developmentProviderName(origin);
  const names = [
    ...Object.keys(pool.supportedLoginProviders ?? {}).filter((name) => name !== development),
    ...(pool.cognitoIdentityProviders ?? []).map((provider) => provider.providerName ?? ""),
    pool.developerProviderName ?? "",
  ];
  return [
    ["Providers", `${development} (signs in anyone you name)`],
    ...names.map((name): Row => ["", `${name} (example)`]),
  ];
}

/** `certificate`: its file, where the endpoint is https. */
export function welcome(endpoint: string, stateFolder: string, config: Config, certificate?: string): string {
  const { region } = config;
  const providerName = developmentProviderName(endpoint);
  const service: Service = { endpoint, region, identityPoolId: demoPoolId(region), providerName };
  const isLocal = hasLocalCredential(config);
  const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIAL;
  const isDevelopmentSts = config.sts.url === `${endpoint}${STS_PATH}`;
  const relying = { issuer: config.issuer, algorithm: config.tokenAlgorithm, folder: join(import.meta.dirname, "..") };
  const rows: readonly Row[] = [
    ["Endpoint", endpoint],
    ["Identity pool", service.identityPoolId],
    ["Guests", "allowed"],
    ...providerRows(endpoint, region),
    ["Console", `${endpoint}${CONSOLE_PATH}`],
    ["Sign-in page", `${endpoint}${ISSUER_PATH}`],
    ["Discovery", `${endpoint}/.well-known/openid-configuration`],
    ["Credentials", isLocal ? `access key id ${accessKeyId}, secret ${secretAccessKey}` : "those of ADMIN_CREDENTIALS"],
    ["Region", region],
    ["STS", `${config.sts.url ?? "none"}${isDevelopmentSts ? " (its credentials open nothing else)" : ""}`],
    ["State", stateFolder],
    ...(certificate === undefined ? [] : [["Certificate", certificate] as const]),
  ];
  const paragraphs = [
    "Edgepool is ready.",
    table(rows),
    ...(certificate === undefined ? [] : [paragraph("Trust its certificate, in this shell", trust(certificate))]),
    paragraph("A guest, with curl", curlGuest(service)),
    paragraph(`The guest becomes ${NAME}, with curl`, curlLogin(service, NAME)),
    paragraph("A guest, with the AWS command line", awsGuest(service)),
    paragraph(`The guest becomes ${NAME}, with the AWS command line`, awsLogin(service, NAME)),
    ...(isLocal
      ? [paragraph("A signed operation, with the AWS command line", awsSigned(service, accessKeyId, secretAccessKey))]
      : []),
    ...(isDevelopmentSts
      ? [paragraph(`Credentials for ${NAME}, with the AWS command line`, awsCredentials(service))]
      : []),
    paragraph("The token verified, as a relying party does it", verifyToken(service, relying)),
    `In a browser: ${endpoint}/`,
    "Ctrl-C stops it. The state stays.",
  ];
  return `${paragraphs.join("\n\n")}\n`;
}
