import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RATE_EXCEEDED } from "../../../src/domain/errors.ts";
import { errorOf } from "../../../src/domain/refusals.ts";
import { sourcePartyOf } from "../../../src/source/source-party.ts";
import {
  ADDRESS,
  answerOf,
  CREDENTIAL,
  DEVELOPER,
  exception,
  GOOGLE,
  NOW,
  OTHER_POOL,
  pool,
  source,
  SOURCE_POOL,
  Stage,
  tokenOf,
  X,
  Y,
} from "./source-stage.ts";

const LOGINS = { [GOOGLE]: "login-token-of-ann" };
const USER_AMR = ["authenticated", GOOGLE, `${GOOGLE}:client:1`];
const credentialsPool = { ...pool, source: { ...source, proof: "credentials", unknownIds: "imported" } as const };

let lines: string[];

/** An answer of GetOpenIdToken, as good as it can be but for `claims`. */
const proof = (IdentityId: string, claims: object = {}) =>
  answerOf({ IdentityId, Token: tokenOf({ sub: IdentityId, aud: SOURCE_POOL, amr: USER_AMR, ...claims }) });
const guestProof = (IdentityId: string, claims: object = {}) =>
  proof(IdentityId, { amr: ["unauthenticated"], ...claims });
const said = (refusal: { readonly ok: false; readonly error: Parameters<typeof errorOf>[0] } | { readonly ok: true }) =>
  refusal.ok ? "ok" : errorOf(refusal.error);
const refusedAs = (kind: string) => ({ ok: false, error: { kind } });

