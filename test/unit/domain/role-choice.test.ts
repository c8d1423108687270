/** The choice of a role: each rule by an example, and for all pools, claims and wishes that no role is given which nothing opens. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoginEvidence } from "../../../src/domain/login-evidence.ts";
import type { MappingRule, PoolAccess, RoleMapping } from "../../../src/domain/pool-access.ts";
import { isRoleArn } from "../../../src/domain/role-arn.ts";
import { chooseRole } from "../../../src/domain/role-choice.ts";
import { role } from "../../support/account-roles.ts";

const [USER, GUEST, STAFF, ADMIN] = [role("user"), role("guest"), role("staff"), role("admin")];
const ROLES = { authenticated: USER, unauthenticated: GUEST };
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
const BY_ARN = "arn:aws:iam::123456789012:oidc-provider/login.example.com/tenant";

function login(claims: object, providerName = "accounts.google.com", clientId = "client"): LoginEvidence {
  return { providerName, clientId, claims: () => new Map(Object.entries(claims)) };
}

function access(roleMappings: PoolAccess["roleMappings"], roles: PoolAccess["roles"] = ROLES): PoolAccess {
  return { roles, roleMappings, principalTagMaps: {} };
}

const token = (ambiguousRoleResolution: RoleMapping["ambiguousRoleResolution"]): RoleMapping => ({
  type: "Token",
  ambiguousRoleResolution,
});
const rules = (...list: readonly MappingRule[]): RoleMapping => ({
  type: "Rules",
  ambiguousRoleResolution: "Deny",
  rules: list,
});
const rule = (claim: string, match: MappingRule["match"], value: string, roleArn: string): MappingRule => ({
  claim,
  match,
  value,
  roleArn,
});

const NO_ROLE = { kind: "no-role" };
const forbidden = (roleArn: string) => ({ kind: "role-forbidden", roleArn });
const denied = (...mappings: readonly string[]) => ({ kind: "role-denied", mappings });
const GOOGLE = "accounts.google.com";

/** The role, or why there is none. */
function chosen(pool: PoolAccess | undefined, logins: readonly LoginEvidence[], customRoleArn?: string): unknown {
  const result = chooseRole(pool, logins, customRoleArn);
  return result.ok ? result.value : result.error;
}

describe("without a mapping for any login", () => {
  it("a guest has the guests' role, and a user that of users", () => {
    expect(chosen(access({}), [])).toBe(GUEST);
    expect(chosen(access({}), [login({})])).toBe(USER);
    expect(chosen(access({ "appleid.apple.com": token("Deny") }), [login({})])).toBe(USER);
  });

  it("a role that the pool does not have is nobody's, and the other one takes its place for nobody", () => {
    expect(chosen(undefined, [])).toEqual(NO_ROLE);
    expect(chosen(undefined, [login({})])).toEqual(NO_ROLE);
    expect(chosen(access({}, { authenticated: USER }), [])).toEqual(NO_ROLE);
    expect(chosen(access({}, { unauthenticated: GUEST }), [login({})])).toEqual(NO_ROLE);
  });

  it("CustomRoleArn may name the role that is given anyway, and no other", () => {
    expect(chosen(access({}), [], GUEST)).toBe(GUEST);
    expect(chosen(access({}), [], USER)).toEqual(forbidden(USER));
    expect(chosen(access({}), [login({})], USER)).toBe(USER);
    expect(chosen(access({}), [login({ "cognito:roles": [ADMIN] })], ADMIN)).toEqual(forbidden(ADMIN));
    expect(chosen(access({}, {}), [login({})], USER)).toEqual(NO_ROLE);
  });
});

