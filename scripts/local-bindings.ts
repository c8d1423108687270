/** The objects and limits of wrangler.dev.toml, which are those of wrangler.toml and the development issuer's. Text only. */

const KINDS = ["[[durable_objects.bindings]]", "[exports.", "[[ratelimits]]"] as const;
const OF_DEVELOPMENT = [
  '[[durable_objects.bindings]]\nname = "DEVELOPMENT_ISSUER"\nclass_name = "DevelopmentIssuerObject"',
  '[exports.DevelopmentIssuerObject]\ntype = "durable-object"\nstorage = "sqlite"',
];

/** wrangler.dev.toml with them written anew; they are all that stands after its settings. */
export function localBindings(local: string, production: string): string {
  const tables = [...tablesIn(production), ...OF_DEVELOPMENT];
  const written = KINDS.flatMap((kind) => tables.filter((table) => table.startsWith(kind)));
  const at = local.indexOf(KINDS[0]);
  if (at === -1) throw new Error(`there is no ${KINDS[0]} in the text`);
  return `${local.slice(0, at)}${written.join("\n\n")}\n`;
}

/** Each without what is commented in it. */
function tablesIn(toml: string): readonly string[] {
  return toml
    .split("\n")
    .flatMap((line) => (line.startsWith("#") ? [] : [line.replace(/ # .*$/, "")]))
    .join("\n")
    .split("\n\n")
    .map((table) => table.trim());
}
