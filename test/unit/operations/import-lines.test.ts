import { describe, expect, it } from "vitest";
import { idNamedBy, readLine } from "../../../src/operations/import-lines.ts";

const REGION = "eu-west-1";
const ID = "eu-west-1:01234567-89ab-4cde-8f01-23456789abcd";
const OTHER = "eu-west-1:11234567-89ab-4cde-8f01-23456789abcd";
const LOGIN = "0f".repeat(32);
const GOOGLE = "accounts.google.com";
const SUBJECT = "subject-of-ann";

const read = (json: unknown) => readLine(json, REGION);
const faultOf = (json: unknown) => {
  const line = read(json);
  return line.ok ? undefined : line.error;
};

describe("a line of an identity", () => {
  it("of Cognito's list is for the import list: id, dates, providers each once, and whether it is disabled", () => {
    const line = { identityId: ID, createdAt: 1.5, modifiedAt: 2, providers: [GOOGLE, "a.example", GOOGLE] };
    const identity = {
      identityId: ID,
      providerNames: [GOOGLE, "a.example"].toSorted(),
      createdAt: 1.5,
      modifiedAt: 2,
      isDisabled: false,
    };
    expect(read(line)).toEqual({ ok: true, value: { kind: "listed", identity } });
    expect(read({ ...line, kind: "identity", life: [], unknown: 7 })).toEqual(read(line));
    for (const more of [{ standing: "disabled" }, { disabled: true }]) {
      expect(read({ ...line, ...more })).toMatchObject({ value: { identity: { isDisabled: true } } });
    }
  });

  it("that says no dates has none, and was changed when it was made if it does not say more", () => {
    expect(read({ identityId: ID })).toMatchObject({ value: { identity: { createdAt: null, modifiedAt: null } } });
    expect(read({ identityId: ID, createdAt: 7 })).toMatchObject({ value: { identity: { modifiedAt: 7 } } });
  });

  it.each([
    [{ standing: "guest" }, { kind: "guest" }],
    [{ standing: "closed", barred: [GOOGLE] }, { kind: "closed" }],
    [
      { standing: "merged", mergedInto: OTHER },
      { kind: "merged", into: OTHER },
    ],
    [{ standing: "linked", loginIds: [{ providerName: GOOGLE, loginId: LOGIN, linkedAt: 1 }] }, { kind: "linked" }],
    [{ loginIds: [{ providerName: GOOGLE, loginId: LOGIN }] }, { kind: "linked" }],
    [{ links: [{ providerName: GOOGLE, subject: SUBJECT }] }, { kind: "linked" }],
    [{ developerUsers: ["u-17"] }, { kind: "linked" }],
  ])("%o has a standing of its own", (more, standing) => {
    expect(read({ identityId: ID, ...more })).toMatchObject({ value: { kind: "restored", identity: { standing } } });
  });

  it("that is deleted is one that is gone", () => {
    const gone = { ok: true, value: { kind: "gone", identityId: ID } };
    expect(read({ identityId: ID, standing: "deleted" })).toEqual(gone);
    expect(read({ kind: "gone", identityId: ID })).toEqual(gone);
  });
});

it("a line of a login is one that nobody has any more", () => {
  const line = { kind: "login", loginId: LOGIN, providerName: GOOGLE, settled: true };
  expect(read(line)).toEqual({ ok: true, value: { kind: "login", loginId: LOGIN, providerName: GOOGLE } });
});

