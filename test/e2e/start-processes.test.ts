import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { callForText } from "../support/call.ts";
import { signIn } from "../support/development-sign-in.ts";
import { type Process, processTree, survivors } from "../support/process-tree.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

let stateFolder: string;
beforeEach(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), "edgepool-state-"));
});
afterEach(async () => {
  await rm(stateFolder, { recursive: true, force: true });
});

function find(processes: readonly Process[], part: string): Process {
  const found = processes.find(({ command }) => command.includes(part));
  if (found === undefined)
    throw new Error(`no process ${part} among ${processes.map(({ command }) => command).join("; ")}`);
  return found;
}

async function expectNoneLeft(processes: readonly Process[]): Promise<void> {
  await expect.poll(() => survivors(processes)).toEqual([]);
}

async function identityOfAlice(worker: RunningWorker, loginToken: string): Promise<string> {
  const providerName = `127.0.0.1:${worker.port}/development/issuer`;
  const input = { IdentityPoolId: inject("identityPoolId"), Logins: { [providerName]: loginToken } };
  return callForText(worker.endpoint, "GetId", input, "IdentityId");
}

describe("the end of npm start", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("by %s is clean and leaves no process behind", async (signal) => {
    const worker = await startWorker({ stateFolder });
    const processes = processTree(worker.pid);
    expect(find(processes, "workerd").pid).toBeGreaterThan(0);
    process.kill(worker.pid, signal);
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    await expectNoneLeft(processes);
  });

  it("by SIGKILL leaves no process behind either", async () => {
    const worker = await startWorker({ stateFolder });
    const processes = processTree(worker.pid);
    process.kill(worker.pid, "SIGKILL");
    await expectNoneLeft(processes);
  });

  it.each(["SIGTERM", "SIGKILL"] as const)("by %s to npm leaves no process behind", async (signal) => {
    const worker = await startWorker({ stateFolder, command: ["npm", "start", "--"] });
    const processes = processTree(worker.pid);
    expect(find(processes, "workerd").pid).toBeGreaterThan(0);
    process.kill(worker.pid, signal);
    await expectNoneLeft(processes);
  });

  it("by the death of the process below it is one sentence, and leaves no process behind", async () => {
    const worker = await startWorker({ stateFolder });
    const processes = processTree(worker.pid);
    process.kill(find(processes, "serve.ts").pid, "SIGKILL");
    expect(await worker.ended).toEqual({ code: 1, signal: null });
    expect(worker.log()).toContain("edgepool: the Worker's process ended (SIGKILL); its state is kept");
    await expectNoneLeft(processes);
  });

  it("by the death of both leaves no process behind", async () => {
    const worker = await startWorker({ stateFolder });
    const processes = processTree(worker.pid);
    process.kill(worker.pid, "SIGKILL");
    process.kill(find(processes, "serve.ts").pid, "SIGKILL");
    await expectNoneLeft(processes);
  });
});

describe("the state of npm start", () => {
  it("survives a restart: identities, logins, signing keys and the development issuer's key", async () => {
    const first = await startWorker({ stateFolder });
    const { token: loginToken } = await signIn(first.endpoint, "alice");
    const identityId = await identityOfAlice(first, loginToken);
    await first.stop();

    const second = await startWorker({ stateFolder, port: first.port });
    try {
      // The old token is still good: it was signed by a key that is still published.
      expect(await identityOfAlice(second, loginToken)).toBe(identityId);
      const keyIdOf = (token: string) => decodeProtectedHeader(token).kid;
      expect(keyIdOf((await signIn(second.endpoint, "alice")).token)).toBe(keyIdOf(loginToken));
    } finally {
      await second.stop();
    }
  });

  it("survives the sudden death of every process", async () => {
    const first = await startWorker({ stateFolder });
    const { token: loginToken } = await signIn(first.endpoint, "alice");
    const identityId = await identityOfAlice(first, loginToken);
    const processes = processTree(first.pid);
    for (const { pid } of processes) process.kill(pid, "SIGKILL");
    await expectNoneLeft(processes);

    const second = await startWorker({ stateFolder, port: first.port });
    expect(await identityOfAlice(second, loginToken)).toBe(identityId);
    await second.stop();
  });

  it("survives the death of workerd, which is started again", async () => {
    const worker = await startWorker({ stateFolder });
    const { token: loginToken } = await signIn(worker.endpoint, "alice");
    const identityId = await identityOfAlice(worker, loginToken);
    process.kill(find(processTree(worker.pid), "workerd").pid, "SIGKILL");
    await expect.poll(async () => identityOfAlice(worker, loginToken).catch(() => "down")).toBe(identityId);
    await expect.poll(() => worker.log()).toContain("edgepool: the Workers runtime ended and was started again");
    await worker.stop();
  });

  it("belongs to its folder: an empty one is a fresh service", async () => {
    const [first, second] = await Promise.all([startWorker(), startWorker()]);
    const guest = await callForText(
      first.endpoint,
      "GetId",
      { IdentityPoolId: inject("identityPoolId") },
      "IdentityId",
    );
    const token = await callForText(first.endpoint, "GetOpenIdToken", { IdentityId: guest }, "Token");
    expect(decodeJwt(token).sub).toBe(guest);
    await expect(callForText(second.endpoint, "GetOpenIdToken", { IdentityId: guest }, "Token")).rejects.toThrow(
      "ResourceNotFoundException",
    );
    await Promise.all([first.stop(), second.stop()]);
  });
});
