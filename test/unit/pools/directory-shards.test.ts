import { describe, expect, it } from "vitest";
import { identityIdOf } from "../../../src/domain/identifiers.ts";
import {
  FIRST_SHARDS,
  isListable,
  regionOfBytes,
  SHARDS_OF_NEW_POOL,
  shardNames,
  shardOf,
  shardOfLogin,
} from "../../../src/pools/directory-shards.ts";
import { newIdentityId, newPoolId } from "../../support/objects.ts";

const identityPoolId = newPoolId();
const few = { identityPoolId, shards: FIRST_SHARDS };
const many = { identityPoolId, shards: SHARDS_OF_NEW_POOL };
const idOf = (digits: string) => identityIdOf("us-east-1", `${digits}000`);

describe("the shards of a pool's list", () => {
  it("of sixteen are one for each first hex digit, under the names of the first release", () => {
    const names = Array.from("0123456789abcdef").map((digit) => shardOf(few, idOf(digit)));
    expect(names).toEqual(Array.from({ length: 16 }, (_, index) => `${identityPoolId}/${index}`));
    expect(shardNames(few)).toEqual(names);
    expect(shardOf(few, identityIdOf("eu-west-9", "a-00"))).toBe(`${identityPoolId}/10`);
  });

  it("of 256 are one for each first two, in the order of the ids, and behind them those of the first release", () => {
    const digits = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));
    const names = digits.map((two) => shardOf(many, idOf(two)));
    expect(shardNames(many)).toEqual([...names, ...shardNames(few)]);
    expect(new Set(shardNames(many)).size).toBe(272);
  });

  it("have every identity and every login in one of them", () => {
    for (const pool of [few, many]) {
      const all = new Set(shardNames(pool));
      for (let count = 0; count < 300; count++) {
        const id = newIdentityId();
        expect(all.has(shardOf(pool, id))).toBe(true);
        expect(all.has(shardOfLogin(pool, id.slice("us-east-1:".length)))).toBe(true);
      }
    }
  });

  it("say by their names which of them have ids as bytes, and of which region", () => {
    expect(shardNames(few).map(regionOfBytes)).toEqual(Array.from({ length: 16 }, () => null));
    expect(new Set(shardNames(many).slice(0, 256).map(regionOfBytes))).toEqual(new Set(["us-east-1"]));
  });

  it("can list no id of another region, and none that begins with no digit", () => {
    expect(isListable("us-east-1", newIdentityId())).toBe(true);
    expect(isListable("us-east-1", identityIdOf("us-east-2", "0000"))).toBe(false);
    expect(isListable("us-east-1", identityIdOf("us-east-1", "-000"))).toBe(false);
  });
});
