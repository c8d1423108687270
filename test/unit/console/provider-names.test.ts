import { expect, it } from "vitest";
import { providerNamesOf } from "../../../console/provider-names.ts";

it("names each provider of a pool once, as its logins do", () => {
  const userPool = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";
  expect(
    providerNamesOf({
      SupportedLoginProviders: { "accounts.google.com": "client" },
      CognitoIdentityProviders: [
        { ProviderName: userPool, ClientId: "one" },
        { ProviderName: userPool, ClientId: "two" },
      ],
      OpenIdConnectProviderARNs: ["arn:aws:iam::123456789012:oidc-provider/issuer.example.com/path"],
      SamlProviderARNs: ["arn:aws:iam::123456789012:saml-provider/acme"],
    }),
  ).toEqual([
    "accounts.google.com",
    userPool,
    "issuer.example.com/path",
    "arn:aws:iam::123456789012:saml-provider/acme",
  ]);
  for (const pool of [{}, null]) expect(providerNamesOf(pool)).toEqual([]);
});
