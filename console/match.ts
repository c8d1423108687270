/** Addresses of pages, as `#pool/us-east-1:…/identities`. Pure. */

/** `path` as in the table of pages: a segment that begins with a colon stands for any. */
export function match(path: string, route: string): readonly string[] | null {
  const [wanted, given] = [path.split("/"), route.split("/")];
  if (wanted.length !== given.length) return null;
  const values: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith(":")) {
      if (value === "") return null;
      values.push(value);
    } else if (segment !== value) return null;
  }
  return values;
}

/** The route that a hash names; each segment as it was before it was written into an address. */
export function routeOf(hash: string): string {
  const route = hash.replace(/^#\/?/, "");
  try {
    return decodeURIComponent(route);
  } catch {
    return route;
  }
}
