/** JURISDICTION: where all objects lie, for good. The deployed bundle, on a platform that has one jurisdiction more than workerd. */
import { decodeProtectedHeader } from "jose";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Answer, type Deployment, Stage } from "../support/jurisdictions.ts";

const settings = { IdentityPoolName: "pool", AllowUnauthenticatedIdentities: true, AllowClassicFlow: true };

let stage: Stage;
let deployment: Deployment | undefined;

beforeAll(async () => {
  stage = await Stage.make();
});
afterEach(async () => {
  await deployment?.runtime.dispose();
  deployment = undefined;
  stage.log.length = 0;
});
afterAll(async () => {
  await stage.end();
});

async function deploy(state: string, ...jurisdictions: readonly string[]): Promise<Deployment> {
  await deployment?.runtime.dispose();
  deployment = await stage.deploy(state, jurisdictions);
  return deployment;
}

const refusal = (wanted: string, fixed: string) => ({
  status: 500,
  body: {
    __type: "InternalErrorException",
    message: `Edgepool is not configured: JURISDICTION is ${wanted}, and that of the identity pools of this service is ${fixed}, for good.`,
  },
});

async function good(answer: Promise<Answer>): Promise<Answer["body"]> {
  const { status, body } = await answer;
  expect([status, body]).toEqual([200, expect.anything()]);
  return body;
}

type Lived = { readonly IdentityPoolId: unknown; readonly IdentityId: unknown; readonly kid: unknown };

/** A pool, a guest in it and the guest's token: each kind of object that a service without sources has. */
async function live(service: Deployment, worker: string): Promise<Lived> {
  const { IdentityPoolId } = await good(service.call(worker, "CreateIdentityPool", settings));
  const { IdentityId } = await good(service.call(worker, "GetId", { IdentityPoolId }));
  const { Token } = await good(service.call(worker, "GetOpenIdToken", { IdentityId }));
  return { IdentityPoolId, IdentityId, kid: decodeProtectedHeader(String(Token)).kid };
}

/** A call of each kind, and a document. */
function everything(service: Deployment, worker: string, { IdentityPoolId, IdentityId }: Lived) {
  const adopted = { ...settings, IdentityPoolId: "us-east-1:0d000000-0000-4000-8000-000000000000" };
  return [
    async () => await service.call(worker, "GetOpenIdToken", { IdentityId }),
    async () => await service.call(worker, "GetId", { IdentityPoolId }),
    async () => await service.call(worker, "UnlinkIdentity", { IdentityId, Logins: {}, LoginsToRemove: [] }),
    async () => await service.call(worker, "DescribeIdentityPool", { IdentityPoolId }),
    async () => await service.call(worker, "CreateIdentityPool", settings),
    async () => await service.call(worker, "Edgepool.AdoptIdentityPool", adopted),
    async () => await service.call(worker, "Edgepool.CheckService", {}),
    async () => await service.call(worker, "Edgepool.RotateSigningKey", {}),
    async () => await service.get(worker, "/.well-known/jwks.json"),
  ];
}

test("all objects lie in the jurisdiction, and all but the marker stays out of the rest", async () => {
  const first = await deploy("inside", "eu");
  expect(await first.get("eu", "/health")).toEqual({ status: 200, body: { status: "ok" } });
  const lived = await live(first, "eu");
  const listed = { IdentityPoolId: lived.IdentityPoolId, MaxResults: 10 };
  await expect
    .poll(async () => JSON.stringify(await first.call("eu", "ListIdentities", listed)))
    .toContain(String(lived.IdentityId));
  const classes = await stage.classesStored("inside");
  expect(classes.filter((name) => !name.endsWith("Inside"))).toEqual(["PoolDirectoryObject"]);
  for (const name of ["Identity", "IdentityPool", "PoolDirectory", "IdentityDirectory", "KeyRing"]) {
    expect(classes).toContain(`${name}ObjectInside`);
  }

  const wrong = await deploy("inside", "none");
  for (const ask of everything(wrong, "none", lived)) expect(await ask()).toEqual(refusal("none", "eu"));
  expect(await wrong.get("none", "/health")).toEqual({
    status: 503,
    body: { status: "unavailable", problem: "settings" },
  });
  expect(stage.log.filter((line) => line.includes('"event":"not-configured"'))).toHaveLength(1);
  expect(stage.log.filter((line) => line.includes('"message":"defect"'))).toEqual([]);
  expect(await stage.classesStored("inside")).toEqual(classes);

  const again = await deploy("inside", "eu");
  const { Token } = await good(again.call("eu", "GetOpenIdToken", { IdentityId: lived.IdentityId }));
  expect(decodeProtectedHeader(String(Token)).kid).toBe(lived.kid);
});

test("pools that are there already are in none, whatever is set later, and whatever is asked first", async () => {
  const lived = await live(await deploy("outside", "none"), "none");
  const classes = await stage.classesStored("outside");
  for (let first = 0; first < everything(await deploy("outside", "eu"), "eu", lived).length; first++) {
    const wrong = await deploy("outside", "eu");
    expect(await everything(wrong, "eu", lived)[first]?.()).toEqual(refusal("eu", "none"));
    expect(await stage.classesStored("outside")).toEqual(classes);
  }
});

test("of two first pools with two settings the first one decides, whichever isolate it is", async () => {
  const both = await deploy("race", "none", "eu");
  // Each has looked, and found nothing fixed.
  for (const worker of ["none", "eu"]) expect((await both.get(worker, "/health")).status).toBe(200);
  const answers = await Promise.all(
    ["none", "eu"].map(async (worker) => await both.call(worker, "CreateIdentityPool", settings)),
  );
  const [none, eu] = answers;
  if (none?.status === 200) expect(eu).toEqual(refusal("eu", "none"));
  else expect([none, eu?.status]).toEqual([refusal("none", "eu"), 200]);
});

test("an object whose isolate has another setting calls nobody: what it would reach are others of the same names", async () => {
  const lived = await live(await deploy("rollout", "eu"), "eu");
  const classes = await stage.classesStored("rollout");
  await deployment?.runtime.dispose();
  deployment = await stage.deploy("rollout", ["none", "eu"], "none");
  stage.log.length = 0;
  for (const operation of ["GetOpenIdToken", "DescribeIdentity"]) {
    const { status, body } = await deployment.call("eu", operation, { IdentityId: lived.IdentityId });
    expect([status, body]).toEqual([500, expect.objectContaining({ message: "An internal error occurred." })]);
  }
  expect(stage.log.join("\n")).toContain("JURISDICTION is none, and this object is in eu");
  expect(await stage.classesStored("rollout")).toEqual(classes);
});

test("what the platform has not is said in one sentence", async () => {
  const there = await deploy("nowhere", "fedramp");
  expect(await there.call("fedramp", "CreateIdentityPool", settings)).toMatchObject({
    status: 500,
    body: {
      message: expect.stringContaining("JURISDICTION must not be fedramp here: this platform has no jurisdiction"),
    },
  });
  expect((await there.get("fedramp", "/health")).body).toEqual({ status: "unavailable", problem: "settings" });
});
