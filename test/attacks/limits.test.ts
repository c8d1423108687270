/**
 * Limits over HTTP (T38, T47, T48, invariant bounded-rate): what floods, guesses and crashes can gain, judged by answers
 * and by what is on disk.
 */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteIdentitiesCommand } from "@aws-sdk/client-cognito-identity";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { processTree } from "../support/process-tree.ts";
import { adminClient, appClient, createPool, getId, present } from "../support/cognito-clients.ts";
import { loginsOf } from "../support/development-sign-in.ts";
import { startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { amazonStandIn, facebookStandIn, twitterStandIn } from "../support/provider-stand-ins.ts";
import { serveStandIn, type StandInServer } from "../support/stand-in-server.ts";
import { call, callFrom, type WireAnswer } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";
import { everyRow } from "../support/stored-state.ts";
import { errorOf } from "./stage.ts";

const POOL = { IdentityPoolId: demoPoolId("us-east-1") };
const RATE_PER_SECOND = 2;
const BURST = 10;
/** wrangler.toml: calls of one address in ten seconds. */
const ADDRESS_LIMIT = 100;
/** The same, of all addresses of one IPv6 /48. */
const NETWORK_LIMIT = 400;

/** A user's access tokens that only their provider can judge, and one of each form that it refuses. */
const OPAQUE = [
  { name: "www.amazon.com", value: "amzn1.client", good: "Atza|good", bad: "Atza|bad" },
  { name: "graph.facebook.com", value: "123", good: "EAAgood", bad: "EAAbad" },
  { name: "api.twitter.com", value: "key;secret", good: "7-ann;s", bad: "7-ann;other" },
] as const;

let folder: string;
let worker: RunningWorker;
let standIns: readonly StandInServer[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-limits-"));
  const user = { appId: "123", userId: "user-1" };
  const [amazon, facebook, twitter] = await Promise.all([
    serveStandIn(() => amazonStandIn(new Map([["Atza|good", { aud: "amzn1.client", ...user }]]))),
    serveStandIn(() => facebookStandIn({ tokens: new Map([["EAAgood", user]]) })),
    serveStandIn((origin) => {
      const tokens = new Map([["7-ann", { secret: "s", userId: "user-1" }]]);
      return twitterStandIn({ consumerKey: "key", consumerSecret: "secret", tokens, origin });
    }),
  ]);
  standIns = [amazon, facebook, twitter];
  worker = await startWorker({
    stateFolder: join(folder, "state"),
    settings: {
      AMAZON_API_URL: amazon.address,
      FACEBOOK_GRAPH_URL: facebook.address,
      TWITTER_API_URL: twitter.address,
      CLIENT_LIMIT: "on",
      RATE_LIMIT_PER_SECOND: String(RATE_PER_SECOND),
      RATE_LIMIT_BURST: String(BURST),
    },
  });
});
afterAll(async () => {
  await worker.stop();
  await Promise.all(standIns.map(async (standIn) => await standIn.close()));
  await rm(folder, { recursive: true, force: true });
});

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ended.splice(0).map(async (end) => await end()));
});

let addresses = 0;

const comes = async (address: string, operation: string, input: object) =>
  await callFrom(worker.endpoint, address, operation, input);

function newAddress(): string {
  addresses += 1;
  return `198.51.100.${addresses}`;
}

async function flood(
  address: string,
  operation: string,
  input: () => object,
  count: number,
): Promise<readonly WireAnswer[]> {
  const answers: WireAnswer[] = [];
  while (answers.length < count) {
    answers.push(
      ...(await Promise.all(Array.from({ length: 25 }, async () => await comes(address, operation, input())))),
    );
  }
  return answers;
}

/** Status and exception of the answer to a request that sends this piece of its body, and then nothing more. */
async function openCall(operation: string, headers: Readonly<Record<string, string>>, piece: string) {
  const target = { "x-amz-target": `AWSCognitoIdentityService.${operation}`, "cf-connecting-ip": newAddress() };
  const outgoing = request(worker.endpoint, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.1", ...target, ...headers },
    agent: false,
  });
  // What was not read may be cut off.
  outgoing.on("error", () => {});
  outgoing.flushHeaders();
  if (piece !== "") outgoing.write(piece);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const { __type: type } = (await json(response)) as { readonly __type: string };
  outgoing.destroy();
  return [response.statusCode, type];
}

