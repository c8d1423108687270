/** What logins give is decided where they are verified, once: it comes with the grant by whatever way the call goes on. */
import { describe, expect, it } from "vitest";
import { ok } from "../../../src/domain/errors.ts";
import type { Grant } from "../../../src/domain/grant.ts";
import { refused } from "../../../src/domain/refusals.ts";
import type { GrantReply, VerifiedLogins } from "../../../src/linking/identity-calls.ts";
import { obtainGrant } from "../../../src/linking/obtain-grant.ts";
import type { Parties } from "../../../src/linking/parties.ts";
import type { SourceParty, Sources } from "../../../src/linking/source.ts";
import { CALL } from "./actor-stage.ts";
import { id, login, POOL } from "./records.ts";

const LOGINS = [login("a/1")];
const GRANT: Grant = { identityId: id("b"), identityPoolId: POOL, logins: LOGINS, lifetimeSeconds: 600 };
const ACCESS = { roleArn: "arn:aws:iam::123456789012:role/user", principalTags: { team: "red" } };
const VERIFIED: VerifiedLogins = { identityPoolId: POOL, logins: LOGINS, ...ACCESS };
const OWNERS = [{ identityId: id("b"), loginId: "a/1", linkId: "t1" }];

/** Identity `b` owns the login, and absorbs whoever brings it. */
const parties: Parties = {
  objects: {
    identity: () => ({
      link: async () => ({ kind: "linked", grant: GRANT }),
      standingHere: async () => ({ kind: "unknown" }),
      createGuest: async () => true,
      confirmOwner: async () => ({ kind: "ownership", owns: true }),
      outcome: async () => "aborted",
      describe: async () => null,
      developerUsers: async () => null,
    }),
    login: () => ({ view: async () => ({ owner: null, holder: null }) }),
  },
  config: { region: "us-east-1", mergePolicy: "merge" },
  pause: async () => {},
  random: () => 0,
  newUuid: () => "1",
};

/** Answers one after the other, and takes note of what was known at each question. */
async function obtained(...replies: readonly GrantReply[]) {
  return await obtainedFrom(undefined, ...replies);
}

async function obtainedFrom(sources: Sources | undefined, ...replies: readonly GrantReply[]) {
  const options = sources === undefined ? {} : { sources };
  const known: (VerifiedLogins | null)[] = [];
  const result = await obtainGrant(
    parties,
    id("a"),
    CALL,
    async (_, verified) => {
      const reply = replies[known.length];
      known.push(verified);
      if (reply === undefined) throw new Error("asked once too often");
      return reply;
    },
    options,
  );
  return { result, known };
}

const SOURCE: SourceParty = {
  settings: {
    identityPoolId: POOL,
    proof: "open-id-token",
    guests: "source",
    unknownIds: "ask",
    providers: [],
  },
  ask: async () => ok(id("a")),
  locate: async () => ok({ identityId: id("a"), sourcePoolId: POOL }),
  count: () => {},
};

describe("obtainGrant", () => {
  it("answers with the grant as it is where the identity gives it at once", async () => {
    const { result } = await obtained({ kind: "granted", grant: { ...GRANT, ...ACCESS } });
    expect(result).toEqual({ ok: true, value: { ...GRANT, ...ACCESS } });
  });

  it("adds the decision to the grant of the identity that the logins turn out to be of", async () => {
    const { result } = await obtained({ kind: "to-link", ...VERIFIED, isGuest: true, owners: OWNERS });
    expect(result).toEqual({ ok: true, value: { ...GRANT, ...ACCESS } });
  });

  it("adds it where the identity was busy, and is asked once more without its tokens", async () => {
    const { result, known } = await obtained({ kind: "busy", verified: VERIFIED }, { kind: "granted", grant: GRANT });
    expect(known).toEqual([null, { identityPoolId: POOL, logins: LOGINS }]);
    expect(result).toEqual({ ok: true, value: { ...GRANT, ...ACCESS } });
  });

  it("takes it along to the identity that absorbed the named one, which need not verify the tokens again", async () => {
    const { result, known } = await obtained(
      { kind: "merged", into: id("b"), verified: VERIFIED },
      { kind: "granted", grant: GRANT },
    );
    expect(known).toEqual([null, { identityPoolId: POOL, logins: LOGINS }]);
    expect(result).toEqual({ ok: true, value: { ...GRANT, ...ACCESS } });
  });

  it("keeps it when who is asked once more is told of the logins alone, and is busy or has others to ask", async () => {
    const told = { identityPoolId: POOL, logins: LOGINS };
    const { result } = await obtained(
      { kind: "busy", verified: VERIFIED },
      { kind: "busy", verified: told },
      { kind: "to-link", ...told, isGuest: true, owners: OWNERS },
    );
    expect(result).toEqual({ ok: true, value: { ...GRANT, ...ACCESS } });
  });

  it("asks a guest who was adopted again as any other: nothing was decided with him", async () => {
    const sources: Sources = {
      of: async () => SOURCE,
      meet: async () => ok({ identityPoolId: POOL, logins: [], source: SOURCE }),
    };
    const unknown = { ...refused({ kind: "identity-not-found", identityId: id("a") }), isUnknown: true } as const;
    const granted = { ...GRANT, logins: [], ...ACCESS };
    const { result, known } = await obtainedFrom(sources, unknown, { kind: "granted", grant: granted });
    expect(known).toEqual([null, null]);
    expect(result).toEqual({ ok: true, value: granted });
  });

  it("adds nothing where nothing was decided", async () => {
    const { result } = await obtained({
      kind: "to-link",
      identityPoolId: POOL,
      logins: LOGINS,
      isGuest: true,
      owners: OWNERS,
    });
    expect(result).toEqual({ ok: true, value: GRANT });
  });
});
