/**
 * How an issuer is named and found, through the AWS SDK: user pools by two names, issuers that end in a slash, keys at known
 * and configured addresses, discovery that moved. The public issuers are stood in for on loopback.
 */
import {
  DescribeIdentityCommand,
  ExternalServiceException,
  InvalidParameterException,
  NotAuthorizedException,
  ResourceConflictException,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  adminClient,
  appClient,
  createPool,
  getId,
  getOpenIdToken,
  present,
  refusalOf,
} from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const AUDIENCE = "client_1";
const USER_POOL = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_TwoNames";
const SECOND = `issuer-${USER_POOL}`;
const DISCOVERY = "/.well-known/openid-configuration";
const KEY_SET = "/.well-known/jwks.json";

let worker: RunningWorker;
let identityPoolId: string;
/** Of the user pool; both publish the keys of the first. */
let original: LoopbackIssuer;
let updated: LoopbackIssuer;
let apple: LoopbackIssuer;
let slash: LoopbackIssuer;
let byQuery: LoopbackIssuer;
let byKeys: LoopbackIssuer;
let moved: LoopbackIssuer;
let strayed: LoopbackIssuer;

const issuers = () => [original, updated, apple, slash, byQuery, byKeys, moved, strayed];
const app = () => appClient(worker.endpoint);
const admin = () => adminClient(worker.endpoint);

async function publishedBy(issuer: LoopbackIssuer): Promise<string> {
  return await (await fetch(`${issuer.address}${KEY_SET}`)).text();
}

function serve(issuer: LoopbackIssuer, path: string, document: string): void {
  issuer.answer(path, (response) => void response.setHeader("content-type", "application/json").end(document));
}

beforeAll(async () => {
  [original, updated, apple, slash, byQuery, byKeys, moved, strayed] = await Promise.all([
    startLoopbackIssuer({ issuer: `https://${USER_POOL}` }),
    startLoopbackIssuer({ issuer: `https://${SECOND}` }),
    startLoopbackIssuer({ issuer: "https://appleid.apple.com" }),
    startLoopbackIssuer({ issuer: "https://tenant.auth.example/" }),
    startLoopbackIssuer({ issuer: "https://login.entra.example/tenant/v2.0" }),
    startLoopbackIssuer({ issuer: "https://plain.example" }),
    startLoopbackIssuer(),
    startLoopbackIssuer(),
  ]);
  serve(updated, KEY_SET, await publishedBy(original));
  // Apple's discovery of June 2025, beside the keys that had always been there.
  serve(
    apple,
    DISCOVERY,
    JSON.stringify({ issuer: "https://account.apple.com", jwks_uri: `${apple.issuer}${KEY_SET}` }),
  );
  serve(apple, "/auth/keys", await publishedBy(apple));
  serve(slash, DISCOVERY, JSON.stringify({ issuer: slash.issuer, jwks_uri: `${slash.issuer.slice(0, -1)}${KEY_SET}` }));
  const keysOfApp = `${KEY_SET}?appid=app-1`;
  const published = { issuer: byQuery.issuer, jwks_uri: `${byQuery.issuer}${keysOfApp}` };
  serve(byQuery, `${DISCOVERY}?appid=app-1`, JSON.stringify(published));
  serve(byQuery, keysOfApp, await publishedBy(byQuery));
  // Without the query Entra has other keys.
  serve(byQuery, KEY_SET, '{"keys":[]}');
  serve(byKeys, "/keys/of/the/issuer", await publishedBy(byKeys));
  byKeys.answer(DISCOVERY, (response) => response.writeHead(404).end());
  moved.answer(DISCOVERY, (response) => response.writeHead(301, { location: "/moved" }).end());
  moved.answer("/moved", (response) => response.writeHead(307, { location: `${moved.issuer}/again` }).end());
  serve(moved, "/again", JSON.stringify({ issuer: moved.issuer, jwks_uri: `${moved.issuer}${KEY_SET}` }));
  strayed.answer(DISCOVERY, (response) => response.writeHead(301, { location: `${moved.issuer}/again` }).end());
  const standIns = [original, updated, apple, byQuery, byKeys].map(({ issuer, address }) => [issuer, address] as const);
  worker = await startWorker({
    settings: {
      DEVELOPMENT_UPSTREAMS: JSON.stringify(
        Object.fromEntries([...standIns, [slash.issuer.slice(0, -1), slash.address] as const]),
      ),
      OIDC_PROVIDERS: JSON.stringify({
        [byQuery.providerName]: { clientIds: [AUDIENCE], discovery: `${byQuery.issuer}${DISCOVERY}?appid=app-1` },
        [byKeys.providerName]: { clientIds: [AUDIENCE], keys: `${byKeys.issuer}/keys/of/the/issuer` },
      }),
    },
  });
  const arnOf = ({ providerName }: LoopbackIssuer) => `arn:aws:iam::123456789012:oidc-provider/${providerName}`;
  identityPoolId = await createPool(admin(), {
    SupportedLoginProviders: Object.fromEntries(
      [apple, slash, moved, strayed].map(({ providerName }) => [providerName, AUDIENCE]),
    ),
    OpenIdConnectProviderARNs: [arnOf(byQuery), arnOf(byKeys)],
    CognitoIdentityProviders: [{ ProviderName: SECOND, ClientId: AUDIENCE }],
  });
});

