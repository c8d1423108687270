/**
 * A security token service that gives whoever asks what AWS's would write, and remembers what it was asked: for tests of how it is
 * asked, and, by `StandInServer.fail`, of the ways in which a real one refuses or fails. Shares no code with what it tests.
 */
import type { StandIn } from "./provider-stand-ins.ts";

export type StsQuestion = {
  readonly method: string;
  /** As it was asked: path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly form: URLSearchParams;
};

/** What it gives: the n-th to ask gets the n-th. */
export type GivenCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

export const XML = { "content-type": "text/xml" };

function instant(secondsFromNow: number): string {
  return new Date(Math.floor(Date.now() / 1000 + secondsFromNow) * 1000).toISOString().replace(".000", "");
}

export function credentialsXml(given: GivenCredentials, lifetimeSeconds = 3600): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <AccessKeyId>${given.accessKeyId}</AccessKeyId>
      <SecretAccessKey>${given.secretAccessKey}</SecretAccessKey>
      <SessionToken>${given.sessionToken}</SessionToken>
      <Expiration>${instant(lifetimeSeconds)}</Expiration>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;
}

export function errorXml(code: string, message = ""): string {
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>0</RequestId></ErrorResponse>`;
}

/** As node:http has it, which tests in workerd have not. */
type Outgoing = { writeHead(status: number, headers: Record<string, string>): { end(text: string): unknown } };

/** An answer for `StandInServer.fail`. */
export function answering(status: number, text: string, headers: Record<string, string> = XML) {
  return (_: unknown, response: Outgoing): void => void response.writeHead(status, headers).end(text);
}

export type StsStandIn = {
  readonly standIn: StandIn;
  readonly asked: readonly StsQuestion[];
  readonly given: readonly GivenCredentials[];
};

export function stsStandIn(): StsStandIn {
  const asked: StsQuestion[] = [];
  const given: GivenCredentials[] = [];
  const drawn = () => crypto.randomUUID().replaceAll("-", "");
  return {
    asked,
    given,
    async standIn(request) {
      const { pathname, search } = new URL(request.url);
      const form = new URLSearchParams(await request.text());
      asked.push({ method: request.method, target: pathname + search, headers: request.headers, form });
      const credentials = {
        accessKeyId: `ASIA${drawn().slice(0, 16).toUpperCase()}`,
        secretAccessKey: `${drawn()}/+${drawn()}`.slice(0, 40),
        sessionToken: `${drawn()}/${drawn()}+${drawn()}==`,
      };
      given.push(credentials);
      return new Response(credentialsXml(credentials, Number(form.get("DurationSeconds"))), { headers: XML });
    },
  };
}