beforeEach(() => {
  lines = [];
  for (const method of ["log", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => void lines.push(String(line)));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("an ask by logins", () => {
  it("is the very GetId that the client made, unsigned, at the address of the region", async () => {
    const stage = new Stage(answerOf({ IdentityId: Y }));
    expect(await stage.party(LOGINS).ask(null, "public")).toEqual({ ok: true, value: Y });
    expect(stage.asked).toMatchObject([
      { operation: "GetId", url: ADDRESS, input: { IdentityPoolId: SOURCE_POOL, Logins: LOGINS } },
    ]);
    const { method, redirect, headers } = stage.asked[0]?.init ?? {};
    expect([method, redirect, new Headers(headers).has("authorization")]).toEqual(["POST", "manual", false]);
    expect([stage.charges, stage.fetches, stage.drawnFrom]).toEqual([1, 1, [SOURCE_POOL]]);
  });

  it("has the source's providers alone, as the client spells them, and never the developer's user", async () => {
    const stage = new Stage(answerOf({ IdentityId: Y }));
    const spelling = `${GOOGLE}/`;
    await stage.party({ [spelling]: "t", "issuer.example": "u", [DEVELOPER]: "ann" }).ask(null, "public");
    expect(stage.asked[0]?.input).toEqual({ IdentityPoolId: SOURCE_POOL, Logins: { [spelling]: "t" } });
  });

  it("without logins is for a new guest", async () => {
    const stage = new Stage(answerOf({ IdentityId: Y }));
    expect(await stage.party().ask(null, "public")).toEqual({ ok: true, value: Y });
    expect(stage.asked[0]?.input).toEqual({ IdentityPoolId: SOURCE_POOL });
  });

  it.each([
    ["of another region", "eu-west-1:bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"],
    ["of a longer region", "us-east-12:bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"],
    ["that is none", "us-east-1:bbbb"],
    ["that is not there", undefined],
    ["that is no text", 7],
  ])("whose answer has an id %s is answered by nothing of it", async (_, IdentityId) => {
    const stage = new Stage(answerOf({ IdentityId }));
    const answer = await stage.party(LOGINS).ask(null, "public");
    expect(said(answer)).toMatchObject({ type: "ExternalServiceException" });
    await stage.settle();
    expect(stage.told).toEqual([{ outcome: "failed", pool: SOURCE_POOL }]);
  });

  it("is of no pool without a source", () => {
    const { source: _, ...without } = pool;
    const stage = new Stage();
    expect(sourcePartyOf(without, new Map(), Object(stage.tools))).toBeNull();
  });
});

describe("a proof by an OpenID token", () => {
  it("names the id that has the logins, and may name another than was asked about", async () => {
    const stage = new Stage(proof(X), proof(Y));
    const party = stage.party(LOGINS);
    expect(await party.ask(X, "public")).toEqual({ ok: true, value: X });
    expect(await party.ask(X, "public")).toEqual({ ok: true, value: Y });
    expect(stage.asked[0]).toMatchObject({ operation: "GetOpenIdToken", input: { IdentityId: X, Logins: LOGINS } });
  });

  it("of a guest is one without logins, for that very id", async () => {
    expect(await new Stage(guestProof(X)).party().ask(X, "public")).toEqual({ ok: true, value: X });
  });

  it.each([
    ["S6: of another pool, as somebody has who knows the same client ids", proof(X, { aud: OTHER_POOL }), LOGINS],
    ["of several pools at once", proof(X, { aud: [SOURCE_POOL, OTHER_POOL] }), LOGINS],
    ["of no pool", proof(X, { aud: undefined }), LOGINS],
    ["for another id than the answer has", proof(X, { sub: Y }), LOGINS],
    ["of a guest, where there are logins", guestProof(X), LOGINS],
    ["of a user, where there are none", proof(X), {}],
    ["of another guest than was asked about", guestProof(Y), {}],
    ["of nobody knows whom", proof(X, { amr: "unauthenticated" }), {}],
    ["of a guest who is more", guestProof(X, { amr: ["unauthenticated", GOOGLE] }), {}],
  ])("is none that is %s: the id is not found", async (_, answer, logins) => {
    const stage = new Stage(answer);
    const told = await stage.party(logins).ask(X, "public");
    expect(said(told)).toEqual(errorOf({ kind: "identity-not-found", identityId: X }));
    await stage.settle();
    expect(stage.told).toEqual([{ outcome: "notFound", pool: SOURCE_POOL }]);
  });

  it.each([
    ["text that is no token", answerOf({ IdentityId: X, Token: "junk" })],
    ["no token", answerOf({ IdentityId: X })],
    ["a token of no JSON", answerOf({ IdentityId: X, Token: "e30.anVuaw.c2ln" })],
  ])("is none that has %s: Cognito did not answer", async (_, answer) => {
    expect(said(await new Stage(answer).party(LOGINS).ask(X, "public"))).toMatchObject({
      type: "ExternalServiceException",
    });
  });

  it("tells of which of several pools an id is, by one question of the first one's budget", async () => {
    const stage = new Stage(proof(Y, { aud: OTHER_POOL }));
    expect(await stage.party(LOGINS).locate(X, [SOURCE_POOL, OTHER_POOL])).toEqual({
      ok: true,
      value: { identityId: Y, sourcePoolId: OTHER_POOL },
    });
    expect([stage.asked.length, stage.drawnFrom]).toEqual([1, [SOURCE_POOL]]);
    expect(await new Stage(proof(Y, { aud: OTHER_POOL })).party(LOGINS).locate(X, [SOURCE_POOL])).toMatchObject(
      refusedAs("identity-not-found"),
    );
  });
});

describe("a proof by credentials", () => {
  const given = (IdentityId: string) =>
    answerOf({ IdentityId, Credentials: { AccessKeyId: "ASIAOFANN", SecretKey: "secret-of-ann", SessionToken: "s" } });

  it("is one where the pool's own GetId has the same id; and it takes two questions of the budget", async () => {
    const stage = new Stage(given(Y), answerOf({ IdentityId: Y }));
    const party = stage.party(LOGINS, credentialsPool);
    expect(await party.ask(X, "public")).toEqual({ ok: true, value: Y });
    expect(stage.asked.map(({ operation, input }) => [operation, input])).toEqual([
      ["GetCredentialsForIdentity", { IdentityId: X, Logins: LOGINS }],
      ["GetId", { IdentityPoolId: SOURCE_POOL, Logins: LOGINS }],
    ]);
    expect([stage.charges, stage.drawnFrom.length, stage.fetches]).toEqual([1, 2, 2]);
    await stage.settle();
    expect(stage.told).toEqual([{ outcome: "ok", pool: SOURCE_POOL }]);
  });

  it("S6: is none where the pool has another id for the logins", async () => {
    const stage = new Stage(given(X), answerOf({ IdentityId: Y }));
    expect(await stage.party(LOGINS, credentialsPool).ask(X, "public")).toMatchObject(refusedAs("identity-not-found"));
  });

  it("of a guest takes one question, which makes nobody", async () => {
    const stage = new Stage(given(X));
    expect(await stage.party({}, credentialsPool).ask(X, "public")).toEqual({ ok: true, value: X });
    expect(stage.operations).toEqual(["GetCredentialsForIdentity"]);
    expect(await new Stage(given(Y)).party({}, credentialsPool).ask(X, "public")).toMatchObject(
      refusedAs("identity-not-found"),
    );
  });
});

describe("an ask for a developer's user", () => {
  it("is looked up, signed, and makes nothing", async () => {
    const stage = new Stage(answerOf({ IdentityId: Y, DeveloperUserIdentifierList: ["ann"] }));
    expect(await stage.party({ [DEVELOPER]: "ann" }).ask(null, "developer")).toEqual({ ok: true, value: Y });
    expect(stage.asked).toMatchObject([
      {
        operation: "LookupDeveloperIdentity",
        input: { IdentityPoolId: SOURCE_POOL, DeveloperUserIdentifier: "ann" },
      },
    ]);
    expect(new Headers(stage.asked[0]?.init.headers).get("authorization")).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE00\/\d{8}\/us-east-1\/cognito-identity\/aws4_request, /,
    );
  });

  it("whom nobody has there is answered by nobody", async () => {
    const stage = new Stage(exception("ResourceNotFoundException", "Developer user not found."));
    expect(await stage.party({ [DEVELOPER]: "ann" }).ask(null, "developer")).toEqual({ ok: true, value: null });
    await stage.settle();
    expect(stage.told).toEqual([{ outcome: "ok", pool: SOURCE_POOL }]);
  });

  it.each([
    ["no-credentials", new Stage(), []],
    [
      "credentials-refused",
      new Stage(exception("AccessDeniedException", "User: x is not authorized", 403)),
      ["signed"],
    ],
    ["credentials-refused", new Stage(exception("UnrecognizedClientException", "The security token is invalid")), [""]],
    [
      "unknown-pool",
      new Stage(exception("ResourceNotFoundException", `IdentityPool '${SOURCE_POOL}' not found.`)),
      [""],
    ],
  ])("is refused to its caller, and the operator is told %s", async (problem, stage, asked) => {
    if (problem === "no-credentials") stage.credentials.clear();
    const answer = await stage.party({ [DEVELOPER]: "ann" }).ask(null, "developer");
    expect(said(answer)).toMatchObject({ type: "ExternalServiceException" });
    expect(stage.asked).toHaveLength(asked.length);
    await stage.settle();
    expect(stage.told).toEqual([{ outcome: "failed", problem, pool: SOURCE_POOL }]);
    expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual({
      event: "source-misconfigured",
      identityPoolId: pool.identityPoolId,
      problem,
    });
  });
});

describe("what the source refused", () => {
  const forbidden = exception("NotAuthorizedException", `Access to Identity '${X}' is forbidden.`);

  it.each([
    ["identity-not-found", exception("ResourceNotFoundException", `Identity '${X}' not found.`)],
    ["access-forbidden", forbidden],
    [
      "logins-do-not-match",
      exception(
        "NotAuthorizedException",
        "Logins don't match. Please include at least one valid login for this identity or identity pool.",
      ),
    ],
  ])("is told as it says it (%s), and for a minute nobody is asked again", async (kind, answer) => {
    const stage = new Stage(answer, proof(X));
    const party = stage.party(LOGINS);
    const first = await party.ask(X, "public");
    expect(first).toMatchObject(refusedAs(kind));
    stage.nowSeconds = NOW + 59;
    expect(await party.ask(X, "public")).toEqual(first);
    expect([stage.asked.length, stage.charges, stage.drawnFrom.length]).toEqual([1, 1, 1]);
    stage.nowSeconds = NOW + 60;
    expect(await party.ask(X, "public")).toEqual({ ok: true, value: X });
  });

  it("is remembered of an id with its logins: nobody locks the owner out by asking without his", async () => {
    const stage = new Stage(forbidden, proof(X));
    expect(await stage.party({ [GOOGLE]: "of a stranger" }).ask(X, "public")).toMatchObject(
      refusedAs("access-forbidden"),
    );
    expect(await stage.party(LOGINS).ask(X, "public")).toEqual({ ok: true, value: X });
    expect(await stage.party({ [GOOGLE]: "of a stranger" }).ask(X, "public")).toMatchObject(
      refusedAs("access-forbidden"),
    );
    expect(stage.asked).toHaveLength(2);
  });

  it("is remembered of what is the client's alone: of trouble nothing is kept", async () => {
    const stage = new Stage(exception("TooManyRequestsException", "Rate exceeded"), "refused", proof(X));
    const party = stage.party(LOGINS);
    expect(said(await party.ask(X, "public"))).toMatchObject({
      type: "TooManyRequestsException",
      retryAfterSeconds: 1,
    });
    expect(said(await party.ask(X, "public"))).toMatchObject({ type: "ExternalServiceException" });
    expect(await party.ask(X, "public")).toEqual({ ok: true, value: X });
    await stage.settle();
    expect(stage.told.map(({ outcome }) => outcome)).toEqual(["throttled", "failed", "ok"]);
  });
});

describe("before anybody is asked", () => {
  it("T47: the client's address is charged, and refused where it asked too much", async () => {
    const stage = new Stage(proof(X));
    stage.charge = { ...RATE_EXCEEDED, reason: "client-address" };
    expect(said(await stage.party(LOGINS).ask(X, "public"))).toEqual(stage.charge);
    expect([stage.asked, stage.drawnFrom]).toEqual([[], []]);
  });

  it("the budget is drawn on, and an empty one is throttling", async () => {
    const stage = new Stage(proof(X));
    stage.budget = false;
    expect(said(await stage.party(LOGINS).ask(X, "public"))).toMatchObject({
      type: "TooManyRequestsException",
      retryAfterSeconds: 1,
    });
    await stage.settle();
    // Counted by the budget's own object.
    expect([stage.asked, stage.told]).toEqual([[], []]);
  });

  it("a front of AWS's that says 429, without a word, is throttling, too", async () => {
    expect(said(await new Stage(answerOf({}, 429)).party(LOGINS).ask(X, "public"))).toMatchObject({
      type: "TooManyRequestsException",
      reason: "source-throttled: source",
    });
  });

  it("a budget that does not answer permits nothing; and a count that is lost fails nobody", async () => {
    const stage = new Stage(proof(X));
    stage.budget = "away";
    expect(said(await stage.party(LOGINS).ask(X, "public"))).toMatchObject({ type: "ExternalServiceException" });
    expect(stage.asked).toEqual([]);
    stage.budget = true;
    stage.isTellingAway = true;
    expect(await stage.party(LOGINS).ask(X, "public")).toEqual({ ok: true, value: X });
    await stage.settle();
  });
});

it("T46: no line has a token, an answer or a secret, whatever the source says", async () => {
  const secrets = [LOGINS[GOOGLE], "eyJ", "secret-of-ann", "the words of the source", X, Y, CREDENTIAL.secretAccessKey];
  const words = "the words of the source";
  const stages = [
    new Stage(proof(X)),
    new Stage(answerOf({ IdentityId: X, Credentials: { SecretKey: "secret-of-ann" } })),
    ...["NotAuthorizedException", "InvalidParameterException", "ResourceConflictException", words].map(
      (type) => new Stage(exception(type, `Invalid login token. ${words} ${LOGINS[GOOGLE]}`)),
    ),
    new Stage(answerOf({ words }, 500)),
  ];
  for (const stage of stages) {
    await stage.party(LOGINS).ask(X, "public");
    await stage.party(LOGINS, credentialsPool).ask(X, "public");
    await stage.party({ ...LOGINS, [DEVELOPER]: "ann" }).ask(null, "developer");
  }
  expect(lines.length).toBeGreaterThan(stages.length);
  for (const secret of secrets) expect(lines.join("\n")).not.toContain(secret);
});

describe("a source that is in trouble", () => {
  it.each([
    ["refuses connections", "refused"],
    ["sends elsewhere", new Response(null, { status: 302, headers: { location: "https://evil.example/" } })],
    ["is down", answerOf({ __type: "InternalErrorException" }, 500)],
    ["answers a page", new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["answers half of it", new Response(`{"IdentityId":"`, { headers: { "content-type": "application/json" } })],
    ["answers without end", answerOf({ IdentityId: Y, more: "x".repeat(600 * 1024) })],
    ["says no without a word", answerOf({}, 400)],
    ["has an error of its own", exception("ExternalServiceException", "")],
  ] as const)("that %s is ExternalServiceException, and one question", async (_, answer) => {
    const stage = new Stage(answer);
    expect(said(await stage.party(LOGINS).ask(null, "public"))).toMatchObject({
      type: "ExternalServiceException",
      message: "The source of the identity pool did not answer.",
    });
    expect(stage.asked).toHaveLength(1);
  });

  it("that is silent is waited for five seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stage = new Stage("silent");
    let answer: unknown;
    const asking = (async () => (answer = await stage.party(LOGINS).ask(null, "public")))();
    await vi.advanceTimersByTimeAsync(4999);
    expect(answer).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await asking;
    expect(answer).toMatchObject(refusedAs("worded"));
  });
});
