/** What is seen of an identity, and by whom. */
import { describe as group, expect, it } from "vitest";
import { describe, holds, type Identity, isVisible, type Standing } from "../../../src/domain/identity.ts";
import { identityIdOf, identityPoolIdOf } from "../../../src/domain/identifiers.ts";

const ID = identityIdOf("us-east-1", "a");

function identity(standing: Standing, ...loginIds: readonly string[]): Identity {
  const logins = loginIds.map((loginId) => {
    const [providerName = "", subject = ""] = loginId.split("/");
    return { providerName, subject, loginId, linkId: "t1", linkedAt: 5 };
  });
  return {
    identityId: ID,
    identityPoolId: identityPoolIdOf("us-east-1", "0"),
    createdAt: 1,
    modifiedAt: 2,
    standing,
    logins,
  };
}

group("isVisible", () => {
  const into = identityIdOf("us-east-1", "b");
  it.each<[Standing, boolean]>([
    [{ kind: "unborn" }, false],
    [{ kind: "guest" }, true],
    [{ kind: "linked" }, true],
    [{ kind: "closed" }, true],
    [{ kind: "merged", into }, true],
    [{ kind: "deleted" }, false],
  ])("of %o is %s", (standing, visible) => {
    expect(isVisible(identity(standing))).toBe(visible);
  });
});

group("holds", () => {
  it("knows its own logins, and no other user of the same provider", () => {
    const record = identity({ kind: "linked" }, "a/1");
    expect(holds(record, "a/1")).toBe(true);
    expect(holds(record, "a/2")).toBe(false);
    expect(holds(record, "")).toBe(false);
  });
});

group("describe", () => {
  it("names providers in order, and never a subject", () => {
    const description = describe(identity({ kind: "linked" }, "b/secret", "a/secret"));
    expect(description).toEqual({
      identityId: ID,
      providerNames: ["a", "b"],
      createdAt: 1,
      modifiedAt: 2,
      isDisabled: false,
    });
    expect(JSON.stringify(description)).not.toContain("secret");
  });

  it("says that a merged identity is disabled", () => {
    expect(describe(identity({ kind: "merged", into: identityIdOf("us-east-1", "b") })).isDisabled).toBe(true);
  });
});
