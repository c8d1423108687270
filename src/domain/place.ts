/** Where the objects of a service are to lie. */

/** None: wherever the platform puts them. */
export const JURISDICTIONS = ["none", "eu", "us", "fedramp"] as const;

export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** As the platform names its regions; none: each object near whoever calls it first. */
export const LOCATION_HINTS = ["none", "wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

export type LocationHint = (typeof LOCATION_HINTS)[number];

export type Place = { readonly jurisdiction: Jurisdiction; readonly locationHint: LocationHint };

const HINTS_WITHIN: Readonly<Record<Exclude<Jurisdiction, "none">, readonly LocationHint[]>> = {
  eu: ["weur", "eeur"],
  us: ["wnam", "enam"],
  fedramp: ["wnam", "enam"],
};

/** What is wrong with the two together; null when nothing is. */
export function placeProblem({ jurisdiction, locationHint }: Place): string | null {
  if (jurisdiction === "none" || locationHint === "none") return null;
  const within = HINTS_WITHIN[jurisdiction];
  if (within.includes(locationHint)) return null;
  return `LOCATION_HINT must be none, ${within.join(" or ")} where JURISDICTION is ${jurisdiction}`;
}
