import { describe, expect, it } from "vitest";
import { IsolateCache } from "../../../src/durable/isolate-cache.ts";

describe("IsolateCache", () => {
  it("hands a value out until the instant it expires", () => {
    const cache = new IsolateCache<string>(2);
    cache.set("a", "value", 100);
    expect(cache.get("a", 99.9)).toBe("value");
    expect(cache.get("a", 100)).toBeUndefined();
    expect(cache.get("b", 0)).toBeUndefined();
  });

  it("makes room for a new value by forgetting the one that was set longest ago", () => {
    const cache = new IsolateCache<number>(2);
    cache.set("a", 1, 100);
    cache.set("b", 2, 100);
    cache.set("a", 3, 100);
    cache.set("c", 4, 100);
    expect(["a", "b", "c"].map((key) => cache.get(key, 0))).toEqual([3, undefined, 4]);
  });

  it("T39: keeps prototype keys as any other, and forgets what it is told to", () => {
    const cache = new IsolateCache<number>(2);
    expect(cache.get("__proto__", 0)).toBeUndefined();
    cache.set("__proto__", 1, 100);
    expect(cache.get("__proto__", 0)).toBe(1);
    cache.delete("__proto__");
    expect(cache.get("__proto__", 0)).toBeUndefined();
  });
});
