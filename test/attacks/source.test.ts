/** T84 to T89 over HTTP: the source of a pool, an identity pool at Cognito, as an attacker's way in. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { sendSigned } from "../support/signed-call.ts";
import { serveStandIn, type StandInServer } from "../support/stand-in-server.ts";
import { everyRow } from "../support/stored-state.ts";
import { send, type WireAnswer } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";
import { base64url } from "./forge.ts";
import { errorOf, newPerson } from "./stage.ts";

const COGNITO = "https://cognito-identity.us-east-1.amazonaws.com";
const CLIENT_ID = "client-1";
/** wrangler.toml: asks of one address in ten seconds. */
const ADDRESS_LIMIT = 100;
const PERIOD_MS = 10_000;
const AWS_JSON = { "content-type": "application/x-amz-json-1.1" };

type Question = { readonly operation: string; readonly input: Readonly<Record<string, unknown>> };
type Script = (question: Question) => Response;

/** What Cognito is asked, and what it says; a test puts its own in place of it. */
const asked: Question[] = [];
let script: Script;

let issuer: LoopbackIssuer;
let cognito: StandInServer;
let worker: RunningWorker;
let identityPoolId: string;
let addresses = 0;

const newId = () => `us-east-1:${randomUUID()}`;
const json = (members: object, status = 200) => new Response(JSON.stringify(members), { status, headers: AWS_JSON });
const proof = (IdentityId: string, claims: object = {}) => {
  const amr = ["authenticated", issuer.providerName];
  const all = { iss: "https://cognito-identity.amazonaws.com", sub: IdentityId, aud: identityPoolId, amr, ...claims };
  const header = base64url(JSON.stringify({ kid: "us-east-11", typ: "JWS", alg: "RS512" }));
  return json({ IdentityId, Token: `${header}.${base64url(JSON.stringify(all))}.c2lnbmF0dXJl` });
};
const guestProof = (IdentityId: string, claims: object = {}) =>
  proof(IdentityId, { amr: ["unauthenticated"], ...claims });
const silent: Script = () => {
  throw new Error("nobody is to be asked");
};

/** From an address that was never seen before, unless it is said. */
async function call(operation: string, input: object, address?: string): Promise<WireAnswer> {
  addresses += 1;
  const headers = {
    ...AWS_JSON,
    "cf-connecting-ip": address ?? `198.51.${Math.floor(addresses / 250)}.${addresses % 250}`,
    "x-amz-target": `AWSCognitoIdentityService.${operation}`,
  };
  return await send(worker.endpoint, { headers, body: JSON.stringify(input) });
}

const idIn = ({ body }: WireAnswer) => (JSON.parse(body) as { IdentityId?: string }).IdentityId;
const loginOf = async (sub: string) => ({ [issuer.providerName]: await issuer.loginToken({ sub, aud: CLIENT_ID }) });
const getId = async (Logins?: object) => await call("GetId", { IdentityPoolId: identityPoolId, Logins });
const signed = async (operation: string, input: object) =>
  await sendSigned(worker.endpoint, operation, input, { credential: LOCAL_CREDENTIAL });

const settings = () => ({
  DEVELOPMENT_UPSTREAMS: JSON.stringify({ [COGNITO]: cognito.address }),
  SOURCE_RATE_PER_SECOND: "10000",
  CLIENT_LIMIT: "on",
});

/** The pool moves to the Worker that there is. */
async function takeOver(): Promise<void> {
  await signed("Edgepool.AdoptIdentityPool", {
    IdentityPoolId: identityPoolId,
    IdentityPoolName: "moved",
    AllowUnauthenticatedIdentities: true,
    AllowClassicFlow: true,
    SupportedLoginProviders: { [issuer.providerName]: CLIENT_ID },
  });
  const Source = { Providers: [issuer.providerName] };
  const set = await signed("Edgepool.SetIdentityPoolSource", { IdentityPoolId: identityPoolId, Source });
  expect(set.status).toBe(200);
}

