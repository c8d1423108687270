/** Clients of the AWS SDK as an app and as an administrator have them, with nothing changed but the endpoint. */
import {
  CognitoIdentityClient,
  type CognitoIdentityClientConfig,
  CreateIdentityPoolCommand,
  type CreateIdentityPoolCommandInput,
  DescribeIdentityCommand,
  GetIdCommand,
  GetOpenIdTokenCommand,
} from "@aws-sdk/client-cognito-identity";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";

const REGION = "us-east-1";

/** An app: it has no credentials, as a mobile app has none. */
export function appClient(endpoint: string, options: CognitoIdentityClientConfig = {}): CognitoIdentityClient {
  return new CognitoIdentityClient({ endpoint, region: REGION, ...options });
}

/** An administrator, with the credentials that `npm start` prints. */
export function adminClient(endpoint: string, options: CognitoIdentityClientConfig = {}): CognitoIdentityClient {
  return new CognitoIdentityClient({ endpoint, region: REGION, credentials: LOCAL_CREDENTIAL, ...options });
}

/** The id of a new pool, which allows guests unless it is told otherwise. */
export async function createPool(
  admin: CognitoIdentityClient,
  settings: Partial<CreateIdentityPoolCommandInput> = {},
): Promise<string> {
  const input = { IdentityPoolName: "test pool", AllowUnauthenticatedIdentities: true, ...settings };
  const { IdentityPoolId } = await admin.send(new CreateIdentityPoolCommand(input));
  return present(IdentityPoolId);
}

type Logins = Readonly<Record<string, string>>;

export async function getId(app: CognitoIdentityClient, identityPoolId: string, logins?: Logins): Promise<string> {
  const input = { IdentityPoolId: identityPoolId, ...(logins !== undefined && { Logins: { ...logins } }) };
  const { IdentityId } = await app.send(new GetIdCommand(input));
  return present(IdentityId);
}

export type Minted = { readonly identityId: string; readonly token: string };

export async function getOpenIdToken(app: CognitoIdentityClient, identityId: string, logins?: Logins): Promise<Minted> {
  const input = { IdentityId: identityId, ...(logins !== undefined && { Logins: { ...logins } }) };
  const output = await app.send(new GetOpenIdTokenCommand(input));
  return { identityId: present(output.IdentityId), token: present(output.Token) };
}

/** Names of the providers whose logins it has, as an administrator sees them. */
export async function linkedProviders(admin: CognitoIdentityClient, identityId: string): Promise<readonly string[]> {
  return (await admin.send(new DescribeIdentityCommand({ IdentityId: identityId }))).Logins ?? [];
}

/** The typed exception that a call ends with. A call that succeeds, or fails otherwise, fails the test. */
export async function refusalOf<E extends Error>(
  call: Promise<unknown>,
  type: abstract new (...parameters: never[]) => E,
): Promise<E> {
  const outcome = await call.then(
    (value: unknown) => new Error(`the call succeeded: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof type) return outcome;
  throw outcome;
}

/** A member that the service model leaves optional and that every answer has. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a member is missing in the answer");
  return value;
}
