/** Pools, identities and logins for tests of the objects; and the hands to look into an object, to hold it and to break it. */
import { runInDurableObject } from "cloudflare:test";
import { DurableObject, env } from "cloudflare:workers";
import { vi } from "vitest";
import type { ClientCall } from "../../src/domain/identity.ts";
import { type IdentityId, identityIdOf, type IdentityPoolId, identityPoolIdOf } from "../../src/domain/identifiers.ts";
import type { IdentityPool, IdentityPoolSettings } from "../../src/domain/identity-pool.ts";
import { loginIdOf, type VerifiedLogin } from "../../src/domain/login.ts";
import type { Flow } from "../../src/domain/mint-rules.ts";
import type { Traced } from "../../src/domain/trace.ts";
import { objectsOf } from "../../src/durable/objects.ts";
import type { GrantReply } from "../../src/linking/identity-calls.ts";
import { type IdentityRecord, isAtRest } from "../../src/linking/identity-record.ts";
import * as worker from "../../src/worker.ts";
import type { FakeUpstream } from "./fake-upstream.ts";
import { makeSigningKey, type SigningKey, signToken } from "./login-tokens.ts";

export function newIdentityId(): IdentityId {
  return identityIdOf("us-east-1", crypto.randomUUID());
}

/** A call of a client that gives its calls no id. */
export function anyCall(): ClientCall {
  return { askedAt: Date.now() / 1000, callId: null };
}

/** As the Worker asks an identity's object, for GetOpenIdToken unless it is said otherwise. */
export async function grant(
  identityId: IdentityId,
  logins: ReadonlyMap<string, string>,
  call: ClientCall,
  flow: Flow = "basic",
): Promise<Traced<GrantReply>> {
  return await objectsOf(env).grant(identityId, logins, call, flow);
}

export function newPoolId(): IdentityPoolId {
  return identityPoolIdOf("us-east-1", crypto.randomUUID());
}

export async function makePool(settings: Partial<IdentityPoolSettings> = {}): Promise<IdentityPool> {
  const identityPoolId = newPoolId();
  const full = { name: "pool", allowsUnauthenticated: true, ...settings };
  const pool = await env.IDENTITY_POOL.getByName(identityPoolId).create(identityPoolId, full);
  if (pool === null) throw new Error("a new pool was deleted before");
  return pool;
}

/** A login as a test of the link transaction needs it: nobody looks at a token. */
export async function loginOf(
  identityPoolId: IdentityPoolId,
  providerName: string,
  subject: string,
): Promise<VerifiedLogin> {
  const loginId = await loginIdOf(identityPoolId, providerName, subject);
  return { providerName, subject, loginId, amr: [providerName, `${providerName}:client:${subject}`] };
}

/** Births an identity with logins that need no token. */
export async function makeLinked(
  identityPoolId: IdentityPoolId,
  logins: readonly VerifiedLogin[],
): Promise<IdentityId> {
  const identityId = newIdentityId();
  const order = { identityId, identityPoolId, logins, absorb: [], guest: null, isBirth: true };
  const reply = await env.IDENTITY.getByName(identityId).link(order, logins, false);
  if (reply.kind !== "linked") throw new Error(`not linked: ${reply.kind}`);
  return identityId;
}

export async function makeGuest(identityPoolId: IdentityPoolId): Promise<IdentityId> {
  const identityId = newIdentityId();
  if (!(await env.IDENTITY.getByName(identityId).createGuest(identityId, identityPoolId)))
    throw new Error("id was used");
  return identityId;
}

/** An issuer that signs in anyone, answered by `upstream`. */
export type SignIn = {
  readonly upstream: FakeUpstream;
  /** Key of the `Logins` map. */
  readonly providerName: string;
  /** The setting of a pool that accepts it. */
  readonly settings: Pick<IdentityPoolSettings, "supportedLoginProviders">;
  /** The `Logins` map of one who has signed in; `claims` over those of a good token, and undefined leaves one out. */
  logins(subject: string, claims?: Readonly<Record<string, unknown>>): Promise<Map<string, string>>;
  /** The same, but signed by somebody who is not the issuer: only the proof itself fails. */
  forged(subject: string): Promise<Map<string, string>>;
};

let signIns = 0;

export async function makeSignIn(upstream: FakeUpstream): Promise<SignIn> {
  signIns += 1;
  const providerName = `sign-in-${signIns}.example`;
  const issuer = `https://${providerName}`;
  const [key, forger] = await Promise.all([makeSigningKey("ES256", "key-1"), makeSigningKey("ES256", "key-1")]);
  upstream.serveIssuer(issuer, [key.publicJwk]);
  const sign = async (signer: SigningKey, subject: string, claims: Readonly<Record<string, unknown>>) => {
    const now = Math.floor(Date.now() / 1000);
    const good = { iss: issuer, aud: "client", sub: subject, iat: now, exp: now + 3600 };
    return new Map([[providerName, await signToken(signer, { ...good, ...claims })]]);
  };
  return {
    upstream,
    providerName,
    settings: { supportedLoginProviders: { [providerName]: "client" } },
    logins: async (subject, claims = {}) => await sign(key, subject, claims),
    forged: async (subject) => await sign(forger, subject, {}),
  };
}

export type Stored = {
  readonly entries: ReadonlyMap<string, unknown>;
  readonly alarm: number | null;
  /** Rows written since the object woke, by whatever way: values, tables and the alarm are all rows of its database. */
  readonly rowsWritten: number;
  readonly tables: readonly string[];
};

