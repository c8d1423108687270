/** What `npm start` keeps of a build: scripts/built-worker.ts. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildKeyOf, builtWorker } from "../../scripts/built-worker.ts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "edgepool-build-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a build", () => {
  it("is made once, also by several at a time, and read back after that", async () => {
    const cache = join(folder, "cache");
    const built = await Promise.all(["a", "b"].map(async (name) => await builtWorker(join(folder, name), cache)));
    const [one, other] = built.map(({ options }) => ({ ...options, assets: undefined }));
    expect(one).toEqual(other);
    for (const name of ["a", "b"]) {
      expect(readFileSync(join(folder, name, "console-site/console/index.html"), "utf8")).toContain("/console/files/");
    }
    const [build = "", ...rest] = readdirSync(cache);
    expect(rest).toEqual([]);
    expect(build).toBe(await buildKeyOf(ROOT));
    const module = join(cache, build, "development-worker.js");
    expect(readFileSync(module, "utf8")).toContain("DevelopmentIssuerObject");

    writeFileSync(module, "// as it was kept");
    const { modulePath, options } = await builtWorker(join(folder, "c"), cache);
    expect(readFileSync(modulePath, "utf8")).toBe("// as it was kept");
    expect(Object.keys(Object(options["durableObjects"]))).toContain("KEY_RING");
    expect(options).not.toHaveProperty("bindings");
  });

  it("is another one where a file is another, or has another name", async () => {
    const copy = join(folder, "checkout");
    for (const name of [
      "src",
      "console",
      "scripts",
      "wrangler.toml",
      "tsconfig.json",
      "package.json",
      "package-lock.json",
    ]) {
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    }
    const keys = [await buildKeyOf(copy), await buildKeyOf(copy)];
    expect(new Set(keys).size).toBe(1);
    const source = join(copy, "src/worker.ts");
    const text = readFileSync(source, "utf8");
    writeFileSync(source, `${text} `);
    keys.push(await buildKeyOf(copy));
    writeFileSync(source, text);
    renameSync(source, join(copy, "src/worker2.ts"));
    keys.push(await buildKeyOf(copy));
    renameSync(join(copy, "src/worker2.ts"), source);
    writeFileSync(join(copy, "package-lock.json"), "{}");
    keys.push(await buildKeyOf(copy));
    for (const file of ["console/style.css", "scripts/build-console.ts"]) {
      writeFileSync(join(copy, file), "");
      keys.push(await buildKeyOf(copy));
    }
    expect(new Set(keys).size).toBe(6);
  });
});
