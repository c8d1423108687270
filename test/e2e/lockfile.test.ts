/** The lockfile is one for every machine: whoever installs from it gets the same bytes, from whatever registry he has. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

type Lockfile = {
  readonly packages: Readonly<Record<string, { readonly integrity?: string; readonly hasInstallScript?: true }>>;
};

const ROOT = join(import.meta.dirname, "../..");
const text = await readFile(join(ROOT, "package-lock.json"), "utf8");
const { packages } = JSON.parse(text) as Lockfile;
const names = Object.keys(packages).filter((path) => path !== "");

it("names no address of a registry", () => {
  expect(text).not.toMatch(/"resolved"|https?:\/\/[^"]*\.tgz/);
});

it("says of every package what its bytes hash to", () => {
  expect(names.length).toBeGreaterThan(400);
  expect(names.filter((name) => packages[name]?.integrity?.startsWith("sha512-") !== true)).toEqual([]);
});

/** Packages with a build for each platform, as each of them names macOS, Windows and Linux. */
it.each([
  ["workerd", "@cloudflare/workerd-", ["darwin-64", "darwin-arm64", "windows-64", "linux-64", "linux-arm64"]],
  ["esbuild", "@esbuild/", ["darwin-x64", "darwin-arm64", "win32-x64", "linux-x64", "linux-arm64"]],
  [
    "rolldown",
    "@rolldown/binding-",
    ["darwin-x64", "darwin-arm64", "win32-x64-msvc", "linux-x64-gnu", "linux-arm64-gnu"],
  ],
  ["oxlint", "@oxlint/binding-", ["darwin-x64", "darwin-arm64", "win32-x64-msvc", "linux-x64-gnu", "linux-arm64-gnu"]],
  ["oxlint-tsgolint", "@oxlint-tsgolint/", ["darwin-x64", "darwin-arm64", "win32-x64", "linux-x64", "linux-arm64"]],
  ["oxfmt", "@oxfmt/binding-", ["darwin-x64", "darwin-arm64", "win32-x64-msvc", "linux-x64-gnu", "linux-arm64-gnu"]],
  ["typescript", "@typescript/typescript-", ["darwin-x64", "darwin-arm64", "win32-x64", "linux-x64", "linux-arm64"]],
])("has the builds of %s for macOS, Windows and Linux", (name, prefix, platforms) => {
  expect(names).toContain(`node_modules/${name}`);
  expect(platforms.filter((platform) => !names.includes(`node_modules/${prefix}${platform}`))).toEqual([]);
});

it("brings no script to run that package.json does not judge", async () => {
  const { allowScripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    allowScripts: Readonly<Record<string, boolean>>;
  };
  const withScripts = names.filter((name) => packages[name]?.hasInstallScript === true);
  expect(withScripts.map((name) => name.replace(/^.*node_modules\//, "")).toSorted()).toEqual(
    Object.keys(allowScripts).toSorted(),
  );
});