describe("a mapping by token", () => {
  const pool = access({ [GOOGLE]: token("Deny") });
  const lenient = access({ [GOOGLE]: token("AuthenticatedRole") });

  it("gives the preferred role", () => {
    expect(chosen(pool, [login({ "cognito:roles": [ADMIN, STAFF], "cognito:preferred_role": STAFF })])).toBe(STAFF);
  });

  it.each([
    [{}],
    [{ "cognito:roles": [STAFF] }],
    [{ "cognito:preferred_role": "staff" }],
    [{ "cognito:preferred_role": [STAFF] }],
  ])("does what is set for an ambiguous choice with %j", (claims) => {
    expect(chosen(pool, [login(claims)])).toEqual(denied(GOOGLE));
    expect(chosen(lenient, [login(claims)])).toBe(USER);
  });

  it.each([
    [[ADMIN, STAFF]],
    [`${ADMIN},${STAFF}`],
    [STAFF],
    [[STAFF, 7, null, "arn:text"]],
    [`${role("a,b")},${STAFF}`],
  ])("lets CustomRoleArn pick among the roles of %j", (roles) => {
    expect(chosen(pool, [login({ "cognito:roles": roles })], STAFF)).toBe(STAFF);
    expect(chosen(lenient, [login({ "cognito:roles": roles })], role("other"))).toEqual(forbidden(role("other")));
  });

  it("reads a role whose name has a comma whole", () => {
    expect(chosen(lenient, [login({ "cognito:roles": `${role("a,b")},${STAFF}` })], role("a"))).toEqual(
      forbidden(role("a")),
    );
  });

  it.each([[{ [STAFF]: true }], [{ 0: STAFF, length: 1 }], [[[STAFF]]], [STAFF.toUpperCase()], [` ${STAFF}`]])(
    "takes no role out of %j",
    (roles) => expect(chosen(lenient, [login({ "cognito:roles": roles })], STAFF)).toEqual(forbidden(STAFF)),
  );

  it("gives no text for a role: what is none by its form was not claimed", () => {
    const text = "arn:aws:iam::123456789012:user/ann";
    expect(chosen(lenient, [login({ "cognito:roles": [text], "cognito:preferred_role": text })])).toBe(USER);
    expect(chosen(lenient, [login({ "cognito:roles": [text] })], text)).toEqual(forbidden(text));
  });

  it("never gives a guest what a mapping opens", () => {
    expect(chosen(lenient, [], STAFF)).toEqual(forbidden(STAFF));
    expect(chosen(pool, [])).toBe(GUEST);
  });
});

describe("a mapping by rules", () => {
  const pool = access({
    [GOOGLE]: rules(
      rule("cognito:groups", "Equals", "staff", STAFF),
      rule("email", "StartsWith", "ann@", ADMIN),
      rule("hd", "Contains", "example", role("company")),
      rule("hd", "NotEqual", "gmail.com", role("others")),
    ),
  });

  it.each([
    [{ "cognito:groups": ["x", "staff"], email: "ann@a.com" }, STAFF],
    [{ email: "ann@a.com", hd: "an.example.com" }, ADMIN],
    [{ hd: "an.example.com" }, role("company")],
    [{ hd: ["gmail", "other"] }, role("others")],
  ])("gives the role of the first rule that %j fits", (claims, expected) => {
    expect(chosen(pool, [login(claims)])).toBe(expected);
  });

  it.each([
    [{}],
    [{ "cognito:groups": "Staff" }],
    [{ email: "Ann@a.com" }],
    [{ hd: "gmail.com" }],
    [{ hd: ["gmail.com", "other"] }],
    [{ hd: [] }],
    [{ hd: null }],
    [{ hd: { name: "example" } }],
    [{ hd: [["example"]] }],
  ])("has no rule that %j fits", (claims) => expect(chosen(pool, [login(claims)])).toEqual(denied(GOOGLE)));

  it("compares the text of a number and of a truth value, and no number that came out as another", () => {
    const one = (value: string) => access({ [GOOGLE]: rules(rule("c", "Equals", value, STAFF)) });
    expect(chosen(one("7"), [login({ c: 7 })])).toBe(STAFF);
    expect(chosen(one("1.5"), [login({ c: 1.5 })])).toBe(STAFF);
    expect(chosen(one("true"), [login({ c: true })])).toBe(STAFF);
    // Sent as 9007199254740993: another user's number.
    expect(chosen(one("9007199254740992"), [login({ c: Number("9007199254740993") })])).toEqual(denied(GOOGLE));
    expect(chosen(one("null"), [login({ c: Number.POSITIVE_INFINITY })])).toEqual(denied(GOOGLE));
  });

  it("lets CustomRoleArn go past the order, to the role of a rule that fits", () => {
    const both = { "cognito:groups": "staff", email: "ann@a.com" };
    expect(chosen(pool, [login(both)], ADMIN)).toBe(ADMIN);
    expect(chosen(pool, [login({ "cognito:groups": "staff" })], ADMIN)).toEqual(forbidden(ADMIN));
    expect(chosen(pool, [login({ "cognito:groups": "staff", "cognito:roles": [ADMIN] })], ADMIN)).toEqual(
      forbidden(ADMIN),
    );
  });
});

