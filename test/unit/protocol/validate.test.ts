import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { structure } from "../../../src/protocol/shape-language.ts";
import { operations, type OperationName } from "../../../src/protocol/shapes.ts";
import { validate } from "../../../src/protocol/validate.ts";

const POOL = "us-east-1:11111111-2222-4333-8444-555555555555";

/** `json` is text, as it arrives: an object literal cannot say `__proto__`. */
function judge(operation: OperationName, json: string) {
  return validate(operations[operation].input, JSON.parse(json));
}

function refusal(operation: OperationName, json: string): string {
  const result = judge(operation, json);
  return result.ok ? "accepted" : `${result.error.type}: ${result.error.message}`;
}

describe("a valid input", () => {
  it("is returned with maps as maps and absent members absent", () => {
    const result = validate(operations.GetOpenIdToken.input, {
      IdentityId: POOL,
      Logins: { "accounts.google.com": "token" },
    });
    expect(result).toEqual({
      ok: true,
      value: { IdentityId: POOL, Logins: new Map([["accounts.google.com", "token"]]) },
    });
    const guest = validate(operations.GetOpenIdToken.input, { IdentityId: POOL });
    expect(guest.ok && Object.keys(guest.value)).toEqual(["IdentityId"]);
  });

  it("may hold null for an absent member, and members that nobody knows", () => {
    const json = `{"__type":"x","IdentityId":"${POOL}","Logins":null,"Unknown":{"deep":[1]},"identityId":5}`;
    expect(judge("GetOpenIdToken", json)).toEqual({ ok: true, value: { IdentityId: POOL } });
  });

  it("may have names of the prototype as providers, which stay ordinary providers (T39)", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "then", "toJSON"];
    const logins = names.map((name) => `"${name}":"t"`).join(",");
    const result = validate(
      operations.GetOpenIdToken.input,
      JSON.parse(`{"IdentityId":"${POOL}","Logins":{${logins}}}`),
    );
    expect(result.ok && [...(result.value.Logins ?? [])]).toEqual(names.map((name) => [name, "t"]));
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it("has only members that were sent, and none that every object inherits (T39)", () => {
    const shape = structure(["constructor"], { constructor: { type: "string" }, toString: { type: "string" } });
    expect(validate(shape, {})).toMatchObject({ ok: false, error: { type: "ValidationException" } });
    const sent = validate(shape, JSON.parse('{"constructor":"c"}'));
    expect(sent.ok && Object.entries(sent.value)).toEqual([["constructor", "c"]]);
  });

  it("has nested structures, lists and numbers read by their shapes", () => {
    const rule = {
      Claim: "cognito:groups",
      MatchType: "Contains",
      Value: "admin",
      RoleARN: `arn:aws:iam::1:role/${"r".repeat(10)}`,
    };
    const result = validate(operations.SetIdentityPoolRoles.input, {
      IdentityPoolId: POOL,
      Roles: { authenticated: rule.RoleARN },
      RoleMappings: { "graph.facebook.com": { Type: "Rules", RulesConfiguration: { Rules: [{ ...rule, Extra: 1 }] } } },
    });
    expect(result.ok && result.value.RoleMappings?.get("graph.facebook.com")).toEqual({
      Type: "Rules",
      RulesConfiguration: { Rules: [rule] },
    });
    const list = validate(operations.ListIdentityPools.input, { MaxResults: 60 });
    expect(list).toEqual({ ok: true, value: { MaxResults: 60 } });
  });

  it("may lie on every bound", () => {
    const logins = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [String(index).padStart(128, "p"), "t".repeat(50_000)]),
    );
    expect(validate(operations.GetId.input, { IdentityPoolId: "a".repeat(53) + ":0", Logins: logins }).ok).toBe(true);
  });
});

