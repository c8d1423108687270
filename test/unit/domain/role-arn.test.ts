import { describe, expect, it } from "vitest";
import { isRoleArn, roleNameOf } from "../../../src/domain/role-arn.ts";
import { role } from "../../support/account-roles.ts";

const ARN = role("app/users");

describe("a role's ARN", () => {
  it.each([
    ARN,
    "arn:aws-us-gov:iam::123456789012:role/r",
    "arn:aws-cn:iam::123456789012:role/path/to/role+=,.@-",
    "arn:aws:iam:::role/ceph",
    "arn:aws:iam::RGW123:role/ceph",
    "arn:minio:iam:::role/dummy",
    role("r".repeat(512)),
  ])("may be %s", (arn) => {
    expect(isRoleArn(arn)).toBe(true);
  });

  it.each([
    "",
    role(""),
    role("a b"),
    "arn:aws:iam::123456789012:user/users",
    "arn:aws:sts::123456789012:role/users",
    "arn:aws:iam:us-east-1:123456789012:role/users",
    ` ${ARN}`,
    `x${ARN}`,
    `${ARN}\n`,
    `${ARN} and more`,
    `${ARN}"`,
    `${ARN}é`,
    role("r".repeat(513)),
    `arn:aws:iam::${"1".repeat(2048)}:role/r`,
    "https://attacker.example/role/users",
  ])("T71: is not %j", (arn) => {
    expect(isRoleArn(arn)).toBe(false);
  });

  it("ends in the name, which is a path's last part", () => {
    expect([ARN, role("users")].map(roleNameOf)).toEqual(["users", "users"]);
  });
});
