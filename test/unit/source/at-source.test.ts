import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deleteAtSource, unlinkAtSource } from "../../../src/source/at-source.ts";
import { answerOf, exception, GOOGLE, source, SOURCE_POOL, Stage, X } from "./source-stage.ts";

const LOGINS = new Map([
  [GOOGLE, "login-token"],
  ["issuer.example", "of no source"],
]);

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation((line: unknown) => void lines.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a login that was unlinked here", () => {
  it("is unlinked at the source by the same call, as far as it is of there", async () => {
    const stage = new Stage(answerOf({}));
    await unlinkAtSource(source, X, LOGINS, [GOOGLE, "issuer.example"], stage.tools);
    expect(stage.asked).toMatchObject([
      {
        operation: "UnlinkIdentity",
        input: { IdentityId: X, Logins: { [GOOGLE]: "login-token" }, LoginsToRemove: [GOOGLE] },
      },
    ]);
    expect([stage.drawnFrom, lines]).toEqual([[SOURCE_POOL], []]);
  });

  it("is nothing to a source that has not its provider", async () => {
    const stage = new Stage(answerOf({}));
    await unlinkAtSource(source, X, LOGINS, ["issuer.example"], stage.tools);
    expect(stage.asked).toEqual([]);
  });

  it("is asked about once, and the log has why it failed", async () => {
    const stage = new Stage(exception("NotAuthorizedException", "Logins don't match. login-token"));
    await unlinkAtSource(source, X, LOGINS, [GOOGLE], stage.tools);
    expect(stage.asked).toHaveLength(1);
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      { event: "source-not-unlinked", sourcePoolId: SOURCE_POOL, cause: "source-refused" },
    ]);
  });
});

describe("an identity that was deleted here", () => {
  it("is deleted at the source, by a signed call", async () => {
    const stage = new Stage(answerOf({ UnprocessedIdentityIds: [] }));
    expect(await deleteAtSource(SOURCE_POOL, X, stage.tools)).toBe(true);
    expect(stage.asked).toMatchObject([{ operation: "DeleteIdentities", input: { IdentityIdsToDelete: [X] } }]);
    expect(new Headers(stage.asked[0]?.init.headers).get("authorization")).toContain("AWS4-HMAC-SHA256");
  });

  it.each([
    ["unprocessed", answerOf({ UnprocessedIdentityIds: [{ IdentityId: X, ErrorCode: "InternalServerError" }] })],
    ["source-misconfigured: credentials-refused", exception("AccessDeniedException", "no", 403)],
    ["source-throttled: source", exception("TooManyRequestsException", "Rate exceeded")],
    ["source-unavailable: connection", "refused"],
  ] as const)("is not, where the answer is %s: it is to be asked again", async (cause, answer) => {
    expect(await deleteAtSource(SOURCE_POOL, X, new Stage(answer).tools)).toBe(false);
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      { event: "source-not-deleted", sourcePoolId: SOURCE_POOL, cause },
    ]);
  });

  it("is not without a credential, or a budget", async () => {
    const stage = new Stage(answerOf({}));
    stage.budget = false;
    expect(await deleteAtSource(SOURCE_POOL, X, stage.tools)).toBe(false);
    stage.credentials.clear();
    expect(await deleteAtSource(SOURCE_POOL, X, stage.tools)).toBe(false);
    expect(stage.asked).toEqual([]);
  });
});