describe("several logins", () => {
  const APPLE = "appleid.apple.com";
  const google = (claims: object) => login(claims);
  const apple = (claims: object) => login(claims, APPLE);
  const preferred = (roleArn: string) => ({ "cognito:preferred_role": roleArn });
  const pool = access({ [GOOGLE]: token("AuthenticatedRole"), [APPLE]: token("Deny") });

  it("must come to one role", () => {
    expect(chosen(pool, [google(preferred(STAFF)), apple(preferred(STAFF))])).toBe(STAFF);
    expect(chosen(pool, [google(preferred(STAFF)), apple(preferred(ADMIN))])).toEqual(denied(GOOGLE, APPLE));
    expect(chosen(pool, [google({}), apple(preferred(ADMIN))])).toEqual(denied(GOOGLE, APPLE));
    expect(chosen(pool, [google({}), apple(preferred(USER))])).toBe(USER);
  });

  it("are heard only where they have a mapping", () => {
    expect(chosen(access({ [APPLE]: token("Deny") }), [google({}), apple(preferred(STAFF))])).toBe(STAFF);
  });

  it("are denied where one of them is, whatever the other opens", () => {
    expect(chosen(pool, [google(preferred(STAFF)), apple({})])).toEqual(denied(APPLE));
    expect(chosen(pool, [google({ "cognito:roles": [STAFF] }), apple({})], STAFF)).toEqual(denied(APPLE));
  });

  it("open to CustomRoleArn what one of them does", () => {
    const logins = [google({ "cognito:roles": [ADMIN] }), apple(preferred(STAFF))];
    expect(chosen(pool, logins, ADMIN)).toBe(ADMIN);
    expect(chosen(pool, logins, STAFF)).toEqual(forbidden(STAFF));
  });

  it("have no role where the pool has none for an ambiguous choice", () => {
    const without = access({ [GOOGLE]: token("AuthenticatedRole") }, {});
    expect(chosen(without, [google({})])).toEqual(NO_ROLE);
    expect(chosen(without, [google(preferred(STAFF))])).toBe(STAFF);
  });
});

describe("the mapping of a login", () => {
  const one = { "cognito:preferred_role": STAFF };

  it("of a user pool is that of its client, under either name of the pool", () => {
    const pool = access({
      [`${USER_POOL}:client-1`]: token("Deny"),
      [`${USER_POOL}:client-2`]: token("AuthenticatedRole"),
    });
    expect(chosen(pool, [login(one, USER_POOL, "client-1")])).toBe(STAFF);
    expect(chosen(pool, [login({}, USER_POOL, "client-1")])).toEqual(denied(`${USER_POOL}:client-1`));
    expect(chosen(pool, [login({}, USER_POOL, "client-2")])).toBe(USER);
    expect(chosen(pool, [login(one, USER_POOL, "client-3")])).toBe(USER);
    const second = access({ [`issuer-${USER_POOL}:client-1`]: token("Deny") });
    expect(chosen(second, [login(one, USER_POOL, "client-1")])).toBe(STAFF);
  });

  it.each([BY_ARN, "login.example.com/tenant", "login.example.com/tenant/"])("of an issuer is under %s", (key) => {
    const pool = access({ [key]: token("Deny") });
    expect(chosen(pool, [login(one, "login.example.com/tenant")])).toBe(STAFF);
    expect(chosen(pool, [login(one, "login.example.com/tenant2")])).toBe(USER);
    expect(chosen(pool, [login(one, "Login.example.com/tenant")])).toBe(USER);
  });
});

/** Small enough that everything meets: two providers, three claims, five texts, four roles. */
const texts = fc.constantFrom("a", "ab", "b", "7", "true");
const arns = fc.constantFrom(USER, GUEST, STAFF, ADMIN, "arn:none");
const value = fc.oneof(texts, arns, fc.constantFrom(7, true, null), fc.array(fc.oneof(texts, arns), { maxLength: 3 }));
const claims = fc.dictionary(fc.constantFrom("c", "cognito:roles", "cognito:preferred_role"), value);
const providers = [GOOGLE, USER_POOL] as const;
const logins = fc
  .tuple(fc.option(claims), fc.option(claims))
  .map((both) => both.flatMap((one, index) => (one === null ? [] : [login(one, providers[index])])));
