/** What a record of the first release is read as. */
import { describe, expect, it } from "vitest";
import type { Standing } from "../../../src/domain/identity.ts";
import { type FirstRecord, upgraded } from "../../../src/linking/first-record.ts";
import { unlink } from "../../../src/linking/removal.ts";
import { developer, id, linked, linkedTo, NOW, recordOf } from "./records.ts";

function first(standing: Standing, changes: Partial<FirstRecord> = {}): FirstRecord {
  const { life: _life, told: _told, origin: _origin, barred: _barred, ...rest } = recordOf(standing);
  return { ...rest, version: 1, createdAt: NOW - 100, modifiedAt: NOW + 50, ...changes };
}

describe("a record of the first release", () => {
  it("is of here, bars nobody, and stays what it was in all else", () => {
    const { version: _, ...rest } = first({ kind: "linked" }, { logins: [linked("a/1")], unlinkCalls: [] });
    const read = upgraded({ ...rest, version: 1 });
    expect(read).toEqual({ ...rest, version: 2, life: read.life, told: 0, origin: "here", barred: [] });
  });

  it("was born, and gained the logins that it has, at the dates that it tells", () => {
    const logins = [
      { ...linked("b/1"), linkedAt: NOW + 20 },
      { ...linked("a/1"), linkedAt: NOW },
      { ...developer("d-1", "one"), linkedAt: NOW },
      { ...developer("d-2", "two"), linkedAt: NOW },
    ];
    expect(upgraded(first({ kind: "linked" }, { logins })).life).toEqual([
      { sequence: 1, at: NOW - 100, kind: "born" },
      { sequence: 2, at: NOW, kind: "linked", providerNames: ["a", "login.example"] },
      { sequence: 3, at: NOW + 20, kind: "linked", providerNames: ["b"] },
    ]);
  });

  it.each<[Standing, readonly object[]]>([
    [{ kind: "guest" }, []],
    [{ kind: "closed" }, [{ sequence: 2, at: NOW + 50, kind: "closed" }]],
    [{ kind: "deleted" }, [{ sequence: 2, at: NOW + 50, kind: "deleted" }]],
    [{ kind: "merged", into: id("b") }, [{ sequence: 2, at: NOW + 50, kind: "merged", other: id("b") }]],
  ])("tells the end that it came to: %o", (standing, end) => {
    expect(upgraded(first(standing)).life).toEqual([{ sequence: 1, at: NOW - 100, kind: "born" }, ...end]);
  });

  it("tells nothing of one that was never born", () => {
    expect(upgraded(first({ kind: "unborn" })).life).toEqual([]);
  });

  it("goes on where it was left off", () => {
    const read = upgraded(first({ kind: "linked" }, { logins: [linked("a/1"), linked("b/1")] }));
    const result = unlink(read, ["a/1"], ["b"], NOW + 60);
    if ("kind" in result) throw new Error(result.kind);
    const unlinked = { sequence: 3, at: NOW + 60, kind: "unlinked", providerNames: ["b"] };
    expect(result.life).toEqual([...read.life, unlinked]);
  });
});

it("a record of today is read as it is", () => {
  const record = linkedTo("a/1");
  expect(upgraded(record)).toBe(record);
});
