import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makePool, newPoolId } from "../../support/objects.ts";
import { ADMIN, makeService, type Service } from "../../support/service.ts";

let service: Service;
let id: string;
let ResourceArn: string;

const arnOf = (poolId: string) => `arn:aws:cognito-identity:us-east-1:123456789012:identitypool/${poolId}`;

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  service = makeService();
  id = (await makePool({ tags: { made: "here" } })).identityPoolId;
  ResourceArn = arnOf(id);
});

afterEach(() => vi.restoreAllMocks());

const tag = async (Tags: object) => await service.admin("TagResource", { ResourceArn, Tags });
const untag = async (...TagKeys: readonly string[]) => await service.admin("UntagResource", { ResourceArn, TagKeys });
const list = async () => (await service.admin("ListTagsForResource", { ResourceArn })).json["Tags"];
const invalid = (message: string) => ({ status: 400, json: { __type: "InvalidParameterException", message } });

describe("the tags of a pool", () => {
  it("are added to those there are, replaced and taken away, and are those that DescribeIdentityPool shows", async () => {
    expect(await tag({ team: "edge", stage: "" })).toMatchObject({ status: 200, text: "{}" });
    await tag({ team: "core" });
    expect(await list()).toEqual({ made: "here", team: "core", stage: "" });
    expect(await untag("stage", "nobody has it")).toMatchObject({ status: 200, text: "{}" });
    const described = await service.admin("DescribeIdentityPool", { IdentityPoolId: id });
    expect(described.json["IdentityPoolTags"]).toEqual({ made: "here", team: "core" });
    await untag("made", "team");
    expect(await list()).toEqual({});
  });

  it("stay where an update sends none, are replaced where it sends some, and go where it sends an empty map", async () => {
    const update = { IdentityPoolId: id, IdentityPoolName: "pool", AllowUnauthenticatedIdentities: true };
    const kept = await service.admin("UpdateIdentityPool", update);
    expect(kept.json["IdentityPoolTags"]).toEqual({ made: "here" });
    expect(await list()).toEqual({ made: "here" });
    await service.admin("UpdateIdentityPool", { ...update, IdentityPoolTags: { team: "edge" } });
    expect(await list()).toEqual({ team: "edge" });
    const cleared = await service.admin("UpdateIdentityPool", { ...update, IdentityPoolTags: {} });
    expect(cleared.json).toEqual(update);
    expect(await list()).toEqual({});
  });

  it("are 50 at most", async () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, ""]));
    expect(await tag(many(50))).toMatchObject(invalid("An identity pool can have at most 50 IdentityPoolTags."));
    expect(await list()).toEqual({ made: "here" });
    expect((await tag(many(49))).status).toBe(200);
  });

  it.each([{ "aws:a": "b" }, { "AWS:a": "b" }, { "a*": "b" }, { a: "b*" }, { a: "b\n" }, { "a\u202e": "b" }])(
    "are none of %j, by TagResource and when the pool is made",
    async (tags) => {
      const message =
        "Tag keys and values have letters, digits, spaces and _.:/=+-@ alone, and no key begins with aws:.";
      expect(await tag(tags)).toMatchObject(invalid(message));
      expect(await list()).toEqual({ made: "here" });
      const pool = { IdentityPoolName: "pool", AllowUnauthenticatedIdentities: true, IdentityPoolTags: tags };
      expect(await service.admin("CreateIdentityPool", pool)).toMatchObject(invalid(message));
    },
  );

  it.each([
    { Tags: { "": "b" } },
    { Tags: { ["k".repeat(129)]: "b" } },
    { Tags: { a: "v".repeat(257) } },
    { Tags: null },
  ])("are held against the shapes: %j", async (input) => {
    expect(await service.admin("TagResource", { ResourceArn, ...input })).toMatchObject({
      status: 400,
      json: { __type: "ValidationException" },
    });
  });
});

describe("the ARN of a pool", () => {
  it.each(["arn:aws:", "arn:aws-cn:", "arn:aws-us-gov:"])(
    "may have any partition of Amazon's, any account, or none: %s",
    async (start) => {
      for (const account of ["", "1", "123456789012"]) {
        ResourceArn = `${start}cognito-identity:us-east-1:${account}:identitypool/${id}`;
        expect(await list()).toEqual({ made: "here" });
      }
    },
  );

  it.each([
    (arn: string) => arn.replace("arn:aws:", "arn:minio:"),
    (arn: string) => arn.replace("cognito-identity", "cognito-idp"),
    (arn: string) => arn.replace(":us-east-1:", ":eu-west-1:"),
    (arn: string) => arn.replace("123456789012", "1234567890123"),
    (arn: string) => arn.replace("123456789012", "account"),
    (arn: string) => arn.replace("identitypool/", "identitypool:"),
    (arn: string) => arn.replace("identitypool/", "userpool/"),
    (arn: string) => `${arn}/more`,
    (arn: string) => `${arn}\n`,
    (arn: string) => ` ${arn}`,
    () => "no arn, of twenty characters",
  ])("is refused in another form: %s", async (change) => {
    ResourceArn = change(ResourceArn);
    for (const answer of [
      await tag({ a: "b" }),
      await untag("a"),
      await service.admin("ListTagsForResource", { ResourceArn }),
    ]) {
      expect(answer).toMatchObject(invalid("Invalid ResourceArn."));
    }
  });

  it("is not found where its pool is not there", async () => {
    const unknown = newPoolId();
    ResourceArn = arnOf(unknown);
    for (const answer of [
      await tag({ a: "b" }),
      await untag("a"),
      await service.admin("ListTagsForResource", { ResourceArn }),
    ]) {
      expect(answer).toMatchObject({
        status: 404,
        json: { __type: "ResourceNotFoundException", message: `IdentityPool '${unknown}' not found.` },
      });
    }
  });
});

it("T72: a credential for other pools neither reads nor changes tags, and is told no more than of a pool that is not there", async () => {
  const credential = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };
  service = makeService({ credentials: [ADMIN, credential] });
  for (const arn of [ResourceArn, arnOf(newPoolId())]) {
    for (const [operation, input] of [
      ["TagResource", { Tags: { a: "b" } }],
      ["UntagResource", { TagKeys: ["made"] }],
      ["ListTagsForResource", {}],
    ] as const) {
      expect(await service.call(operation, { ResourceArn: arn, ...input }, { credential })).toMatchObject({
        status: 403,
        json: {
          __type: "AccessDeniedException",
          message: "User: limited is not authorized to access this resource",
        },
      });
    }
  }
  expect(await list()).toEqual({ made: "here" });
});
