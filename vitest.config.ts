import { globSync, readFileSync } from "node:fs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// What a deployment sets as secrets: wrangler looks for those that wrangler.toml requires.
process.env["KEY_ENCRYPTION_KEY"] = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
process.env["ADMIN_CREDENTIALS"] = "[]";

/**
 * How long to wait for what has to come: for a log line after an answer, a process, a test as a whole. No test is about time,
 * so that these are for a machine that is busy with much else; on an idle one nothing takes a tenth of them.
 */
const PATIENCE = {
  testTimeout: 180_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 60_000, interval: 50 } },
};

/** What starts objects, or calls those that run: the platform's own modules, and the supports that use them. */
const STARTS_OBJECTS =
  /from "(cloudflare:|(\.\.\/)+support\/(cost|cost-stage|objects|operation-context|service|waits|scene)\.ts")/;
const UNIT_TESTS = globSync("test/unit/**/*.test.ts");
const withObjects = UNIT_TESTS.filter((file) => STARTS_OBJECTS.test(readFileSync(file, "utf8")));
const withoutObjects = UNIT_TESTS.filter((file) => !withObjects.includes(file));

const inWorkerd = () =>
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      cf: false,
      // No version of the Worker: it would be another one in each line of a test.
      bindings: { ISSUER: "https://identity.example.com" },
      versionMetadata: "UNUSED_VERSION",
      // Runs in Node: every outbound fetch of the Worker lands here, so that no test reaches a network.
      async outboundService() {
        const { Response } = await import("miniflare");
        return new Response("no network in tests", { status: 599 });
      },
    },
  });

/** The schedules are one long computation: begun last they would leave all other cores idle at the end. */
class SimulationFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isFirst = ({ project }: TestSpecification) => project.name === "simulation";
    // oxlint-disable-next-line unicorn/no-array-sort -- not the method of an array
    const sorted = await super.sort(files);
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SimulationFirst },
    // Files that run at a time, on any machine: many spend their time waiting for processes of their own, so that more run than
    // a small one has cores. A project that had another number would run alone, after the others.
    maxWorkers: 3,
    projects: [
      {
        plugins: [inWorkerd()],
        // A workerd of their own costs most files more than all of their tests: those that store nothing share one.
        test: { ...PATIENCE, name: "unit", include: withoutObjects, isolate: false },
      },
      {
        plugins: [inWorkerd()],
        test: { ...PATIENCE, name: "objects", include: withObjects },
      },
      { test: { ...PATIENCE, name: "simulation", include: ["test/simulation/**/*.test.ts"] } },
      {
        test: {
          ...PATIENCE,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/worker-process.ts"],
        },
      },
      {
        test: {
          ...PATIENCE,
          name: "attacks",
          include: ["test/attacks/**/*.test.ts"],
          globalSetup: ["test/support/worker-process.ts"],
        },
      },
      {
        test: { ...PATIENCE, testTimeout: 600_000, name: "crash", include: ["test/crash/**/*.test.ts"] },
      },
    ],
  },
});
