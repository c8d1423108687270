/** Where the objects of a service are to lie. */

/** As the platform names its regions; none: each object near whoever calls it first. */
export const LOCATION_HINTS = ["none", "wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

export type LocationHint = (typeof LOCATION_HINTS)[number];

export type Place = { readonly locationHint: LocationHint };
