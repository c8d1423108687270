import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newPoolId, storedIn } from "../../support/objects.ts";
import { ADMIN, makeService, type Service, textOf } from "../../support/service.ts";

let service: Service;
let hours = 0;

const minimal = { IdentityPoolName: "pool", AllowUnauthenticatedIdentities: true };
const refusal = (status: number, type: string) => ({ status, json: { __type: type, message: expect.any(String) } });

async function create(input: object = {}): Promise<string> {
  // A signature is good for one pool, and holds for a second.
  vi.setSystemTime(Date.now() + 1000);
  return textOf(await service.admin("CreateIdentityPool", { ...minimal, ...input }), "IdentityPoolId");
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  // An hour of its own for each test: the same request signed in the same second is the same pool.
  hours += 1;
  vi.setSystemTime(Date.now() + hours * 3_600_000);
  vi.spyOn(console, "log").mockImplementation(() => {});
  service = makeService();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("identity pools", () => {
  it("are described as they were made, and empty members are left out", async () => {
    const input = {
      ...minimal,
      AllowClassicFlow: false,
      SupportedLoginProviders: { "accounts.google.com": "a;b" },
      DeveloperProviderName: "login.example",
      CognitoIdentityProviders: [
        { ProviderName: "cognito-idp.us-east-1.amazonaws.com/us-east-1_abcdef", ClientId: "c" },
      ],
      SamlProviderARNs: [],
      IdentityPoolTags: { team: "edge" },
    };
    const IdentityPoolId = await create(input);
    const { SamlProviderARNs: _, ...shown } = input;
    expect((await service.admin("DescribeIdentityPool", { IdentityPoolId })).json).toEqual({
      ...shown,
      IdentityPoolId,
    });
  });

  it("T44: a request that comes again makes no second pool, and revives none", async () => {
    const [first, again] = [
      await service.admin("CreateIdentityPool", minimal),
      await service.admin("CreateIdentityPool", minimal),
    ];
    expect(textOf(again, "IdentityPoolId")).toBe(textOf(first, "IdentityPoolId"));
    await service.admin("DeleteIdentityPool", { IdentityPoolId: textOf(first, "IdentityPoolId") });
    const third = textOf(await service.admin("CreateIdentityPool", minimal), "IdentityPoolId");
    expect(third).not.toBe(textOf(first, "IdentityPoolId"));
    expect(
      await service.admin("DescribeIdentityPool", { IdentityPoolId: textOf(first, "IdentityPoolId") }),
    ).toMatchObject(refusal(404, "ResourceNotFoundException"));
  });

  it("an update replaces what there was, and is seen by the next GetId of this isolate", async () => {
    const IdentityPoolId = await create({ SupportedLoginProviders: { "accounts.google.com": "a" } });
    expect((await service.call("GetId", { IdentityPoolId })).status).toBe(200);
    const update = { IdentityPoolId, IdentityPoolName: "renamed", AllowUnauthenticatedIdentities: false };
    expect((await service.admin("UpdateIdentityPool", update)).json).toEqual(update);
    expect(await service.call("GetId", { IdentityPoolId })).toMatchObject(refusal(403, "NotAuthorizedException"));
    expect((await service.admin("DescribeIdentityPool", { IdentityPoolId })).json).toEqual(update);
  });

  it("the developer provider name stays once it is set", async () => {
    const IdentityPoolId = await create({ DeveloperProviderName: "login.example" });
    const update = { ...minimal, IdentityPoolId };
    expect(
      await service.admin("UpdateIdentityPool", { ...update, DeveloperProviderName: "other.example" }),
    ).toMatchObject(refusal(400, "InvalidParameterException"));
    expect((await service.admin("UpdateIdentityPool", update)).json).toMatchObject({
      DeveloperProviderName: "login.example",
    });
  });

  it("a deleted pool is gone for every operation at once", async () => {
    const IdentityPoolId = await create();
    const identityId = textOf(await service.call("GetId", { IdentityPoolId }), "IdentityId");
    expect((await service.call("GetOpenIdToken", { IdentityId: identityId })).status).toBe(200);
    expect(await service.admin("DeleteIdentityPool", { IdentityPoolId })).toMatchObject({ status: 200, text: "" });
    for (const answer of [
      await service.admin("DescribeIdentityPool", { IdentityPoolId }),
      await service.admin("UpdateIdentityPool", { ...minimal, IdentityPoolId }),
      await service.admin("DeleteIdentityPool", { IdentityPoolId }),
      await service.admin("ListIdentities", { IdentityPoolId, MaxResults: 10 }),
      await service.admin("DescribeIdentity", { IdentityId: identityId }),
      await service.call("GetId", { IdentityPoolId }),
      await service.call("GetOpenIdToken", { IdentityId: identityId }),
    ]) {
      expect(answer).toMatchObject(refusal(404, "ResourceNotFoundException"));
    }
  });

  it.each([
    ["an issuer that no token can come from", { SupportedLoginProviders: { localhost: "client" } }],
    ["an issuer without a client id", { SupportedLoginProviders: { "issuer.example": ";" } }],
    [
      "an ARN whose client ids nobody knows",
      { OpenIdConnectProviderARNs: ["arn:aws:iam::123456789012:oidc-provider/issuer.example"] },
    ],
  ])("refuses %s when it is made and when it is changed, and stores nothing", async (_, input) => {
    expect(await service.admin("CreateIdentityPool", { ...minimal, ...input })).toMatchObject(
      refusal(400, "InvalidParameterException"),
    );
    const IdentityPoolId = await create();
    expect(await service.admin("UpdateIdentityPool", { ...minimal, ...input, IdentityPoolId })).toMatchObject(
      refusal(400, "InvalidParameterException"),
    );
    expect((await service.admin("DescribeIdentityPool", { IdentityPoolId })).json).toEqual({
      ...minimal,
      IdentityPoolId,
    });
  });

  it("a pool that nobody made is not found, and asking leaves nothing behind", async () => {
    const IdentityPoolId = newPoolId();
    expect(await service.admin("DescribeIdentityPool", { IdentityPoolId })).toMatchObject(
      refusal(404, "ResourceNotFoundException"),
    );
    expect(await service.admin("DeleteIdentityPool", { IdentityPoolId })).toMatchObject(
      refusal(404, "ResourceNotFoundException"),
    );
    expect(await service.admin("UpdateIdentityPool", { ...minimal, IdentityPoolId })).toMatchObject(
      refusal(404, "ResourceNotFoundException"),
    );
    expect((await storedIn(env.IDENTITY_POOL.getByName(IdentityPoolId))).rowsWritten).toBe(0);
  });

  it("are listed page by page, each once, and none twice", async () => {
    const made = new Set<string>();
    for (let count = 0; count < 7; count++) made.add(await create({ IdentityPoolName: `pool ${count}` }));
    const seen: string[] = [];
    let NextToken: unknown;
    do {
      const { json } = await service.admin("ListIdentityPools", {
        MaxResults: 3,
        ...(NextToken !== undefined && { NextToken }),
      });
      const page = json["IdentityPools"] as { IdentityPoolId: string }[];
      expect(page.length).toBeLessThanOrEqual(3);
      seen.push(...page.map(({ IdentityPoolId }) => IdentityPoolId));
      NextToken = json["NextToken"];
    } while (NextToken !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    expect(made.isSubsetOf(new Set(seen))).toBe(true);
  });

  it("hold no more than a pool may, and nothing twice, by creation and by update", async () => {
    const IdentityPoolId = await create();
    const arn = (index: number) => `arn:aws:iam::123456789012:saml-provider/Corp${index}`;
    const many = (count: number) => Array.from({ length: count }, (_, index) => arn(index));
    for (const [exception, more] of [
      ["InvalidParameterException", { SamlProviderARNs: [arn(1), arn(2), arn(1)] }],
      ["LimitExceededException", { SamlProviderARNs: many(101) }],
      ["LimitExceededException", { SamlProviderARNs: Array.from({ length: 1000 }, () => arn(1)) }],
    ] as const) {
      expect(await service.admin("CreateIdentityPool", { ...minimal, ...more })).toMatchObject(refusal(400, exception));
      const update = { ...minimal, ...more, IdentityPoolId };
      expect(await service.admin("UpdateIdentityPool", update)).toMatchObject(refusal(400, exception));
    }
    const full = { ...minimal, IdentityPoolId, SamlProviderARNs: many(100) };
    expect(await service.admin("UpdateIdentityPool", full)).toMatchObject({ status: 200 });
  });

  it.each(["nonsense", "W10", btoa('["another listing",""]').replaceAll("=", "")])(
    "refuses the page token %s",
    async (NextToken) => {
      expect(await service.admin("ListIdentityPools", { MaxResults: 1, NextToken })).toMatchObject(
        refusal(400, "InvalidParameterException"),
      );
    },
  );
});

describe("identity pools: a ServerSideTokenCheck", () => {
  const userPool = (name: string, ServerSideTokenCheck?: boolean) => {
    const ProviderName = `cognito-idp.us-east-1.amazonaws.com/us-east-1_${name}`;
    return { ProviderName, ClientId: "c", ...(ServerSideTokenCheck !== undefined && { ServerSideTokenCheck }) };
  };
  const withPools = (...CognitoIdentityProviders: object[]) => ({ ...minimal, CognitoIdentityProviders });
  let warnings: unknown[];

  beforeEach(() => {
    warnings = [];
    vi.spyOn(console, "warn").mockImplementation((line: string) => void warnings.push(JSON.parse(line)));
    const named = { "us-east-1_Named": "us-east-1:11111111-1111-4111-8111-111111111111" };
    service = makeService({ settings: { TOKEN_CHECK_POOLS: JSON.stringify(named) } });
  });

  it("that the setting names no pool for is kept, and said to be not made when the pool is made and changed", async () => {
    const input = withPools(userPool("Named", true), userPool("One", true), userPool("Off", false));
    const identityPoolId = await create(input);
    const warning = { event: "server-side-token-check-not-made", identityPoolId };
    const one = "cognito-idp.us-east-1.amazonaws.com/us-east-1_One";
    expect(warnings).toEqual([{ ...warning, userPools: [one] }]);
    expect((await service.admin("DescribeIdentityPool", { IdentityPoolId: identityPoolId })).json).toMatchObject(input);

    const two = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Two";
    const update = { ...withPools(userPool("One", true), userPool("Two", true)), IdentityPoolId: identityPoolId };
    expect((await service.admin("UpdateIdentityPool", update)).json).toMatchObject(update);
    expect(warnings.slice(1)).toEqual([{ ...warning, userPools: [one, two] }]);
  });

  it("that can be made, or is off, is not spoken of", async () => {
    const input = withPools(userPool("Named", true), userPool("Off", false), userPool("Silent"));
    const IdentityPoolId = await create(input);
    expect((await service.admin("UpdateIdentityPool", { ...input, IdentityPoolId })).status).toBe(200);
    expect(warnings).toEqual([]);
  });

  it("of a pool that is not stored is not spoken of either", async () => {
    const refused = { ...withPools(userPool("One", true)), SupportedLoginProviders: { localhost: "client" } };
    const lost = { ...withPools(userPool("One", true)), IdentityPoolId: newPoolId() };
    expect((await service.admin("CreateIdentityPool", refused)).status).toBe(400);
    expect((await service.admin("UpdateIdentityPool", lost)).status).toBe(404);
    expect(warnings).toEqual([]);
  });
});

describe("identity pools: a credential for some of them", () => {
  it("T45: touches those, sees those, and makes none", async () => {
    const [mine, other] = [await create(), await create()];
    const credential = { ...ADMIN, accessKeyId: "restricted", pools: [mine] };
    service = makeService({ credentials: [ADMIN, credential] });
    const as = async (operation: string, input: object) => await service.call(operation, input, { credential });
    const denied = refusal(403, "AccessDeniedException");
    expect((await as("DescribeIdentityPool", { IdentityPoolId: mine })).status).toBe(200);
    expect((await as("UpdateIdentityPool", { ...minimal, IdentityPoolId: mine })).status).toBe(200);
    expect(await as("CreateIdentityPool", minimal)).toMatchObject(denied);
    // One that is not there is refused in the same words: a credential learns nothing of other pools.
    for (const IdentityPoolId of [other, newPoolId(), mine.slice(0, -1)]) {
      expect(await as("DescribeIdentityPool", { IdentityPoolId })).toMatchObject(denied);
      expect(await as("UpdateIdentityPool", { ...minimal, IdentityPoolId })).toMatchObject(denied);
      expect(await as("DeleteIdentityPool", { IdentityPoolId })).toMatchObject(denied);
      expect(await as("ListIdentities", { IdentityPoolId, MaxResults: 1 })).toMatchObject(denied);
    }
    const listed = (await as("ListIdentityPools", { MaxResults: 60 })).json["IdentityPools"];
    expect(listed).toEqual([{ IdentityPoolId: mine, IdentityPoolName: "pool" }]);
    expect((await service.admin("DescribeIdentityPool", { IdentityPoolId: other })).status).toBe(200);
  });

  it("T45: pages over its own pools, and no page token tells of others, nor helps anybody to theirs", async () => {
    const made: string[] = [];
    for (let count = 0; count < 12; count++) made.push(await create());
    const mine = made.filter((_, index) => index % 3 === 0).toSorted();
    const credential = { ...ADMIN, accessKeyId: "restricted", pools: [...mine, newPoolId(), "no id at all"] };
    service = makeService({ credentials: [ADMIN, credential] });
    const pages: string[][] = [];
    let NextToken: unknown;
    do {
      const input = { MaxResults: 2, ...(NextToken !== undefined && { NextToken }) };
      const { json } = await service.call("ListIdentityPools", input, { credential });
      pages.push((json["IdentityPools"] as { IdentityPoolId: string }[]).map(({ IdentityPoolId }) => IdentityPoolId));
      NextToken = json["NextToken"];
    } while (NextToken !== undefined);
    // Full pages, and no last one that is empty: that there is more is said of its own pools.
    expect(pages).toEqual([mine.slice(0, 2), mine.slice(2)]);
    const { NextToken: ofAdmin } = (await service.admin("ListIdentityPools", { MaxResults: 1 })).json;
    const { json } = await service.call("ListIdentityPools", { MaxResults: 60, NextToken: ofAdmin }, { credential });
    const ids = (json["IdentityPools"] as { IdentityPoolId: string }[]).map(({ IdentityPoolId }) => IdentityPoolId);
    expect(new Set(ids).isSubsetOf(new Set(mine))).toBe(true);
  });

  it("one for some operations calls those alone", async () => {
    const credential = { ...ADMIN, accessKeyId: "reader", operations: ["DescribeIdentityPool"] };
    service = makeService({ credentials: [ADMIN, credential] });
    const IdentityPoolId = await create();
    const as = async (operation: string, input: object) => await service.call(operation, input, { credential });
    expect((await as("DescribeIdentityPool", { IdentityPoolId })).status).toBe(200);
    expect(await as("DeleteIdentityPool", { IdentityPoolId })).toMatchObject(refusal(403, "AccessDeniedException"));
    expect(await as("CreateIdentityPool", minimal)).toMatchObject(refusal(403, "AccessDeniedException"));
    expect((await service.admin("DescribeIdentityPool", { IdentityPoolId })).status).toBe(200);
  });
});
