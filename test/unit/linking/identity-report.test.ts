import { describe, expect, it } from "vitest";
import { newRecord } from "../../../src/linking/identity-record.ts";
import { identityReportOf } from "../../../src/linking/identity-report.ts";
import {
  CLOSED,
  DELETED,
  developer,
  frozen,
  GUEST,
  id,
  linkedTo,
  MERGED,
  NOW,
  POOL,
  recordOf,
  transactionOf,
} from "./records.ts";

const BUCKET = { tokens: 20, limit: { burst: 20, perSecond: 5 }, lastLowMs: null };
const HASH = "0123456789abcdef";

describe("what an operator is told of an identity", () => {
  it("is nothing where nobody was ever told of one", () => {
    expect(identityReportOf(null, BUCKET)).toBeNull();
    expect(identityReportOf(newRecord(id("a"), POOL, { kind: "unborn" }, NOW), BUCKET)).toBeNull();
  });

  it.each([
    ["guest", GUEST],
    ["authenticated", linkedTo("a/1")],
    ["closed", CLOSED],
    ["merged", MERGED],
    ["deleted", DELETED],
  ])("is where it stands: %s", (standing, record) => {
    expect(identityReportOf(record, BUCKET)).toMatchObject({ standing, bucket: BUCKET });
  });

  it("is who absorbed it", () => {
    expect(identityReportOf(MERGED, BUCKET)?.mergedInto).toBe(id("b"));
    expect(identityReportOf(GUEST, BUCKET)).not.toHaveProperty("mergedInto");
  });

  it("is of each login the provider and the beginning of its hash, and of a developer's user the name", () => {
    const login = { providerName: "a", loginId: HASH, linkId: "t", linkedAt: NOW };
    const kept = { ...login, subject: "nobody may know" };
    const record = { ...linkedTo(), logins: [kept, developer(HASH, "ann")] };
    expect(identityReportOf(record, BUCKET)?.logins).toEqual([
      { providerName: "a", loginHash: "0123456789ab", linkedAt: NOW },
      { providerName: "login.example", loginHash: "0123456789ab", linkedAt: NOW, developerUserIdentifier: "ann" },
    ]);
  });

  it("is the link that is under way, and how many are still to hear of its end", () => {
    const transaction = transactionOf({
      phase: "committed",
      absorbed: [id("c")],
      unsettled: [
        { kind: "login", loginId: HASH, ticket: "t" },
        { kind: "identity", identityId: id("c") },
      ],
    });
    const report = identityReportOf({ ...linkedTo("a/1"), transaction }, BUCKET);
    expect(report?.transaction).toEqual({
      phase: "committed",
      startedAt: NOW,
      wanted: 1,
      absorbed: [id("c")],
      unsettled: 2,
    });
    expect(report?.owed).toEqual([
      { kind: "settle", to: "0123456789ab" },
      { kind: "settle", to: id("c") },
    ]);
  });

  it("is for whom it stands still, and what it owes to a login and to its pool's list", () => {
    expect(identityReportOf(frozen(GUEST), BUCKET)?.freeze).toEqual({ coordinator: id("b"), since: NOW });
    const release = { providerName: "a", loginId: HASH, linkId: "t", linkedAt: NOW };
    const record = recordOf({ kind: "linked" }, [], { releases: [release], listing: "to-add" });
    expect(identityReportOf(record, BUCKET)?.owed).toEqual([
      { kind: "release", to: "0123456789ab" },
      { kind: "update-listing" },
    ]);
  });
});
