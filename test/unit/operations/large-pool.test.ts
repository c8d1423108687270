// What is listed and found among ten thousand identities costs what it costs among a few: counted, not timed.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { identityIdOf, type IdentityId, type IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { DIRECTORY_SHARDS, directoryShard } from "../../support/first-shards.ts";
import { type Cost, measure } from "../../support/cost.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { loginOf, makeLinked, makePool, untilAtRest } from "../../support/objects.ts";
import { makeService } from "../../support/service.ts";

const ROWS = 60;
const LARGE = 10_000;
const PROVIDER = "accounts.google.com";

/** Those of two pages, and one more: of the first shard, whose entries are listed first. */
const real = Array.from({ length: 2 * ROWS + 1 }, () => identityIdOf("us-east-1", `00${crypto.randomUUID().slice(2)}`));
const service = makeService();
const upstream = new FakeUpstream();
let identityPoolId: IdentityPoolId;
let found: IdentityId;

type Page = { readonly ids: readonly string[]; readonly next: unknown; readonly cost: Cost };

async function page(NextToken?: unknown): Promise<Page> {
  const input = { IdentityPoolId: identityPoolId, MaxResults: ROWS, ...(NextToken !== undefined && { NextToken }) };
  let json: Readonly<Record<string, unknown>> = {};
  const { cost } = await measure(upstream, async () => {
    const answer = await service.admin("ListIdentities", input);
    ({ json } = answer);
    return answer;
  });
  const identities = json["Identities"] as readonly { readonly IdentityId: string }[];
  return { ids: identities.map(({ IdentityId }) => IdentityId), next: json["NextToken"], cost };
}

async function costOf(operation: string, input: object): Promise<Cost> {
  const { cost } = await measure(upstream, async () => await service.admin(operation, input));
  return cost;
}

/** All of it is in memory from the first time on. */
async function costs() {
  const subject = { IdentityPoolId: identityPoolId, ProviderName: PROVIDER, Subject: "ann" };
  const all = async () => {
    const first = await page();
    const second = await page(first.next);
    const byId = await costOf("DescribeIdentityInFull", { IdentityId: found });
    return { first, second, byId, byLogin: await costOf("FindIdentityByLogin", subject) };
  };
  await all();
  return await all();
}

/** Entries alone, after the real ones: what is behind an entry is asked only where it is listed. */
async function fillDirectory(): Promise<number> {
  let entries = 0;
  for (let shard = 0; shard < DIRECTORY_SHARDS; shard++) {
    const directory = env.IDENTITY_DIRECTORY.getByName(directoryShard(identityPoolId, shard));
    const ids = Array.from({ length: LARGE / DIRECTORY_SHARDS }, () =>
      identityIdOf("us-east-1", `${shard.toString(16)}f${crypto.randomUUID().slice(2)}`),
    );
    await directory.update("add", ids[0] ?? found);
    entries += await runInDurableObject(directory, (_, { storage: { sql } }) => {
      sql.exec("INSERT OR IGNORE INTO identity(identity_id) SELECT value FROM json_each(?)", JSON.stringify(ids));
      return sql.exec<{ count: number }>("SELECT count(*) AS count FROM identity").one().count;
    });
  }
  return entries;
}

beforeAll(async () => {
  for (const method of ["log", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  ({ identityPoolId } = await makePool());
  await Promise.all(real.map(async (id) => await env.IDENTITY.getByName(id).createGuest(id, identityPoolId)));
  found = await makeLinked(identityPoolId, [await loginOf(identityPoolId, PROVIDER, "ann")]);
  await untilAtRest(...real, found);
});

it("a page of ten thousand identities, and a search by id or by login, cost what they cost among a hundred", async () => {
  const few = await costs();
  expect(await fillDirectory()).toBeGreaterThanOrEqual(LARGE);
  const many = await costs();
  const listed = [...real, found].toSorted();
  expect([...many.first.ids, ...many.second.ids]).toEqual(listed.slice(0, 2 * ROWS));
  const described = Array.from({ length: ROWS + 1 }, () => "IdentityObject.describe");
  expect(many.first.cost.calls).toEqual(["IdentityDirectoryObject.page", ...described]);
  expect(many.byId.calls).toEqual(["IdentityObject.describeInFull"]);
  expect(many.byLogin.calls).toEqual(["LoginObject.view"]);
  for (const which of ["first", "second"] as const) expect(many[which].cost).toEqual(few[which].cost);
  expect([many.byId, many.byLogin]).toEqual([few.byId, few.byLogin]);
});