async function atOnce(count: number, one: (index: number) => Promise<WireAnswer>): Promise<readonly WireAnswer[]> {
  return await Promise.all(Array.from({ length: count }, async (_, index) => await one(index)));
}

/** The platform counts by periods of ten seconds on the clock, each of which admits as many again. */
function mostSince(startedAtMs: number, limit: number): number {
  const periodOf = (atMs: number) => Math.floor(atMs / 10_000);
  return limit * (periodOf(Date.now()) - periodOf(startedAtMs) + 1);
}

function countOf(answers: readonly WireAnswer[], wanted: number): number {
  return answers.filter(({ status }) => status === wanted).length;
}

async function newOpaquePool(): Promise<string> {
  return await createPool(adminClient(worker.endpoint), {
    AllowUnauthenticatedIdentities: true,
    SupportedLoginProviders: Object.fromEntries(OPAQUE.map(({ name, value }) => [name, value])),
  });
}

function objectFiles(className: string): number {
  const files = readdirSync(join(folder, "state/objects/do", `edgepool-${className}`));
  return files.filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)).length;
}

async function newGuest(): Promise<string> {
  const { body } = await comes(newAddress(), "GetId", POOL);
  return (JSON.parse(body) as { IdentityId: string }).IdentityId;
}

describe("a flood", () => {
  it("T38: of guessed ids leaves nothing in storage, and is stopped by its address", async () => {
    const empty = everyRow(join(folder, "state"));
    await newGuest();
    const before = everyRow(join(folder, "state"));
    // The search finds what there is: a guest that is made is a row.
    expect(before.length).toBeGreaterThan(empty.length);
    const identityId = () => `us-east-1:${crypto.randomUUID()}`;
    const junk = { "accounts.google.com": "junk" };
    const floods: readonly (readonly [string, () => object, number])[] = [
      ["GetOpenIdToken", () => ({ IdentityId: identityId(), Logins: junk }), 404],
      ["UnlinkIdentity", () => ({ IdentityId: identityId(), Logins: junk, LoginsToRemove: Object.keys(junk) }), 404],
      ["GetId", () => ({ IdentityPoolId: identityId() }), 404],
      ["GetId", () => ({ ...POOL, Logins: junk }), 403],
    ];
    for (const [operation, input, refused] of floods) {
      const statuses = new Set((await flood(newAddress(), operation, input, 75)).map(({ status }) => status));
      expect([operation, [...statuses].filter((status) => status !== 429)]).toEqual([operation, [refused]]);
    }
    const startedAt = Date.now();
    const identityIds = await flood(newAddress(), "GetOpenIdToken", () => ({ IdentityId: identityId() }), 250);
    expect(new Set(identityIds.map(({ status }) => status))).toEqual(new Set([404, 429]));
    expect(countOf(identityIds, 404)).toBeLessThanOrEqual(mostSince(startedAt, ADDRESS_LIMIT));
    expect(everyRow(join(folder, "state"))).toEqual(before);
  });

  it("T47: of new guests is bounded for each address, and does not touch those that there are", async () => {
    const guest = await newGuest();
    const before = objectFiles("IdentityObject");
    const startedAt = Date.now();
    const answers = await flood(newAddress(), "GetId", () => POOL, 350);
    const created = answers.filter(({ status }) => status === 200).length;
    expect(created).toBeLessThanOrEqual(mostSince(startedAt, ADDRESS_LIMIT));
    expect(answers.filter(({ status }) => status === 429).length).toBe(answers.length - created);
    expect(objectFiles("IdentityObject") - before).toBeLessThanOrEqual(created);
    expect((await comes(newAddress(), "GetOpenIdToken", { IdentityId: guest })).status).toBe(200);
    expect((await comes(newAddress(), "GetId", POOL)).status).toBe(200);
  });
});

