import { describe, expect, it } from "vitest";
import {
  charge,
  type ClientAddress,
  CLIENT_LIMIT_PERIOD_SECONDS,
  CLIENT_OVER_LIMIT,
  clientOf,
  failureLimitOf,
} from "../../../src/limits/client-limit.ts";
import { Isolate } from "../../../src/isolate.ts";
import { makeRateLimit } from "../../support/rate-limit-binding.ts";

const at = (address: string): ClientAddress => clientOf(new Headers({ "cf-connecting-ip": address }));

function counters(own: number, shared: number) {
  return { CLIENT_RATE_LIMIT: makeRateLimit(own), NETWORK_RATE_LIMIT: makeRateLimit(shared) };
}

describe("charge", () => {
  it("admits as many uses of an address as the platform counts, and those of another all the same", async () => {
    const bindings = counters(3, 100);
    const answers = [];
    for (let count = 0; count < 5; count++) answers.push(await charge(bindings, "create", at("192.0.2.1")));
    expect(answers).toEqual([null, null, null, CLIENT_OVER_LIMIT, CLIENT_OVER_LIMIT]);
    expect(await charge(bindings, "create", at("192.0.2.2"))).toBeNull();
    expect(await charge(bindings, "ask", at("192.0.2.1"))).toBeNull();
    expect(bindings.NETWORK_RATE_LIMIT.counts.size).toBe(0);
  });

  it.each(["create", "ask"] as const)("T47: all of one /48 together %s no more than its own count", async (use) => {
    const bindings = counters(10, 25);
    const uses = Array.from({ length: 20 }, (_, subnet) => at(`2001:db8:1:${subnet.toString(16)}::1`));
    const answers = await Promise.all(
      uses.flatMap((client) => Array.from({ length: 10 }, async () => await charge(bindings, use, client))),
    );
    expect(answers.filter((answer) => answer === null)).toHaveLength(25);
    expect(await charge(bindings, use, at("2001:db8:2:1::1"))).toBeNull();
    expect(await charge(bindings, use, at("192.0.2.1"))).toBeNull();
  });

  it("T48: an address that is over does not use up what its neighbours share", async () => {
    const bindings = counters(10, 15);
    for (let count = 0; count < 100; count++) await charge(bindings, "ask", at("2001:db8:1:1::1"));
    for (let count = 0; count < 5; count++) expect(await charge(bindings, "ask", at("2001:db8:1:2::1"))).toBeNull();
  });
});

describe("failureLimitOf", () => {
  it("blocks an address that failed too often for one period, refuses the one too many, and asks nobody about it", async () => {
    const bindings = counters(2, 0);
    const failures = failureLimitOf(bindings, new Isolate().blockedAddresses);
    for (const now of [100, 101]) {
      expect(await failures.count(at("192.0.2.1"), now)).toBeNull();
      expect(failures.isBlocked(at("192.0.2.1"), now)).toBe(false);
    }
    expect(await failures.count(at("192.0.2.1"), 102)).toBe(CLIENT_OVER_LIMIT);
    expect(failures.isBlocked(at("192.0.2.1"), 102)).toBe(true);
    expect(failures.isBlocked(at("192.0.2.1"), 101.9 + CLIENT_LIMIT_PERIOD_SECONDS)).toBe(true);
    expect(failures.isBlocked(at("192.0.2.1"), 102 + CLIENT_LIMIT_PERIOD_SECONDS)).toBe(false);
    expect(failures.isBlocked(at("192.0.2.2"), 102)).toBe(false);
    expect([...bindings.CLIENT_RATE_LIMIT.counts.values()]).toEqual([3]);
  });

  it("failures do not draw on what is charged, nor that on failures", async () => {
    const bindings = counters(1, 1);
    const failures = failureLimitOf(bindings, new Isolate().blockedAddresses);
    await failures.count(at("192.0.2.1"), 100);
    await failures.count(at("192.0.2.1"), 100);
    for (const use of ["create", "ask"] as const) {
      expect(await charge(bindings, use, at("192.0.2.1"))).toBeNull();
      expect(await charge(bindings, use, at("192.0.2.1"))).toBe(CLIENT_OVER_LIMIT);
    }
    expect(await failures.count(at("192.0.2.3"), 100)).toBeNull();
  });

  it("two isolates do not share what they remember, and both ask the platform", async () => {
    const bindings = counters(1, 0);
    const [one, two] = [
      failureLimitOf(bindings, new Isolate().blockedAddresses),
      failureLimitOf(bindings, new Isolate().blockedAddresses),
    ];
    await one.count(at("192.0.2.1"), 100);
    await two.count(at("192.0.2.1"), 100);
    expect([one.isBlocked(at("192.0.2.1"), 100), two.isBlocked(at("192.0.2.1"), 100)]).toEqual([false, true]);
  });

  it("a count that is lost refuses nobody", async () => {
    const lost = { limit: async () => await Promise.reject(new Error("no counter")) };
    expect(
      await failureLimitOf({ CLIENT_RATE_LIMIT: lost }, new Isolate().blockedAddresses).count(at("192.0.2.1"), 100),
    ).toBeNull();
  });
});

describe("clientOf", () => {
  const of = (headers: Readonly<Record<string, string>>) => clientOf(new Headers(headers));

  it("is the address that Cloudflare gives, and never one that the client names", () => {
    expect(
      of({ "cf-connecting-ip": "192.0.2.1", "x-forwarded-for": "198.51.100.1", "x-real-ip": "198.51.100.1" }),
    ).toEqual({ address: "192.0.2.1", network: null });
    expect(of({ "x-forwarded-for": "198.51.100.1", "true-client-ip": "198.51.100.1" })).toEqual({
      address: "",
      network: null,
    });
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
    ["2001:0DB8:0001:0002:0003::", "2001:db8:1:2"],
  ])("T47: of %s the network of its subscriber, and that of its site: %s", (address, subscriber) => {
    const network = subscriber.split(":").slice(0, 3).join(":");
    expect(of({ "cf-connecting-ip": address })).toEqual({ address: subscriber, network });
  });

  it.each(["192.0.2.1", "::ffff:192.0.2.1"])(
    "of IPv4 the whole address in one spelling, and no network: %s",
    (address) => {
      expect(of({ "cf-connecting-ip": address })).toEqual({ address: "192.0.2.1", network: null });
    },
  );

  it("keeps networks apart", () => {
    const [one, other] = [of({ "cf-connecting-ip": "2001:db8:1:2::1" }), of({ "cf-connecting-ip": "2001:db8:1:3::1" })];
    expect(one.address).not.toBe(other.address);
    expect(one.network).toBe(other.network);
    expect(of({ "cf-connecting-ip": "2001:db8:2:2::1" }).network).not.toBe(one.network);
  });
});
