import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  differencesOf,
  draftOf,
  EMPTY_DRAFT,
  type PoolSettings,
  problemsOf,
  settingsOf,
  shownClientId,
} from "../../../console/pool/draft.ts";

const TWITTER = "api.twitter.com";
const POOL: PoolSettings = {
  IdentityPoolName: "app",
  AllowUnauthenticatedIdentities: true,
  AllowClassicFlow: true,
  SupportedLoginProviders: { "accounts.google.com": "123.apps.googleusercontent.com", [TWITTER]: "key;secret" },
  CognitoIdentityProviders: [
    { ProviderName: "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A", ClientId: "c", ServerSideTokenCheck: true },
  ],
  OpenIdConnectProviderARNs: ["arn:aws:iam::123456789012:oidc-provider/id.example"],
  SamlProviderARNs: ["arn:aws:iam::123456789012:saml-provider/corp"],
  DeveloperProviderName: "login.app",
  IdentityPoolTags: { env: "test" },
};

const text = fc.stringMatching(/^[a-z][a-z0-9.]{0,12}$/);
const pools: fc.Arbitrary<PoolSettings> = fc.record(
  {
    IdentityPoolName: text,
    AllowUnauthenticatedIdentities: fc.boolean(),
    AllowClassicFlow: fc.boolean(),
    SupportedLoginProviders: fc.dictionary(text, text, { minKeys: 1, maxKeys: 3 }),
    CognitoIdentityProviders: fc.array(
      fc.record({ ProviderName: text, ClientId: text, ServerSideTokenCheck: fc.boolean() }),
      { minLength: 1, maxLength: 3 },
    ),
    OpenIdConnectProviderARNs: fc.array(text, { minLength: 1, maxLength: 3 }),
    SamlProviderARNs: fc.array(text, { minLength: 1, maxLength: 3 }),
    DeveloperProviderName: text,
    IdentityPoolTags: fc.dictionary(text, text, { maxKeys: 3 }),
  },
  { requiredKeys: ["IdentityPoolName", "AllowUnauthenticatedIdentities", "AllowClassicFlow", "IdentityPoolTags"] },
);

describe("a draft", () => {
  it("that nobody has changed is the whole pool again", () => {
    expect(settingsOf(draftOf(POOL))).toEqual(POOL);
    fc.assert(
      fc.property(pools, (pool) => {
        const again = settingsOf(draftOf(pool));
        expect(again).toEqual(pool);
        expect(differencesOf(pool, again)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it("leaves out what is empty, and clears tags by an empty map, as only that does", () => {
    expect(settingsOf({ ...EMPTY_DRAFT, name: " new ", openIdConnectArns: "\n \n" })).toEqual({
      IdentityPoolName: "new",
      AllowUnauthenticatedIdentities: false,
      AllowClassicFlow: true,
      IdentityPoolTags: {},
    });
  });

  it.each([
    ["no name", { name: " " }, "The pool needs a name."],
    [
      "a provider twice",
      {
        providers: [
          { name: "a", value: "1" },
          { name: " a", value: "2" },
        ],
      },
      "The provider a is there twice.",
    ],
    [
      "a provider without a client id",
      { providers: [{ name: "a", value: "" }] },
      "A provider needs a name and a client id.",
    ],
    [
      "a tag twice",
      {
        tags: [
          { name: "t", value: "" },
          { name: "t", value: "" },
        ],
      },
      "The tag t is there twice.",
    ],
    ["a tag without a key", { tags: [{ name: "", value: "v" }] }, "A tag needs a key."],
  ])("with %s says so", (_, changes, problem) => {
    expect(problemsOf({ ...EMPTY_DRAFT, name: "app", ...changes })).toEqual([problem]);
  });

  it("with a row that was left empty is good", () => {
    expect(problemsOf({ ...EMPTY_DRAFT, name: "app", providers: [{ name: "", value: "" }] })).toEqual([]);
  });
});

describe("the difference", () => {
  it.each([
    ["the name", { IdentityPoolName: "other" }, { setting: "Name", before: "app", after: "other" }],
    ["guests", { AllowUnauthenticatedIdentities: false }, { setting: "Guests", before: "yes", after: "no" }],
    [
      "a provider that is gone",
      { SupportedLoginProviders: { [TWITTER]: "key;secret" } },
      { setting: "accounts.google.com", before: "123.apps.googleusercontent.com", after: "" },
    ],
    [
      "a secret, of which nothing is shown",
      { SupportedLoginProviders: { ...POOL.SupportedLoginProviders, [TWITTER]: "key;hidden" } },
      { setting: TWITTER, before: "key;••••••••", after: "key;•••••••• (another)" },
    ],
    ["tags that are gone", { IdentityPoolTags: {} }, { setting: "Tag env", before: "test", after: "" }],
    [
      "a server-side check",
      {
        CognitoIdentityProviders: [
          {
            ProviderName: "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A",
            ClientId: "c",
            ServerSideTokenCheck: false,
          },
        ],
      },
      {
        setting: "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A, client c",
        before: "server-side check: yes",
        after: "server-side check: no",
      },
    ],
  ])("names %s, and nothing else", (_, changes, difference) => {
    expect(differencesOf(POOL, { ...POOL, ...changes })).toEqual([difference]);
  });
});

it.each([
  [TWITTER, "key;secret", "key;••••••••"],
  [TWITTER, "key", "key"],
  ["accounts.google.com", "a;b", "a;b"],
])("of %s the client id %s is shown as %s", (provider, clientId, shown) => {
  expect(shownClientId(provider, clientId)).toBe(shown);
});
