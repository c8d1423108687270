import { describe, expect, it } from "vitest";
import {
  identityIdOf,
  identityPoolIdOf,
  isMadeIn,
  parseIdentityId,
  parseIdentityPoolId,
} from "../../../src/domain/identifiers.ts";

const UUID = "01234567-89ab-4cde-8f01-23456789abcd";

describe.each([
  ["parseIdentityId", parseIdentityId, identityIdOf],
  ["parseIdentityPoolId", parseIdentityPoolId, identityPoolIdOf],
])("%s", (_, parse, make) => {
  it("reads what the service makes, in the longest region that a setting can name", () => {
    for (const region of ["us-east-1", "r".repeat(18)]) expect(parse(make(region, UUID))).toBe(`${region}:${UUID}`);
  });

  it.each([`us-east-1:${UUID}`, "a:0", "_-:f", `${"r".repeat(53)}:0`])("reads %s", (text) => {
    expect(parse(text)).toBe(text);
  });

  it.each([
    ["nothing", ""],
    ["no colon", "us-east-1"],
    ["nothing before it", `:${UUID}`],
    ["nothing after it", "us-east-1:"],
    ["upper-case digits", `us-east-1:${UUID.toUpperCase()}`],
    ["letters beyond f", "us-east-1:0g"],
    ["a second colon", `us-east-1:${UUID}:0`],
    ["a line break at the end", `us-east-1:${UUID}\n`],
    ["a line before it", `x\nus-east-1:${UUID}`],
    ["white space", ` us-east-1:${UUID}`],
    ["a letter that only looks like one", `us-eаst-1:${UUID}`],
    ["a path", "../x:0"],
    ["56 characters", `${"r".repeat(54)}:0`],
  ])("T51: refuses %s", (__, text) => {
    expect(parse(text)).toBeUndefined();
  });
});

it("knows an id that could have been made in a region from one that is merely accepted", () => {
  const uuid = "0b6b51a9-6c3a-4d8e-9f00-00000000000a";
  expect(isMadeIn("us-east-1", `us-east-1:${uuid}`)).toBe(true);
  for (const id of [`eu-west-1:${uuid}`, `us-east-1:${uuid.toUpperCase()}`, `us-east-1:${uuid}0`, "us-east-1:a"]) {
    expect(isMadeIn("us-east-1", id)).toBe(false);
  }
});
