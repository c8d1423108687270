/** The operations that are not built yet: they answer as an unknown one does, whoever asks, and harm nobody. */
import { readFileSync } from "node:fs";
import * as sdk from "@aws-sdk/client-cognito-identity";
import { expect, inject, test } from "vitest";
import { adminClient, refusalOf } from "../support/cognito-clients.ts";

const IdentityPoolId = inject("identityPoolId");
const IdentityProviderName = "accounts.google.com";
const ResourceArn = `arn:aws:cognito-identity:us-east-1:123456789012:identitypool/${IdentityPoolId}`;

/** Members of them all: each takes those that it knows, so that only the name of the operation can be refused. */
const INPUT = {
  IdentityId: `us-east-1:${crypto.randomUUID()}`,
  IdentityPoolId,
  IdentityProviderName,
  ResourceArn,
  Roles: {},
  TagKeys: ["a"],
  Tags: { a: "b" },
};

/** As the page says, which is held against the registry: test/unit/operations/operations-page.test.ts. */
const page = readFileSync("docs/operations.md", "utf8");
const unbuilt = [...page.matchAll(/^\| (\w+) .*\| unknown operation +\|/gm)].map(([, name = ""]) => name);

test("the page has operations that are built", () => {
  expect(page).toMatch(/^\| GetId .*\| built/m);
  expect(unbuilt).not.toContain("GetId");
});

test.each(unbuilt)("%s is not built yet and answers UnknownOperationException", async (operation) => {
  const Command: unknown = Reflect.get(sdk, `${operation}Command`);
  if (typeof Command !== "function") throw new Error("no such command");
  const sent = adminClient(inject("endpoint")).send(Reflect.construct(Command, [INPUT]));
  const refusal = await refusalOf(sent, sdk.CognitoIdentityServiceException);
  expect(refusal.name).toBe("UnknownOperationException");
  expect(refusal.$metadata.httpStatusCode).toBe(400);
  expect(refusal.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
});