beforeAll(async () => {
  issuer = await startLoopbackIssuer();
  cognito = await serveStandIn(() => async (request) => {
    const operation = request.headers.get("x-amz-target")?.split(".")[1] ?? "";
    const question = { operation, input: (await request.json()) as Question["input"] };
    asked.push(question);
    return script(question);
  });
  worker = await startWorker({ settings: settings() });
  identityPoolId = newId();
  await takeOver();
});
afterAll(async () => {
  await worker.stop();
  await cognito.close();
  await issuer.close();
});
afterEach(async () => {
  cognito.fail(undefined);
  script = silent;
  asked.length = 0;
});

describe("an id of somebody else's pool", () => {
  it("T84: is not adopted, whatever Cognito proves of it but the pool", async () => {
    const foreign = newId();
    const mallory = await loginOf(newPerson());
    for (const claims of [
      { aud: newId() },
      { aud: [identityPoolId] },
      { sub: newId() },
      { amr: ["unauthenticated"] },
    ]) {
      script = () => proof(foreign, claims);
      // Each with a login of its own: what was refused a moment ago is not asked again.
      const answer = await call("GetOpenIdToken", { IdentityId: foreign, Logins: await loginOf(newPerson()) });
      expect([answer.status, errorOf(answer)]).toEqual([
        404,
        { type: "ResourceNotFoundException", message: `Identity '${foreign}' not found.` },
      ]);
    }
    for (const claims of [{ aud: newId() }, { sub: newId() }, { amr: ["authenticated"] }, { amr: [] }]) {
      const guest = newId();
      script = () => guestProof(guest, claims);
      expect((await call("GetOpenIdToken", { IdentityId: guest })).status).toBe(404);
    }
    script = () => proof(foreign);
    const good = await call("GetOpenIdToken", { IdentityId: foreign, Logins: mallory });
    expect([good.status, idIn(good)]).toEqual([200, foreign]);
  });

  it("T84: of another region, or that is none, is no answer", async () => {
    for (const IdentityId of [`eu-west-1:${randomUUID()}`, "us-east-1:0", "__proto__", 7, null, [newId()]]) {
      script = () => json({ IdentityId });
      const answer = await getId(await loginOf(newPerson()));
      expect([answer.status, errorOf(answer).type]).toEqual([400, "ExternalServiceException"]);
    }
  });
});

describe("a source that is hostile, or broken", () => {
  it("T85: is waited for five seconds, is followed nowhere, and nothing of its answer passes through", async () => {
    const elsewhere = await serveStandIn(() => async () => json({ IdentityId: newId() }));
    const hostile = newId();
    const answers: readonly Script[] = [
      () => new Response(null, { status: 302, headers: { location: elsewhere.address } }),
      () => new Response(null, { status: 307, headers: { location: `${elsewhere.address}/` } }),
      () => new Response("<html>hostile</html>", { headers: { "content-type": "text/html" } }),
      () => new Response(`{"IdentityId":"${hostile}`, { headers: AWS_JSON }),
      () => new Response(`{"IdentityId":"${hostile}","x":"${"h".repeat(700_000)}"}`, { headers: AWS_JSON }),
      () => new Response("[".repeat(100_000), { headers: AWS_JSON }),
      () => new Response('["hostile"]', { headers: AWS_JSON }),
      () => json({ __type: "hostile", message: "hostile" }, 400),
      () => json({ __type: "NotAuthorizedException", message: "hostile" }, 400),
      () => json({ __type: "InternalErrorException", message: "hostile" }, 500),
      () => json({ IdentityId: hostile }, 201),
      () => new Response(null, { status: 204 }),
    ];
    for (const answer of answers) {
      script = answer;
      const told = await getId(await loginOf(newPerson()));
      expect([told.status, errorOf(told).type]).toEqual([400, "ExternalServiceException"]);
      expect(told.body + JSON.stringify(told.headers)).not.toContain("hostile");
    }
    for (const fail of [
      (request: { readonly socket: { destroy(): unknown } }) => void request.socket.destroy(),
      () => {},
    ]) {
      cognito.fail(fail);
      const told = await getId(await loginOf(newPerson()));
      expect([told.status, errorOf(told).type]).toEqual([400, "ExternalServiceException"]);
    }
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
    expect(worker.log()).not.toMatch(/hostile|"message":"defect"/i);
  });

  it("T85: is nothing to a user who was here before", async () => {
    const [person, id] = [newPerson(), newId()];
    const ann = await loginOf(person);
    script = () => json({ IdentityId: id });
    expect(idIn(await getId(ann))).toBe(id);
    asked.length = 0;
    cognito.fail((request) => request.socket.destroy());
    for (const answer of [
      await getId(ann),
      await call("GetOpenIdToken", { IdentityId: id, Logins: ann }),
      await getId(await loginOf(person)),
    ]) {
      expect([answer.status, idIn(answer)]).toEqual([200, id]);
    }
    expect(asked).toEqual([]);
  });
});

