import { describe, expect, it } from "vitest";
import { exceptOwn, productionUpstreams } from "../../../src/outbound/upstream-policy.ts";

const permits = (address: string) => productionUpstreams.permits(new URL(address));

describe("the production policy", () => {
  it.each([
    "https://issuer.example/",
    "https://issuer.example:8443/keys",
    "https://xn--bcher-kva.example/",
    "https://local.example/",
    "https://corp.internal.example/",
    "https://onion.example/",
    "https://example.homes/",
  ])("permits %s", (address) => {
    expect(permits(address)).toBe(true);
  });

  it.each([
    "issuer.example.",
    "issuer.example..",
    "issuer.example...",
    "db.internal.",
    "db.internal..",
    "printer.local",
    "router.localdomain",
    "nas.lan",
    "dc.corp",
    "DC.Corp",
    "nas.home",
    "nas.home.arpa",
    "mail.mail",
    "wiki.intranet",
    "api.default.svc",
    "expyuzz4wqqyqhjn.onion",
    "name.alt",
    "name.invalid",
    "1.0.0.10.in-addr.arpa",
    "8.b.d.0.1.0.0.2.ip6.arpa",
    "app.localhost",
    "app.localhost.",
    "localhost",
    "localhost.",
    "127.0.0.1.",
  ])("T23: refuses the host %s", (host) => {
    expect(permits(`https://${host}/`)).toBe(false);
  });
});

describe("exceptOwn", () => {
  const policy = exceptOwn(productionUpstreams, new URL("https://identity.example.com"));

  it.each([
    "https://identity.example.com",
    "https://identity.example.com/",
    "https://identity.example.com/tenant/a",
    "https://IDENTITY.example.com/.well-known/jwks.json",
    "https://identity.example.com:8443/",
    "https://identity.example.com./",
    "https://ｉdentity.example.com/",
    "https://identity%2Eexample.com/",
  ])("T21: a service asks itself for nothing, by whatever spelling: %s", (address) => {
    expect(policy.permits(new URL(address))).toBe(false);
  });

  it.each(["https://other.example.com", "https://identity.example.com.evil.example", "https://a.identity.example.com"])(
    "permits others as before: %s",
    (address) => {
      expect(policy.permits(new URL(address))).toBe(true);
    },
  );

  it("is what it was in all else", () => {
    expect(policy.issuerOf("issuer.example/a")).toBe("https://issuer.example/a");
    expect(policy.permits(new URL("https://db.internal"))).toBe(false);
  });
});
