import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type IdentityId, identityIdOf, type IdentityPoolId } from "../../../src/domain/identifiers.ts";
import type { ImportedIdentity } from "../../../src/domain/imported-identity.ts";
import { type ExportEntry, type ExportPosition, exportPositionOf } from "../../../src/pools/identity-directory.ts";
import { shardNames } from "../../../src/pools/directory-shards.ts";
import { newPoolId, NOTHING_STORED, storedIn } from "../../support/objects.ts";

let identityPoolId: IdentityPoolId;
/** Of sixteen has ids as text, of 256 as bytes. */
let shards = 16;

const stub = () => env.IDENTITY_DIRECTORY.getByName(shardNames({ identityPoolId, shards })[0] ?? "");
const id = (digits: string): IdentityId => identityIdOf("us-east-1", `${digits}a8ba25-d08a-4a41-9695-c1252d2d2044`);
const row = (digits: string, more: Partial<ImportedIdentity> = {}): ImportedIdentity => ({
  identityId: id(digits),
  providerNames: ["accounts.google.com"],
  createdAt: 1_700_000_000,
  modifiedAt: 1_700_000_500,
  isDisabled: false,
  ...more,
});
const list = async () => await stub().page("", 100, "imported-too");
const NO_COUNTS = {
  imported: 0,
  unclaimed: 0,
  unclaimedLately: 0,
  adopted: 0,
  adoptedGuests: 0,
  bornHere: 0,
  gone: 0,
};

beforeEach(() => {
  identityPoolId = newPoolId();
});

describe.each([16, 256])("the import list of a shard, of %i shards", (number) => {
  beforeEach(() => {
    shards = number;
  });

  it("T38: to ask for what it has makes nothing", async () => {
    expect(await list()).toEqual([]);
    expect(await stub().findImported(id("0a"))).toBeNull();
    expect(await stub().exportPage({ list: 0, after: "" }, 10)).toEqual([]);
    expect(await stub().counts(0)).toEqual(NO_COUNTS);
    await stub().update("remove", id("0a"));
    expect(await storedIn(stub())).toEqual(NOTHING_STORED);
  });

  it("has each row as it was last imported, in this life and in the next, and says what was news", async () => {
    const unknown = row("0b", { providerNames: [], createdAt: null, modifiedAt: null, isDisabled: true });
    expect(await stub().importIdentities([row("0a"), unknown, row("0a")])).toEqual([
      "imported",
      "imported",
      "unchanged",
    ]);
    const changed = row("0a", { providerNames: ["a.example", "b.example"], modifiedAt: 1_700_000_900 });
    expect(await stub().importIdentities([changed, unknown])).toEqual(["imported", "unchanged"]);
    for (const _ of ["this life", "the next"]) {
      expect(await list()).toEqual([changed, unknown]);
      expect(await stub().findImported(id("0a"))).toEqual(changed);
      await evictDurableObject(stub());
    }
  });

  it("stands among those who live here in the order of the ids, page by page; the sweep's pages have the living alone", async () => {
    for (const digits of ["0b", "0d"]) await stub().update("add", id(digits));
    await stub().importIdentities(["0e", "0a", "0c"].map((digits) => row(digits)));
    expect(await stub().page("", 2, "imported-too")).toEqual([row("0a"), id("0b")]);
    expect(await stub().page(id("0b"), 2, "imported-too")).toEqual([row("0c"), id("0d")]);
    expect(await stub().page(id("0d"), 2, "imported-too")).toEqual([row("0e")]);
    expect(await stub().page("", 10)).toEqual([id("0b"), id("0d")]);
  });

  it("gives its row to whoever comes, who hears since when it is there, however often it asks", async () => {
    await stub().importIdentities([row("0a"), row("0b", { createdAt: null })]);
    for (const _ of ["once", "again"]) {
      expect(await stub().update("add", id("0a"), "adopted")).toEqual({ poolDeleted: false, createdAt: 1_700_000_000 });
      expect(await stub().update("add", id("0b"), "adopted-guest")).toEqual({ poolDeleted: false });
      await evictDurableObject(stub());
    }
    expect(await list()).toEqual([id("0a"), id("0b")]);
    expect(await stub().importIdentities([row("0a")])).toEqual(["unchanged"]);
    expect(await stub().findImported(id("0a"))).toBeNull();
  });

  it("has no row for who is gone, and takes none", async () => {
    await stub().importIdentities([row("0a"), row("0b")]);
    await stub().update("add", id("0a"), "adopted");
    for (const _ of ["once", "again"]) {
      for (const digits of ["0a", "0b"]) await stub().update("remove", id(digits), "adopted");
      // A late copy of what was said before.
      expect(await stub().update("add", id("0a"), "adopted")).toEqual({ poolDeleted: false });
      expect(await list()).toEqual([]);
      await evictDurableObject(stub());
    }
    expect(await stub().importIdentities([row("0a"), row("0b"), row("0c")])).toEqual(["gone", "gone", "imported"]);
    expect(await list()).toEqual([row("0c")]);
  });

  it("keeps no mark of the end of one that was born here, nor takes its row from the list", async () => {
    await stub().importIdentities([row("0a")]);
    await stub().update("remove", id("0a"));
    expect(await list()).toEqual([row("0a")]);
    expect(await stub().counts(0)).toMatchObject({ gone: 0 });
  });

  it("goes with its pool, at once, and takes nothing any more; those who live are left for the sweep", async () => {
    await stub().importIdentities([row("0a")]);
    await stub().update("add", id("0b"), "adopted");
    await stub().update("remove", id("0c"), "adopted");
    await stub().keepFreed({ loginId: "f".repeat(64), providerName: "p" });
    await stub().close();
    for (const _ of ["this life", "the next"]) {
      expect(await list()).toEqual([id("0b")]);
      expect(await stub().importIdentities([row("0a")])).toBeNull();
      await stub().keepFreed({ loginId: "e".repeat(64), providerName: "p" });
      await stub().update("remove", id("0d"), "adopted");
      await evictDurableObject(stub());
    }
    await stub().update("remove", id("0b"), "adopted");
    expect(await stub().exportPage({ list: 0, after: "" }, 10)).toEqual([]);
    expect((await storedIn(stub())).tables).not.toContain("imported");
  });
});