describe("a wrong JSON type", () => {
  it.each<[OperationName, string, string]>([
    ["GetId", "[]", "START_OF_LIST can not be converted to Structure"],
    ["GetId", "null", "NULL_VALUE can not be converted to Structure"],
    ["GetId", "10", "NUMBER_VALUE can not be converted to Structure"],
    ["GetId", '{"IdentityPoolId":5}', "NUMBER_VALUE can not be converted to String at 'identityPoolId'"],
    ["GetId", '{"IdentityPoolId":{}}', "START_OF_STRUCTURE_OR_MAP can not be converted to String at 'identityPoolId'"],
    ["GetId", '{"IdentityPoolId":["secret"]}', "START_OF_LIST can not be converted to String at 'identityPoolId'"],
    ["GetId", '{"Logins":"secret"}', "STRING_VALUE can not be converted to Map at 'logins'"],
    ["GetId", '{"Logins":["secret"]}', "START_OF_LIST can not be converted to Map at 'logins'"],
    ["GetId", '{"Logins":{"secret":null}}', "NULL_VALUE can not be converted to String at 'logins.value'"],
    ["GetId", '{"Logins":{"secret":true}}', "BOOLEAN_VALUE can not be converted to String at 'logins.value'"],
    ["ListIdentities", '{"HideDisabled":"true"}', "STRING_VALUE can not be converted to Boolean at 'hideDisabled'"],
    ["ListIdentities", '{"HideDisabled":1}', "NUMBER_VALUE can not be converted to Boolean at 'hideDisabled'"],
    ["ListIdentities", '{"MaxResults":"5"}', "STRING_VALUE can not be converted to Integer at 'maxResults'"],
    ["ListIdentities", '{"MaxResults":true}', "BOOLEAN_VALUE can not be converted to Integer at 'maxResults'"],
    ["ListIdentities", '{"MaxResults":1.001}', "NUMBER_VALUE can not be converted to Integer at 'maxResults'"],
    ["ListIdentities", '{"MaxResults":2147483648}', "NUMBER_VALUE can not be converted to Integer at 'maxResults'"],
    ["ListIdentities", '{"MaxResults":1e400}', "NUMBER_VALUE can not be converted to Integer at 'maxResults'"],
    [
      "GetOpenIdTokenForDeveloperIdentity",
      '{"TokenDuration":9223372036854775808}',
      "NUMBER_VALUE can not be converted to Long at 'tokenDuration'",
    ],
    [
      "DeleteIdentities",
      '{"IdentityIdsToDelete":{}}',
      "START_OF_STRUCTURE_OR_MAP can not be converted to List at 'identityIdsToDelete'",
    ],
    [
      "DeleteIdentities",
      '{"IdentityIdsToDelete":[null]}',
      "NULL_VALUE can not be converted to String at 'identityIdsToDelete.member'",
    ],
    [
      "SetIdentityPoolRoles",
      '{"RoleMappings":{"secret":{"RulesConfiguration":{"Rules":[{"Claim":1}]}}}}',
      "NUMBER_VALUE can not be converted to String at 'roleMappings.value.rulesConfiguration.rules.member.claim'",
    ],
    [
      "SetIdentityPoolRoles",
      '{"RoleMappings":{"secret":null}}',
      "NULL_VALUE can not be converted to Structure at 'roleMappings.value'",
    ],
  ])("of %s in %s is a SerializationException that quotes nothing", (operation, json, message) => {
    expect(refusal(operation, json)).toBe(`SerializationException: ${message}`);
    expect(message).not.toContain("secret");
  });

  it("is the first that is reported", () => {
    expect(refusal("ListIdentities", '{"HideDisabled":1,"MaxResults":"5"}')).toBe(
      "SerializationException: STRING_VALUE can not be converted to Integer at 'maxResults'",
    );
  });

  it("comes before every broken constraint", () => {
    expect(refusal("GetId", '{"IdentityPoolId":"","Logins":{"a":1}}')).toMatch(/^SerializationException: /);
  });
});

