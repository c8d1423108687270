import { describe, expect, it } from "vitest";
import { canonicalName, issuersOf, isSameIssuer, isUserPool } from "../../../src/domain/provider-name.ts";

const POOL = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbC123";
const CHINA = "cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A1";

describe("canonicalName", () => {
  it.each([
    ["tenant.auth0.com/", "tenant.auth0.com"],
    ["sts.windows.net/tenant/", "sts.windows.net/tenant"],
    ["accounts.google.com/", "accounts.google.com"],
    ["127.0.0.1:9000/", "127.0.0.1:9000"],
    [`${POOL}/`, POOL],
    [`issuer-${POOL}`, POOL],
    [`issuer-${POOL}/`, POOL],
    [`issuer-${CHINA}`, CHINA],
  ])("T16: of %s is %s", (spelling, name) => {
    expect(canonicalName(spelling)).toBe(name);
    expect(canonicalName(name)).toBe(name);
  });

  it.each([
    "issuer.example",
    "issuer.example/Tenant",
    "issuer.example//",
    "issuer.example///",
    "//",
    "issuer.example//tenant",
    "issuer.example/tenant%2F",
    "Issuer.example",
    "graph.facebook.com/",
    "www.amazon.com/",
    "api.twitter.com/",
    "www.digits.com/",
    "cognito-identity.amazonaws.com/",
    `issuer-issuer-${POOL}`,
    `Issuer-${POOL}`,
    `x.issuer-${POOL}`,
    `issuer-${POOL}//`,
    `issuer-${POOL}/x`,
    "issuer-cognito-idp.eu-central-1.amazonaws.com.evil.example/eu-central-1_A",
    "arn:aws:iam::123456789012:saml-provider/Corp",
    "login.developer.example",
    "",
  ])("leaves %j as it is", (name) => {
    expect(canonicalName(name)).toBe(name);
  });
});

it("a user pool is known by each of its names, and has two issuers", () => {
  for (const name of [POOL, CHINA]) {
    for (const spelling of [name, `issuer-${name}`, `${name}/`]) expect(isUserPool(spelling)).toBe(true);
    for (const spelling of [name, `issuer-${name}`]) {
      expect(issuersOf(`https://${spelling}`)).toEqual([`https://${name}`, `https://issuer-${name}`]);
    }
  }
  for (const other of ["issuer.example", `${POOL}/x`, `xissuer-${POOL}`]) {
    expect(isUserPool(other)).toBe(false);
    expect(issuersOf(`https://${other}`)).toEqual([`https://${other}`]);
  }
  expect(issuersOf(`http://${POOL}`)).toEqual([`http://${POOL}`]);
});

it("T16: an issuer may end in one slash, a bare name in none, and nothing else is the same", () => {
  const issuer = "https://issuer.example/tenant";
  for (const same of [issuer, `${issuer}/`]) expect(isSameIssuer(same, issuer)).toBe(true);
  const others = [
    `${issuer}//`,
    issuer.slice(0, -1),
    `${issuer}/.`,
    `${issuer}?`,
    issuer.toUpperCase(),
    [issuer],
    null,
    1,
  ];
  for (const other of others) expect(isSameIssuer(other, issuer)).toBe(false);
  expect(isSameIssuer("accounts.google.com/", "accounts.google.com")).toBe(false);
});