describe("a body that never ends", () => {
  it("T11: is given up after ten seconds, however it comes", async () => {
    const calls = [
      ["GetOpenIdToken", { "content-length": "400" }, "{"],
      ["GetId", { "transfer-encoding": "chunked" }, "{"],
      ["UnlinkIdentity", { "content-length": "400" }, ""],
    ] as const;
    const answers = await Promise.all(
      calls.map(async ([name, headers, piece]) => await openCall(name, headers, piece)),
    );
    expect(answers).toEqual(calls.map(() => [408, "RequestTimeoutException"]));
  });

  it.each([
    ["an operation that only a signature opens", "CreateIdentityPool", 400, "MissingAuthenticationTokenException"],
    ["an operation that is none", "GetEverything", 400, "UnknownOperationException"],
  ])("T11: is not waited for, for %s", async (_, operation, status, type) => {
    expect(await openCall(operation, { "content-length": "400" }, "{")).toEqual([status, type]);
  });

  it("T11: is not read beyond what the operation can need", async () => {
    const length = String(2 * 1_048_576);
    expect(await openCall("GetId", { "content-length": length }, "{")).toEqual([413, "RequestEntityTooLargeException"]);
  });
});

describe("an address", () => {
  it("T47: of one IPv6 site, all its subnets together, is let create no more than their common limit", async () => {
    const startedAt = Date.now();
    let admitted = 0;
    // A login that is refused is charged as one that makes an identity, and leaves no file behind.
    const input = { ...POOL, Logins: { "accounts.google.com": "junk" } };
    for (let subnet = 0; subnet < 12; subnet++) {
      const answers = await atOnce(75, async () => await comes(`2001:db8:47:${subnet}::1`, "GetId", input));
      admitted += countOf(answers, 403);
    }
    expect(admitted).toBeGreaterThanOrEqual(NETWORK_LIMIT);
    expect(admitted).toBeLessThanOrEqual(mostSince(startedAt, NETWORK_LIMIT));
    expect((await comes("2001:db8:48::1", "GetId", POOL)).status).toBe(200);
  });

  it("T47: with 800 bad access tokens at once has their provider asked no more often than its limit", async () => {
    const pool = { IdentityPoolId: await newOpaquePool() };
    const guest = JSON.parse((await comes(newAddress(), "GetId", pool)).body) as object;
    const amazon = present(standIns[0]);
    const [{ name, bad }] = OPAQUE;
    const before = amazon.requests.length;
    const address = newAddress();
    const input = { ...guest, Logins: { [name]: bad } };
    const startedAt = Date.now();
    const answers = await atOnce(800, async () => await comes(address, "GetOpenIdToken", input));
    const asked = amazon.requests.length - before;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(mostSince(startedAt, ADDRESS_LIMIT));
    expect(countOf(answers, 403)).toBeLessThanOrEqual(asked);
    expect(countOf(answers, 200)).toBe(0);
  });

  it("T47: with 800 forged ID tokens at once is answered about no more of them than its limit", async () => {
    const logins = await loginsOf(worker.endpoint, "alice");
    const [name, token] = present(Object.entries(logins)[0]);
    const input = { IdentityId: await newGuest(), Logins: { [name]: `${token.slice(0, -8)}AAAAAAAA` } };
    const address = newAddress();
    const startedAt = Date.now();
    const answers = await atOnce(800, async () => await comes(address, "GetOpenIdToken", input));
    expect(countOf(answers, 403)).toBeLessThanOrEqual(mostSince(startedAt, ADDRESS_LIMIT));
    expect(countOf(answers, 403) + countOf(answers, 429)).toBe(800);
  });

  it("T48: with many users behind it, who all mint, is not limited", async () => {
    const address = newAddress();
    const guests = await Promise.all(Array.from({ length: 40 }, async () => await newGuest()));
    for (let round = 0; round < 8; round++) {
      const answers = await atOnce(40, async (index) => {
        return await comes(address, "GetOpenIdToken", { IdentityId: guests[index] });
      });
      expect(countOf(answers, 200)).toBe(40);
    }
  });
});