describe("a flood of the source", () => {
  const notFound: Script = ({ input }) =>
    json({ __type: "ResourceNotFoundException", message: `Identity '${String(input["IdentityId"])}' not found.` }, 400);
  const flood = async (address: () => string | undefined, count: number) => {
    const answers: WireAnswer[] = [];
    while (answers.length < count) {
      const batch = Array.from({ length: 25 }, async () => {
        return await call("GetOpenIdToken", { IdentityId: newId() }, address());
      });
      answers.push(...(await Promise.all(batch)));
    }
    return answers;
  };

  it("T86: of unknown ids is bounded for each address, and nothing is stored of them", async () => {
    script = notFound;
    const before = everyRow(worker.stateFolder).length;
    const startedAt = Date.now();
    const answers = await flood(() => "203.0.113.7", 250);
    const periods = Math.floor(Date.now() / PERIOD_MS) - Math.floor(startedAt / PERIOD_MS) + 1;
    expect(asked.length).toBeLessThanOrEqual(ADDRESS_LIMIT * periods);
    expect(answers.filter(({ status }) => ![404, 429].includes(status))).toEqual([]);
    // But for the one row of the source's own counts.
    expect(everyRow(worker.stateFolder).length).toBeLessThanOrEqual(before + 1);
  });

  it("T86: from many addresses is bounded by the budget; and a login that is none asks nobody", async () => {
    const ample = worker;
    worker = await startWorker({ settings: { ...settings(), SOURCE_RATE_PER_SECOND: "1" } });
    try {
      await takeOver();
      script = notFound;
      const startedAt = Date.now();
      const answers = await flood(() => undefined, 150);
      const refused = answers.filter(({ status }) => status === 429);
      expect(asked.length).toBeLessThanOrEqual(2 + (Date.now() - startedAt) / 1000);
      expect(refused.length).toBeGreaterThanOrEqual(answers.length - asked.length);
      expect(refused[0]?.headers["retry-after"]).toBe("1");
    } finally {
      await worker.stop();
      worker = ample;
    }
    asked.length = 0;
    await getId({ [issuer.providerName]: `${(await loginOf("x"))[issuer.providerName]?.slice(0, -8)}AAAAAAAA` });
    expect(asked).toEqual([]);
  });
});

describe("what was shown to the source, or by it", () => {
  it("T87: is in no line of the log, and nowhere on disk", async () => {
    const [person, id] = [newPerson(), newId()];
    const login = await loginOf(person);
    script = () => proof(id, { jti: "proof-of-the-source" });
    expect((await call("GetOpenIdToken", { IdentityId: id, Logins: login })).status).toBe(200);
    script = () =>
      json({ __type: "NotAuthorizedException", message: `Invalid login token. ${Object.values(login).join()}` }, 400);
    await getId(await loginOf(newPerson()));
    const shown = asked.flatMap(({ input }) => Object.values(Object(input["Logins"])));
    expect(shown.length).toBeGreaterThan(0);
    const stored = [
      worker.log(),
      readFileSync(worker.logFile, "utf8"),
      JSON.stringify(everyRow(worker.stateFolder)),
    ].join();
    for (const secret of [person, "proof-of-the-source", ...shown.map((token) => String(token).slice(40, 80))]) {
      expect(stored).not.toContain(secret);
    }
    expect(worker.log()).toContain('"event":"source-disagrees"');
  });
});

