/**
 * A pool of 1,000 identities of all standings is exported from one deployment and restored into an empty one. Then every login signs
 * in to its same id, and what was barred, closed, merged, disabled or deleted stays so, without a question to the pool's source.
 */
import {
  DeleteIdentitiesCommand,
  DescribeIdentityCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  NotAuthorizedException,
  ResourceNotFoundException,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminClient, appClient, getId, getOpenIdToken, present, refusalOf } from "../support/cognito-clients.ts";
import { CLIENT_ID, type Providers, startProviders } from "../support/providers.ts";
import { sendSigned } from "../support/signed-call.ts";
import { serveStandIn, type StandInServer } from "../support/stand-in-server.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const POOL = `us-east-1:${crypto.randomUUID()}`;
const DEVELOPER = "login.backend.example";
/** How many of each sort: 1,000 together. */
const SORTS = {
  linked: 300,
  bornHere: 100,
  guest: 100,
  merged: 100,
  unclaimed: 100,
  closed: 60,
  barring: 60,
  disabled: 60,
  developer: 60,
  deleted: 60,
} as const;
type Sort = keyof typeof SORTS;
/** Of the import list, which nobody has claimed. */
const DELETED_UNCLAIMED = 20;
const AT_ONCE = 8;
const LINES = 100;
/** Of several thousand calls, on a machine that is busy with much else. */
const LONG_MS = 900_000;

type Line = Readonly<Record<string, unknown>> & { readonly kind: string; readonly identityId?: string };
/** Somebody of the pool: which id is theirs, and where they sign in. */
type Person = { readonly identityId: string; readonly name: string; readonly providers: readonly number[] };

let providers: Providers;
let source: StandInServer;
let first: RunningWorker;
let second: RunningWorker;
/** Operations that the source was asked for. */
const asked = new Set<string | null>();
const people = new Map<Sort, readonly Person[]>();
let lines: readonly Line[];

const of = (sort: Sort): readonly Person[] => people.get(sort) ?? [];
const newId = () => `us-east-1:${crypto.randomUUID()}`;
const loginsOf = async ({ name, providers: at }: Person) => await providers.logins(name, at);

async function start(): Promise<RunningWorker> {
  const upstreams = { "https://cognito-identity.us-east-1.amazonaws.com": source.address };
  return await startWorker({ settings: { DEVELOPMENT_UPSTREAMS: JSON.stringify(upstreams) } });
}

async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function edgepool({ endpoint }: RunningWorker, operation: string, input: object): Promise<Line> {
  const { status, body } = await sendSigned(endpoint, `Edgepool.${operation}`, input);
  if (status !== 200) throw new Error(`${operation}: ${status} ${body}`);
  return JSON.parse(body);
}

async function adoptPool(worker: RunningWorker): Promise<void> {
  await edgepool(worker, "AdoptIdentityPool", {
    IdentityPoolId: POOL,
    IdentityPoolName: "moved",
    AllowUnauthenticatedIdentities: true,
    DeveloperProviderName: DEVELOPER,
    SupportedLoginProviders: Object.fromEntries(providers.names.map((name) => [name, CLIENT_ID])),
  });
}

async function setSource(worker: RunningWorker): Promise<void> {
  const Source = { Providers: [...providers.names, DEVELOPER], Guests: "Local" };
  await edgepool(worker, "SetIdentityPoolSource", { IdentityPoolId: POOL, Source });
}

/** How often each verdict was given. */
async function importAll(
  worker: RunningWorker,
  Identities: readonly object[],
): Promise<Readonly<Record<string, number>>> {
  const batches = Array.from({ length: Math.ceil(Identities.length / LINES) }, (_, at) =>
    Identities.slice(at * LINES, (at + 1) * LINES),
  );
  const counts: Record<string, number> = {};
  for (const batch of batches) {
    const { Results } = await edgepool(worker, "ImportIdentities", { IdentityPoolId: POOL, Identities: batch });
    for (const { Verdict } of Results as { Verdict: string }[]) counts[Verdict] = (counts[Verdict] ?? 0) + 1;
  }
  return counts;
}

async function exportAll(worker: RunningWorker): Promise<readonly Line[]> {
  const exported: Line[] = [];
  let NextToken: unknown;
  do {
    const page = { IdentityPoolId: POOL, ...(NextToken !== undefined && { NextToken }) };
    const answer: Line = await edgepool(worker, "ExportIdentities", page);
    exported.push(...(answer["Identities"] as readonly Line[]));
    NextToken = answer["NextToken"];
  } while (NextToken !== undefined);
  return exported;
}

