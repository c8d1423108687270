/** Calls as commands for a shell. The key is in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and no command repeats it. Pure. */
import type { InputOf, OperationName } from "./wire.ts";

/** One word of a POSIX shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** With the AWS command line; with curl where the operation is no operation of AWS. */
export function commandOf<Name extends OperationName>(
  operation: Name,
  input: InputOf<Name>,
  endpoint: string,
  region: string,
): string {
  const json = quoted(JSON.stringify(input));
  if (!operation.includes(".")) {
    return `aws cognito-identity ${kebab(operation)} --endpoint-url ${endpoint} --region ${region} \\\n  --cli-input-json ${json}`;
  }
  return [
    `curl -sS ${endpoint}/ --aws-sigv4 aws:amz:${region}:cognito-identity`,
    `  --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`,
    `  -H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: ${operation}'`,
    `  -d ${json}`,
  ].join(" \\\n");
}

function kebab(operation: string): string {
  return operation.replaceAll(/(?<!^)[A-Z]/g, "-$&").toLowerCase();
}

/** A call of an app, which signs nothing: for a shell by two tools, and for a script. */
export function unsignedCommandsOf<Name extends OperationName>(
  operation: Name,
  input: InputOf<Name>,
  endpoint: string,
  region: string,
): { readonly curl: string; readonly aws: string; readonly javascript: string } {
  const json = JSON.stringify(input);
  const target = `AWSCognitoIdentityService.${operation}`;
  const curl = [
    `curl -sS ${endpoint}/`,
    `  -H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: ${target}'`,
    `  -d ${quoted(json)}`,
  ].join(" \\\n");
  const aws = [
    `aws cognito-identity ${kebab(operation)} --endpoint-url ${endpoint} --region ${region} --no-sign-request`,
    `  --cli-input-json ${quoted(json)}`,
  ].join(" \\\n");
  const javascript = [
    `import { CognitoIdentityClient, ${operation}Command } from "@aws-sdk/client-cognito-identity";`,
    "",
    `const client = new CognitoIdentityClient({ region: "${region}", endpoint: "${endpoint}" });`,
    `console.log(await client.send(new ${operation}Command(${JSON.stringify(input, null, 2)})));`,
  ].join("\n");
  return { curl, aws, javascript };
}

/** Verifies a token as a relying party does, in a folder that has the package jose. */
export function verifyCommandOf(token: string, endpoint: string, issuer: string, audience: unknown): string {
  const script = [
    'import { createRemoteJWKSet, jwtVerify } from "jose";',
    `const keys = createRemoteJWKSet(new URL("${endpoint}/.well-known/jwks.json"));`,
    `const expected = ${JSON.stringify({ issuer, audience })};`,
    "console.log((await jwtVerify(process.argv[1], keys, expected)).payload);",
  ].join("\n");
  return `node --input-type=module -e ${quoted(script)} ${quoted(token)}`;
}
