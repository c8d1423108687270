/** A request exactly as the AWS SDK signed it, held back: to be sent late, twice, or changed. */
import {
  CognitoIdentityClient,
  type CognitoIdentityClientConfig,
  ListIdentityPoolsCommand,
} from "@aws-sdk/client-cognito-identity";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";

export type CapturedRequest = { readonly headers: Record<string, string>; readonly body: string };

class Held extends Error {}

/** ListIdentityPools, signed for `endpoint`; `options` may set another clock, region or credential. */
export async function captureSignedRequest(
  endpoint: string,
  options: CognitoIdentityClientConfig = {},
): Promise<CapturedRequest> {
  let captured: CapturedRequest | undefined;
  const client = new CognitoIdentityClient({
    endpoint,
    region: "us-east-1",
    credentials: LOCAL_CREDENTIAL,
    maxAttempts: 1,
    requestHandler: {
      async handle({ headers, body }: { headers: Record<string, string>; body: string | Uint8Array }) {
        captured = { headers: { ...headers }, body: typeof body === "string" ? body : new TextDecoder().decode(body) };
        throw new Held("held back");
      },
    },
    ...options,
  });
  try {
    await client.send(new ListIdentityPoolsCommand({ MaxResults: 10 }));
  } catch (error) {
    if (captured !== undefined && error instanceof Held) return captured;
    throw error;
  }
  throw new Error("the SDK sent nothing");
}
