/**
 * `npm run settings`: writes docs/settings.md and the comments of wrangler.toml anew, from the table of settings, and the objects and
 * limits of wrangler.dev.toml from wrangler.toml.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localBindings } from "./local-bindings.ts";
import { settingsPage, stagingBindings, variables } from "./settings-text.ts";

const fileOf = (path: string) => join(import.meta.dirname, "..", path);

function rewrite(path: string, rewritten: (text: string) => string): void {
  writeFileSync(fileOf(path), rewritten(readFileSync(fileOf(path), "utf8")));
}

rewrite("docs/settings.md", settingsPage);
rewrite("wrangler.toml", (toml) => stagingBindings(variables(toml)));
rewrite("wrangler.dev.toml", (toml) => localBindings(toml, readFileSync(fileOf("wrangler.toml"), "utf8")));
