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

  it("asks AWS's STS, or nobody, only where it is said to, and then refuses what AWS would", () => {
    const problemsOf = (changes: Readonly<Record<string, string>>) => {
      const config = parseDevelopmentConfig({ ...SETTINGS, ...changes });
      return config.ok ? [] : config.error;
    };
    expect(problemsOf({ TOKEN_ALG: "EdDSA" })).toEqual([]);
    expect(problemsOf({ TOKEN_ALG: "EdDSA", STS_URL: "http://127.0.0.1:8787/development/sts" })).toEqual([]);
    expect(problemsOf({ STS_URL: "http://127.0.0.1:4566" })).toEqual([]);
    for (const STS_URL of ["aws", "https://sts.us-east-1.amazonaws.com"]) {
      expect(problemsOf({ STS_URL })).toEqual([expect.stringContaining("ISSUER must have no port with AWS's STS")]);
      const changes = { STS_URL, TOKEN_ALG: "EdDSA", ISSUER: "https://identity.example.com" };
      expect(problemsOf(changes)).toEqual([expect.stringContaining("TOKEN_ALG must not be EdDSA with AWS's STS")]);
    }
    expect(problemsOf({ STS_URL: "http://127.0.0.1:8787" })).toEqual([expect.stringMatching(/^STS_URL must be /)]);
    expect(problemsOf({ STS_URL: "http://10.0.0.1" })).toEqual([expect.stringMatching(/^STS_URL must be /)]);
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
