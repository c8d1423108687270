import { describe, expect, it } from "vitest";
import exampleSecrets from "../../.dev.vars.example?raw";
import page from "../../docs/settings.md?raw";
import { localBindings } from "../../scripts/local-bindings.ts";
import { helpLines, settingsPage, stagingBindings, variables } from "../../scripts/settings-text.ts";
import { readSetting } from "../../src/config.ts";
import { DEVELOPMENT_SETTINGS } from "../../src/development/development-config.ts";
import { productionUpstreams } from "../../src/outbound/upstream-policy.ts";
import { type Setting, SETTINGS } from "../../src/settings.ts";
import wranglerDevToml from "../../wrangler.dev.toml?raw";
import wranglerToml from "../../wrangler.toml?raw";

const rules = { anywhere: productionUpstreams, elsewhere: productionUpstreams, own: null };
const rows: readonly Setting[] = Object.values(SETTINGS);
const secretsOf = (kind: Setting["secret"]) => rows.filter(({ secret }) => secret === kind).map(({ name }) => name);

/** The formatter pads the cells of a table. */
const unpadded = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");

describe("the table of settings", () => {
  it("has each name once, and a line for each", () => {
    expect(new Set(DEVELOPMENT_SETTINGS.map(({ name }) => name)).size).toBe(DEVELOPMENT_SETTINGS.length);
    for (const { name, meaning } of DEVELOPMENT_SETTINGS) {
      expect(name).toMatch(/^[A-Z][A-Z_]+$/);
      expect([name, meaning.length <= 60]).toEqual([name, true]);
    }
  });

  it.each(DEVELOPMENT_SETTINGS)("$name has a default that is good, or none", (setting) => {
    const read = readSetting(setting, {}, rules);
    expect(read).toEqual(
      setting.default === null
        ? { ok: false, error: [`${setting.name} is missing`] }
        : { ok: true, value: expect.anything() },
    );
  });

  it.each(DEVELOPMENT_SETTINGS)("$name is refused in the words of its row", (setting) => {
    const refusal = { ok: false, error: [`${setting.name} must be ${setting.value.mustBe}`] };
    for (const text of ["\u2602", "7\u0000", "null"]) {
      expect(readSetting(setting, { [setting.name]: text }, rules)).toEqual(
        setting.name === "REGION" && text === "null" ? { ok: true, value: text } : refusal,
      );
    }
  });

  it("is what docs/settings.md says: npm run settings", () => {
    expect(unpadded(page)).toBe(unpadded(settingsPage(page)));
  });

  it("is what the comments of wrangler.toml say, whatever is set there: npm run settings", () => {
    expect(wranglerToml).toBe(variables(wranglerToml));
    expect(wranglerToml).toBe(stagingBindings(wranglerToml));
    const set = wranglerToml.replace('# ISSUER = "https://identity.example.com"', 'ISSUER = "https://id.example"');
    expect(variables(set)).toBe(set);
    expect(set).not.toBe(wranglerToml);
  });

  it("is what --help says", () => {
    const lines = helpLines(DEVELOPMENT_SETTINGS, new Set(["CLIENT_LIMIT"]));
    for (const { name, value, default: fallback } of DEVELOPMENT_SETTINGS) {
      const bound = lines[lines.indexOf(name) + 2]?.toLowerCase() ?? "";
      expect(bound).toContain(value.mustBe.toLowerCase());
      const isDefaultShown = fallback !== null && name !== "CLIENT_LIMIT";
      expect([name, bound.includes("default: ")]).toEqual([name, isDefaultShown]);
    }
  });

  it("has the secrets of wrangler.toml and of .dev.vars.example", () => {
    expect(wranglerToml).toContain(`\nrequired = ${JSON.stringify(secretsOf("required")).replace(",", ", ")}\n`);
    expect([...exampleSecrets.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)).toEqual(secretsOf("required"));
    expect([...exampleSecrets.matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name)).toEqual(secretsOf("optional"));
  });
});

describe("wrangler.dev.toml", () => {
  it("has the objects and limits of wrangler.toml: npm run settings", () => {
    expect(localBindings(wranglerDevToml, wranglerToml)).toBe(wranglerDevToml);
  });

  it("gets an object that wrangler.toml has gained, before the one of development", () => {
    const more = '\n\n[[durable_objects.bindings]]\nname = "NOTE" # of nobody\nclass_name = "NoteObject"\n';
    const written = localBindings(wranglerDevToml, `${wranglerToml}${more}`);
    expect(written).toContain(
      'name = "NOTE"\nclass_name = "NoteObject"\n\n[[durable_objects.bindings]]\nname = "DEVELOPMENT_',
    );
    expect(localBindings(written, wranglerToml)).toBe(wranglerDevToml);
  });
});
