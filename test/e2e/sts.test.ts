/** GetCredentialsForIdentity over HTTP: with the development STS as `npm start` has it, and with one that answers as it is told. */
import {
  CognitoIdentityServiceException,
  ExternalServiceException,
  GetCredentialsForIdentityCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  InternalErrorException,
  InvalidIdentityPoolConfigurationException,
  SetIdentityPoolRolesCommand,
  TooManyRequestsException,
} from "@aws-sdk/client-cognito-identity";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect, inject, it, vi } from "vitest";
import { ROLES } from "../support/account-roles.ts";
import { adminClient, appClient, createPool, getId, present, refusalOf } from "../support/cognito-clients.ts";
import { loginsOf } from "../support/development-sign-in.ts";
import { type StandInServer } from "../support/stand-in-server.ts";
import { answering, credentialsXml, errorXml } from "../support/sts-stand-in.ts";
import { useStsWorker } from "../support/sts-worker.ts";
import { call, callFrom } from "../support/wire-call.ts";

type Logins = Readonly<Record<string, string>>;

function commandFor(identityId: string, logins?: Logins) {
  return new GetCredentialsForIdentityCommand({
    IdentityId: identityId,
    ...(logins !== undefined && { Logins: { ...logins } }),
  });
}

describe("with the development STS", () => {
  const endpoint = inject("endpoint");
  // One attempt: each refusal is looked at, and none is waited for.
  const app = appClient(endpoint, { maxAttempts: 1 });

  async function callerArn(identityId: string, logins?: Logins): Promise<string> {
    const { Credentials, IdentityId } = await app.send(commandFor(identityId, logins));
    expect(IdentityId).toBe(identityId);
    const { AccessKeyId, SecretKey, SessionToken, Expiration } = present(Credentials);
    const lifeMs = present(Expiration).getTime() - Date.now();
    expect(lifeMs).toBeGreaterThan(3_500_000);
    expect(lifeMs).toBeLessThanOrEqual(3_600_000);
    const client = new STSClient({
      endpoint: `${endpoint}/development/sts`,
      region: "us-east-1",
      credentials: {
        accessKeyId: present(AccessKeyId),
        secretAccessKey: present(SecretKey),
        sessionToken: present(SessionToken),
      },
    });
    return present((await client.send(new GetCallerIdentityCommand({}))).Arn);
  }

  it("a guest has the guests' role, and the same identity signed in has the users'", async () => {
    const guest = await getId(app, inject("identityPoolId"));
    expect(await callerArn(guest)).toBe(
      "arn:aws:sts::000000000000:assumed-role/edgepool-demo-guest/CognitoIdentityCredentials",
    );
    const logins = await loginsOf(endpoint, crypto.randomUUID());
    expect(await callerArn(guest, logins)).toBe(
      "arn:aws:sts::000000000000:assumed-role/edgepool-demo-user/CognitoIdentityCredentials",
    );
    const error = await refusalOf(app.send(commandFor(guest)), Error);
    expect([error.name, error.message]).toEqual([
      "NotAuthorizedException",
      `Access to Identity '${guest}' is forbidden.`,
    ]);
  });

  it("refuses another pool's identity in the live words, and says here why", async () => {
    const admin = adminClient(endpoint);
    const pool = await createPool(admin);
    const demo = "arn:aws:iam::000000000000:role/edgepool-demo-guest";
    await admin.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: pool, Roles: { unauthenticated: demo } }));
    const sent = app.send(commandFor(await getId(app, pool)));
    const { message } = await refusalOf(sent, InvalidIdentityPoolConfigurationException);
    expect(message).toBe(
      "Invalid identity pool configuration. Check assigned IAM roles for this pool. (sts-AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity)",
    );
  });

  it("takes as many tags as a token for STS has room for, and says of more what AWS says", async () => {
    const admin = adminClient(endpoint);
    const [IdentityPoolId, own] = [inject("identityPoolId"), "cognito-identity.amazonaws.com"];
    const ask = async (value: string) => {
      const PrincipalTags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`tag-${index}`, value]));
      const Logins = { "login.example.app": crypto.randomUUID() };
      const command = new GetOpenIdTokenForDeveloperIdentityCommand({ IdentityPoolId, Logins, PrincipalTags });
      const { IdentityId, Token } = await admin.send(command);
      return app.send(commandFor(present(IdentityId), { [own]: present(Token) }));
    };
    expect((await ask("x".repeat(256))).Credentials?.AccessKeyId).toMatch(/^ASIA/);
    const { message } = await refusalOf(ask("é".repeat(256)), InvalidIdentityPoolConfigurationException);
    expect(message).toContain("(sts-ValidationError: 1 validation error detected: Value at 'webIdentityToken' failed");
  });

  it("refuses a pool without roles in the same words", async () => {
    const pool = await createPool(adminClient(endpoint));
    const sent = app.send(commandFor(await getId(app, pool)));
    const { message } = await refusalOf(sent, InvalidIdentityPoolConfigurationException);
    expect(message).toContain("Check assigned IAM roles for this pool.");
  });

  it("answers browsers as every public operation does", async () => {
    const guest = await getId(app, inject("identityPoolId"));
    const { headers, status } = await call(endpoint, "GetCredentialsForIdentity", { IdentityId: guest });
    expect([status, headers["access-control-allow-origin"], headers["cache-control"]]).toEqual([200, "*", "no-store"]);
  });
});

