/** Another process on the same state folder: nothing acknowledged is lost, and a foreign key encryption key opens nothing. */
import {
  DescribeIdentityCommand,
  InternalErrorException,
  NotAuthorizedException,
  ResourceNotFoundException,
  DeleteIdentitiesCommand,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { adminClient, appClient, getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { type Providers, startProviders } from "../support/providers.ts";
import { call } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

let folder: string;
/** That of the first process; the tokens and clients of the tests know it. */
let port: number | undefined;
let providers: Providers;
let worker: RunningWorker | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-restart-"));
  providers = await startProviders(2);
});

afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});

afterAll(async () => {
  await providers.close();
  await rm(folder, { recursive: true, force: true });
});

/** The next process on the same folder and port, once the one before it is gone. */
async function restart(settings: Readonly<Record<string, string>> = {}): Promise<RunningWorker> {
  await worker?.stop();
  worker = await startWorker({ ...(port !== undefined && { port }), stateFolder: join(folder, "state"), settings });
  port = worker.port;
  return worker;
}

test("a restart keeps pools, identities, logins, unlinks, disabled and deleted ids, and the signing key", async () => {
  const { endpoint } = await restart();
  const [app, admin] = [appClient(endpoint), adminClient(endpoint)];
  const identityPoolId = await providers.newPool(admin);
  const [person, unlinked, gone] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const logins = await providers.logins(person, [0, 1]);

  const identityId = await getId(app, identityPoolId, logins);
  const guest = await getId(app, identityPoolId);
  const absorbed = await getId(app, identityPoolId);
  await getOpenIdToken(app, absorbed, logins);
  const former = await getId(app, identityPoolId, await providers.logins(unlinked, [0, 1]));
  await app.send(
    new UnlinkIdentityCommand({
      IdentityId: former,
      Logins: await providers.logins(unlinked, [0]),
      LoginsToRemove: [providers.names[1] ?? ""],
    }),
  );
  const deleted = await getId(app, identityPoolId, await providers.logins(gone, [0]));
  await admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [deleted] }));
  const { token } = await getOpenIdToken(app, identityId, logins);

  await restart();
  // The token of the former process is verified by the keys of this one.
  const keys = createRemoteJWKSet(new URL(`${endpoint}/.well-known/jwks.json`));
  const verified = await jwtVerify(token, keys, { issuer: endpoint, audience: identityPoolId });
  expect(verified.payload.sub).toBe(identityId);
  const minted = await getOpenIdToken(app, identityId, logins);
  expect((await jwtVerify(minted.token, keys, { issuer: endpoint })).protectedHeader.kid).toBe(
    verified.protectedHeader.kid,
  );

  expect(await getId(app, identityPoolId, logins)).toBe(identityId);
  expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
  await refusalOf(getOpenIdToken(app, absorbed, logins), NotAuthorizedException);
  await refusalOf(getOpenIdToken(app, deleted), ResourceNotFoundException);
  const described = await admin.send(new DescribeIdentityCommand({ IdentityId: former }));
  expect(described.Logins).toEqual([providers.names[0]]);
  expect(await getId(app, identityPoolId, await providers.logins(unlinked, [1]))).not.toBe(former);
  expect(await getId(app, identityPoolId, await providers.logins(gone, [0]))).not.toBe(deleted);
});

test("a process that is killed loses nothing that it had acknowledged", async () => {
  const first = await restart();
  const app = appClient(first.endpoint);
  const identityPoolId = await providers.newPool(adminClient(first.endpoint));
  const people = Array.from({ length: 10 }, () => crypto.randomUUID());
  const acknowledged = await Promise.all(
    people.map(async (person) => await getId(app, identityPoolId, await providers.logins(person, [0, 1]))),
  );
  process.kill(first.pid, "SIGKILL");
  await first.ended;
  await expect
    .poll(
      async () =>
        await fetch(first.endpoint).then(
          () => "answers",
          () => "is gone",
        ),
    )
    .toBe("is gone");
  worker = undefined;

  await restart();
  const found = people.map(async (person, index) => {
    return await getId(app, identityPoolId, await providers.logins(person, [index % 2]));
  });
  expect(await Promise.all(found)).toEqual(acknowledged);
});

test("a KEY_ENCRYPTION_KEY that does not open the stored keys is an InternalErrorException that tells nothing", async () => {
  const { endpoint } = await restart();
  // No retries: the SDK would repeat an internal error.
  const app = appClient(endpoint, { maxAttempts: 1 });
  const identityPoolId = await providers.newPool(adminClient(endpoint));
  const guest = await getId(app, identityPoolId);
  const { token } = await getOpenIdToken(app, guest);

  const foreign = await restart({ KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") });
  const refusal = await refusalOf(getOpenIdToken(app, guest), InternalErrorException);
  expect(refusal.$metadata.httpStatusCode).toBe(500);
  const answer = await call(endpoint, "GetOpenIdToken", { IdentityId: guest });
  expect(answer.body).toBe('{"__type":"InternalErrorException","message":"An internal error occurred."}');
  // The operator reads the reason in the log; and tokens that live can still be verified.
  const reason = "KEY_ENCRYPTION_KEY is not the one that the key ring is sealed under";
  await expect.poll(() => foreign.log()).toContain(reason);
  expect(foreign.log()).not.toContain(Buffer.alloc(32, 7).toString("base64"));
  const keys = createRemoteJWKSet(new URL(`${endpoint}/.well-known/jwks.json`));
  expect((await jwtVerify(token, keys, { issuer: endpoint })).payload.sub).toBe(guest);

  await restart();
  // Of an identity whose object began anew twice within two seconds nobody knows what it has drawn: its bucket begins empty.
  await expect
    .poll(async () => await getOpenIdToken(app, guest).then((minted) => minted.identityId, String))
    .toBe(guest);
});
