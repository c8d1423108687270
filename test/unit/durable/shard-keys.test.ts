import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { HASHES_AS_BYTES, idsAsBytes, TEXT_KEYS } from "../../../src/durable/shard-keys.ts";
import { identityIdOf } from "../../../src/domain/identifiers.ts";
import { regionOfBytes, shardNames } from "../../../src/pools/directory-shards.ts";
import { newIdentityId, newPoolId } from "../../support/objects.ts";

const ids = idsAsBytes("us-east-1");
const HASH = "d2f0449ab446b53ea4b771576fc290e9c98321d5dfa786364384cea43c555b98";

describe("keys as bytes", () => {
  it("are 16 of an id and 32 of a login, and are read as what they were", () => {
    const id = newIdentityId();
    for (const [form, key, length] of [
      [ids, id, 16],
      [HASHES_AS_BYTES, HASH, 32],
    ] as const) {
      const written = form.write(key);
      expect(written instanceof ArrayBuffer && written.byteLength).toBe(length);
      expect(form.read(written)).toBe(key);
    }
  });

  it.each([
    "",
    "us-east-1:00",
    "us-east-1:D2F0449a-b446-453e-a4b7-71576fc290e9",
    "eu-west-1:d2f0449a-b446-453e-a4b7-71576fc290e9",
  ])("are none of %o, which stays as it is", (text) => {
    expect(ids.write(text)).toBe(text);
    expect(ids.read(text)).toBe(text);
    expect(HASHES_AS_BYTES.write(text)).toBe(text);
    expect(TEXT_KEYS.read(TEXT_KEYS.write(text))).toBe(text);
  });

  it("rest in a shard of 256 in the order of their texts, in this life and in the next, which goes by what was stored", async () => {
    const identityPoolId = newPoolId();
    const name = shardNames({ identityPoolId, shards: 256 })[0] ?? "";
    const stub = env.IDENTITY_DIRECTORY.getByName(name);
    const made = Array.from({ length: 40 }, () => identityIdOf("us-east-1", crypto.randomUUID()));
    for (const id of made) await stub.update("add", id);
    expect(await stub.page("", 100)).toEqual(made.toSorted());
    const read = async () =>
      await runInDurableObject(stub, (_, { storage }) => ({
        region: storage.kv.get("region"),
        bytes: storage.sql
          .exec<{ n: number }>("SELECT max(length(identity_id)) AS n FROM identity WHERE typeof(identity_id) = 'blob'")
          .one().n,
      }));
    expect(await read()).toEqual({ region: regionOfBytes(name), bytes: 16 });
    await evictDurableObject(stub);
    expect(await stub.page(made.toSorted()[19] ?? "", 100)).toEqual(made.toSorted().slice(20));
    await stub.update("remove", made[0] ?? newIdentityId());
    expect(await stub.page("", 100)).toEqual(made.slice(1).toSorted());
    // An object that an alarm wakes may not know its name.
    await runInDurableObject(stub, (_, { storage }) => storage.kv.put("region", "eu-west-1"));
    await evictDurableObject(stub);
    expect(await stub.page("", 1)).toEqual([made.slice(1).toSorted()[0]?.replace("us-east-1", "eu-west-1")]);
  });
});