describe("with an STS that answers as it is told", () => {
  const stage = useStsWorker(() => ({
    ROLE_SESSION_NAME: "identity",
    CREDENTIALS_SECONDS: "7200",
    GUEST_SESSION_POLICY: '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Sid": "a b+c"}]}',
    CLIENT_LIMIT: "on",
    RATE_LIMIT_PER_SECOND: "50",
    RATE_LIMIT_BURST: "400",
  }));
  const client = () => appClient(stage.worker.endpoint, { maxAttempts: 1 });

  const newGuest = async () => await getId(client(), stage.pool);
  const askedSince = (before: number) => stage.server.requests.slice(before);

  it("asks once, by one form, with a token of five minutes for the one role", async () => {
    const identityId = await newGuest();
    const before = stage.sts.asked.length;
    const answer = await call(stage.worker.endpoint, "GetCredentialsForIdentity", { IdentityId: identityId });
    const { accessKeyId, secretAccessKey, sessionToken } = present(stage.sts.given.at(-1));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      200,
      {
        IdentityId: identityId,
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretKey: secretAccessKey,
          SessionToken: sessionToken,
          Expiration: expect.toSatisfy(Number.isInteger),
        },
      },
    ]);
    expect(stage.sts.asked).toHaveLength(before + 1);
    const { method, target, headers, form } = present(stage.sts.asked.at(-1));
    expect([method, target, headers.get("authorization")]).toEqual(["POST", "/", null]);
    expect(headers.get("content-type")).toBe("application/x-www-form-urlencoded");
    const { WebIdentityToken: token = "", ...rest } = Object.fromEntries(form);
    expect(rest).toEqual({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: ROLES.unauthenticated,
      RoleSessionName: identityId.replace(":", "."),
      DurationSeconds: "7200",
      Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Sid":"a b+c"}]}',
    });
    const jwks = createRemoteJWKSet(new URL(`${stage.worker.endpoint}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, jwks, { issuer: stage.worker.endpoint, audience: stage.pool });
    expect(payload).toMatchObject({
      sub: identityId,
      amr: ["unauthenticated"],
      "https://aws.amazon.com/roles": [ROLES.unauthenticated],
    });
    expect(present(payload.exp) - present(payload.iat)).toBe(300);
  });

  const CFG = [InvalidIdentityPoolConfigurationException, 400, "Invalid identity pool configuration."] as const;
  const EXT = [ExternalServiceException, 400, "The security token service could not reach this issuer."] as const;
  const INT = [InternalErrorException, 500, "An internal error occurred."] as const;
  const THR = [TooManyRequestsException, 429, "Rate exceeded"] as const;
  const NO_KEY = "Couldn't retrieve verification key from your identity provider,  please reference";
  const given = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "s", sessionToken: "t" };

  it.each<
    [string, Parameters<StandInServer["fail"]>[0], number, typeof CFG | typeof EXT | typeof INT | typeof THR, string]
  >([
    ["AccessDenied", answering(403, errorXml("AccessDenied", "Not authorized")), 1, CFG, "sts-AccessDenied"],
    [
      "no provider",
      answering(400, errorXml("InvalidIdentityToken", "No OpenIDConnect provider found in your account for x")),
      1,
      CFG,
      "sts-InvalidIdentityToken",
    ],
    ["unknown text", answering(400, errorXml("InvalidIdentityToken", "New")), 1, CFG, "sts-InvalidIdentityToken"],
    ["no key", answering(400, errorXml("InvalidIdentityToken", NO_KEY)), 2, EXT, "sts-InvalidIdentityToken"],
    [
      "no pin",
      answering(400, errorXml("InvalidIdentityToken", "The target role ARN is not present in the roles claim of")),
      1,
      INT,
      "sts-InvalidIdentityToken",
    ],
    [
      "expired",
      answering(400, errorXml("ExpiredTokenException", "Token expired")),
      1,
      INT,
      "sts-ExpiredTokenException",
    ],
    ["IDP away", answering(400, errorXml("IDPCommunicationError")), 2, EXT, "sts-IDPCommunicationError"],
    ["IDP claim", answering(403, errorXml("IDPRejectedClaim")), 1, CFG, "sts-IDPRejectedClaim"],
    ["policy", answering(400, errorXml("MalformedPolicyDocument")), 1, CFG, "sts-MalformedPolicyDocument"],
    ["tags", answering(400, errorXml("PackedPolicyTooLarge")), 1, CFG, "sts-PackedPolicyTooLarge"],
    ["region", answering(403, errorXml("RegionDisabledException")), 1, CFG, "sts-RegionDisabledException"],
    ["validation", answering(400, errorXml("ValidationError")), 1, CFG, "sts-ValidationError"],
    ["throttling", answering(400, errorXml("Throttling", "Rate exceeded")), 1, THR, "sts-Throttling"],
    ["slow down", answering(503, errorXml("SlowDown")), 1, THR, "sts-SlowDown"],
    ["429", answering(429, ""), 1, THR, "sts-status-429"],
    ["500", answering(500, errorXml("InternalFailure")), 2, INT, "sts-InternalFailure"],
    ["503", answering(503, "<html>"), 2, INT, "sts-status-503"],
    ["a connection that is reset", (request) => request.socket.destroy(), 2, INT, "sts-connection"],
    ["a redirect", answering(302, "", { location: "http://127.0.0.1:1/" }), 1, INT, "sts-redirect"],
    ["a page that forbids", answering(403, "<html>no</html>"), 1, INT, "sts-status-403"],
    ["JSON", answering(200, '{"Credentials":{}}'), 1, INT, "sts-not-credentials"],
    ["credentials of a minute ago", answering(200, credentialsXml(given, -60)), 1, INT, "sts-not-credentials"],
    ["credentials of a week", answering(200, credentialsXml(given, 604_800)), 1, INT, "sts-not-credentials"],
    ["a body without end", answering(200, credentialsXml(given).padEnd(70_000)), 1, INT, "sts-too-large"],
    ["another 4xx", answering(418, errorXml("Teapot")), 1, CFG, "sts-Teapot"],
  ])(
    "what STS answers becomes one of four exceptions, after as many questions: %s",
    async (_, fail, questions, [type, status, message], reason) => {
      const identityId = await newGuest();
      stage.server.fail(fail);
      const before = stage.server.requests.length;
      const error = await refusalOf(client().send(commandFor(identityId)), CognitoIdentityServiceException);
      expect(error).toBeInstanceOf(type);
      expect(error.$metadata.httpStatusCode).toBe(status);
      // Whoever develops reads why: an internal error is no exception.
      expect(error.message).toMatch(new RegExp(`^${message}.* \\(${reason}[:)]`));
      expect(askedSince(before)).toHaveLength(questions);
      const requestId = present(error.$metadata.requestId);
      await vi.waitFor(() => expect(stage.worker.log()).toContain(requestId));
      const line =
        stage.worker
          .log()
          .split("\n")
          .find((one) => one.includes(requestId)) ?? "";
      expect(JSON.parse(line)).toMatchObject({ role: "guests", stsMs: expect.any(Number), reason });
    },
  );

  it("waits no longer than its deadline", async () => {
    const identityId = await newGuest();
    stage.server.fail(() => {});
    const error = await refusalOf(client().send(commandFor(identityId)), InternalErrorException);
    await vi.waitFor(() => expect(stage.worker.log()).toContain(present(error.$metadata.requestId)));
    expect(stage.worker.log()).toContain('"reason":"sts-deadline"');
  });

  it("counts no trouble of STS against the client's address", async () => {
    const identityId = await newGuest();
    const input = { IdentityId: identityId };
    const ask = async () => await callFrom(stage.worker.endpoint, "203.0.113.7", "GetCredentialsForIdentity", input);
    stage.server.fail(answering(403, errorXml("AccessDenied")));
    const failures = await Promise.all(Array.from({ length: 130 }, async () => (await ask()).status));
    expect(new Set(failures)).toEqual(new Set([400]));
    stage.server.fail(undefined);
    expect((await ask()).status).toBe(200);
  });
});
