import { describe, expect, it } from "vitest";
import { readOidcProviders } from "../../../src/providers/oidc-providers.ts";
import { productionUpstreams } from "../../../src/outbound/upstream-policy.ts";

const read = (value: Readonly<Record<string, unknown>>) => readOidcProviders(value, productionUpstreams);
const problemsOf = (entry: unknown, name = "issuer.example") => read({ [name]: entry }).problems;
const ENTRA = "https://login.microsoftonline.com/tenant/v2.0/.well-known/openid-configuration?appid=app-1";

describe("OIDC_PROVIDERS", () => {
  it("takes client ids, alone or with the address of a discovery document or of the keys, by canonical name", () => {
    const value = {
      "list.example": ["a", "b"],
      "slash.example/": ["c"],
      "login.microsoftonline.com/tenant/v2.0": { clientIds: ["d"], discovery: ENTRA },
      "fixed.example/x/": { clientIds: ["e"], keys: "https://keys.example:8443/set.json?v=1" },
      "issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A": ["f"],
    };
    expect(read(value)).toEqual({
      clientIds: new Map([
        ["list.example", ["a", "b"]],
        ["slash.example", ["c"]],
        ["login.microsoftonline.com/tenant/v2.0", ["d"]],
        ["fixed.example/x", ["e"]],
        ["cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A", ["f"]],
      ]),
      keySources: new Map([
        ["https://login.microsoftonline.com/tenant/v2.0", { kind: "discovery", address: ENTRA }],
        ["https://fixed.example/x", { kind: "keys", address: "https://keys.example:8443/set.json?v=1" }],
      ]),
      problems: [],
    });
  });

  it.each([
    ["a text", "a"],
    ["null", null],
    ["an empty list", []],
    ["an empty client id", [""]],
    ["a client id that is no text", ["a", 1]],
    ["nothing", {}],
    ["client ids and no address", { clientIds: ["a"] }],
    ["no client ids", { keys: "https://keys.example/" }],
    ["an empty list of client ids", { clientIds: [], keys: "https://keys.example/" }],
    ["both addresses", { clientIds: ["a"], keys: "https://keys.example/", discovery: ENTRA }],
    ["an unknown member", { clientIds: ["a"], keys: "https://keys.example/", jwks_uri: "https://keys.example/" }],
    ["a member in another case", { clientIds: ["a"], Keys: "https://keys.example/" }],
    ["an address that is null", { clientIds: ["a"], discovery: null }],
  ])("refuses an entry with %s, once and by its name", (_, entry) => {
    expect(problemsOf(entry)).toEqual([expect.stringMatching(/^"issuer\.example" (must|has) /)]);
  });

  it.each([
    "http://keys.example/set",
    "https://127.0.0.1/set",
    "https://[::1]/set",
    "https://localhost/set",
    "https://keys.internal/set",
    "https://keys/set",
    "https://user:password@keys.example/set",
    "https://keys.example/set#a",
    "https://keys.example/set#",
    "https://keys.example\\set",
    "https://keys.example/s et",
    "https://kеys.example/set",
    "keys.example/set",
    "/set",
    "",
    1,
    ["https://keys.example/set"],
    `https://keys.example/${"a".repeat(2048)}`,
  ])("T23: refuses the address %j", (address) => {
    for (const kind of ["keys", "discovery"]) {
      const [problem = ""] = problemsOf({ clientIds: ["a"], [kind]: address });
      expect(problem).toMatch(new RegExp(`^"issuer.example" must have an https address .* in ${kind}, `));
      expect(problem).not.toContain("password");
    }
  });

  it.each([
    "accounts.google.com",
    "appleid.apple.com/",
    "www.facebook.com",
    "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A",
    "issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A",
  ])("T21: refuses to look elsewhere for the keys of %s, which are known", (name) => {
    expect(problemsOf({ clientIds: ["a"], keys: "https://keys.example/" }, name)).toEqual([
      expect.stringMatching(/must be a list of client ids: the keys of this provider are at a known address$/),
    ]);
    expect(problemsOf(["a"], name)).toEqual([]);
  });

  it.each([
    ["issuer.example", "issuer.example/"],
    ["cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A", "issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A"],
  ])("T16: refuses %s and %s, which are one provider", (first, second) => {
    expect(read({ [first]: ["a"], [second]: ["a"] }).problems).toEqual([
      `"${second}" is a second entry of one provider`,
    ]);
  });

  it.each([
    "https://issuer.example",
    "Issuer.example",
    "issuer.example:443",
    "issuer.example?tenant=1",
    "issuer",
    "localhost",
    "192.0.2.1/path",
    "idp.corp",
    "",
    "issuer.example/x y",
  ])("T23: refuses %j, whose tokens no pool could ever have verified", (name) => {
    const [problem = "", ...others] = problemsOf(["a"], name);
    expect(problem.startsWith(`${JSON.stringify(name)} is no host/path of an issuer on a public host`)).toBe(true);
    expect(others).toEqual([]);
  });

  it("says all that is wrong at once", () => {
    expect(read({ a: 1, b: [], "c.example": ["x"], d: { clientIds: ["x"] } }).problems).toHaveLength(3);
  });
});
