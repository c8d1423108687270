import { describe, expect, it } from "vitest";
import { demoPool, demoPoolId } from "../../../src/development/demo-pool.ts";
import { parseIdentityPoolId } from "../../../src/domain/identifiers.ts";

describe("the demo identity pool", () => {
  it("has an id like any other", () => {
    expect(demoPoolId("us-east-1")).toMatch(
      /^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(parseIdentityPoolId(demoPoolId("us-east-1"))).toBeDefined();
  });

  it("follows the port of the Worker", () => {
    const { supportedLoginProviders } = demoPool("http://127.0.0.1:9123", "us-east-1");
    expect(supportedLoginProviders?.["127.0.0.1:9123/development/issuer"]).toBe("edgepool-development");
  });

  it("stays within the bounds of the service model", () => {
    const {
      supportedLoginProviders = {},
      cognitoIdentityProviders = [],
      developerProviderName,
    } = demoPool("http://127.0.0.1:65535", "us-east-1");
    expect(Object.keys(supportedLoginProviders).length).toBeLessThanOrEqual(10);
    for (const clientId of Object.values(supportedLoginProviders)) expect(clientId).toMatch(/^[\w.;_/-]{1,128}$/);
    for (const { providerName, clientId } of cognitoIdentityProviders) {
      expect(providerName).toMatch(/^[\w._:/-]{1,128}$/);
      expect(clientId).toMatch(/^[\w_]{1,128}$/);
    }
    expect(developerProviderName).toMatch(/^[\w._-]{1,128}$/);
  });
});
