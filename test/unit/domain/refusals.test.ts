import { describe, expect, it } from "vitest";
import { identityIdOf } from "../../../src/domain/identifiers.ts";
import { errorOf, inWords, type Refused, refused, refusalIn } from "../../../src/domain/refusals.ts";
import { eachRefusal } from "../../support/each-refusal.ts";

const ID = identityIdOf("us-east-1", "a");

const EXAMPLES = eachRefusal(ID, "p");

describe("a refusal", () => {
  it("of each tag has words of its own", () => {
    const errors = Object.values(EXAMPLES).map(errorOf);
    expect(new Set(errors.map(({ type, message }) => `${type}: ${message}`)).size).toBe(errors.length);
  });

  it("has the words of the live service where those are public", () => {
    expect(Object.values(EXAMPLES).slice(0, 7).map(errorOf)).toEqual([
      { type: "ResourceNotFoundException", message: `Identity '${ID}' not found.` },
      { type: "NotAuthorizedException", message: `Access to Identity '${ID}' is forbidden.` },
      {
        type: "NotAuthorizedException",
        message: "Logins don't match. Please include at least one valid login for this identity or identity pool.",
      },
      {
        type: "NotAuthorizedException",
        message: "Unauthenticated access is not supported for this identity pool.",
      },
      {
        type: "InvalidParameterException",
        message: "Basic (classic) flow is not enabled, please use enhanced flow.",
      },
      {
        type: "InvalidParameterException",
        message: "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.",
      },
      {
        type: "InvalidParameterException",
        message: "Basic (classic) flow is not supported with SAML, please use enhanced flow.",
      },
    ]);
  });

  it("invariant one-user-of-a-provider: a conflict names the provider, or how many logins there may be", () => {
    expect(errorOf({ kind: "login-conflict", providerName: "p" }).message).toContain("p is already linked");
    expect(errorOf({ kind: "login-conflict", providerName: null }).message).toContain("at most 20 logins");
  });
});

describe("the refusal of an object", () => {
  it("says its tag, and for a Worker of the release before its words", () => {
    for (const refusal of Object.values(EXAMPLES)) {
      const reply: Refused = JSON.parse(JSON.stringify(refused(refusal)));
      expect(refusalIn(reply)).toEqual(refusal);
      expect(reply.error).toEqual(errorOf(refusal));
    }
  });

  it("F12: has words alone where it was worded by others, or by an object of the release before", () => {
    const error = { type: "ExternalServiceException", message: "no answer", reason: "deadline" } as const;
    expect(inWords(error)).toEqual({ kind: "refused", error });
    expect(errorOf(refusalIn({ kind: "refused", error }))).toEqual(error);
  });
});
