import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import audit from "../../../docs/audit.md?raw";
import reliability from "../../../docs/reliability.md?raw";
import { sha256Hex } from "../../../src/domain/digest.ts";
import { LEVELS } from "../../../src/log/events.ts";
import { auditRequest } from "../../../src/log/audit-line.ts";
import { logRequest, RequestFacts } from "../../../src/log/request-line.ts";
import { writeAs, writeEvent } from "../../../src/log/write.ts";

type RequestAbout = NonNullable<Parameters<typeof auditRequest>[0]["about"]>;
const VERSION = "1f0a9d2c-8f0f-4f9a-9d55-6f6a3f4b8a10";
const NO_KEYS = { active: undefined, next: [], retired: [] };
const section = reliability.slice(reliability.indexOf("\n## What the log says\n"));

/** The names in the first column of the table that has this head. */
function rowsOf(head: string): readonly string[] {
  const [, table = ""] = section.split(new RegExp(`^\\| ${head} +\\|.*$`, "m"));
  return table.slice(0, table.indexOf("\n\n")).split("\n");
}

beforeEach(() => writeAs(VERSION));
afterEach(() => {
  writeAs(undefined);
  vi.restoreAllMocks();
});

describe("docs/reliability.md", () => {
  it("has all lines there are, and how loud each is", () => {
    const documented = rowsOf("Line").flatMap((row) => {
      const [, name, level] = /^\| `(.+?)` +\| (\w+) +\|/.exec(row) ?? [];
      return name === undefined ? [] : [[name, level]];
    });
    expect(documented).toEqual(Object.entries(LEVELS));
  });

  it("has all members of a request's line", async () => {
    const facts = new RequestFacts();
    const [pool, other] = [
      "us-east-1:00000000-0000-4000-8000-000000000001",
      "us-east-1:00000000-0000-4000-8000-00000000000a",
    ];
    facts.readInput({ IdentityPoolId: pool, IdentityId: pool, IdentityIdsToDelete: [other] });
    facts.readOutput({ IdentityId: other, UnprocessedIdentityIds: [{ IdentityId: other }] });
    facts.note({ providerNames: ["accounts.google.com"], effect: "minted", repeats: 1 });
    facts.note({ sts: { role: "users", status: 403, durationMs: 1, sessionSeconds: 3600, message: "m" } });
    facts.signedBy("ops");
    facts.claimedBy("ops");
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const error = { type: "NotAuthorizedException", message: "", reason: "expired" } as const;
    const request = { requestId: "r", operation: "GetId", status: 400, error, durationMs: 1 };
    logRequest({ ...request, about: { ...(await facts.describe(sha256Hex)), pools: [pool, other] } });
    const members = Object.keys(JSON.parse(String(log.mock.lastCall)) as object);
    const documented = rowsOf("Member").flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)]);
    expect(new Set(documented.map(([, name]) => name))).toEqual(new Set(members));
  });
});

describe("docs/audit.md", () => {
  it("has all members of a line of the audit", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const [pool, hash] = ["us-east-1:00000000-0000-4000-8000-000000000001", "0123456789abcdef"];
    const about = {
      caller: "ops",
      effect: "deleted",
      pool,
      pools: [pool],
      identity: hash,
      namedIdentity: hash,
      identities: [hash],
      unprocessed: [hash],
      providers: ["accounts.google.com"],
    } as unknown as RequestAbout;
    const error = { type: "NotAuthorizedException", message: "", reason: "expired" } as const;
    auditRequest({ requestId: "r", operation: "DeleteIdentities", status: 400, error, durationMs: 1, about });
    writeEvent({ event: "audit", what: "key-ring-changed", who: "service", outcome: "done", keys: NO_KEYS });
    const members = log.mock.calls.flatMap(([line]) => Object.keys(JSON.parse(String(line)) as object));
    const documented = [...audit.matchAll(/^\| (`[^|]*?) +\|/gm)].flatMap(
      ([, names = ""]) => names.match(/\w+/g) ?? [],
    );
    expect(documented.toSorted()).toEqual([...new Set(members)].toSorted());
  });

  it.each([
    ["a signed call that reads", { caller: "ops" }, undefined, true],
    ["a signed call that is refused", { caller: "ops" }, "AccessDeniedException", true],
    ["a public call that changed an identity", { effect: "unlinked" }, undefined, true],
    ["a token for an identity as it was", { effect: "minted" }, undefined, false],
    ["a public call that is refused", { effect: "linked" }, "NotAuthorizedException", false],
    ["a signature that was refused", { claimedCaller: "ops" }, "InvalidSignatureException", false],
  ] as const)("%s", (_, about, type, isAudited) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const line = {
      requestId: "r",
      operation: "GetId",
      status: 200,
      durationMs: 1,
      about: about as unknown as RequestAbout,
    };
    auditRequest({ ...line, ...(type !== undefined && { error: { type, message: "" } }) });
    expect(log).toHaveBeenCalledTimes(isAudited ? 1 : 0);
  });
});

describe("writeEvent", () => {
  it.each([
    [{ message: "upstream asked", provider: "www.amazon.com", outcome: 200, durationMs: 1 }, "log"],
    [{ event: "provider-not-asked", provider: "www.amazon.com", seconds: 2 }, "warn"],
    [{ event: "login-not-settled", cause: "Error: away" }, "error"],
  ] as const)("writes %j as one line of JSON, by its level", (event, level) => {
    const lines: unknown[] = [];
    for (const method of ["log", "warn", "error"] as const) {
      vi.spyOn(console, method).mockImplementation((...line) => void lines.push([method, ...line]));
    }
    writeEvent(event);
    expect(lines).toEqual([[level, JSON.stringify({ ...event, version: VERSION })]]);
  });

  it("says no version where the platform names none", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    writeAs(undefined);
    writeEvent({ message: "upstream asked", provider: "www.amazon.com", outcome: 200, durationMs: 1 });
    expect(JSON.parse(String(log.mock.lastCall))).not.toHaveProperty("version");
  });
});
