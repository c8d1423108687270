/**
 * Drives every operation and every provider, in order and out of order (everything.ts), and then searches all that the
 * service has logged and stored for what was presented to it: login tokens, access tokens, subjects, secrets, signatures,
 * private keys (invariants nothing-secret-is-told and private-keys-stay).
 */
import { createDecipheriv, createPrivateKey } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { extensions } from "../../src/protocol/extensions.ts";
import { operations } from "../../src/protocol/shapes.ts";
import { processTree, survivors } from "../support/process-tree.ts";
import { call } from "../support/wire-call.ts";
import { type Driven, driveEverything } from "./everything.ts";
import { errorOf } from "./stage.ts";

type Line = Readonly<Record<string, unknown>>;

let folder: string;
let driven: Driven;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-secrets-"));
  driven = await driveEverything(folder);
  // The line of a request may be written a moment after its answer; that of the last call, after all others.
  await vi.waitFor(() => expect(lines().at(-1)).toMatchObject({ operation: "GetOpenIdToken", status: 200 }), 60_000);
});

afterAll(async () => {
  await driven.close();
  await rm(folder, { recursive: true, force: true });
});

/** The lines of all requests so far, in their order. */
function lines(): readonly Line[] {
  const log = driven.worker.log().split("\n");
  return log.filter((line) => line.includes('"message":"request"')).map((line) => JSON.parse(line) as Line);
}

function lineOf(name: "linked" | "minted" | "merged" | "unknown provider"): Line | undefined {
  return lines().find((line) => line["requestId"] === driven.marked.get(name));
}

/** The operations that are built: any other one is unknown to callers. */
async function builtOperations(): Promise<readonly string[]> {
  const built: string[] = [];
  for (const operation of Object.keys(operations)) {
    const answer = await call(driven.worker.endpoint, operation, "[]");
    if (errorOf(answer).type !== "UnknownOperationException") built.push(operation);
  }
  return [...built, ...Object.keys(extensions)];
}

describe("what was driven", () => {
  it("is every operation that is built, answered and refused, and every provider, proved and not", async () => {
    const before = lines();
    const of = (isAnswered: boolean) => before.filter((line) => (line["status"] === 200) === isAnswered);
    const built = await builtOperations();
    expect(built.length).toBeGreaterThan(15);
    for (const isAnswered of [true, false]) {
      const seen = new Set(of(isAnswered).map((line) => line["operation"]));
      expect([isAnswered, built.filter((operation) => !seen.has(operation))]).toEqual([isAnswered, []]);
      const named = new Set(of(isAnswered).flatMap((line) => line["providers"] ?? []));
      expect([isAnswered, driven.providerNames.filter((name) => !named.has(name))]).toEqual([isAnswered, []]);
    }
    const exceptions = new Set(before.map((line) => line["exception"]));
    expect(exceptions).toContain("ExternalServiceException");
    expect(exceptions).not.toContain("InternalErrorException");
  });
});

function found(haystack: Buffer, needles: ReadonlyMap<string, string>): readonly string[] {
  return [...needles].flatMap(([text, what]) =>
    haystack.includes(text) || haystack.includes(Buffer.from(text, "utf16le")) ? [what] : [],
  );
}

/** All files of the state: the objects' databases and their logs. The development issuer keeps its own key in the clear. */
function storedFiles(): readonly string[] {
  const root = join(folder, "state/objects");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.includes("DevelopmentIssuerObject"))
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile());
}

type Sealed = {
  readonly kid: string;
  readonly alg: string;
  readonly sealed: { readonly iv: string; readonly ciphertext: string };
};

/** The private keys of the ring, opened with the key of the state folder as the Worker opens them. */
function privateKeys(): readonly Buffer[] {
  const classFolder = join(folder, "state/objects/do/edgepool-KeyRingObject");
  const kek = Buffer.from(readFileSync(join(folder, "state/key-encryption-key"), "utf8"), "base64");
  return readdirSync(classFolder).flatMap((name) => {
    if (!/^[0-9a-f]{64}\.sqlite$/.test(name)) return [];
    const database = new DatabaseSync(join(classFolder, name), { readOnly: true });
    const row = database.prepare("SELECT value FROM _cf_KV WHERE key = 'key-ring'").get();
    database.close();
    const { active, next } = deserialize(row?.["value"] as Uint8Array) as { active: Sealed; next: readonly Sealed[] };
    return [active, ...next].map(({ kid, alg, sealed }) => {
      const bytes = Buffer.from(sealed.ciphertext, "base64url");
      const decipher = createDecipheriv("aes-256-gcm", kek, Buffer.from(sealed.iv, "base64url"));
      decipher.setAAD(Buffer.from(JSON.stringify(["edgepool signing key", kid, alg]))).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
    });
  });
}

