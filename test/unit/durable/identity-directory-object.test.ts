import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type IdentityId, identityIdOf, type IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { shardNames } from "../../../src/pools/directory-shards.ts";
import { newIdentityId, newPoolId, NOTHING_STORED, storedIn } from "../../support/objects.ts";

let identityPoolId: IdentityPoolId;
/** Of sixteen has ids as text, of 256 as bytes. */
let shards = 16;

const stub = () => env.IDENTITY_DIRECTORY.getByName(shardNames({ identityPoolId, shards })[0] ?? "");
const id = (digits: string): IdentityId => identityIdOf("us-east-1", `${digits}a8ba25-d08a-4a41-9695-c1252d2d2044`);

beforeEach(() => {
  identityPoolId = newPoolId();
});

describe.each([16, 256])("IdentityDirectoryObject, of %i shards", (number) => {
  beforeEach(() => {
    shards = number;
  });

  it("T38: a shard that is only read, or told of the end of what it never had, stores nothing", async () => {
    expect(await stub().page("", 10)).toEqual([]);
    expect(await stub().update("remove", id("00"))).toEqual({ poolDeleted: false });
    expect(await storedIn(stub())).toEqual(NOTHING_STORED);
  });

  it("pages through its identities in the order of their ids, in this life and in the next", async () => {
    for (const digits of ["0c", "0a", "0d", "0b"]) await stub().update("add", id(digits));
    expect(await stub().page("", 2)).toEqual([id("0a"), id("0b")]);
    await evictDurableObject(stub());
    expect(await stub().page("", 2)).toEqual([id("0a"), id("0b")]);
    expect(await stub().page(id("0b"), 10)).toEqual([id("0c"), id("0d")]);
  });

  it("takes a message that comes again as it took the first", async () => {
    for (const _ of ["once", "again"]) expect(await stub().update("add", id("0a"))).toEqual({ poolDeleted: false });
    expect(await stub().page("", 10)).toEqual([id("0a")]);
    for (const _ of ["once", "again"]) expect(await stub().update("remove", id("0a"))).toEqual({ poolDeleted: false });
    expect(await stub().page("", 10)).toEqual([]);
  });

  it("fifty at once are all there", async () => {
    const ids = Array.from({ length: 50 }, newIdentityId);
    await Promise.all(ids.map((identityId) => stub().update("add", identityId)));
    expect(await stub().page("", 100)).toEqual(ids.toSorted());
  });

  it("once closed takes nobody any more and says so, in this life and in the next; those that it has can still leave", async () => {
    await stub().update("add", id("0a"));
    await stub().close();
    await stub().close();
    for (const _ of ["this life", "the next"]) {
      expect(await stub().update("add", id("0b"))).toEqual({ poolDeleted: true });
      await evictDurableObject(stub());
    }
    expect(await stub().page("", 10)).toEqual([id("0a")]);
    await stub().update("remove", id("0a"));
    expect(await stub().page("", 10)).toEqual([]);
  });
});
