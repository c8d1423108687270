/**
 * Commands to paste into a POSIX shell, as the terminal and the sign-in page show them. Text only.
 * No comment lines: an interactive zsh would run them. No jq: sed is everywhere.
 */
import { ISSUER_PATH } from "./development-issuer.ts";
import { STS_PATH } from "./sts-trust.ts";

export type Service = {
  /** Origin, without a trailing slash. */
  readonly endpoint: string;
  readonly region: string;
  readonly identityPoolId: string;
  readonly providerName: string;
};

function curl(endpoint: string, operation: string, input: string): string {
  return [
    `curl -sS ${endpoint}/ -H 'Content-Type: application/x-amz-json-1.1'`,
    `  -H 'X-Amz-Target: AWSCognitoIdentityService.${operation}'`,
    `  -d ${input}`,
  ].join(" \\\n");
}

/** Keeps one text member of the answer in a shell variable and shows it; an error answer is shown as it came. */
function keep(variable: string, member: string, command: string): string {
  const pick = `sed 's/.*"${member}":"\\([^"]*\\)".*/\\1/'`;
  return `${variable}=$(${command} \\\n  | ${pick}); echo "$${variable}"`;
}

/** In double quotes where the shell has a variable to fill in, else in single ones. */
function shellJson(value: object): string {
  const json = JSON.stringify(value);
  return json.includes("$") ? `"${json.replaceAll('"', '\\"')}"` : `'${json}'`;
}

export function curlGuest({ endpoint, identityPoolId }: Service): readonly string[] {
  const getId = curl(endpoint, "GetId", shellJson({ IdentityPoolId: identityPoolId }));
  const getToken = curl(endpoint, "GetOpenIdToken", shellJson({ IdentityId: "$IDENTITY_ID" }));
  return [keep("IDENTITY_ID", "IdentityId", getId), keep("OPENID_TOKEN", "Token", getToken)];
}

/** Signs somebody in and links the login to the guest's identity. */
export function curlLogin({ endpoint, providerName }: Service, name: string): readonly string[] {
  const input = shellJson({ IdentityId: "$IDENTITY_ID", Logins: { [providerName]: "$LOGIN_TOKEN" } });
  return [signIn(endpoint, name), keep("OPENID_TOKEN", "Token", curl(endpoint, "GetOpenIdToken", input))];
}

/** For somebody who has signed in at the page: the identity of the login, then its token. */
export function curlWithLoginToken({ endpoint, identityPoolId, providerName }: Service, token: string): string[] {
  const logins = { [providerName]: "$LOGIN_TOKEN" };
  const getId = curl(endpoint, "GetId", shellJson({ IdentityPoolId: identityPoolId, Logins: logins }));
  const getToken = curl(endpoint, "GetOpenIdToken", shellJson({ IdentityId: "$IDENTITY_ID", Logins: logins }));
  return [`LOGIN_TOKEN=${token}`, keep("IDENTITY_ID", "IdentityId", getId), keep("OPENID_TOKEN", "Token", getToken)];
}

function signIn(endpoint: string, name: string): string {
  const command = `curl -sS ${endpoint}${ISSUER_PATH}/sign-in -d ${shellJson({ name })}`;
  return keep("LOGIN_TOKEN", "token", command);
}

/** A public operation needs no credentials, and the command line must not go looking for any. */
function aws(service: Service, command: string, query: string): string {
  return [
    `aws cognito-identity ${command}`,
    `  --query ${query} --output text --no-sign-request --region ${service.region} --endpoint-url ${service.endpoint}`,
  ].join(" \\\n");
}

function keepOutput(variable: string, command: string): string {
  return `${variable}=$(${command}); echo "$${variable}"`;
}

export function awsGuest(service: Service): readonly string[] {
  const getId = aws(service, `get-id --identity-pool-id ${service.identityPoolId}`, "IdentityId");
  const getToken = aws(service, 'get-open-id-token --identity-id "$IDENTITY_ID"', "Token");
  return [keepOutput("IDENTITY_ID", getId), keepOutput("OPENID_TOKEN", getToken)];
}

export function awsLogin(service: Service, name: string): readonly string[] {
  const logins = shellJson({ [service.providerName]: "$LOGIN_TOKEN" });
  const command = aws(service, `get-open-id-token --identity-id "$IDENTITY_ID" --logins ${logins}`, "Token");
  return [signIn(service.endpoint, name), keepOutput("OPENID_TOKEN", command)];
}

/** Credentials of whoever has signed in: the identity of the login, which may be another than the guest's, and what they are of. */
export function awsCredentials(service: Service): readonly string[] {
  const logins = shellJson({ [service.providerName]: "$LOGIN_TOKEN" });
  const query = "Credentials.[AccessKeyId,SecretKey,SessionToken]";
  const getId = aws(service, `get-id --identity-pool-id ${service.identityPoolId} --logins ${logins}`, "IdentityId");
  const command = `get-credentials-for-identity --identity-id "$IDENTITY_ID" --logins ${logins}`;
  return [
    keepOutput("IDENTITY_ID", getId),
    `CREDENTIALS=$(${aws(service, command, `'${query}'`)})`,
    [
      `echo "$CREDENTIALS" | { read -r KEY_ID SECRET SESSION`,
      "  AWS_ACCESS_KEY_ID=$KEY_ID AWS_SECRET_ACCESS_KEY=$SECRET AWS_SESSION_TOKEN=$SESSION \\",
      "  aws sts get-caller-identity --query Arn --output text \\",
      `  --region ${service.region} --endpoint-url ${service.endpoint}${STS_PATH}; }`,
    ].join("\n"),
  ];
}

export type Relying = {
  readonly issuer: string;
  readonly algorithm: string;
  /** Where jose is installed: the folder of the checkout. Null is the one that the shell is in. */
  readonly folder: string | null;
};

/** What a relying party does with the token of the commands before: as any of them, it trusts what it was told and the key set. */
export function verifyToken({ endpoint, identityPoolId }: Service, { issuer, algorithm, folder }: Relying): string[] {
  const command = [
    `node --input-type=module -e '`,
    `  import { createRemoteJWKSet, jwtVerify } from "jose";`,
    `  const keys = createRemoteJWKSet(new URL("${endpoint}/.well-known/jwks.json"));`,
    `  const audience = "${identityPoolId}";`,
    `  const expected = { issuer: "${issuer}", audience, algorithms: ["${algorithm}"] };`,
    `  console.log((await jwtVerify(process.argv[1], keys, expected)).payload);' "$OPENID_TOKEN"`,
  ].join("\n");
  return [folder === null ? command : `(cd ${shellText(folder)} && ${command})`];
}

/** For Node, curl and the AWS command line. Browsers and others are told by their own means. */
export function trust(file: string): readonly string[] {
  const names = ["NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"];
  return [`export ${names.map((name) => `${name}=${shellText(file)}`).join(" ")}`];
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A signed operation: the credentials stand before the command, so that the shell's own stay as they are. */
export function awsSigned(service: Service, accessKeyId: string, secretAccessKey: string): readonly string[] {
  return [
    [
      `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} AWS_PAGER=`,
      "  aws cognito-identity list-identity-pools --max-results 10",
      `  --region ${service.region} --endpoint-url ${service.endpoint}`,
    ].join(" \\\n"),
  ];
}
