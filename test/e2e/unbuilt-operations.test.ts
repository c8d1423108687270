/** The operations that are not built yet: they answer as an unknown one does, whoever asks, and harm nobody. */
import {
  type CognitoIdentityClient,
  CognitoIdentityServiceException,
  GetCredentialsForIdentityCommand,
  GetIdentityPoolRolesCommand,
  GetPrincipalTagAttributeMapCommand,
  ListTagsForResourceCommand,
  SetIdentityPoolRolesCommand,
  SetPrincipalTagAttributeMapCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cognito-identity";
import { expect, inject, test } from "vitest";
import { adminClient, refusalOf } from "../support/cognito-clients.ts";

const IdentityPoolId = inject("identityPoolId");
const IdentityId = `us-east-1:${crypto.randomUUID()}`;
const ResourceArn = `arn:aws:cognito-identity:us-east-1:123456789012:identitypool/${IdentityPoolId}`;
const IdentityProviderName = "accounts.google.com";

type Commands = Readonly<Record<string, (client: CognitoIdentityClient) => Promise<unknown>>>;

/** Each with an input that would pass its shape check, so that only the name of the operation can be refused. */
const COMMANDS: Commands = {
  GetCredentialsForIdentity: (client) => client.send(new GetCredentialsForIdentityCommand({ IdentityId })),
  GetIdentityPoolRoles: (client) => client.send(new GetIdentityPoolRolesCommand({ IdentityPoolId })),
  GetPrincipalTagAttributeMap: (client) =>
    client.send(new GetPrincipalTagAttributeMapCommand({ IdentityPoolId, IdentityProviderName })),
  ListTagsForResource: (client) => client.send(new ListTagsForResourceCommand({ ResourceArn })),
  SetIdentityPoolRoles: (client) => client.send(new SetIdentityPoolRolesCommand({ IdentityPoolId, Roles: {} })),
  SetPrincipalTagAttributeMap: (client) =>
    client.send(new SetPrincipalTagAttributeMapCommand({ IdentityPoolId, IdentityProviderName })),
  TagResource: (client) => client.send(new TagResourceCommand({ ResourceArn, Tags: { a: "b" } })),
  UntagResource: (client) => client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["a"] })),
};

test.each(Object.keys(COMMANDS))("%s is not built yet and answers UnknownOperationException", async (operation) => {
  const send = COMMANDS[operation];
  if (send === undefined) throw new Error("no such command");
  const refusal = await refusalOf(send(adminClient(inject("endpoint"))), CognitoIdentityServiceException);
  expect(refusal.name).toBe("UnknownOperationException");
  expect(refusal.$metadata.httpStatusCode).toBe(400);
  expect(refusal.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
});
