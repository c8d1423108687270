/** Addresses of pages, as `#pool/us-east-1:…/identities`. Pure. */

/** `path` as in the table of pages: a segment that begins with a colon stands for any. */
export function match(path: string, route: string): readonly string[] | null {
  const [wanted, given] = [path.split("/"), route.split("/")];
  if (wanted.length !== given.length) return null;
  const values: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = decoded(given[index] ?? "");
    if (segment.startsWith(":")) {
      if (value === "") return null;
      values.push(value);
    } else if (segment !== value) return null;
  }
  return values;
}

/** As it was before it was written into an address. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** What somebody has typed, as one segment of an address. The colon of an id stays as it is. */
export function segmentOf(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":");
}

export function routeOf(hash: string): string {
  return hash.replace(/^#\/?/, "");
}