describe("the log", () => {
  it("T46: holds no token, subject, secret or signature, nor a piece of one", () => {
    const log = Buffer.from(driven.worker.log());
    expect(found(log, new Map([...driven.secrets.texts, ...driven.logSecrets.texts]))).toEqual([]);
    expect(driven.worker.log()).not.toContain("eyJ");
    expect(log.length).toBeGreaterThan(5000);
  });

  it("T46: says of a request what an operator needs: operation, outcome, pool, hashed identity, providers, upstream fetches", () => {
    expect(lineOf("linked")).toEqual({
      message: "request",
      requestId: expect.any(String),
      operation: "GetOpenIdToken",
      status: 200,
      pool: expect.stringMatching(/^us-east-1:/),
      identity: expect.stringMatching(/^[0-9a-f]{16}$/),
      providers: [driven.issuerName],
      upstreamFetches: 1,
      effect: "linked",
      durationMs: expect.any(Number),
    });
    const { pool, identity, providers } = lineOf("linked") ?? {};
    expect(lineOf("minted")).toMatchObject({ pool, identity, providers, upstreamFetches: 0 });
    // The guest that was named is not the identity that was answered: both are there, so that a merge can be traced.
    expect(lineOf("merged")).toMatchObject({
      pool,
      identity,
      providers,
      namedIdentity: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it("T34: tells of every link, and of whom it absorbed", () => {
    const linked = driven.worker
      .log()
      .split("\n")
      .filter((line) => line.includes('"what":"logins-linked"'))
      .map((line) => JSON.parse(line) as Line);
    const identity = lineOf("linked")?.["identity"];
    const pool = lineOf("linked")?.["pool"];
    const providers = [driven.issuerName];
    const audited = { event: "audit", what: "logins-linked", who: "service", outcome: "done" };
    expect(linked[0]).toEqual({ ...audited, pool, identity, providers });
    const absorbed = [lineOf("merged")?.["namedIdentity"]];
    expect(linked).toContainEqual({ ...audited, pool, identity, providers: [], identities: absorbed });
  });

  it("T46: does not repeat a provider name that no pool has, which could be anything", () => {
    expect(lineOf("unknown provider")).toMatchObject({
      status: 403,
      exception: "NotAuthorizedException",
      reason: expect.stringContaining("unknown provider"),
      providers: [],
    });
  });

  it("T46: names no identity by its id, so that a log is no list of them", () => {
    const requests = driven.worker
      .log()
      .split("\n")
      .filter((line) => line.includes('"message":"request"'));
    const pools = new Set(requests.map((line) => (JSON.parse(line) as Line)["pool"]));
    const ids = requests.flatMap((line) => line.match(/us-east-1:[0-9a-f-]{36}/g) ?? []);
    expect(ids.filter((id) => !pools.has(id))).toEqual([]);
  });
});

describe("the reads of an operator", () => {
  it("T46: answer no token, subject, secret or signature, nor a piece of one, nor a key", () => {
    const answers = Buffer.from(driven.reads.map(({ body }) => body).join("\n"));
    expect(found(answers, driven.secrets.texts)).toEqual([]);
    const credential = [
      LOCAL_CREDENTIAL.secretAccessKey,
      readFileSync(join(folder, "state/key-encryption-key"), "utf8"),
    ];
    for (const secret of credential.map((text) => text.trim())) expect(answers.includes(secret)).toBe(false);
    // A refusal may quote the beginning of an id that is none.
    const answered = driven.reads.filter(({ status }) => status === 200).map(({ body }) => body);
    expect(answered.join()).not.toContain("eyJ");
    expect(answered.length).toBeGreaterThan(4);
  });
});

describe("the storage", () => {
  // Where it was left at a blow, with all that had not been tidied up: of a service that runs, files come and go.
  beforeAll(async () => {
    const processes = processTree(driven.worker.pid);
    for (const { pid } of processes) process.kill(pid, "SIGKILL");
    await driven.worker.ended;
    await vi.waitFor(() => expect(survivors(processes)).toEqual([]), 60_000);
  });

  it("T46: holds no token, subject, secret or signature, nor a piece of one", () => {
    const files = storedFiles();
    expect(files.length).toBeGreaterThan(10);
    const hits = files.flatMap((path) =>
      found(readFileSync(path), driven.secrets.texts).map((what) => `${what} in ${path}`),
    );
    expect(hits).toEqual([]);
  });

  it("T43: holds no private key in the clear, in whole or in a member, and neither does the log", () => {
    const keys = privateKeys();
    expect(keys).toHaveLength(2);
    const written = [
      ["the log", Buffer.from(driven.worker.log())] as const,
      ...storedFiles().map((path) => [path, readFileSync(path)] as const),
    ];
    for (const pkcs8 of keys) {
      const jwk = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }).export({ format: "jwk" });
      const members = [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map((member) =>
        Buffer.from(member ?? "", "base64url"),
      );
      for (const bytes of [pkcs8, ...members]) {
        expect(bytes.length).toBeGreaterThan(100);
        const forms = [bytes, bytes.toString("base64url"), bytes.toString("base64"), bytes.toString("hex")];
        expect(written.filter(([, content]) => forms.some((form) => content.includes(form)))).toEqual([]);
      }
    }
  });
});
