import { describe, expect, it } from "vitest";
import { JURISDICTIONS, LOCATION_HINTS, type Place } from "../../../src/domain/place.ts";
import { stubsIn } from "../../../src/durable/stubs.ts";

type Asked = readonly [binding: string, ...parameters: readonly unknown[]];

/** What is asked of the platform's namespaces, as it is asked: which object answers is decided by nothing else. */
function askedIn(place: Place): { readonly asked: readonly Asked[]; readonly kinds: readonly string[] } {
  const asked: Asked[] = [];
  const namespace = (binding: string): object => ({
    getByName: (...parameters: readonly unknown[]) => void asked.push([binding, ...parameters]),
    jurisdiction: (jurisdiction: string) => namespace(`${binding} in ${jurisdiction}`),
  });
  const env: unknown = new Proxy({}, { get: (_, binding) => namespace(String(binding)) });
  const stubs = Object.entries(stubsIn(env as Env, place));
  for (const [, stub] of stubs) Reflect.apply(stub, null, ["name"]);
  return { asked, kinds: stubs.map(([kind]) => kind) };
}

const place: Place = { jurisdiction: "none", locationHint: "none" };

describe("the way to an object", () => {
  it("is its name alone, where nothing is set", () => {
    const { asked } = askedIn(place);
    expect(asked.length).toBeGreaterThanOrEqual(8);
    expect(asked.filter((parameters) => parameters.length !== 2)).toEqual([]);
  });

  it.each(LOCATION_HINTS.filter((hint) => hint !== "none"))("says %s of what all users share alone", (locationHint) => {
    const { asked, kinds } = askedIn({ ...place, locationHint });
    const unhinted = kinds.filter((_, at) => asked[at]?.length === 2);
    // Each of these lies near the user who is the first to call it; those of an import have no user near.
    expect(unhinted).toEqual(["identity", "login"]);
    const hints = asked.flatMap(([, , options]) => (options === undefined ? [] : [options]));
    expect(hints).toEqual(Array.from(hints, () => ({ locationHint })));
    expect(hints.length).toBe(asked.length - 2);
  });

  it.each(JURISDICTIONS.filter((one) => one !== "none"))("leads into %s, but for the one marker", (jurisdiction) => {
    const { asked, kinds } = askedIn({ ...place, jurisdiction });
    const outside = kinds.filter((_, at) => !asked[at]?.[0].endsWith(` in ${jurisdiction}`));
    expect(outside).toEqual(["poolDirectoryOutside"]);
  });
});