describe("the rate of one identity", () => {
  it("T48: is not used up by those who cannot prove anything, whatever they present", async () => {
    const logins = await loginsOf(worker.endpoint, "alice");
    const identityId = await getId(appClient(worker.endpoint), POOL.IdentityPoolId, logins);
    const stranger = await loginsOf(worker.endpoint, "mallory");
    const [name, token] = present(Object.entries(logins)[0]);
    const presented = [{}, { [name]: `${token.slice(0, -8)}AAAAAAAA` }, stranger, { [name]: "junk" }];
    const unlinks = [presented[1], stranger].map((proof) => ({ Logins: proof, LoginsToRemove: [name] }));
    const attempts = Array.from({ length: 15 }, () => [
      ...presented.map((proof) => ["GetOpenIdToken", { IdentityId: identityId, Logins: proof }] as const),
      ...unlinks.map((unlink) => ["UnlinkIdentity", { IdentityId: identityId, ...unlink }] as const),
    ]).flat();
    const refused = attempts.map(async ([operation, input]) => (await comes(newAddress(), operation, input)).status);
    expect(new Set(await Promise.all(refused))).toEqual(new Set([403]));
    // At once, and by no client that would try again: the whole burst is still the user's own.
    const own = Array.from({ length: BURST }, async () => {
      return (await comes(newAddress(), "GetOpenIdToken", { IdentityId: identityId, Logins: logins })).status;
    });
    expect(await Promise.all(own)).toEqual(Array.from({ length: BURST }, () => 200));
  });

  it("T48: bad access tokens for an identity leave its user's good ones, and ID tokens, as good as ever", async () => {
    const issuer = await startLoopbackIssuer();
    ended.push(async () => await issuer.close());
    const identityPoolId = await createPool(adminClient(worker.endpoint), {
      SupportedLoginProviders: {
        [issuer.providerName]: "client-1",
        ...Object.fromEntries(OPAQUE.map(({ name, value }) => [name, value])),
      },
    });
    const own = [
      [issuer.providerName, await issuer.loginToken({ sub: "user-1", aud: "client-1" })] as const,
      ...OPAQUE.map(({ name, good }) => [name, good] as const),
    ];
    const IdentityId = await getId(appClient(worker.endpoint), identityPoolId, Object.fromEntries(own));
    const attacker = newAddress();
    const mint = async (address: string, [name, token]: readonly [string, string]) =>
      (await comes(address, "GetOpenIdToken", { IdentityId, Logins: { [name]: token } })).status;
    // Twice, and below what one address may get wrong: far more failures than the identity has tokens in its burst.
    for (let round = 0; round < 2; round++) {
      const attacks = OPAQUE.flatMap(({ name, bad }) => Array.from({ length: 15 }, () => [name, bad] as const));
      const attacked = await Promise.all(attacks.map(async (login) => await mint(attacker, login)));
      expect(new Set(attacked)).toEqual(new Set([403]));
      const minted = await Promise.all(own.map(async (login) => [login[0], await mint(newAddress(), login)]));
      expect(minted).toEqual(own.map(([name]) => [name, 200]));
    }
  });

  it.each([
    ["GetOpenIdToken", {}],
    ["UnlinkIdentity", { LoginsToRemove: ["nothing.example"] }],
  ])("T47: is looked into before a provider is asked: %s", async (operation, more) => {
    const amazon = present(standIns[0]);
    const [{ name, good }] = OPAQUE;
    const Logins = { [name]: good };
    const IdentityId = await getId(appClient(worker.endpoint), await newOpaquePool(), Logins);
    const before = amazon.requests.length;
    let done = 0;
    for (let count = 0; count < 60; count++) {
      const { status } = await comes(newAddress(), operation, { IdentityId, Logins, ...more });
      if (status === 200) done += 1;
      else expect(status).toBe(429);
    }
    expect(done).toBeGreaterThanOrEqual(BURST);
    expect(done).toBeLessThan(60);
    expect(amazon.requests.length - before).toBe(done);
  });

  it("invariant bounded-rate: holds through the death of the runtime: no crash grants a second burst", async () => {
    const own = await startWorker({
      settings: { RATE_LIMIT_PER_SECOND: String(RATE_PER_SECOND), RATE_LIMIT_BURST: String(BURST) },
    });
    ended.push(async () => await own.stop());
    const identityId = await getId(appClient(own.endpoint), POOL.IdentityPoolId);
    const startedAt = performance.now();
    let minted = 0;
    const refused = new Set<string>();
    for (let kills = 0; kills <= 4; kills++) {
      const calls = Array.from({ length: 2 * BURST }, async () => {
        return await call(own.endpoint, "GetOpenIdToken", { IdentityId: identityId }).catch(() => undefined);
      });
      for (const answer of await Promise.all(calls)) {
        if (answer?.status === 200) minted += 1;
        else if (answer !== undefined) refused.add(errorOf(answer).type);
      }
      const runtime = processTree(own.pid).find(({ command }) => /workerd\S* serve /.test(command));
      if (kills === 4 || runtime === undefined) break;
      process.kill(runtime.pid, "SIGKILL");
      const jwks = `${own.endpoint}/.well-known/jwks.json`;
      await expect
        .poll(
          async () =>
            await fetch(jwks).then(
              ({ ok }) => ok,
              () => false,
            ),
          { interval: 20 },
        )
        .toBe(true);
    }
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    expect(minted).toBeGreaterThanOrEqual(BURST);
    expect(minted).toBeLessThanOrEqual(BURST + RATE_PER_SECOND * elapsedSeconds);
    expect(refused).toEqual(new Set(["TooManyRequestsException"]));
  });
});

