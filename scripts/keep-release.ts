/**
 * `npm run keep-release`: keeps the bundle of this checkout as the release before, for test/e2e/release-before.test.ts. It is run on
 * the commit that is deployed, once it is: docs/adr/0084.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { bundleWorker } from "./bundle.ts";

const KEPT = join(import.meta.dirname, "../test/release-before/worker.js.br");

const folder = await mkdtemp(join(tmpdir(), "edgepool-release-"));
try {
  const bundle = await readFile(await bundleWorker("src/worker.ts", folder, "deployed"));
  const text = bundle.toString().replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n");
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(KEPT, brotliCompressSync(text, { params }));
} finally {
  await rm(folder, { recursive: true });
}
