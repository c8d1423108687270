/** An issuer that fails: ExternalServiceException when there is nothing to verify with, and no word of it when there is. */
import { ExternalServiceException, NotAuthorizedException } from "@aws-sdk/client-cognito-identity";
import { expect, inject, type OnTestFinishedHandler, test } from "vitest";
import { adminClient, appClient, createPool, getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { call } from "../support/wire-call.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const app = appClient(endpoint);
const DISCOVERY = "/.well-known/openid-configuration";
const KEY_SET = "/.well-known/jwks.json";

/** Of the test's own context: concurrent tests cannot share a global one. */
type Finish = { readonly onTestFinished: (close: OnTestFinishedHandler) => void };

/** A failure is remembered per issuer, so that each test has its own. */
async function newIssuer({ onTestFinished }: Finish): Promise<LoopbackIssuer> {
  const issuer = await startLoopbackIssuer({ algorithm: "ES256" });
  onTestFinished(async () => await issuer.close());
  return issuer;
}

async function poolOf(issuer: LoopbackIssuer): Promise<string> {
  return await createPool(admin, { SupportedLoginProviders: { [issuer.providerName]: "client-1" } });
}

async function loginOf(issuer: LoopbackIssuer, sub: string): Promise<Record<string, string>> {
  return { [issuer.providerName]: await issuer.loginToken({ sub, aud: "client-1" }) };
}

const NOT_RESPONDING = "The identity provider is not responding.";
const UNUSABLE = "The identity provider's answer could not be used.";

type Failure = readonly [what: string, message: string, fail: (issuer: LoopbackIssuer) => void];

const FAILURES: readonly Failure[] = [
  ["resets every connection", NOT_RESPONDING, (issuer) => issuer.goDown()],
  [
    "answers 503",
    NOT_RESPONDING,
    (issuer) => issuer.answer(DISCOVERY, (response) => response.writeHead(503).end("busy")),
  ],
  [
    "answers with a page of HTML",
    UNUSABLE,
    (issuer) => issuer.answer(DISCOVERY, (response) => response.writeHead(200).end("<html>")),
  ],
  ["does not answer within five seconds", NOT_RESPONDING, (issuer) => issuer.delayAnswers(60_000)],
  [
    "starts an answer and never ends it",
    NOT_RESPONDING,
    (issuer) => issuer.answer(KEY_SET, (response) => void response.writeHead(200).write('{"keys":')),
  ],
  [
    "answers without end",
    UNUSABLE,
    (issuer) => issuer.answer(KEY_SET, (response) => response.writeHead(200).end(`{"keys":"${"k".repeat(600_000)}"}`)),
  ],
  [
    "sends its readers elsewhere",
    UNUSABLE,
    (issuer) =>
      issuer.answer(KEY_SET, (response) => response.writeHead(302, { location: "https://example.com/" }).end()),
  ],
  [
    "is another than it says",
    UNUSABLE,
    (issuer) => {
      const document = JSON.stringify({ issuer: "https://example.com", jwks_uri: `${issuer.issuer}${KEY_SET}` });
      issuer.answer(DISCOVERY, (response) => response.end(document));
    },
  ],
  ["publishes no key", UNUSABLE, (issuer) => issuer.answer(KEY_SET, (response) => response.end('{"keys":[]}'))],
];

test.concurrent.for(FAILURES)(
  "answers ExternalServiceException when an issuer %s",
  async ([, message, fail], finish) => {
    const issuer = await newIssuer(finish);
    const identityPoolId = await poolOf(issuer);
    const guest = await getId(app, identityPoolId);
    const logins = await loginOf(issuer, "alice");
    fail(issuer);
    const refusal = await refusalOf(getOpenIdToken(app, guest, logins), ExternalServiceException);
    // Neither the issuer's words nor its address: the pool's settings are not the client's business.
    expect(refusal.message).toBe(message);
    expect(refusal.$metadata.httpStatusCode).toBe(400);
    await refusalOf(getId(app, identityPoolId, logins), ExternalServiceException);
    expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
  },
);

test("leaves a failing issuer alone after the first question, however many logins arrive", async (finish) => {
  const issuer = await newIssuer(finish);
  const identityPoolId = await poolOf(issuer);
  const logins = await loginOf(issuer, "alice");
  issuer.goDown();
  for (let count = 0; count < 5; count++) await refusalOf(getId(app, identityPoolId, logins), ExternalServiceException);
  expect(issuer.requests).toEqual([DISCOVERY]);
});

test("asks an issuer once for many logins that arrive together", async (finish) => {
  const issuer = await newIssuer(finish);
  const identityPoolId = await poolOf(issuer);
  const logins = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => await loginOf(issuer, `user ${index}`)),
  );
  await Promise.all(logins.map(async (login) => await getId(app, identityPoolId, login)));
  expect(issuer.requests).toEqual([DISCOVERY, KEY_SET]);
});

test("goes on with the keys that it has when their issuer goes down", async (finish) => {
  const issuer = await newIssuer(finish);
  const identityPoolId = await poolOf(issuer);
  const identityId = await getId(app, identityPoolId, await loginOf(issuer, "alice"));
  const later = await loginOf(issuer, "alice");
  issuer.goDown();
  expect((await getOpenIdToken(app, identityId, later)).identityId).toBe(identityId);
  expect(await getId(app, identityPoolId, later)).toBe(identityId);
});

test("takes a token under a key that its issuer has just begun to sign with", async (finish) => {
  const issuer = await newIssuer(finish);
  const identityPoolId = await poolOf(issuer);
  const identityId = await getId(app, identityPoolId, await loginOf(issuer, "alice"));
  await issuer.rotateKeys();
  expect(await getId(app, identityPoolId, await loginOf(issuer, "alice"))).toBe(identityId);
});

test("refuses a token under a key that was never published, and looks for it once in the half minute", async (finish) => {
  const issuer = await newIssuer(finish);
  const published = await (await fetch(`${issuer.issuer}${KEY_SET}`)).text();
  const identityPoolId = await poolOf(issuer);
  await getId(app, identityPoolId, await loginOf(issuer, "alice"));
  await issuer.rotateKeys();
  issuer.answer(KEY_SET, (response) => response.writeHead(200, { "content-type": "application/json" }).end(published));
  const unknown = await loginOf(issuer, "alice");
  const asked = issuer.requests.length;
  for (let count = 0; count < 3; count++) {
    const refusal = await refusalOf(getId(app, identityPoolId, unknown), NotAuthorizedException);
    expect(refusal.message).toBe("Invalid login token. Couldn't verify signed token.");
  }
  expect(issuer.requests.slice(asked)).toEqual([DISCOVERY, KEY_SET]);
});

test("tells a client nothing of what an issuer said", async (finish) => {
  const issuer = await newIssuer(finish);
  const identityPoolId = await poolOf(issuer);
  issuer.answer(DISCOVERY, (response) => response.writeHead(500, { "x-secret": "s3cret" }).end("s3cret"));
  const answer = await call(endpoint, "GetId", {
    IdentityPoolId: identityPoolId,
    Logins: await loginOf(issuer, "alice"),
  });
  expect(JSON.parse(answer.body)).toEqual({
    __type: "ExternalServiceException",
    message: NOT_RESPONDING,
  });
  expect(JSON.stringify(answer)).not.toContain("s3cret");
  expect(JSON.stringify(answer)).not.toContain(issuer.providerName);
});
