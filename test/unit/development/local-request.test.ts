import { describe, expect, it } from "vitest";
import { admitLocal, isLoopbackOrigin } from "../../../src/development/local-request.ts";

const HERE = "http://127.0.0.1:8787";

function verdict(headers: Record<string, string>, developmentOrigin = HERE): string {
  const admitted = admitLocal(new Headers(headers), developmentOrigin);
  return admitted.ok ? "admitted" : admitted.error.reason;
}

describe("a Host", () => {
  it.each(["127.0.0.1:8787", "localhost:8787", "LocalHost:8787", "[::1]:8787"])("%s is this machine's", (host) => {
    expect(verdict({ host })).toBe("admitted");
  });

  it.each([
    "evil.example",
    "evil.example:8787",
    "127.0.0.1",
    "127.0.0.1:8788",
    "127.0.0.1:80",
    "127.0.0.1:08787",
    "127.0.0.1:8787:8787",
    "127.0.0.1.evil.example:8787",
    "127.0.0.1:8787.evil.example",
    "127.0.0.1:8787@evil.example",
    "evil.example@127.0.0.1:8787",
    "evil.example#127.0.0.1:8787",
    "localhost.:8787",
    "localhost.evil.example:8787",
    "evil-localhost:8787",
    "app.localhost:8787",
    "127.1:8787",
    "2130706433:8787",
    "0x7f000001:8787",
    "0.0.0.0:8787",
    "127.0.0.2:8787",
    "[::]:8787",
    "[::ffff:127.0.0.1]:8787",
    "::1:8787",
    "127.0.0.1:8787, evil.example",
    "evil.example, 127.0.0.1:8787",
    "127.0.0.1:8787, 127.0.0.1:8787",
    "",
  ])("%s is foreign", (host) => {
    expect(verdict({ host })).toBe("foreign-host");
  });

  it("that is missing is foreign", () => {
    expect(verdict({})).toBe("foreign-host");
  });

  it("may leave out the port that is usual for the scheme, and no other", () => {
    expect(verdict({ host: "localhost" }, "http://127.0.0.1")).toBe("admitted");
    expect(verdict({ host: "[::1]:80" }, "http://127.0.0.1")).toBe("admitted");
    expect(verdict({ host: "evil.example" }, "http://127.0.0.1")).toBe("foreign-host");
    expect(verdict({ host: "localhost:8787" }, "http://127.0.0.1")).toBe("foreign-host");
    expect(verdict({ host: "localhost" }, "https://127.0.0.1")).toBe("admitted");
    expect(verdict({ host: "localhost:443" }, "https://127.0.0.1")).toBe("admitted");
    expect(verdict({ host: "localhost:80" }, "https://127.0.0.1")).toBe("foreign-host");
  });
});

describe("an Origin", () => {
  it.each([
    "http://localhost:3000",
    "http://localhost",
    "https://localhost:8443",
    "http://127.0.0.1:8787",
    "http://127.0.0.1:1",
    "http://[::1]:5173",
  ])("%s is a page of this machine", (origin) => {
    expect(verdict({ host: "127.0.0.1:8787", origin })).toBe("admitted");
  });

  it.each([
    "null",
    "https://evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example:3000",
    "http://evil-localhost",
    "http://localhost.:3000",
    "http://app.localhost:3000",
    "http://localhost:3000.evil.example",
    "http://localhost:3000@evil.example",
    "http://evil.example@localhost:3000",
    "http://evil.example#http://localhost:3000",
    "http://localhost:3000/",
    "http://localhost:3000, https://evil.example",
    "https://evil.example, http://localhost:3000",
    "http://localhost:3000 https://evil.example",
    "http://localhost:",
    "http://localhost:3000000",
    "http://0.0.0.0:3000",
    "http://2130706433",
    "http://192.168.0.7:3000",
    "file://",
    "chrome-extension://localhost",
    "ws://localhost:3000",
    "//localhost:3000",
    "localhost:3000",
    "",
  ])("%j is foreign", (origin) => {
    expect(verdict({ host: "127.0.0.1:8787", origin })).toBe("foreign-origin");
    expect(isLoopbackOrigin(origin)).toBe(false);
  });

  it("does not make up for a foreign Host", () => {
    expect(verdict({ host: "evil.example", origin: "http://localhost:3000" })).toBe("foreign-host");
  });
});

it.each(["MF-Original-URL", "mf-route-override", "MF-Anything"])("a client may not send %s", (name) => {
  expect(verdict({ host: "127.0.0.1:8787", [name]: HERE })).toBe("runtime-header");
});