describe("a broken constraint", () => {
  const ID_PATTERN = "Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+";
  const AT_LEAST_1 = "Member must have length greater than or equal to 1";

  it.each<[string, OperationName, string, string]>([
    [
      "pattern",
      "GetId",
      '{"IdentityPoolId":"6eaf0258-1"}',
      `1 validation error detected: Value '6eaf0258-1' at 'identityPoolId' failed to satisfy constraint: ${ID_PATTERN}`,
    ],
    [
      "missing member",
      "GetId",
      "{}",
      "1 validation error detected: Value null at 'identityPoolId' failed to satisfy constraint: Member must not be null",
    ],
    [
      "null for a required member",
      "GetId",
      '{"IdentityPoolId":null}',
      "1 validation error detected: Value null at 'identityPoolId' failed to satisfy constraint: Member must not be null",
    ],
    [
      "empty id",
      "GetId",
      '{"IdentityPoolId":""}',
      `2 validation errors detected: Value '' at 'identityPoolId' failed to satisfy constraint: ${AT_LEAST_1}; Value '' at 'identityPoolId' failed to satisfy constraint: ${ID_PATTERN}`,
    ],
    [
      "empty id and empty token",
      "GetOpenIdToken",
      '{"Logins":{"xx.xx.xx/xx":""},"IdentityId":""}',
      `3 validation errors detected: Value '' at 'identityId' failed to satisfy constraint: ${AT_LEAST_1}; Value '' at 'identityId' failed to satisfy constraint: ${ID_PATTERN}; Value '{xx.xx.xx/xx=***}' at 'logins' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 50000, ${AT_LEAST_1}]`,
    ],
    [
      "empty map key",
      "GetOpenIdToken",
      `{"IdentityId":"${POOL}","Logins":{"":"token"}}`,
      `1 validation error detected: Value '{=***}' at 'logins' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, ${AT_LEAST_1}]`,
    ],
    [
      "map key against a pattern",
      "SetIdentityPoolRoles",
      `{"IdentityPoolId":"${POOL}","Roles":{"admin":"arn:aws:iam::1:role/abc"}}`,
      `1 validation error detected: Value '{admin=arn:aws:iam::1:role/abc}' at 'roles' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, ${AT_LEAST_1}, Member must satisfy regular expression pattern: (un)?authenticated]`,
    ],
    [
      "small number",
      "ListIdentityPools",
      '{"MaxResults":0}',
      "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      "large number",
      "ListIdentityPools",
      '{"MaxResults":61}',
      "1 validation error detected: Value '61' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 60",
    ],
    [
      "list item",
      "DeleteIdentities",
      `{"IdentityIdsToDelete":["${POOL}","bad"]}`,
      `1 validation error detected: Value 'bad' at 'identityIdsToDelete.2.member' failed to satisfy constraint: ${ID_PATTERN}`,
    ],
    [
      "empty list",
      "DeleteIdentities",
      '{"IdentityIdsToDelete":[]}',
      `1 validation error detected: Value '[]' at 'identityIdsToDelete' failed to satisfy constraint: ${AT_LEAST_1}`,
    ],
    [
      "member of a structure in a list",
      "CreateIdentityPool",
      '{"IdentityPoolName":"p","AllowUnauthenticatedIdentities":true,"CognitoIdentityProviders":[{"ClientId":"a-b"}]}',
      "1 validation error detected: Value 'a-b' at 'cognitoIdentityProviders.1.member.clientId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w_]+",
    ],
    [
      "enumeration in a structure in a map",
      "SetIdentityPoolRoles",
      `{"IdentityPoolId":"${POOL}","Roles":{},"RoleMappings":{"graph.facebook.com":{"Type":"None"}}}`,
      "1 validation error detected: Value 'None' at 'roleMappings.graph.facebook.com.member.type' failed to satisfy constraint: Member must satisfy enum value set: [Token, Rules]",
    ],
    [
      "missing member of a structure in a map",
      "SetIdentityPoolRoles",
      `{"IdentityPoolId":"${POOL}","Roles":{},"RoleMappings":{"graph.facebook.com":{}}}`,
      "1 validation error detected: Value null at 'roleMappings.graph.facebook.com.member.type' failed to satisfy constraint: Member must not be null",
    ],
    [
      "name with a leading acronym kept",
      "CreateIdentityPool",
      '{"IdentityPoolName":"p","AllowUnauthenticatedIdentities":true,"OpenIdConnectProviderARNs":["short"]}',
      "1 validation error detected: Value 'short' at 'openIdConnectProviderARNs.1.member' failed to satisfy constraint: Member must have length greater than or equal to 20",
    ],
  ])("(%s) is worded as the live service words it", (_what, operation, json, message) => {
    expect(refusal(operation, json)).toBe(`ValidationException: ${message}`);
  });

  it("of the size of a map names the map by its keys", () => {
    const logins = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`p${index}`, "tok"]));
    const message = refusal("GetId", JSON.stringify({ IdentityPoolId: POOL, Logins: logins }));
    expect(message).toContain(
      "p9=***, ...}' at 'logins' failed to satisfy constraint: Member must have length less than or equal to 10",
    );
    expect(message).not.toContain("tok");
  });

  it("of 55 characters is broken by 56", () => {
    expect(refusal("GetId", JSON.stringify({ IdentityPoolId: `${"a".repeat(54)}:0` }))).toContain(
      "Member must have length less than or equal to 55",
    );
  });

  it("lets no part of a login token, a developer's user or a provider's secret into the message", () => {
    const secret = "S3CR3T";
    const long = secret.repeat(10_000);
    for (const json of [
      { IdentityPoolId: "", Logins: { "accounts.google.com": long } },
      { IdentityPoolId: "", Logins: { [long]: "accounts.google.com" } },
      { IdentityPoolId: POOL, Logins: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`p${i}`, secret])) },
    ]) {
      expect(refusal("GetId", JSON.stringify(json))).toMatch(/^ValidationException: (?!.*S3CR3T)/);
    }
    const lookup = { IdentityPoolId: POOL, DeveloperUserIdentifier: long };
    expect(refusal("LookupDeveloperIdentity", JSON.stringify(lookup))).toBe(
      "ValidationException: 1 validation error detected: Value '***' at 'developerUserIdentifier' failed to satisfy constraint: Member must have length less than or equal to 1024",
    );
    const pool = {
      IdentityPoolName: "p",
      AllowUnauthenticatedIdentities: false,
      SupportedLoginProviders: { "api.twitter.com": `key;${secret} ` },
    };
    expect(refusal("CreateIdentityPool", JSON.stringify(pool))).toMatch(/'{api\.twitter\.com=\*\*\*}' (?!.*S3CR3T)/);
  });

  it("quotes at most 64 printable characters of anything else (T51)", () => {
    const message = refusal("GetId", JSON.stringify({ IdentityPoolId: `\r\n\u202e${"x".repeat(500_000)}` }));
    expect(message).toContain(`Value '???${"x".repeat(61)}...' at`);
    expect(message.length).toBeLessThan(1000);
  });

  it("is counted to the end and listed to a hundred", () => {
    const message = refusal(
      "UnlinkIdentity",
      JSON.stringify({ LoginsToRemove: Array.from({ length: 300_000 }, () => "") }),
    );
    expect(message).toMatch(/^ValidationException: 300002 validation errors detected: Value null at 'identityId'/);
    expect(message.match(/failed to satisfy/g)).toHaveLength(100);
    expect(message).toMatch(/; \.\.\.$/);
    expect(message.length).toBeLessThan(20_000);
  });
});

