import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// What a deployment sets as secrets: wrangler looks for those that wrangler.toml requires.
process.env["KEY_ENCRYPTION_KEY"] = "dGVzdC1vbmx5LWtleS1lbmNyeXB0aW9uLWtleS0wMDE=";
process.env["ADMIN_CREDENTIALS"] = "[]";

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              cf: false,
              bindings: { ISSUER: "https://identity.example.com" },
              // Runs in Node: every outbound fetch of the Worker lands here, so that no test reaches a network.
              async outboundService() {
                const { Response } = await import("miniflare");
                return new Response("no network in tests", { status: 599 });
              },
            },
          }),
        ],
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 15_000 },
      },
      { test: { name: "simulation", include: ["test/simulation/**/*.test.ts"] } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/worker-process.ts"],
          // Most of a file's time is spent waiting for processes of its own, so that more run than there are cores.
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "attacks",
          include: ["test/attacks/**/*.test.ts"],
          globalSetup: ["test/support/worker-process.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: { name: "crash", include: ["test/crash/**/*.test.ts"], testTimeout: 90_000, hookTimeout: 60_000 },
      },
    ],
  },
});
