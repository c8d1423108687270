/** What every mode of the benchmark starts from: the bundles, the issuer of login tokens, and runtimes that end with it. */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFloor, buildProduct, type Bundle } from "./build.ts";
import { createLoginIssuer, type LoginIssuer, providerName } from "./logins.ts";
import { type Runtime, type RuntimeOptions, startRuntime } from "./runtime.ts";
import { ROTATION, type Stage } from "./scenarios.ts";
import { inParallel, type Logins, type Service, type ServiceOptions, startService } from "./service.ts";

export type Workshop = {
  readonly issuer: LoginIssuer;
  /** A new product process, with a pool and nothing else. */
  service(name: string, options: ServiceOptions): Promise<Service>;
  /** A new floor process, with keys of its own. As the equal floor it signs with the setting `ALGORITHM`. */
  floor(name?: string, options?: Partial<Pick<RuntimeOptions, "settings" | "under">>): Promise<Runtime>;
  stage(service: Service, oneTimeRequests: number): Stage;
  /** A folder that is removed at the end. */
  folder(name: string): string;
};

/** `source` is the checkout that is measured. Whatever happens, every process is stopped and every file removed. */
export async function withWorkshop<T>(source: string, work: (workshop: Workshop) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-bench-"));
  const running: Runtime[] = [];
  // Whatever ends this process, a defect included, leaves no folder behind.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeFolder);
  // Ctrl-C must leave nothing behind either: exiting ends the children.
  const exit = () => process.exit(130);
  process.once("SIGINT", exit).once("SIGTERM", exit);
  try {
    const product = await buildProduct(source, join(folder, "product"));
    const floor = await buildFloor(product, join(folder, "floor"));
    return await work(await createWorkshop(folder, product, floor, running));
  } finally {
    await Promise.all(running.map(async (runtime) => await runtime.stop()));
    removeFolder();
    process.off("exit", removeFolder);
    process.off("SIGINT", exit).off("SIGTERM", exit);
  }
}

async function createWorkshop(folder: string, product: Bundle, floor: Bundle, running: Runtime[]): Promise<Workshop> {
  const issuer = await createLoginIssuer();
  const loginMaps = new Map<number, readonly Logins[]>();
  return {
    issuer,
    async service(name, options) {
      const service = await startService(name, product, issuer, folder, options);
      running.push(service.runtime);
      return service;
    },
    async floor(name = "floor", { settings = {}, under = [] } = {}) {
      const readyPath = "/login-token";
      const runtime = await startRuntime(name, floor, {
        settings: { JWKS: issuer.keySet, ...settings },
        under,
        keySet: issuer.keySet,
        folder: join(folder, `${name}-run`),
        readyPath,
      });
      running.push(runtime);
      return runtime;
    },
    stage: (service, oneTimeRequests) => ({
      service,
      issuer,
      oneTimeRequests,
      async loginsOf(providers) {
        const signed = loginMaps.get(providers) ?? (await signLogins(issuer, providers));
        loginMaps.set(providers, signed);
        return signed;
      },
    }),
    folder: (name) => join(folder, name),
  };
}

/** Users are told apart by their number of providers, too, so that no two scenarios share an identity. */
async function signLogins(issuer: LoginIssuer, providers: number): Promise<readonly Logins[]> {
  return await inParallel(Array.from({ length: ROTATION }), async (_, index) => {
    const subject = `user-${providers}-${index}`;
    const entries = Array.from({ length: providers }, async (_none, provider) => [
      providerName(provider + 1),
      await issuer.sign(provider + 1, subject),
    ]);
    return Object.fromEntries(await Promise.all(entries));
  });
}
