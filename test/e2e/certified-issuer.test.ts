/**
 * A pool whose issuer nobody here wrote: sign-ins by the code flow at oidc-provider, whose ID tokens are logins here, in each
 * algorithm that it signs with, and after a restart with other keys.
 */
import { NotAuthorizedException } from "@aws-sdk/client-cognito-identity";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CertifiedIssuer, startCertifiedIssuer } from "../support/certified-issuer.ts";
import { adminClient, appClient, createPool, getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const NAME = "login.example.com";
const CLIENTS = { web: "RS256", desktop: "PS256", ios: "ES256", android: "EdDSA", tv: "Ed25519" };

let issuer: CertifiedIssuer;
let worker: RunningWorker;
let identityPoolId: string;

beforeAll(async () => {
  issuer = await startCertifiedIssuer(`https://${NAME}`, CLIENTS);
  worker = await startWorker({
    settings: { DEVELOPMENT_UPSTREAMS: JSON.stringify({ [`https://${NAME}`]: issuer.address }) },
  });
  identityPoolId = await createPool(adminClient(worker.endpoint), {
    SupportedLoginProviders: { [NAME]: Object.keys(CLIENTS).join(";") },
  });
});

afterAll(async () => {
  await worker.stop();
  await issuer.close();
});

const app = () => appClient(worker.endpoint);
const loginOf = async (sub: string, clientId: string) => ({ [NAME]: await issuer.signIn(sub, clientId) });

test.each(Object.entries(CLIENTS))("a user of the client %s signs in by a token of %s", async (clientId, algorithm) => {
  const login = await loginOf("alice", clientId);
  expect(decodeProtectedHeader(login[NAME] ?? "").alg).toBe(algorithm);
  const identityId = await getId(app(), identityPoolId, login);
  const { identityId: minted, token } = await getOpenIdToken(app(), identityId, login);
  expect(minted).toBe(identityId);
  expect(decodeJwt(token)["amr"]).toEqual(["authenticated", NAME, `${NAME}:${clientId}:alice`]);
});

test("one user is one identity, by whichever client, and another user is another", async () => {
  const logins = [await loginOf("alice", "web"), await loginOf("alice", "tv"), await loginOf("bob", "web")];
  const [web, tv, bob] = await Promise.all(logins.map(async (login) => await getId(app(), identityPoolId, login)));
  expect(tv).toBe(web);
  expect(bob).not.toBe(web);
});

test("after a restart of the issuer its new keys are taken at once, and its old tokens not any more", async () => {
  const before = await loginOf("carol", "web");
  const identityId = await getId(app(), identityPoolId, before);
  expect((await getOpenIdToken(app(), identityId, before)).identityId).toBe(identityId);
  await issuer.restart();
  for (const clientId of Object.keys(CLIENTS)) {
    const login = await loginOf("carol", clientId);
    expect((await getOpenIdToken(app(), identityId, login)).identityId).toBe(identityId);
  }
  const refusal = await refusalOf(getOpenIdToken(app(), identityId, before), NotAuthorizedException);
  expect(refusal.message).toBe("Invalid login token. Couldn't verify signed token.");
});