describe("what was taken away here", () => {
  it("T88: a login that was unlinked never comes back to its identity by the source", async () => {
    const [ann, id] = [await loginOf(newPerson()), newId()];
    script = () => json({ IdentityId: id });
    expect(idIn(await getId(ann))).toBe(id);
    const unlink = { IdentityId: id, Logins: ann, LoginsToRemove: [issuer.providerName] };
    script = () => json({});
    expect((await call("UnlinkIdentity", unlink)).status).toBe(200);
    await expect.poll(() => asked.map(({ operation }) => operation)).toContain("UnlinkIdentity");
    script = () => json({ IdentityId: id });
    const again = await getId(ann);
    expect([again.status, idIn(again) === id]).toEqual([200, false]);
    // A login of another person at the same provider, whom the source says to be the same identity.
    const other = await getId(await loginOf(newPerson()));
    expect([other.status, idIn(other) === id]).toEqual([200, false]);
  });

  it("T88: an identity that was deleted never lives again", async () => {
    const [ann, id] = [await loginOf(newPerson()), newId()];
    script = () => json({ IdentityId: id });
    expect(idIn(await getId(ann))).toBe(id);
    await signed("AWSCognitoIdentityService.DeleteIdentities", { IdentityIdsToDelete: [id] });
    script = ({ operation }) => (operation === "GetId" ? json({ IdentityId: id }) : proof(id));
    for (const logins of [ann, await loginOf(newPerson())]) {
      const answer = await getId(logins);
      expect([answer.status, idIn(answer) === id]).toEqual([200, false]);
    }
    const named = await call("GetOpenIdToken", { IdentityId: id, Logins: await loginOf(newPerson()) });
    expect(named.status).toBe(404);
  });
});

describe("a credential of one pool", () => {
  it("T89: takes no pool at Cognito for it that it is not of, and no login that shows no pool", async () => {
    const [own, others] = [newId(), newId()];
    const credential = { accessKeyId: "of-one-pool", secretAccessKey: "kR7vQ2mXw9LpTz4HnBc6Yd3F" };
    const credentials = [{ ...credential, pools: [own] }];
    const limited = await startWorker({ settings: { ...settings(), ADMIN_CREDENTIALS: JSON.stringify(credentials) } });
    const as = async (operation: string, input: object) =>
      await sendSigned(limited.endpoint, `Edgepool.${operation}`, { IdentityPoolId: own, ...input }, { credential });
    try {
      const pool = { IdentityPoolName: "own", AllowUnauthenticatedIdentities: true };
      expect((await as("AdoptIdentityPool", pool)).status).toBe(200);
      const sourceOf = (IdentityPoolId: string) => ({ Source: { IdentityPoolId, Providers: [issuer.providerName] } });
      expect(errorOf(await as("SetIdentityPoolSource", sourceOf(others))).type).toBe("AccessDeniedException");
      expect((await as("SetIdentityPoolSource", sourceOf(own))).status).toBe(200);
      const hash = { providerName: issuer.providerName, loginId: "0".repeat(64) };
      const Identities = [
        { identityId: newId(), loginIds: [hash] },
        { kind: "login", ...hash, settled: true },
      ];
      const { Results } = JSON.parse((await as("ImportIdentities", { Identities })).body) as { Results: object[] };
      expect(Results).toMatchObject([{ Verdict: "invalid" }, { Verdict: "invalid" }]);
    } finally {
      await limited.stop();
    }
  });
});