/** What an object has on its disk. */
export async function storedIn<T extends Rpc.DurableObjectBranded>(stub: DurableObjectStub<T>): Promise<Stored> {
  return await runInDurableObject(stub, async (_, { storage }) => {
    const rows = storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n;
    const names = storage.sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
    );
    const tables = names.toArray().map(({ name }) => name);
    return { entries: new Map(storage.kv.list()), alarm: await storage.getAlarm(), rowsWritten: rows, tables };
  });
}

/** Nothing at all: no value, no table, no alarm, and nothing that was written and taken back. */
export const NOTHING_STORED: Stored = { entries: new Map(), alarm: null, rowsWritten: 0, tables: [] };

/** Writes a value behind the back of a living object: what it says after the next eviction shows where its state lives. */
export async function plant<T extends Rpc.DurableObjectBranded>(
  stub: DurableObjectStub<T>,
  key: string,
  change: (stored: unknown) => unknown,
): Promise<void> {
  await runInDurableObject(stub, (_, { storage }) => storage.kv.put(key, change(storage.kv.get(key))));
}

export async function recordOf(identityId: IdentityId): Promise<IdentityRecord | null> {
  const { entries } = await storedIn(env.IDENTITY.getByName(identityId));
  return (entries.get("identity") as IdentityRecord | undefined) ?? null;
}

/** Asks until it is so; every question is a call to an object, so that what goes on there goes on. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < 500; count++) {
    if (await condition()) return;
  }
  throw new Error("it did not come about");
}

/** Waits until an identity owes nobody anything: deliveries go on after the answer. */
export async function untilAtRest(...identityIds: readonly IdentityId[]): Promise<void> {
  for (const identityId of identityIds) {
    await until(async () => {
      const record = await recordOf(identityId);
      return record === null || isAtRest(record);
    });
  }
}

/** A hard end of an object's life, as a crash of its process: calls under way fail, and memory is gone. */
export async function crash<T extends Rpc.DurableObjectBranded>(stub: DurableObjectStub<T>): Promise<void> {
  try {
    await runInDurableObject(stub, (_, state) => state.abort("crash of the test"));
  } catch (error) {
    if (!String(error).includes("crash of the test")) throw error;
  }
}

const CLASSES = [
  worker.IdentityObject,
  worker.LoginObject,
  worker.IdentityPoolObject,
  worker.PoolDirectoryObject,
  worker.IdentityDirectoryObject,
  worker.IssuerObject,
  worker.KeyRingObject,
  worker.SourceObject,
];

/** Asked once in the life of an isolate, whatever the call: cost.test.ts counts it. */
const OF_AN_ISOLATE = "jurisdiction";

/** Notes every call of an object's method in this isolate, by whomever, until `vi.restoreAllMocks()`: `LoginObject.reserve`. */
export function noteCalls(): string[] {
  const noted: string[] = [];
  for (const { name: className, prototype } of CLASSES) {
    for (const method of methodsOf(prototype)) {
      if (method === OF_AN_ISOLATE) continue;
      intercept(prototype, method, (_, proceed) => {
        noted.push(`${className}.${method}`);
        return proceed();
      });
    }
  }
  return noted;
}

/** Those of a class that RPC reaches: its own, and what it has of those of ours that it extends. */
export function methodsOf(prototype: object): readonly string[] {
  if (prototype === DurableObject.prototype) return [];
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  const methods = own.flatMap(([name, { value }]) =>
    name !== "constructor" && typeof value === "function" ? [name] : [],
  );
  return [...new Set([...methods, ...methodsOf(Object(Object.getPrototypeOf(prototype)))])];
}

/** Puts `around` about a method of a class, which still does its own work when `proceed` is called. */
export function intercept(
  prototype: object,
  method: string,
  around: (self: { readonly ctx: DurableObjectState }, proceed: () => unknown) => unknown,
): void {
  const present: unknown = Reflect.get(prototype, method);
  // A second one goes about the first.
  const original: unknown = vi.isMockFunction(present) ? present.getMockImplementation() : present;
  if (typeof original !== "function") throw new Error(`no method ${method}`);
  const target = prototype as Record<string, (...parameters: unknown[]) => unknown>;
  vi.spyOn(target, method).mockImplementation(function (this: unknown, ...parameters: unknown[]) {
    const self = this as { readonly ctx: DurableObjectState };
    return around(self, () => Reflect.apply(original, this, parameters) as unknown);
  });
}

export type HeldCall = { readonly reached: Promise<void>; release(): void };

/** The next call of a method stands still before its work or after it, until it is released. */
export function holdNext(prototype: object, method: string, when: "before" | "after"): HeldCall {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let isNext = true;
  const stand = async () => {
    reached.resolve();
    await released.promise;
  };
  intercept(prototype, method, (_, proceed) => {
    if (!isNext) return proceed();
    isNext = false;
    return when === "before"
      ? stand().then(proceed)
      : Promise.resolve(proceed()).then(async (value) => {
          await stand();
          return value;
        });
  });
  return { reached: reached.promise, release: released.resolve };
}

/** The object that is called next by this method dies in it, before its work or after: the caller cannot tell which. */
export function dieInNext(prototype: object, method: string, when: "before" | "after"): void {
  let isNext = true;
  intercept(prototype, method, async (self, proceed) => {
    if (!isNext) return await proceed();
    isNext = false;
    if (when === "after") await proceed();
    if (when === "after") await self.ctx.storage.sync();
    self.ctx.abort("crash of the test");
    throw new Error("crash of the test");
  });
}
