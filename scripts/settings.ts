/** `npm run settings`: writes docs/settings.md and the comments of wrangler.toml anew, from the table of settings. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { settingsPage, variables } from "./settings-text.ts";

function rewrite(path: string, rewritten: (text: string) => string): void {
  const file = join(import.meta.dirname, "..", path);
  writeFileSync(file, rewritten(readFileSync(file, "utf8")));
}

rewrite("docs/settings.md", settingsPage);
rewrite("wrangler.toml", variables);