describe("what is wrong with a line is said", () => {
  const twentyOne = Array.from({ length: 21 }, (_, index) => `u-${index}`);

  it.each<[string, unknown, RegExp]>([
    ["no object", "text", /Structure/],
    ["null", null, /Structure/],
    ["a list", [], /Structure/],
    ["no id", {}, /identityId/],
    ["an id of the prototype's", JSON.parse('{"__proto__":{"identityId":"x"}}'), /identityId/],
    ["an id that is a number", { identityId: 7 }, /identityId/],
    ["an id of another region", { identityId: ID.replace("eu", "us") }, /region eu-west-1/],
    ["an id of a region that begins alike", { identityId: ID.replace("eu-west-1", "eu-west-10") }, /region eu-west-1/],
    ["an id that is no uuid", { identityId: `${REGION}:-` }, /region eu-west-1/],
    ["an unknown kind", { kind: "pool", identityId: ID }, /kind/],
    ["an unknown standing", { identityId: ID, standing: "gone" }, /standing/],
    ["dates that are none", { identityId: ID, createdAt: "2020" }, /Timestamp/],
    ["a date before all dates", { identityId: ID, createdAt: -1 }, /epoch seconds/],
    ["a date in milliseconds", { identityId: ID, modifiedAt: 1.7e12 }, /epoch seconds/],
    ["a standing without its logins", { identityId: ID, standing: "linked" }, /has logins/],
    ["a guest with logins", { identityId: ID, standing: "guest", developerUsers: ["u"] }, /has no logins/],
    ["a disabled one of a list with logins", { identityId: ID, standing: "disabled", developerUsers: ["u"] }, /list/],
    ["a merged one that does not say into whom", { identityId: ID, standing: "merged" }, /mergedInto/],
    ["a merged one into itself", { identityId: ID, standing: "merged", mergedInto: ID }, /mergedInto/],
    ["one that is merged and does not stand so", { identityId: ID, mergedInto: OTHER }, /mergedInto/],
    ["too many logins of one kind", { identityId: ID, developerUsers: twentyOne }, /developerUsers/],
    [
      "too many logins in all",
      { identityId: ID, developerUsers: twentyOne.slice(1), links: [{ providerName: GOOGLE, subject: "s" }] },
      /at most 20/,
    ],
    ["bars of one that was listed", { identityId: ID, barred: [GOOGLE] }, /barred/],
    ["a login that is no hash", { identityId: ID, loginIds: [{ providerName: GOOGLE, loginId: "x" }] }, /loginId/],
    ["a login that is not settled", { kind: "login", loginId: LOGIN, providerName: "p", settled: false }, /settled/],
    ["a login without its provider", { kind: "login", loginId: LOGIN, settled: true }, /providerName/],
    ["one that is gone and has no id", { kind: "gone" }, /identityId/],
    ["one that is gone in another region", { kind: "gone", identityId: "us-east-1:0" }, /region/],
  ])("%s", (_, line, fault) => {
    expect(faultOf(line)).toMatch(fault);
  });

  it("T51: and never a subject, wherever it stands", () => {
    const spoilt = [
      { identityId: SUBJECT },
      { identityId: ID, kind: SUBJECT },
      { identityId: ID, standing: SUBJECT },
      { identityId: ID, origin: SUBJECT },
      { identityId: ID, standing: "merged", mergedInto: SUBJECT },
      { identityId: ID, providers: [SUBJECT.repeat(100)] },
      { identityId: ID, links: [{ providerName: SUBJECT.repeat(100), subject: SUBJECT }] },
      { kind: "gone", identityId: SUBJECT },
      { identityId: ID, links: [{ providerName: GOOGLE, subject: SUBJECT.repeat(100) }] },
      { identityId: ID, loginIds: [{ providerName: GOOGLE, loginId: SUBJECT }] },
      { identityId: ID, developerUsers: [SUBJECT.repeat(100)] },
      { identityId: ID, developerUsers: SUBJECT },
      { kind: "login", providerName: GOOGLE, loginId: SUBJECT, settled: true },
    ];
    for (const line of spoilt) {
      expect(faultOf(line)).toEqual(expect.any(String));
      expect(faultOf(line)).not.toContain(SUBJECT);
    }
  });
});

it("the id that a line names is told also where the line is not taken", () => {
  expect(idNamedBy({ identityId: ID, standing: "?" })).toBe(ID);
  for (const line of [null, 7, {}, { identityId: 7 }, { identityId: SUBJECT }]) expect(idNamedBy(line)).toBeUndefined();
});
