import { describe, expect, expectTypeOf, it } from "vitest";
import { type InputOf, isOperationName, type OutputOf, operations } from "../../../src/protocol/shapes.ts";

describe("isOperationName", () => {
  it("knows the operations", () => {
    expect(Object.keys(operations).every(isOperationName)).toBe(true);
  });

  it.each(["", "getid", "GETID", "GetId ", "constructor", "__proto__", "toString", "hasOwnProperty"])(
    "does not know %j",
    (name) => {
      expect(isOperationName(name)).toBe(false);
    },
  );
});

describe("the types of inputs and outputs", () => {
  it("are those of the shapes", () => {
    expectTypeOf<InputOf<"GetOpenIdToken">>().toEqualTypeOf<{
      readonly IdentityId: string;
      readonly Logins?: ReadonlyMap<string, string>;
    }>();
    expectTypeOf<InputOf<"ListIdentities">>().toEqualTypeOf<{
      readonly IdentityPoolId: string;
      readonly MaxResults: number;
      readonly NextToken?: string;
      readonly HideDisabled?: boolean;
    }>();
    expectTypeOf<NonNullable<InputOf<"SetIdentityPoolRoles">["RoleMappings"]>>().toExtend<
      ReadonlyMap<
        string,
        { readonly Type: "Token" | "Rules"; readonly AmbiguousRoleResolution?: "AuthenticatedRole" | "Deny" }
      >
    >();
    expectTypeOf<OutputOf<"UnlinkIdentity">>().toEqualTypeOf<undefined>();
    expectTypeOf<OutputOf<"GetOpenIdToken">>().toEqualTypeOf<{
      readonly IdentityId?: string | undefined;
      readonly Token?: string | undefined;
    }>();
  });
});