describe.each([16, 256])("what an export is told, of %i shards", (number) => {
  beforeEach(() => {
    shards = number;
  });

  const EVERYTHING: readonly ExportEntry[] = [
    { kind: "living", identityId: id("0a") },
    { kind: "imported", identity: row("0b") },
    { kind: "living", identityId: id("0c") },
    { kind: "freed", loginId: `1${"0".repeat(63)}`, providerName: "p" },
    { kind: "freed", loginId: `2${"0".repeat(63)}`, providerName: "q" },
    { kind: "gone", identityId: id("0e") },
    { kind: "gone", identityId: id("0f") },
  ];

  beforeEach(async () => {
    for (const digits of ["0c", "0a"]) await stub().update("add", id(digits));
    await stub().importIdentities([row("0b")]);
    for (const digits of ["0f", "0e"]) await stub().update("remove", id(digits), "adopted");
    for (const [digit, providerName] of [
      ["2", "q"],
      ["1", "p"],
      ["1", "p"],
    ] as const) {
      await stub().keepFreed({ loginId: digit + "0".repeat(63), providerName });
    }
  });

  it.each([1, 2, 3, 6, 7, 8])("has everything once, in pages of %i", async (limit) => {
    const entries: ExportEntry[] = [];
    let at: ExportPosition | null = { list: 0, after: "" };
    while (at !== null) {
      const page: readonly ExportEntry[] = await stub().exportPage(at, limit);
      expect(page.length).toBeLessThanOrEqual(limit);
      entries.push(...page);
      const last = page.at(-1);
      at = page.length < limit || last === undefined ? null : exportPositionOf(last);
    }
    expect(entries).toEqual(EVERYTHING);
  });
});

describe.each([16, 256])("the counts of a shard, of %i shards", (number) => {
  beforeEach(() => {
    shards = number;
  });

  it("tell the import list, who came of it and who did not, and who was adopted or born", async () => {
    await stub().importIdentities([
      row("0a"),
      row("0b"),
      row("0c", { modifiedAt: 1_600_000_000 }),
      row("0d", { modifiedAt: null }),
      row("0e"),
    ]);
    await stub().update("add", id("0a"), "adopted");
    await stub().update("add", id("0b"), "adopted-guest");
    await stub().update("add", id("01"), "adopted");
    for (const digits of ["02", "03", "04"]) await stub().update("add", id(digits));
    await stub().update("remove", id("05"), "adopted");
    const counts = {
      imported: 5,
      unclaimed: 3,
      unclaimedLately: 1,
      adopted: 2,
      adoptedGuests: 1,
      bornHere: 3,
      gone: 1,
    };
    for (const _ of ["this life", "the next"]) {
      expect(await stub().counts(1_700_000_500)).toEqual(counts);
      await evictDurableObject(stub());
    }
  });

  it("count who was listed by the release before as born here", async () => {
    await runInDurableObject(stub(), (_, { storage: { sql } }) => {
      // Of 256 shards as well: what has text keeps it.
      sql.exec("CREATE TABLE identity(identity_id TEXT PRIMARY KEY) WITHOUT ROWID");
      sql.exec("INSERT INTO identity VALUES (?)", id("0a"));
    });
    await evictDurableObject(stub());
    await stub().update("add", id("0b"), "adopted");
    expect(await list()).toEqual([id("0a"), id("0b")]);
    expect(await stub().counts(0)).toEqual({ ...NO_COUNTS, bornHere: 1, adopted: 1 });
  });
});