function countsOf(exported: readonly Line[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of exported) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const DELETED = SORTS.deleted + DELETED_UNCLAIMED;
/** One login of each that is closed, of each that bars one, and of each that is deleted. */
const FREED = SORTS.closed + SORTS.barring + SORTS.deleted;
const COUNTS = { identity: 1000 - DELETED, gone: DELETED, login: FREED };

/** Of each sort by the way that it comes about. */
async function populate(worker: RunningWorker): Promise<void> {
  const { endpoint } = worker;
  const [app, admin] = [appClient(endpoint), adminClient(endpoint)];
  await adoptPool(worker);
  const named = (sort: Sort, at: (index: number) => readonly number[]): readonly Person[] =>
    Array.from({ length: SORTS[sort] }, (_, index) => {
      return { identityId: newId(), name: `${sort}-${index}`, providers: at(index) };
    });
  const born = await each(
    named("bornHere", () => [0]),
    async (person) => {
      return { ...person, identityId: await getId(app, POOL, await loginsOf(person)) };
    },
  );
  people.set("bornHere", born);
  const guest = async (person: Person) => ({ ...person, identityId: await getId(app, POOL) });
  people.set(
    "guest",
    await each(
      named("guest", () => []),
      guest,
    ),
  );
  const absorbed = await each(
    named("merged", () => []),
    guest,
  );
  people.set("merged", absorbed);

  // From the customer's own tables.
  const imported = new Map<Sort, (index: number) => readonly number[]>([
    ["linked", (index) => [0, 1, 2].slice(0, 1 + (index % 3))],
    ["closed", () => [1]],
    ["barring", () => [0, 2]],
    ["disabled", () => [0]],
    ["developer", () => [1]],
    ["deleted", () => [2]],
  ]);
  for (const [sort, at] of imported) people.set(sort, named(sort, at));
  const adopted = [...imported.keys()].flatMap((sort) =>
    of(sort).map(({ identityId, name, providers: at }) => ({
      identityId,
      createdAt: 1_600_000_000,
      links: at.map((index) => ({ providerName: present(providers.names[index]), subject: name })),
      ...(sort === "developer" && { developerUsers: [name, `${name} again`] }),
    })),
  );
  expect(await importAll(worker, adopted)).toEqual({ adopted: adopted.length });
  people.set(
    "unclaimed",
    named("unclaimed", () => [0]),
  );
  const listed = of("unclaimed").map(({ identityId }, index) => ({
    identityId,
    createdAt: 1_500_000_000 + index,
    providers: [present(providers.names[0])],
    ...(index % 5 === 4 && { standing: "disabled" }),
  }));
  expect(await importAll(worker, listed)).toEqual({ imported: listed.length });

  await setSource(worker);
  await each([...absorbed.entries()], async ([index, { identityId }]) => {
    const survivor = present(of("linked")[index]);
    const minted = await getOpenIdToken(app, identityId, await loginsOf(survivor));
    expect(minted.identityId).toBe(survivor.identityId);
  });
  const unlink = async (person: Person, index: number) => {
    const LoginsToRemove = [present(providers.names[index])];
    const input = { IdentityId: person.identityId, Logins: await loginsOf(person), LoginsToRemove };
    await app.send(new UnlinkIdentityCommand(input));
  };
  await each(of("closed"), async (person) => await unlink(person, 1));
  await each(of("barring"), async (person) => await unlink(person, 2));
  await each(of("disabled"), async ({ identityId }) => {
    await edgepool(worker, "DisableIdentity", { IdentityId: identityId });
  });
  const ended = [of("deleted"), of("unclaimed").slice(0, DELETED_UNCLAIMED)];
  for (const IdentityIdsToDelete of ended.map((some) => some.map(({ identityId }) => identityId))) {
    await admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete }));
  }
}

/** A line without what a restore does not give back: when it was changed last, and when each login came. */
function comparable({ modifiedAt: _, ...line }: Line): object {
  const loginIds = line["loginIds"] as { loginId: string; providerName: string }[] | undefined;
  if (loginIds === undefined) return line["standing"] === undefined ? { ...line, modifiedAt: _ } : line;
  const ids = loginIds.map(({ loginId, providerName }) => `${loginId} ${providerName}`);
  return { ...line, loginIds: ids.toSorted() };
}

beforeAll(async () => {
  providers = await startProviders(3);
  source = await serveStandIn(() => async (request) => {
    asked.add(request.headers.get("x-amz-target"));
    return Response.json({ __type: "ResourceNotFoundException", message: "nobody" }, { status: 400 });
  });
  [first, second] = [await start(), await start()];
  await populate(first);
}, LONG_MS);

afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await Promise.all([providers.close(), source.close()]);
});

describe("an export of 1,000 identities of all standings", () => {
  test(
    "has a line for each of them, for each login that must not be asked about again, and for each that is gone",
    async () => {
      await expect.poll(async () => countsOf(await exportAll(first))).toEqual(COUNTS);
      lines = await exportAll(first);
      const text = JSON.stringify(lines);
      for (const sort of ["linked", "closed", "barring", "disabled", "deleted"])
        expect(text).not.toContain(`${sort}-1"`);
    },
    LONG_MS,
  );

  test(
    "is taken whole by an empty deployment, once, and tells the same there",
    async () => {
      await adoptPool(second);
      const unclaimed = SORTS.unclaimed - DELETED_UNCLAIMED;
      const made = { adopted: COUNTS.identity - unclaimed, imported: unclaimed + DELETED + FREED };
      expect(await importAll(second, lines)).toEqual(made);
      expect(await importAll(second, lines)).toEqual({ unchanged: lines.length });
      await expect.poll(async () => countsOf(await exportAll(second))).toEqual(COUNTS);
      const sorted = (exported: readonly Line[]) => exported.map((line) => JSON.stringify(comparable(line))).toSorted();
      expect(sorted(await exportAll(second))).toEqual(sorted(lines));
      await setSource(second);
    },
    LONG_MS,
  );
});

describe("in the deployment that was restored", () => {
  test(
    "every login signs in to its same id, and every guest and developer's user has it, too",
    async () => {
      const app = appClient(second.endpoint);
      const remaining = of("barring").map((person) => ({ ...person, providers: [0] }));
      const everybody = [...of("linked"), ...of("bornHere"), ...of("developer"), ...remaining];
      const logins = everybody.flatMap((person) =>
        person.providers.map((index) => ({ ...person, providers: [index] })),
      );
      expect(logins).toHaveLength(600 + 100 + 60 + 60);
      const ids = await each(logins, async (login) => await getId(app, POOL, await loginsOf(login)));
      expect(ids).toEqual(logins.map(({ identityId }) => identityId));
      for (const { identityId } of of("guest").slice(0, 20)) {
        expect(await getOpenIdToken(app, identityId)).toMatchObject({ identityId });
      }
      const admin = adminClient(second.endpoint);
      for (const { identityId, name } of of("developer").slice(0, 20)) {
        const command = { IdentityPoolId: POOL, Logins: { [DEVELOPER]: `${name} again` } };
        const developed = await admin.send(new GetOpenIdTokenForDeveloperIdentityCommand(command));
        expect(developed.IdentityId).toBe(identityId);
      }
    },
    LONG_MS,
  );

  test(
    "nobody who was disabled, closed or merged has a token, and nobody who is gone is there",
    async () => {
      const app = appClient(second.endpoint);
      const admin = adminClient(second.endpoint);
      for (const person of [...of("disabled"), ...of("closed")]) {
        await refusalOf(getOpenIdToken(app, person.identityId, await loginsOf(person)), NotAuthorizedException);
      }
      for (const { identityId } of of("merged")) {
        await refusalOf(getOpenIdToken(app, identityId), NotAuthorizedException);
      }
      const gone = [...of("deleted"), ...of("unclaimed").slice(0, DELETED_UNCLAIMED)];
      for (const person of gone) {
        await refusalOf(getOpenIdToken(app, person.identityId), ResourceNotFoundException);
        await refusalOf(getOpenIdToken(app, person.identityId, await loginsOf(person)), ResourceNotFoundException);
        const command = new DescribeIdentityCommand({ IdentityId: person.identityId });
        await refusalOf(admin.send(command), ResourceNotFoundException);
      }
    },
    LONG_MS,
  );

  test(
    "a login that was let go comes back to no identity that had it, and the source is asked about none",
    async () => {
      const app = appClient(second.endpoint);
      const freed = [
        ...of("closed"),
        ...of("deleted"),
        ...of("barring").map((person) => ({ ...person, providers: [2] })),
      ];
      const ids = await each(freed, async (person) => await getId(app, POOL, await loginsOf(person)));
      const known = new Set(lines.map(({ identityId }) => identityId));
      expect(ids.filter((id) => known.has(id))).toEqual([]);
      expect(new Set(ids).size).toBe(freed.length);
      // The unlinks of the first deployment, which are passed on, and nothing else.
      expect([...asked]).toEqual(["AWSCognitoIdentityService.UnlinkIdentity"]);
    },
    LONG_MS,
  );
});
