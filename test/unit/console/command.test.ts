import { expect, it } from "vitest";
import { commandOf, quoted } from "../../../console/command.ts";

const ENDPOINT = "https://identity.example.com";

it("is one of the AWS command line, for an operation of AWS", () => {
  const input = { IdentityPoolId: "eu-west-1:x", MaxResults: 60 };
  expect(commandOf("ListIdentities", input, ENDPOINT, "eu-west-1")).toBe(
    `aws cognito-identity list-identities --endpoint-url ${ENDPOINT} --region eu-west-1 \\
  --cli-input-json '{"IdentityPoolId":"eu-west-1:x","MaxResults":60}'`,
  );
});

it("is one of curl for any other, signed with a key from the environment", () => {
  const command = commandOf("Edgepool.RotateSigningKey", { Force: true }, ENDPOINT, "eu-west-1");
  expect(command).toContain(`curl -sS ${ENDPOINT}/ --aws-sigv4 aws:amz:eu-west-1:cognito-identity`);
  expect(command).toContain('--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"');
  expect(command).toContain("X-Amz-Target: Edgepool.RotateSigningKey");
  expect(command).toContain(`-d '{"Force":true}'`);
});

it.each([
  ["plain", "'plain'"],
  ["it's $HOME", `'it'\\''s $HOME'`],
])("keeps %s as one word of a shell", (text, word) => {
  expect(quoted(text)).toBe(word);
});
