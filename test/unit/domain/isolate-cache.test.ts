import { describe, expect, it } from "vitest";
import { IsolateCache, PerObject } from "../../../src/domain/isolate-cache.ts";

describe("IsolateCache", () => {
  it("hands a value out until the instant it expires", () => {
    const cache = new IsolateCache<string>(2);
    cache.set("a", "value", 60, 40);
    expect(cache.get("a", 99.9)).toBe("value");
    expect(cache.get("a", 100)).toBeUndefined();
    expect(cache.get("b", 0)).toBeUndefined();
  });

  it("makes room for a new value by forgetting the one that was set longest ago", () => {
    const cache = new IsolateCache<number>(2);
    cache.set("a", 1, 0, 100);
    cache.set("b", 2, 0, 100);
    cache.set("a", 3, 0, 100);
    cache.set("c", 4, 0, 100);
    expect(["a", "b", "c"].map((key) => cache.get(key, 0))).toEqual([3, undefined, 4]);
  });

  it("forgets what has expired when the next value is set, and nothing that has not", () => {
    const cache = new IsolateCache<number>(10);
    cache.set("a", 1, 0, 10);
    cache.set("b", 2, 0, 100);
    expect(cache.get("a", 9)).toBe(1);
    cache.set("c", 3, 10, 100);
    expect(["a", "b", "c"].map((key) => cache.get(key, 9))).toEqual([undefined, 2, undefined]);
    expect(cache.get("c", 10)).toBe(3);
  });

  it("F10: hands nothing out that was set later than it is by a clock that was set back", () => {
    const cache = new IsolateCache<number>(10);
    cache.set("a", 1, 50, 100);
    expect([cache.get("a", 49), cache.get("a", 50)]).toEqual([undefined, 1]);
  });

  it("gives every value the life of the cache, and none a longer one", () => {
    const cache = new IsolateCache<number>(10, 40);
    cache.set("a", 1, 60);
    cache.set("b", 2, 60, 30);
    cache.set("c", 3, 60, 1000);
    expect(["a", "b", "c"].map((key) => cache.get(key, 89))).toEqual([1, 2, 3]);
    expect(["a", "b", "c"].map((key) => cache.get(key, 90))).toEqual([1, undefined, 3]);
    expect(["a", "b", "c"].map((key) => cache.get(key, 100))).toEqual([undefined, undefined, undefined]);
  });

  it("does not keep what has no life", () => {
    const cache = new IsolateCache<number>(10);
    cache.set("a", 1, 50, 0);
    expect(cache.get("a", 50)).toBeUndefined();
  });

  it("T39: keeps prototype keys as any other, and forgets what it is told to", () => {
    const cache = new IsolateCache<number>(2);
    expect(cache.get("__proto__", 0)).toBeUndefined();
    cache.set("__proto__", 1, 0, 100);
    expect(cache.get("__proto__", 0)).toBe(1);
    cache.delete("__proto__");
    expect(cache.get("__proto__", 0)).toBeUndefined();
  });
});

describe("PerObject", () => {
  it("makes one value for each object", () => {
    const made: object[] = [];
    const values = new PerObject((key: object) => made.push(key));
    const [a, b] = [{}, {}];
    expect([values.of(a), values.of(b), values.of(a)]).toEqual([1, 2, 1]);
    expect(made).toEqual([a, b]);
  });
});
