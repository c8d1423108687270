import { describe, expect, it } from "vitest";
import { bodyLimitOf, MAX_BODY_BYTES } from "../../../src/protocol/body-limit.ts";
import { extensions } from "../../../src/protocol/extensions.ts";
import { type OperationName, operations } from "../../../src/protocol/shapes.ts";

const NAMES = Object.keys(operations) as OperationName[];
const bytesOf = (input: object) => new TextEncoder().encode(JSON.stringify(input)).byteLength;

describe("the longest body of an operation", () => {
  it.each(NAMES.filter((name) => operations[name].access === "public"))(
    "%s: room for ten logins of the longest tokens, and no more than a mebibyte",
    (name) => {
      const longest = Array.from({ length: 10 }, (_, index) => [String(index).padEnd(128, "p"), "/".repeat(50_000)]);
      const input = { IdentityId: "i".repeat(55), IdentityPoolId: "i".repeat(55), Logins: Object.fromEntries(longest) };
      // Also where the client escapes each character that it may.
      expect(bytesOf(input) + 500_000).toBeLessThan(bodyLimitOf(name));
      expect(bodyLimitOf(name)).toBe(MAX_BODY_BYTES);
    },
  );

  it.each<[OperationName, number]>([
    ["DescribeIdentity", 5000],
    ["DescribeIdentityPool", 5000],
    ["DeleteIdentityPool", 5000],
    ["DeleteIdentities", 25_000],
    ["MergeDeveloperIdentities", 18_500],
    ["UnlinkDeveloperIdentity", 12_500],
    ["ListIdentities", 400_000],
    ["ListIdentityPools", 400_000],
  ])("%s: less than %i bytes", (name, most) => {
    expect(bodyLimitOf(name)).toBeLessThan(most);
  });

  it("leaves room for what the shape allows, written as long as JSON can write it", () => {
    const escaped = (units: number) => "\\u0075".repeat(units);
    const ids = Array.from({ length: 60 }, () => `"${escaped(55)}"`).join();
    expect(`{"IdentityIdsToDelete":[${ids}]}`.length).toBeLessThan(bodyLimitOf("DeleteIdentities"));
    const page = `{"IdentityPoolId":"${escaped(55)}","MaxResults":60,"NextToken":"${escaped(65_535)}","HideDisabled":false}`;
    expect(page.length).toBeLessThan(bodyLimitOf("ListIdentities"));
    expect(bytesOf({ IdentityIdsToDelete: Array.from({ length: 60 }, () => "😀".repeat(27)) })).toBeLessThan(
      bodyLimitOf("DeleteIdentities"),
    );
  });

  it("is the mebibyte where the service model has no bound, and no operation has more", () => {
    expect(bodyLimitOf("CreateIdentityPool")).toBe(MAX_BODY_BYTES);
    for (const name of NAMES) expect(bodyLimitOf(name)).toBeLessThanOrEqual(MAX_BODY_BYTES);
  });

  it("is small for what an operator asks, but for a login token, a pool's settings or providers, and a hundred lines", () => {
    const names = Object.keys(extensions) as (keyof typeof extensions)[];
    expect(names.filter((name) => bodyLimitOf(name) > 16_384).toSorted()).toEqual([
      "AdoptIdentityPool",
      "CheckLogin",
      "ImportIdentities",
      "SetIdentityPoolSource",
    ]);
    expect(bodyLimitOf("AdoptIdentityPool")).toBe(bodyLimitOf("UpdateIdentityPool"));
    expect(bodyLimitOf("SetIdentityPoolSource")).toBeLessThan(bodyLimitOf("CheckLogin"));
    expect(bodyLimitOf("CheckLogin")).toBeLessThanOrEqual(MAX_BODY_BYTES);
    expect(bodyLimitOf("ImportIdentities")).toBe(MAX_BODY_BYTES);
  });
});
