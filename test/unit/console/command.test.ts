import { expect, it } from "vitest";
import { commandOf, quoted, unsignedCommandsOf, verifyCommandOf } from "../../../console/command.ts";

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
  ["it's $HOME, isn't it", `'it'\\''s $HOME, isn'\\''t it'`],
])("keeps %s as one word of a shell", (text, word) => {
  expect(quoted(text)).toBe(word);
});

it("is one of an app where nothing is signed: by two tools, and as a script", () => {
  const input = { IdentityPoolId: "eu-west-1:x", Logins: { "a.example": "it's" } };
  const { curl, aws, javascript } = unsignedCommandsOf("GetId", input, ENDPOINT, "eu-west-1");
  const word = `'{"IdentityPoolId":"eu-west-1:x","Logins":{"a.example":"it'\\''s"}}'`;
  expect(curl).toContain(`curl -sS ${ENDPOINT}/`);
  expect(curl).toContain("X-Amz-Target: AWSCognitoIdentityService.GetId");
  expect(curl).toContain(`-d ${word}`);
  expect(aws).toContain(`aws cognito-identity get-id --endpoint-url ${ENDPOINT} --region eu-west-1 --no-sign-request`);
  expect(aws).toContain(`--cli-input-json ${word}`);
  expect(javascript).toContain("new GetIdCommand(");
  expect(javascript).toContain(`endpoint: "${ENDPOINT}"`);
});

it("is one that verifies a token, for whoever has jose", () => {
  const command = verifyCommandOf("a.b.c", ENDPOINT, ENDPOINT, "eu-west-1:x");
  expect(command).toMatch(/^node --input-type=module -e '/);
  expect(command).toContain(`new URL("${ENDPOINT}/.well-known/jwks.json")`);
  expect(command).toContain(`{"issuer":"${ENDPOINT}","audience":"eu-west-1:x"}`);
  expect(command).toMatch(/ 'a\.b\.c'$/);
});