afterAll(async () => {
  await worker.stop();
  await Promise.all(issuers().map(async (issuer) => await issuer.close()));
});

const linked = async (identityId: string) =>
  (await admin().send(new DescribeIdentityCommand({ IdentityId: identityId }))).Logins;

describe("a user pool", () => {
  const tokenOf = async (sub: string, claims: object = {}) =>
    await original.loginToken({ sub, aud: AUDIENCE, token_use: "id", ...claims });

  test("is one provider by its two names, and its user one identity by either issuer", async () => {
    const sub = crypto.randomUUID();
    const tokens = [await tokenOf(sub), await tokenOf(sub, { iss: updated.issuer })];
    const ids = new Set<string>();
    for (const name of [USER_POOL, SECOND]) {
      for (const token of tokens) ids.add(await getId(app(), identityPoolId, { [name]: token }));
    }
    expect(ids.size).toBe(1);
    const [identityId = ""] = ids;
    const { token } = await getOpenIdToken(app(), identityId, { [SECOND]: present(tokens[1]) });
    expect(decodeJwt(token)["amr"]).toEqual(["authenticated", USER_POOL, `${USER_POOL}:CognitoSignIn:${sub}`]);
    expect(await linked(identityId)).toEqual([USER_POOL]);
    expect([...new Set([...original.requests, ...updated.requests])]).toEqual([KEY_SET]);
  });

  test("of one user is one login under both names at once, and of two users a conflict", async () => {
    const sub = crypto.randomUUID();
    const both = { [USER_POOL]: await tokenOf(sub), [SECOND]: await tokenOf(sub, { iss: updated.issuer }) };
    const identityId = await getId(app(), identityPoolId, both);
    const { token } = await getOpenIdToken(app(), identityId, both);
    expect(decodeJwt(token)["amr"]).toHaveLength(3);
    const two = { ...both, [SECOND]: await tokenOf(crypto.randomUUID()) };
    await refusalOf(getId(app(), identityPoolId, two), ResourceConflictException);
    await refusalOf(getOpenIdToken(app(), identityId, two), ResourceConflictException);
  });

  test("is refused by an access token under either name", async () => {
    for (const name of [USER_POOL, SECOND]) {
      for (const { issuer } of [original, updated]) {
        const access = await tokenOf(crypto.randomUUID(), { iss: issuer, token_use: "access" });
        await refusalOf(getId(app(), identityPoolId, { [name]: access }), NotAuthorizedException);
      }
    }
  });

  test("is unlinked under either name", async () => {
    for (const name of [USER_POOL, SECOND, `${SECOND}/`]) {
      const sub = crypto.randomUUID();
      const other = { [moved.providerName]: await moved.loginToken({ sub, aud: AUDIENCE }) };
      const identityId = await getId(app(), identityPoolId, { [SECOND]: await tokenOf(sub), ...other });
      expect(await linked(identityId)).toEqual([moved.providerName, USER_POOL].toSorted());
      await app().send(new UnlinkIdentityCommand({ IdentityId: identityId, Logins: other, LoginsToRemove: [name] }));
      expect(await linked(identityId)).toEqual([moved.providerName]);
    }
  });
});

