import { beforeEach, describe, expect, it } from "vitest";
import { type IdentityPoolId, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { PoolDirectory, type PoolRows } from "../../../src/pools/pool-directory.ts";

const one = identityPoolIdOf("us-east-1", "1");
const other = identityPoolIdOf("us-east-1", "2");

class Rows implements PoolRows {
  readonly listed = new Map<
    IdentityPoolId,
    { readonly name: string; readonly revision: number; readonly hasSource: boolean }
  >();
  readonly ended = new Set<IdentityPoolId>();

  set(identityPoolId: IdentityPoolId, name: string, revision: number, hasSource: boolean | undefined) {
    const before = this.listed.get(identityPoolId)?.hasSource ?? false;
    this.listed.set(identityPoolId, { name, revision, hasSource: hasSource ?? before });
  }
  readonly imports = new Set<IdentityPoolId>();
  readonly importing = {
    has: (identityPoolId: IdentityPoolId) => this.imports.has(identityPoolId),
    add: (identityPoolId: IdentityPoolId) => void this.imports.add(identityPoolId),
    first: () => [...this.imports],
  };

  end(identityPoolId: IdentityPoolId) {
    this.listed.delete(identityPoolId);
    this.imports.delete(identityPoolId);
    this.ended.add(identityPoolId);
  }
  hasEnded(identityPoolId: IdentityPoolId) {
    return this.ended.has(identityPoolId);
  }
  revisionOf(identityPoolId: IdentityPoolId) {
    return this.listed.get(identityPoolId)?.revision ?? null;
  }
  sourced(limit: number) {
    return [...this.listed]
      .flatMap(([identityPoolId, { hasSource }]) => (hasSource ? identityPoolId : []))
      .slice(0, limit);
  }
  after() {
    return [...this.listed].map(([identityPoolId, { name }]) => ({ identityPoolId, name }));
  }
}

let directory: PoolDirectory;

const names = () => directory.page("", 10).map(({ name }) => name);

beforeEach(() => {
  directory = new PoolDirectory(new Rows());
});

describe("what a pool says of itself", () => {
  it("counts by its revision, in whatever order and however often it arrives", () => {
    const said = ["first", "second", "third"].map((name, index) => ({ name, revision: 1000 + index }));
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 2, 0, 1, 2, 0],
      [2, 2, 2],
    ]) {
      directory = new PoolDirectory(new Rows());
      for (const index of order) directory.update(one, said[index]?.name ?? "", said[index]?.revision);
      expect(names()).toEqual(["third"]);
    }
  });

  it("is heard no more once its end was: no name that is late brings it back, of whatever revision", () => {
    directory.update(one, "name", 5);
    directory.update(one, null, 6);
    for (const revision of [undefined, 0, 4, 5, 6, 7]) directory.update(one, "name", revision);
    directory.update(one, null, 6);
    expect(names()).toEqual([]);
  });

  it("counts as its end also where that comes before every name", () => {
    directory.update(one, null, 2);
    directory.update(one, "name", 1);
    expect(names()).toEqual([]);
  });

  it("is nothing to another pool", () => {
    directory.update(one, null, 9);
    directory.update(other, "other", 1);
    expect(names()).toEqual(["other"]);
  });
});

describe("whether a pool has a source", () => {
  it("is what it said last, in whatever order that arrives, until it ends", () => {
    directory.update(one, "name", 2, true);
    directory.update(one, "name", 1, false);
    directory.update(other, "other", 1, false);
    expect(directory.sourced()).toEqual([one]);
    directory.update(one, "name", 3, false);
    directory.update(other, "other", 2, true);
    expect(directory.sourced()).toEqual([other]);
    directory.update(other, null, 3);
    expect(directory.sourced()).toEqual([]);
  });

  it("is left as it is by a pool that does not say, as one of the release before", () => {
    directory.update(one, "name", 2, true);
    directory.update(one, "renamed", 3);
    expect([names(), directory.sourced()]).toEqual([["renamed"], [one]]);
  });
});

describe("a pool's import list", () => {
  it("is known from the first note on, until the pool ends, and never after that", () => {
    expect(directory.importing()).toEqual([]);
    for (const _ of ["once", "again"]) directory.noteImports(one);
    directory.noteImports(other);
    expect(directory.importing()).toEqual([one, other]);
    directory.update(one, null, 6);
    directory.noteImports(one);
    expect(directory.importing()).toEqual([other]);
  });
});

describe("a pool of the release before, which sends no revision", () => {
  it("is heard as it was, name after name, until it ends", () => {
    for (const name of ["one", "two", "two"]) directory.update(one, name);
    expect(names()).toEqual(["two"]);
    directory.update(one, null);
    expect(names()).toEqual([]);
  });

  it("counts until a revision came: what it said before, and comes late, says nothing", () => {
    directory.update(one, "of the release before");
    directory.update(one, "newer", 1000);
    directory.update(one, "of the release before");
    expect(names()).toEqual(["newer"]);
  });
});
