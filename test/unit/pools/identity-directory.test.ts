import { describe, expect, it } from "vitest";
import { identityIdOf } from "../../../src/domain/identifiers.ts";
import { DIRECTORY_SHARDS, directoryShard, directoryShardOf } from "../../../src/pools/identity-directory.ts";
import { newIdentityId, newPoolId } from "../../support/objects.ts";

const identityPoolId = newPoolId();

describe("the shards of a pool's directory", () => {
  it("are one for each first hex digit of an identity's random id", () => {
    const names = Array.from("0123456789abcdef").map((digit) =>
      directoryShardOf(identityPoolId, identityIdOf("us-east-1", `${digit}000`)),
    );
    expect(new Set(names).size).toBe(DIRECTORY_SHARDS);
    expect(names).toEqual(names.map((_, index) => directoryShard(identityPoolId, index)));
  });

  it("every identity has one, also under a region that ends in a digit", () => {
    const all = new Set(Array.from({ length: DIRECTORY_SHARDS }, (_, index) => directoryShard(identityPoolId, index)));
    for (let count = 0; count < 100; count++) {
      expect(all.has(directoryShardOf(identityPoolId, newIdentityId()))).toBe(true);
    }
    expect(directoryShardOf(identityPoolId, identityIdOf("eu-west-9", "a00"))).toBe(directoryShard(identityPoolId, 10));
  });
});
