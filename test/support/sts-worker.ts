/** A service whose token service (STS) is a stand-in that a test tells how to answer: the stage of the tests about credentials. */
import { SetIdentityPoolRolesCommand } from "@aws-sdk/client-cognito-identity";
import { afterAll, afterEach, beforeAll } from "vitest";
import { ROLES } from "./account-roles.ts";
import { adminClient, createPool } from "./cognito-clients.ts";
import { serveStandIn, type StandInServer } from "./stand-in-server.ts";
import { type StsStandIn, stsStandIn } from "./sts-stand-in.ts";
import { type RunningWorker, startWorker } from "./worker-process.ts";

export type StsWorker = {
  readonly sts: StsStandIn;
  /** Where the stand-in is served; what it is told to fail with ends with each test. */
  readonly server: StandInServer;
  readonly worker: RunningWorker;
  /** A pool of guests and of whoever signs in at the development issuer, with `ROLES`. */
  readonly pool: string;
};

type Settings = Readonly<Record<string, string>>;

/**
 * There from the first test of a file, or of a group, to its last one; what comes back is filled before the first. `settingsOf` is
 * asked after what stands before it in the file has begun.
 */
export function useStsWorker(settingsOf: () => Settings): StsWorker {
  const stage = {} as { -readonly [Member in keyof StsWorker]: StsWorker[Member] };
  beforeAll(async () => {
    stage.sts = stsStandIn();
    stage.server = await serveStandIn(() => stage.sts.standIn);
    stage.worker = await startWorker({ settings: { ...settingsOf(), STS_URL: stage.server.address } });
    const admin = adminClient(stage.worker.endpoint);
    stage.pool = await createPool(admin, {
      SupportedLoginProviders: { [`127.0.0.1:${stage.worker.port}/development/issuer`]: "edgepool-development" },
    });
    await admin.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: stage.pool, Roles: ROLES }));
  });
  afterEach(() => {
    stage.server.fail(undefined);
  });
  afterAll(async () => {
    await stage.worker.stop();
    await stage.server.close();
  });
  return stage;
}
