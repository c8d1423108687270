/**
 * T29 and T30 over HTTP with time gone by: the Worker is stopped, what it stored of its issuers is made older, and another
 * process starts on it. Nothing of the first one's memory is left, so that every answer rests on storage and on the issuer.
 */
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";
import { makeKey, tokenOf } from "./forge.ts";
import { errorOf, setStage, type Stage } from "./stage.ts";

const KEY_SET = "/.well-known/jwks.json";
const MINUTE = 60;
const HOUR = 3600;

/** Each issuer of a test of its own, and how old its set is when the second process starts, in seconds. */
const AGES = {
  down: 2 * HOUR,
  forgotten: 25 * HOUR,
  replaced: 11 * MINUTE,
  emptied: 2 * MINUTE,
  rewritten: 11 * MINUTE,
};

let folder: string;
let worker: RunningWorker;
const stages = new Map<keyof typeof AGES, Stage>();

function stageOf(name: keyof typeof AGES): Stage {
  const stage = stages.get(name);
  if (stage === undefined) throw new Error(`no ${name}`);
  return stage;
}

/** Rewrites the instant in place: a double in the platform's own format, which nothing else in the row is. */
function age(stateFolder: string, ages: ReadonlyMap<string, number>): number {
  const classFolder = join(stateFolder, "objects/do/edgepool-IssuerObject");
  let aged = 0;
  for (const name of readdirSync(classFolder).filter((file) => /^[0-9a-f]{64}\.sqlite$/.test(file))) {
    const database = new DatabaseSync(join(classFolder, name));
    const row = database.prepare("SELECT value FROM _cf_KV WHERE key = 'key-set'").get();
    const bytes = Buffer.from(row?.["value"] as Uint8Array);
    const { issuer, fetchedAt } = deserialize(bytes) as { issuer: string; fetchedAt: number };
    const seconds = ages.get(issuer);
    if (seconds !== undefined) {
      const instant = Buffer.alloc(8);
      instant.writeDoubleLE(fetchedAt);
      bytes.writeDoubleLE(fetchedAt - seconds, bytes.indexOf(instant));
      database.prepare("UPDATE _cf_KV SET value = ? WHERE key = 'key-set'").run(bytes);
      aged += 1;
    }
    database.close();
  }
  return aged;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-aged-"));
  const stateFolder = join(folder, "state");
  const first = await startWorker({ stateFolder });
  const ages = new Map<string, number>();
  for (const name of Object.keys(AGES) as (keyof typeof AGES)[]) {
    const stage = await setStage("ES256", undefined, first.endpoint);
    await stage.expectAccepted(stage.token());
    stages.set(name, stage);
    ages.set(stage.issuer.issuer, AGES[name]);
  }
  await first.stop();
  expect(age(stateFolder, ages)).toBe(stages.size);
  worker = await startWorker({ stateFolder, port: first.port });
});

afterAll(async () => {
  await Promise.all([worker.stop(), ...[...stages.values()].map(async (stage) => await stage.close())]);
  await rm(folder, { recursive: true, force: true });
});

it("T30: in an outage the last good set serves on, hours after it should have been renewed", async () => {
  const stage = stageOf("down");
  stage.issuer.goDown();
  await stage.expectAccepted(stage.token());
  await stage.expectRefused(tokenOf(makeKey("ES256", stage.key.kid), stage.claims()));
  expect(stage.issuer.requests.length).toBeGreaterThan(2);
});

it("T30: after a day it serves no more, whoever signed", async () => {
  const stage = stageOf("forgotten");
  stage.issuer.goDown();
  const { answer } = await stage.present(stage.token());
  expect([answer.status, errorOf(answer).type]).toEqual([400, "ExternalServiceException"]);
});

it("T30: a key that its issuer has withdrawn is refused once ten minutes are over, although nobody asked for a new one", async () => {
  const stage = stageOf("replaced");
  const successor = makeKey("ES256", "successor");
  stage.issuer.answer(KEY_SET, (answer) => answer.end(JSON.stringify({ keys: [successor.publicJwk] })));
  await stage.expectRefused(stage.token());
  await stage.expectAccepted(tokenOf(successor, stage.claims()));
});

it("T29: a set that verifies nothing never takes the place of one that does", async () => {
  const stage = stageOf("emptied");
  for (const body of ['{"keys":[]}', '{"keys":[{"kty":"oct","k":"AAAA"}]}']) {
    stage.issuer.answer(KEY_SET, (answer) => answer.end(body));
    const before = stage.issuer.requests.length;
    // A kid that the set lacks has the issuer asked again: what it answers now could replace the set.
    const { answer } = await stage.present(stage.token({}, { kid: "asks-for-a-refresh" }));
    expect([answer.status, errorOf(answer).type]).toEqual([400, "ExternalServiceException"]);
    if (body === '{"keys":[]}') expect(stage.issuer.requests.length).toBe(before + 2);
    await stage.expectAccepted(stage.token());
  }
});

it("T29: a set that is only renewed leaves its keys in force", async () => {
  const stage = stageOf("rewritten");
  const before = stage.issuer.requests.length;
  await stage.expectAccepted(stage.token());
  expect(stage.issuer.requests.length).toBe(before + 2);
});
