/** An identity to which something has happened: a guest that alice and a developer's user were linked to, and that absorbed another guest. */
import { GetOpenIdTokenForDeveloperIdentityCommand } from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { adminClient, appClient, getId, getOpenIdToken } from "./cognito-clients.ts";
import { signIn } from "./development-sign-in.ts";

export const DEVELOPER_PROVIDER = "login.example.app";

export type LivedIdentity = {
  readonly identityId: string;
  readonly absorbedId: string;
  /** At the development issuer. */
  readonly providerName: string;
  readonly subject: string;
  readonly developerUser: string;
};

/** In the demo pool, by people whom nobody else has signed in. */
export async function liveALife(endpoint: string, identityPoolId: string): Promise<LivedIdentity> {
  const app = appClient(endpoint);
  const developerUser = `user-${crypto.randomUUID()}`;
  const { providerName, token } = await signIn(endpoint, `alice-${crypto.randomUUID()}`);
  const logins = { [providerName]: token };
  const identityId = await getId(app, identityPoolId);
  await getOpenIdToken(app, identityId, logins);
  const both = { ...logins, [DEVELOPER_PROVIDER]: developerUser };
  const command = { IdentityPoolId: identityPoolId, IdentityId: identityId, Logins: both };
  await adminClient(endpoint).send(new GetOpenIdTokenForDeveloperIdentityCommand(command));
  const absorbedId = await getId(app, identityPoolId);
  await getOpenIdToken(app, absorbedId, logins);
  return { identityId, absorbedId, providerName, subject: decodeJwt(token).sub ?? "", developerUser };
}
