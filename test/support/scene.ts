/** Identities and their logins in one pool, as a scene has them: whether they rest, and what each is after an eviction. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { IdentityDirectoryObject } from "../../src/durable/identity-directory-object.ts";
import { directoryShardOf } from "./first-shards.ts";
import { isAtRest } from "../../src/linking/identity-record.ts";
import { recordOf, storedIn } from "./objects.ts";

type Stub = DurableObjectStub<Rpc.DurableObjectBranded>;
interface Alarmed extends Rpc.DurableObjectBranded {
  alarm(): Promise<void>;
}

/** The blow fell on an object while the test asked it. */
export function unlessCrashed(error: unknown): null {
  if (!String(error).includes("crash of the test")) throw error;
  return null;
}

/** What an object has on its disk, to be put back there as often as wanted. */
type Kept = {
  readonly stub: () => Stub;
  readonly entries: ReadonlyMap<string, unknown>;
  readonly alarm: number | null;
};

export async function keep(stub: () => Stub): Promise<Kept> {
  const { entries, alarm } = await storedIn(stub());
  return { stub, entries, alarm };
}

/** Puts back what was kept, and ends the life that knew otherwise. */
export async function putBack({ stub, entries, alarm }: Kept): Promise<void> {
  await runInDurableObject(stub(), async (_, { storage }) => {
    for (const key of Array.from(storage.kv.list(), ([stored]) => stored)) storage.kv.delete(key);
    for (const [key, value] of entries) storage.kv.put(key, value);
    await (alarm === null ? storage.deleteAlarm() : storage.setAlarm(alarm));
  });
  await evictDurableObject(stub());
}

/** A call that is the alarm of an object; the platform runs one again that did not come to its end. */
export function alarmOf(stub: () => DurableObjectStub<Alarmed>) {
  return async (): Promise<void> => {
    await runDurableObjectAlarm(stub()).catch(async (error: unknown) => {
      unlessCrashed(error);
      await runInDurableObject(stub(), async (instance, { storage }) => {
        await storage.deleteAlarm();
        await instance.alarm();
      });
    });
  };
}

/** Only an object that is awake can be evicted. */
export async function evict(stub: () => Stub): Promise<void> {
  await runInDurableObject(stub(), () => {});
  await evictDurableObject(stub());
}

/** Asks until nobody is restless; once `isHelped`, the alarms of those who are run, as the platform runs them. */
export async function untilRest(isHelped: () => boolean, ask: () => Promise<readonly (() => Stub)[]>): Promise<void> {
  for (let round = 0; round < 300; round++) {
    const restless = await ask().catch(unlessCrashed);
    if (restless?.length === 0) return;
    if (!isHelped()) continue;
    vi.setSystemTime(Date.now() + 15_000);
    for (const stub of restless ?? []) await runDurableObjectAlarm(stub()).catch(unlessCrashed);
  }
  throw new Error("something is pending for ever");
}

export class World {
  readonly #identityPoolId: IdentityPoolId;
  readonly #identities: readonly (readonly [string, IdentityId])[];
  readonly #logins: readonly (readonly [string, VerifiedLogin])[];

  constructor(
    identityPoolId: IdentityPoolId,
    identities: Readonly<Record<string, IdentityId>>,
    logins: Readonly<Record<string, VerifiedLogin>> = {},
  ) {
    this.#identityPoolId = identityPoolId;
    this.#identities = Object.entries(identities);
    this.#logins = Object.entries(logins);
  }

  /** The world as it is now, whenever the function is called that it gives back. */
  async kept(): Promise<() => Promise<void>> {
    const stubs = [
      ...this.#identities.map(
        ([, identityId]) =>
          () =>
            env.IDENTITY.getByName(identityId),
      ),
      ...this.#logins.map(
        ([, { loginId }]) =>
          () =>
            env.LOGIN.getByName(loginId),
      ),
    ];
    const kept = await Promise.all(stubs.map(keep));
    const listings = await Promise.all(
      this.#identities.map(async ([, id]) => [id, (await this.#isListed(id)) ? "add" : "remove"] as const),
    );
    return async () => {
      const listed = listings.map(async ([id, change]) => await this.#shard(id).update(change, id));
      await Promise.all([...kept.map(putBack), ...listed]);
    };
  }

  #shard(identityId: IdentityId): DurableObjectStub<IdentityDirectoryObject> {
    return env.IDENTITY_DIRECTORY.getByName(directoryShardOf(this.#identityPoolId, identityId));
  }

  async #isListed(identityId: IdentityId): Promise<boolean> {
    return (await this.#shard(identityId).page("", 100)).includes(identityId);
  }

  async rest(isHelped: () => boolean): Promise<void> {
    await untilRest(isHelped, async () => await this.#restless());
  }

  async #restless(): Promise<readonly (() => Stub)[]> {
    const identities = this.#identities.map(async ([, identityId]): Promise<(() => Stub)[]> => {
      const record = await recordOf(identityId);
      return record === null || isAtRest(record) ? [] : [() => env.IDENTITY.getByName(identityId)];
    });
    const logins = this.#logins.map(async ([, { loginId }]): Promise<(() => Stub)[]> => {
      const { holder } = await env.LOGIN.getByName(loginId).view(loginId);
      return holder === null ? [] : [() => env.LOGIN.getByName(loginId)];
    });
    return (await Promise.all([...identities, ...logins])).flat();
  }

  async observe(): Promise<Readonly<Record<string, unknown>>> {
    const identities = this.#identities.map(async ([name, id]) => [name, await this.#identity(id)] as const);
    const logins = this.#logins.map(async ([name, login]) => [name, await this.#login(login)] as const);
    return Object.fromEntries(await Promise.all([...identities, ...logins]));
  }

  async #identity(identityId: IdentityId): Promise<unknown> {
    await evict(() => env.IDENTITY.getByName(identityId));
    const { entries, alarm } = await storedIn(env.IDENTITY.getByName(identityId));
    const record = await recordOf(identityId);
    const isListed = await this.#isListed(identityId);
    if (record === null) return { stored: entries.size, hasAlarm: alarm !== null, isListed };
    const { standing, logins, listing } = record;
    return {
      standing: standing.kind === "merged" ? `merged into ${this.#nameOf(standing.into)}` : standing.kind,
      logins: logins.map(({ loginId }) => this.#nameOf(loginId)).toSorted(),
      isAtRest: isAtRest(record),
      hasAlarm: alarm !== null,
      listing,
      isListed,
    };
  }

  async #login({ loginId }: VerifiedLogin): Promise<unknown> {
    await evict(() => env.LOGIN.getByName(loginId));
    const { owner, holder } = await env.LOGIN.getByName(loginId).view(loginId);
    const { entries, alarm } = await storedIn(env.LOGIN.getByName(loginId));
    const held = owner === null ? [] : ((await recordOf(owner.identityId))?.logins ?? []);
    return {
      owner: owner && this.#nameOf(owner.identityId),
      isAgreed: owner === null || held.some((one) => one.loginId === loginId && one.linkId === owner.linkId),
      isReserved: holder !== null,
      isStored: entries.size > 0,
      hasAlarm: alarm !== null,
    };
  }

  #nameOf(id: string): string {
    const named = this.#identities.find(([, identityId]) => identityId === id);
    return named?.[0] ?? this.#logins.find(([, { loginId }]) => loginId === id)?.[0] ?? "a stranger";
  }
}
