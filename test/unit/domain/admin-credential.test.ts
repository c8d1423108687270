import { describe, expect, it } from "vitest";
import { allowsPool, authorise, forbiddenRole } from "../../../src/domain/admin-credential.ts";

const everything = {
  accessKeyId: "admin",
  secretAccessKey: "a secret of many characters",
  operations: "*",
  pools: "*",
} as const;
const reader = { ...everything, operations: ["ListIdentities", "DescribeIdentity"], pools: ["us-east-1:00aa"] };

describe("authorise", () => {
  it("permits every operation to a credential for all of them, and the named ones to the others", () => {
    expect(authorise(everything, "DeleteIdentityPool").ok).toBe(true);
    expect(authorise(reader, "ListIdentities").ok).toBe(true);
  });

  it("refuses an operation that the credential does not name, in the words of IAM and without its secret", () => {
    const refused = authorise(reader, "DeleteIdentities");
    expect(refused).toMatchObject({
      error: {
        type: "AccessDeniedException",
        message: "User: admin is not authorized to perform: cognito-identity:DeleteIdentities",
      },
    });
    expect(JSON.stringify(refused)).not.toContain(reader.secretAccessKey);
  });

  it.each(["List", "listidentities", "ListIdentities ", "*", "", "length", "__proto__", "constructor"])(
    "takes %j for no operation of a limited credential",
    (operation) => {
      expect(authorise(reader, operation).ok).toBe(false);
    },
  );

  it.each([
    ["CreateIdentityPool", "create identity pools"],
    ["RotateSigningKey", "rotate the signing key"],
  ])("refuses %s to a credential for some pools, whatever it may call", (operation, deed) => {
    for (const operations of ["*", [operation]] as const) {
      const refused = authorise({ ...reader, operations }, operation);
      expect(refused).toMatchObject({ error: { message: `User: admin is not authorized to ${deed}` } });
      expect(authorise({ ...reader, operations, pools: "*" }, operation).ok).toBe(true);
    }
  });

  it("permits nothing to a credential with an empty list", () => {
    expect(authorise({ ...reader, operations: [] }, "ListIdentities").ok).toBe(false);
  });
});

describe("allowsPool", () => {
  it("permits every pool to a credential for all of them, and the named ones to the others", () => {
    expect(allowsPool(everything, "us-east-1:ffff")).toBe(true);
    expect(allowsPool(reader, "us-east-1:00aa")).toBe(true);
  });

  it.each(["us-east-1:00ab", "us-east-1:00a", "us-east-1:00aaa", "US-EAST-1:00AA", "*", "", "__proto__"])(
    "takes %j for no pool of a limited credential",
    (identityPoolId) => {
      expect(allowsPool(reader, identityPoolId)).toBe(false);
    },
  );
});

describe("forbiddenRole", () => {
  const role = "arn:aws:iam::123456789012:role/users";

  it("is none of a credential for all pools, nor of one for all roles", () => {
    expect(forbiddenRole(everything, [role, "*"])).toBe(null);
    expect(forbiddenRole({ ...reader, roles: "*" }, [role, "*"])).toBe(null);
  });

  it("T70: is each of one for some pools that names none, and what one names not", () => {
    expect(forbiddenRole(reader, [role])).toBe(role);
    expect(forbiddenRole(reader, [])).toBe(null);
    const named = { ...everything, roles: [role] };
    expect(forbiddenRole(named, [role, role])).toBe(null);
    for (const other of [`${role}s`, role.slice(0, -1), "*", ""])
      expect(forbiddenRole(named, [role, other])).toBe(other);
  });
});
