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
    const name = operation.replaceAll(/(?<!^)[A-Z]/g, "-$&").toLowerCase();
    return `aws cognito-identity ${name} --endpoint-url ${endpoint} --region ${region} \\\n  --cli-input-json ${json}`;
  }
  return [
    `curl -sS ${endpoint}/ --aws-sigv4 aws:amz:${region}:cognito-identity`,
    `  --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`,
    `  -H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: ${operation}'`,
    `  -d ${json}`,
  ].join(" \\\n");
}