describe("any JSON whatever", () => {
  const names = Object.keys(operations).filter((name): name is OperationName => name in operations);
  const memberNames = names.flatMap((name) => Object.keys(operations[name].input.members));
  const key = fc.oneof(fc.constantFrom(...memberNames, "__proto__", "constructor", "Type", "Rules"), fc.string());
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.double(),
        fc.integer(),
        fc.boolean(),
        fc.constantFrom(null, POOL, "", "a".repeat(200)),
      ),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.dictionary(key, tie("json"), { maxKeys: 5 }),
    ),
  }));

  it("is accepted, or refused as data with a bounded printable message", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.oneof(json, fc.dictionary(key, json, { maxKeys: 8 })),
        (name, value) => {
          const result = validate(operations[name].input, JSON.parse(JSON.stringify(value)));
          if (result.ok) return;
          expect(["SerializationException", "ValidationException"]).toContain(result.error.type);
          expect(result.error.message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
          expect(result.error.message.length).toBeLessThan(40_000);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("never lets a login token into a message", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "binary" }), fc.constantFrom("", "S3CR3T", "S3CR3T".repeat(9000)), {
          maxKeys: 12,
        }),
        fc.string(),
        (logins, id) => {
          const result = validate(
            operations.GetOpenIdToken.input,
            JSON.parse(JSON.stringify({ IdentityId: id, Logins: logins })),
          );
          if (!result.ok) expect(result.error.message).not.toContain("S3CR3T");
        },
      ),
      { numRuns: 200 },
    );
  });
});
