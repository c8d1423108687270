/** docs/runbooks/key-encryption-key.md, gone through: three deployments on one state, and clients that want tokens all the while. */
import {
  InternalErrorException,
  ListIdentitiesCommand,
  NotAuthorizedException,
} from "@aws-sdk/client-cognito-identity";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminClient, appClient, createPool, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import { sendSigned } from "../support/signed-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const newKey = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
const [BEFORE, AFTER] = [newKey(), newKey()];
/** Of a provider whose value is a secret. */
const TWITTER = { "api.twitter.com": "consumer-key;consumer-secret" };

let folder: string;
let port: number | undefined;
let worker: RunningWorker | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-key-change-"));
});

afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function deploy(KEY_ENCRYPTION_KEY: string, KEY_ENCRYPTION_KEY_OTHER = ""): Promise<RunningWorker> {
  await worker?.stop();
  const settings = { KEY_ENCRYPTION_KEY, KEY_ENCRYPTION_KEY_OTHER };
  worker = await startWorker({ ...(port !== undefined && { port }), stateFolder: join(folder, "state"), settings });
  port = worker.port;
  return worker;
}

type KeyRing = {
  readonly Keys: readonly { readonly KeyId: string }[];
  readonly SealedUnder: string;
  readonly SealedUnderSetting?: string;
  readonly Findings: readonly { readonly Code: string }[];
};

async function keyRing(endpoint: string): Promise<KeyRing> {
  return JSON.parse((await sendSigned(endpoint, "Edgepool.DescribeKeyRing", {})).body) as KeyRing;
}

test("the key is changed without a new signing key, and nobody is refused a token meanwhile", async () => {
  const { endpoint } = await deploy(BEFORE);
  const [app, admin] = [appClient(endpoint, { maxAttempts: 1 }), adminClient(endpoint)];
  const identityPoolId = await createPool(admin, { SupportedLoginProviders: TWITTER });
  const guests = await Promise.all(Array.from({ length: 3 }, async () => await getId(app, identityPoolId)));
  const tokens = new Set<string>();
  const refusals: string[] = [];
  const ending = new AbortController();
  const clients = guests.map(async (guest) => {
    while (!ending.signal.aborted) {
      // A process that is between two deployments answers nobody; what a deployed service does not know.
      const minted = await getOpenIdToken(app, guest).catch((error: unknown) => error);
      if (minted instanceof InternalErrorException || minted instanceof NotAuthorizedException)
        refusals.push(`${minted.name}: ${minted.message}`);
      else if (!(minted instanceof Error)) tokens.add((minted as { readonly token: string }).token);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const mintsAnew = async () => {
    const before = tokens.size;
    await expect.poll(() => tokens.size, { timeout: 30_000 }).toBeGreaterThan(before + 5);
  };
  const twitter = async () =>
    (await sendSigned(endpoint, "AWSCognitoIdentityService.DescribeIdentityPool", { IdentityPoolId: identityPoolId }))
      .body;
  try {
    await mintsAnew();
    const first = await keyRing(endpoint);
    expect(first).toMatchObject({ SealedUnderSetting: "KEY_ENCRYPTION_KEY", Findings: [] });
    const list = { IdentityPoolId: identityPoolId, MaxResults: 1 };
    let NextToken = (await admin.send(new ListIdentitiesCommand(list))).NextToken;

    await deploy(BEFORE, AFTER);
    await mintsAnew();
    expect(await keyRing(endpoint)).toMatchObject({
      SealedUnder: first.SealedUnder,
      Findings: [{ Code: "key-change-under-way" }],
    });

    await deploy(AFTER, BEFORE);
    await mintsAnew();
    await expect.poll(async () => (await keyRing(endpoint)).SealedUnder).not.toBe(first.SealedUnder);
    const second = await keyRing(endpoint);
    expect(second.SealedUnderSetting).toBe("KEY_ENCRYPTION_KEY");
    expect(second.Keys.map(({ KeyId }) => KeyId)).toEqual(first.Keys.map(({ KeyId }) => KeyId));
    // What is sealed elsewhere is sealed anew when it is read, and a list goes on where it was.
    await sendSigned(endpoint, "Edgepool.CheckIdentityPool", { IdentityPoolId: identityPoolId });
    expect(await twitter()).toContain(TWITTER["api.twitter.com"]);
    NextToken = (await admin.send(new ListIdentitiesCommand({ ...list, NextToken }))).NextToken;
    expect(NextToken).toBeDefined();

    const last = await deploy(AFTER);
    await mintsAnew();
    expect(await keyRing(endpoint)).toMatchObject({ SealedUnder: second.SealedUnder, Findings: [] });
    expect(await twitter()).toContain(TWITTER["api.twitter.com"]);
    expect(last.log()).not.toContain("provider-secret-unreadable");
  } finally {
    ending.abort();
    await Promise.all(clients);
  }
  expect(refusals).toEqual([]);
  expect(new Set([...tokens].map((token) => decodeProtectedHeader(token).kid)).size).toBe(1);
  const keys = createRemoteJWKSet(new URL(`${endpoint}/.well-known/jwks.json`));
  for (const token of tokens) await jwtVerify(token, keys, { issuer: endpoint, audience: identityPoolId });
});