test("an issuer that ends in a slash is one provider, with it and without, in key and token", async () => {
  const sub = crypto.randomUUID();
  const name = slash.providerName.slice(0, -1);
  const ids = new Set<string>();
  for (const key of [name, slash.providerName]) {
    for (const iss of [slash.issuer, slash.issuer.slice(0, -1)]) {
      ids.add(await getId(app(), identityPoolId, { [key]: await slash.loginToken({ sub, aud: AUDIENCE, iss }) }));
    }
  }
  expect(ids.size).toBe(1);
  expect(await linked([...ids][0] ?? "")).toEqual([name]);
  const twoSlashes = await slash.loginToken({ sub, aud: AUDIENCE, iss: `${slash.issuer}/` });
  await refusalOf(getId(app(), identityPoolId, { [name]: twoSlashes }), NotAuthorizedException);
  const both = { SupportedLoginProviders: { [name]: AUDIENCE, [slash.providerName]: AUDIENCE } };
  await refusalOf(createPool(admin(), both), InvalidParameterException);
});

test("Apple's logins stand while its discovery names another issuer", async () => {
  const login = { [apple.providerName]: await apple.loginToken({ sub: crypto.randomUUID(), aud: AUDIENCE }) };
  expect(await getId(app(), identityPoolId, login)).toMatch(/^us-east-1:/);
  expect(apple.requests.filter((path) => path !== KEY_SET)).toEqual(["/auth/keys"]);
});

test("keys are found by a discovery address with a query, and at a configured address", async () => {
  for (const issuer of [byQuery, byKeys]) {
    const login = { [issuer.providerName]: await issuer.loginToken({ sub: crypto.randomUUID(), aud: AUDIENCE }) };
    expect(await getId(app(), identityPoolId, login)).toMatch(/^us-east-1:/);
    const foreign = { [issuer.providerName]: await issuer.loginToken({ sub: "ann", aud: "client_2" }) };
    await refusalOf(getId(app(), identityPoolId, foreign), NotAuthorizedException);
  }
});

test("T24: discovery that moved within its origin is followed, and elsewhere it is not", async () => {
  const login = { [moved.providerName]: await moved.loginToken({ sub: crypto.randomUUID(), aud: AUDIENCE }) };
  expect(await getId(app(), identityPoolId, login)).toMatch(/^us-east-1:/);
  const stray = { [strayed.providerName]: await strayed.loginToken({ sub: crypto.randomUUID(), aud: AUDIENCE }) };
  await refusalOf(getId(app(), identityPoolId, stray), ExternalServiceException);
  await expect.poll(() => worker.log()).toContain('"reason":"redirect"');
});

test("T18: a subject may be long and in any script, and its token can be verified", async () => {
  const sub = `repo:größe/実装:${"x".repeat(900)}`;
  const login = { [moved.providerName]: await moved.loginToken({ sub, aud: AUDIENCE }) };
  const identityId = await getId(app(), identityPoolId, login);
  const { token } = await getOpenIdToken(app(), identityId, login);
  expect(decodeJwt(token)["amr"]).toContain(`${moved.providerName}:${AUDIENCE}:${sub}`);
  expect(await getId(app(), identityPoolId, login)).toBe(identityId);
});
