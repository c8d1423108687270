import { describe, expect, it } from "vitest";
import { addressOf, CLIENT_LIMIT_PERIOD_SECONDS, clientLimitOf, UNLIMITED } from "../../src/client-limit.ts";
import { makeRateLimit } from "../support/rate-limit-binding.ts";

describe("clientLimitOf", () => {
  it("admits as many creations of an address as the platform counts, and those of another all the same", async () => {
    const clients = clientLimitOf(makeRateLimit(3));
    const admitted = [];
    for (let count = 0; count < 5; count++) admitted.push(await clients.admitCreation("192.0.2.1"));
    expect(admitted).toEqual([true, true, true, false, false]);
    expect(await clients.admitCreation("192.0.2.2")).toBe(true);
  });

  it("blocks an address that failed too often for one period, and asks nobody about it", async () => {
    const binding = makeRateLimit(2);
    const clients = clientLimitOf(binding);
    for (const now of [100, 101]) {
      await clients.countFailure("192.0.2.1", now);
      expect(clients.isBlocked("192.0.2.1", now)).toBe(false);
    }
    await clients.countFailure("192.0.2.1", 102);
    expect(clients.isBlocked("192.0.2.1", 102)).toBe(true);
    expect(clients.isBlocked("192.0.2.1", 101.9 + CLIENT_LIMIT_PERIOD_SECONDS)).toBe(true);
    expect(clients.isBlocked("192.0.2.1", 102 + CLIENT_LIMIT_PERIOD_SECONDS)).toBe(false);
    expect(clients.isBlocked("192.0.2.2", 102)).toBe(false);
    expect([...binding.counts.values()]).toEqual([3]);
  });

  it("failures do not draw on creations, nor creations on failures", async () => {
    const clients = clientLimitOf(makeRateLimit(1));
    await clients.countFailure("192.0.2.1", 100);
    await clients.countFailure("192.0.2.1", 100);
    expect(await clients.admitCreation("192.0.2.1")).toBe(true);
    expect(await clients.admitCreation("192.0.2.1")).toBe(false);
    await clients.countFailure("192.0.2.3", 100);
    expect(clients.isBlocked("192.0.2.3", 100)).toBe(false);
  });

  it("two isolates do not share what they remember, and both ask the platform", async () => {
    const binding = makeRateLimit(1);
    const [one, two] = [clientLimitOf(binding), clientLimitOf(binding)];
    await one.countFailure("192.0.2.1", 100);
    await two.countFailure("192.0.2.1", 100);
    expect([one.isBlocked("192.0.2.1", 100), two.isBlocked("192.0.2.1", 100)]).toEqual([false, true]);
  });
});

describe("UNLIMITED", () => {
  it("admits everything and blocks nobody", async () => {
    for (let count = 0; count < 1000; count++) {
      expect(await UNLIMITED.admitCreation("192.0.2.1")).toBe(true);
      await UNLIMITED.countFailure("192.0.2.1", 100);
    }
    expect(UNLIMITED.isBlocked("192.0.2.1", 100)).toBe(false);
  });
});

describe("addressOf", () => {
  const of = (headers: Readonly<Record<string, string>>) => addressOf(new Headers(headers));

  it("is the address that Cloudflare gives, and never one that the client names", () => {
    expect(
      of({ "cf-connecting-ip": "192.0.2.1", "x-forwarded-for": "198.51.100.1", "x-real-ip": "198.51.100.1" }),
    ).toBe("192.0.2.1");
    expect(of({ "x-forwarded-for": "198.51.100.1", "true-client-ip": "198.51.100.1" })).toBe("");
  });

  it.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:db8::", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["2001::5:6:7:8", "2001:0:0:0"],
    ["1:2:3:4:5:6:7::", "1:2:3:4"],
  ])("T47: of %s the network of its subscriber: %s", (address, network) => {
    expect(of({ "cf-connecting-ip": address })).toBe(network);
  });

  it("keeps networks apart", () => {
    expect(of({ "cf-connecting-ip": "2001:db8:1:2::1" })).not.toBe(of({ "cf-connecting-ip": "2001:db8:1:3::1" }));
  });
});
