import { describe, expect, it } from "vitest";
import { developmentUpstreamsOf, isLoopback } from "../../../src/development/upstreams.ts";
import type { UpstreamPolicy } from "../../../src/outbound/upstream-policy.ts";

function upstreams(standIns?: Readonly<Record<string, string>>): UpstreamPolicy {
  const setting = standIns === undefined ? {} : { DEVELOPMENT_UPSTREAMS: JSON.stringify(standIns) };
  const parsed = developmentUpstreamsOf(setting);
  if (!parsed.ok) throw new Error(parsed.error.join());
  return parsed.value;
}

describe("the upstreams of local development", () => {
  it.each([
    ["127.0.0.1:8787/development/issuer", "http://127.0.0.1:8787/development/issuer"],
    ["127.9.8.7/path", "http://127.9.8.7/path"],
    ["localhost:9000", "http://localhost:9000"],
    ["[::1]:9000/a", "http://[::1]:9000/a"],
    ["accounts.google.com", "https://accounts.google.com"],
    ["127.0.0.1.attacker.example/a", "https://127.0.0.1.attacker.example/a"],
    ["localhost.attacker.example", "https://localhost.attacker.example"],
    ["attacker.example/127.0.0.1", "https://attacker.example/127.0.0.1"],
    ["10.0.0.1/a", "https://10.0.0.1/a"],
  ])("makes of the provider name %s the issuer %s", (providerName, issuer) => {
    expect(upstreams().issuerOf(providerName)).toBe(issuer);
  });

  it("gives the development issuer the scheme that it is served by, and no other issuer on loopback", () => {
    const parsed = developmentUpstreamsOf({ DEVELOPMENT_ORIGIN: "https://127.0.0.1:8787" });
    const issuers = [
      "127.0.0.1:8787/development/issuer",
      "127.0.0.1:8787/other",
      "127.0.0.1:9000/development/issuer",
    ].map((name) => parsed.ok && parsed.value.issuerOf(name));
    expect(issuers).toEqual([
      "https://127.0.0.1:8787/development/issuer",
      "http://127.0.0.1:8787/other",
      "http://127.0.0.1:9000/development/issuer",
    ]);
  });

  it.each([
    "http://127.0.0.1:9001/keys",
    "https://127.0.0.1:9001/keys",
    "http://localhost/keys",
    "http://[::1]:9001/keys",
    "https://accounts.google.com/keys",
  ])("permits %s", (address) => {
    expect(upstreams().permits(new URL(address))).toBe(true);
  });

  it.each([
    "http://accounts.google.com/keys",
    "http://10.0.0.1/keys",
    "https://192.168.0.1/keys",
    "http://169.254.169.254/latest",
    "http://localhost.attacker.example/keys",
    "http://user@127.0.0.1/keys",
    "http://127.0.0.1/keys#fragment",
    "ftp://127.0.0.1/keys",
    "https://printer.local/keys",
  ])("refuses %s", (address) => {
    expect(upstreams().permits(new URL(address))).toBe(false);
  });

  it("T21: takes the service's own address for its own, and not the development issuer below it, nor other ports", () => {
    const issuer = new URL("http://127.0.0.1:8787");
    const isOwn = (address: string) => upstreams().isOwn(new URL(address), issuer);
    const own = ["http://127.0.0.1:8787", "http://127.0.0.1:8787/a", "http://localhost:8787/development/issuers"];
    expect(own.filter((address) => !isOwn(address))).toEqual([]);
    const others = [
      "http://127.0.0.1:8787/development/issuer",
      "http://127.0.0.1:8787/development/issuer/.well-known/openid-configuration",
      "http://127.0.0.1:8787/development/sts",
      "http://127.0.0.1:9001",
      "https://accounts.google.com",
    ];
    expect(others.filter(isOwn)).toEqual([]);
    expect(upstreams().isOwn(new URL("https://id.example.com/a"), new URL("https://id.example.com"))).toBe(true);
  });

  it("takes every spelling of a loopback address for one, and no look-alike", () => {
    const spellings = ["http://127.1", "http://0x7f.0.0.1", "http://2130706433", "http://[0:0:0:0:0:0:0:1]"];
    expect(spellings.filter((address) => !isLoopback(new URL(address)))).toEqual([]);
    expect(isLoopback(new URL("http://127.0.0.1.example"))).toBe(false);
  });
});

describe("stand-ins", () => {
  const policy = upstreams({
    "https://accounts.google.com": "http://127.0.0.1:9001",
    "https://accounts.google.com/keys": "http://localhost:9002/google/",
    "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A": "http://127.0.0.1:9003",
  });

  it.each([
    ["https://accounts.google.com/.well-known/x?a=1", "http://127.0.0.1:9001/.well-known/x?a=1"],
    ["https://accounts.google.com/keys", "http://localhost:9002/google"],
    ["https://accounts.google.com/keys/1", "http://localhost:9002/google/1"],
    ["https://accounts.google.com/keysmith", "http://127.0.0.1:9001/keysmith"],
    ["https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A/k", "http://127.0.0.1:9003/k"],
    [
      "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AB/k",
      "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AB/k",
    ],
    ["https://appleid.apple.com/keys", "https://appleid.apple.com/keys"],
    ["https://accounts.google.com.attacker.example/", "https://accounts.google.com.attacker.example/"],
  ])("finds %s at %s", (address, location) => {
    expect(policy.locate(new URL(address)).href).toBe(location);
  });

  it("has none unless the setting names some", () => {
    const google = new URL("https://accounts.google.com/keys");
    expect(upstreams().locate(google).href).toBe(google.href);
    expect(developmentUpstreamsOf({ DEVELOPMENT_UPSTREAMS: " " }).ok).toBe(true);
  });

  it.each([
    ["no JSON", "{"],
    ["no object", '["https://accounts.google.com"]'],
    ["null", "null"],
    ["a target that is not on loopback", '{"https://accounts.google.com":"https://stand-in.example"}'],
    ["a target on the local network", '{"https://accounts.google.com":"http://192.168.0.2"}'],
    ["a target that is no text", '{"https://accounts.google.com":1}'],
    ["a prefix over plain http", '{"http://accounts.google.com":"http://127.0.0.1"}'],
    ["a prefix without a scheme", '{"accounts.google.com":"http://127.0.0.1"}'],
    ["a prefix with a query", '{"https://accounts.google.com/?a=1":"http://127.0.0.1"}'],
  ])("refuses %s by the setting's name", (_, setting) => {
    const parsed = developmentUpstreamsOf({ DEVELOPMENT_UPSTREAMS: setting });
    expect(parsed.ok ? [] : parsed.error).toEqual([expect.stringContaining("DEVELOPMENT_UPSTREAMS")]);
  });
});
