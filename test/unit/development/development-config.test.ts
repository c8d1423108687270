import { describe, expect, it } from "vitest";
import { DEVELOPMENT_SETTINGS, parseDevelopmentConfig } from "../../../src/development/development-config.ts";

const SETTINGS = {
  ISSUER: "http://127.0.0.1:8787",
  KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
};

describe("the configuration of local development", () => {
  it("admits an issuer over plain http on loopback", () => {
    const config = parseDevelopmentConfig(SETTINGS);
    expect(config.ok && config.value.issuer).toBe(SETTINGS.ISSUER);
  });

  it("refuses an issuer over plain http elsewhere", () => {
    expect(parseDevelopmentConfig({ ...SETTINGS, ISSUER: "http://identity.example.com" }).ok).toBe(false);
  });

  it("names what is missing, as production does", () => {
    const config = parseDevelopmentConfig({});
    expect(config.ok ? [] : config.error).toEqual(["ISSUER is missing", "KEY_ENCRYPTION_KEY is missing"]);
  });

  it("refuses bad stand-ins", () => {
    const settings = { ...SETTINGS, DEVELOPMENT_UPSTREAMS: "{" };
    expect(parseDevelopmentConfig(settings).ok).toBe(false);
  });

  it("knows the names of all settings", () => {
    const names = DEVELOPMENT_SETTINGS.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["ADMIN_CREDENTIALS", "CLIENT_LIMIT", "DEVELOPMENT_UPSTREAMS", "ISSUER", "TOKEN_ALG"]),
    );
    expect(names).not.toContain("IDENTITY");
  });
});