it("T46: whoever deletes identities is in the log, with what was deleted, and nothing secret is", async () => {
  const admin = adminClient(worker.endpoint);
  const guests = [await newGuest(), await newGuest()];
  await admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: guests }));
  const hashed = guests.map((id) => createHash("sha256").update(id).digest("hex").slice(0, 16));
  const lineOf = () =>
    worker
      .log()
      .split("\n")
      .find((line) => line.includes('"operation":"DeleteIdentities"'));
  await expect.poll(lineOf).toBeDefined();
  const named = { caller: LOCAL_CREDENTIAL.accessKeyId, pool: POOL.IdentityPoolId, identities: hashed };
  expect(JSON.parse(lineOf() ?? "")).toMatchObject(named);
  expect(worker.log()).not.toContain(LOCAL_CREDENTIAL.secretAccessKey);
});

describe("a provider in trouble", () => {
  it("T47: is left alone, for as long as it says or until a probe, while all others are served", async () => {
    const IdentityPoolId = await newOpaquePool();
    const [amazon, facebook] = [present(standIns[0]), present(standIns[1])];
    const [amazonBefore, facebookBefore] = [amazon.requests.length, facebook.requests.length];
    const signIn = async (name: string, token: string) =>
      await comes(newAddress(), "GetId", { IdentityPoolId, Logins: { [name]: token } });
    amazon.fail((_, response) => response.writeHead(429, { "retry-after": "120" }).end());
    facebook.fail(({ socket }) => socket.destroy());
    for (let user = 0; user < 30; user++) {
      const answers = [
        await signIn("www.amazon.com", `Atza|${user}`),
        await signIn("graph.facebook.com", `EAA${user}`),
      ];
      for (const answer of answers) expect(errorOf(answer).type).toBe("ExternalServiceException");
    }
    expect(amazon.requests.length - amazonBefore).toBe(1);
    // Five, and the probes of the time that the test takes.
    expect(facebook.requests.length - facebookBefore).toBeGreaterThanOrEqual(5);
    expect(facebook.requests.length - facebookBefore).toBeLessThan(15);
    amazon.fail(undefined);
    expect(errorOf(await signIn("www.amazon.com", "Atza|good")).type).toBe("ExternalServiceException");
    expect(amazon.requests.length - amazonBefore).toBe(1);
    expect((await signIn("api.twitter.com", OPAQUE[2].good)).status).toBe(200);
    expect((await comes(newAddress(), "GetId", { IdentityPoolId })).status).toBe(200);
    await expect.poll(() => worker.log()).toContain('"reason":"www.amazon.com: upstream-unreachable (not asked)"');
    facebook.fail(undefined);
  });
});