const mapping: fc.Arbitrary<RoleMapping> = fc.record({
  type: fc.constantFrom("Token", "Rules"),
  ambiguousRoleResolution: fc.constantFrom("AuthenticatedRole", "Deny"),
  rules: fc.array(
    fc.record({
      claim: fc.constantFrom("c", "cognito:roles"),
      match: fc.constantFrom("Equals", "Contains", "StartsWith", "NotEqual"),
      value: texts,
      roleArn: fc.constantFrom(USER, GUEST, STAFF, ADMIN),
    }),
    { maxLength: 3 },
  ),
});
const keys = fc.constantFrom(GOOGLE, `${USER_POOL}:client`, `${USER_POOL}:another`, BY_ARN);
const pools: fc.Arbitrary<PoolAccess> = fc.record({
  roles: fc.record(
    { authenticated: fc.constantFrom(USER, STAFF), unauthenticated: fc.constant(GUEST) },
    { requiredKeys: [] },
  ),
  roleMappings: fc.dictionary(keys, mapping),
  principalTagMaps: fc.constant({}),
});

function claimedTexts(claimed: unknown): string[] {
  return [claimed]
    .flat()
    .filter((one) => one !== null && one !== undefined)
    .map(String);
}

/** What a mapping opens to a login, and which role it prefers: written once more, from the rules and not from the code. */
function opened({ type, rules: list = [] }: RoleMapping, one: LoginEvidence): { roles: string[]; first?: string } {
  const has = one.claims();
  if (type === "Token") {
    const claimed = has.get("cognito:preferred_role");
    const first = typeof claimed === "string" && isRoleArn(claimed) ? { first: claimed } : {};
    return { roles: claimedTexts(has.get("cognito:roles")).filter(isRoleArn), ...first };
  }
  const roles = list.flatMap(({ claim, match, value: wanted, roleArn }) => {
    const found = claimedTexts(has.get(claim));
    const fits = {
      Equals: found.some((text) => text === wanted),
      Contains: found.some((text) => text.indexOf(wanted) >= 0),
      StartsWith: found.some((text) => text.slice(0, wanted.length) === wanted),
      NotEqual: found.length > 0 && found.every((text) => text !== wanted),
    };
    return fits[match] ? [roleArn] : [];
  });
  return { roles, ...(roles[0] !== undefined && { first: roles[0] }) };
}

function mappingsFor({ roleMappings }: PoolAccess, one: LoginEvidence): RoleMapping[] {
  const key = one.providerName === USER_POOL ? `${USER_POOL}:client` : one.providerName;
  return Object.entries(roleMappings).flatMap(([name, rulesOf]) => (name === key ? [rulesOf] : []));
}

describe("invariant only-an-open-role: for every pool, claims and CustomRoleArn", () => {
  const all = fc.tuple(pools, logins, fc.option(arns, { nil: undefined }));
  const check = (rule_: (pool: PoolAccess, having: readonly LoginEvidence[], custom: string | undefined) => void) =>
    fc.assert(
      fc.property(all, ([pool, having, custom]) => rule_(pool, having, custom)),
      { numRuns: 3000 },
    );

  it("the role is one that the pool has for whoever presents these logins, or that their verified claims open", () => {
    check((pool, having, custom) => {
      const result = chooseRole(pool, having, custom);
      if (!result.ok) return;
      const { authenticated, unauthenticated } = pool.roles;
      const byClaims = having.flatMap((one) =>
        mappingsFor(pool, one).flatMap((mapped) => {
          const { roles, first } = opened(mapped, one);
          return custom === undefined ? [first] : roles;
        }),
      );
      const ofPool = having.length === 0 ? unauthenticated : authenticated;
      expect([ofPool, ...byClaims]).toContain(result.value);
      if (custom !== undefined) expect(result.value).toBe(custom);
    });
  });

  it("a mapping that denies is never gone round", () => {
    check((pool, having, custom) => {
      const isDenied = having.some((one) =>
        mappingsFor(pool, one).some((mapped) => {
          const { roles, first } = opened(mapped, one);
          const isOpen = first !== undefined || (custom !== undefined && roles.includes(custom));
          return !isOpen && mapped.ambiguousRoleResolution === "Deny";
        }),
      );
      if (isDenied) expect(chooseRole(pool, having, custom)).toMatchObject({ error: { kind: "role-denied" } });
    });
  });

  it("the users' default is given only where no login has a mapping, or one says so", () => {
    check((pool, having) => {
      const result = chooseRole(pool, having);
      const mapped = having.flatMap((one) => mappingsFor(pool, one).map((found) => ({ found, one })));
      if (!result.ok || mapped.length === 0) return;
      const isOpened = mapped.some(({ found, one }) => opened(found, one).first === result.value);
      const isLenient = mapped.some(({ found }) => found.ambiguousRoleResolution === "AuthenticatedRole");
      expect(isOpened || isLenient).toBe(true);
    });
  });
});
