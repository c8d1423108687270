import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makePool, makeSignIn, recordOf, type SignIn, untilAtRest } from "../../support/objects.ts";
import { ROLES } from "../../support/account-roles.ts";
import { claimsIn, makeService, type Service, textOf } from "../../support/service.ts";
import { credentialsXml, errorXml } from "../../support/sts-stand-in.ts";

const STS = "https://sts.us-east-1.amazonaws.com/";
const GIVEN = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret/+", sessionToken: "session/+==" };
const NOT_CONFIGURED = {
  __type: "InvalidIdentityPoolConfigurationException",
  message: "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
};

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;
let forms: URLSearchParams[];
let log: string[];

type Logins = ReadonlyMap<string, string>;

function serveSts(answer: () => Response): void {
  signIn.upstream.serve(STS, (init) => {
    forms.push(new URLSearchParams(typeof init?.body === "string" ? init.body : ""));
    return answer();
  });
}

async function makePoolWithRoles(settings: Parameters<typeof makePool>[0] = {}, roles: object = ROLES) {
  const made = await makePool({ ...signIn.settings, ...settings });
  await env.IDENTITY_POOL.getByName(made.identityPoolId).change({ kind: "roles", roles, roleMappings: {} });
  return made;
}

async function getId(logins?: Logins): Promise<string> {
  const input = { IdentityPoolId: pool.identityPoolId, ...(logins && { Logins: logins }) };
  const identityId = textOf(await service.call("GetId", input), "IdentityId");
  await untilAtRest(identityId as Parameters<typeof untilAtRest>[0]);
  return identityId;
}

async function credentialsFor(identityId: string, more: object = {}) {
  return await service.call("GetCredentialsForIdentity", { IdentityId: identityId, ...more });
}

const lastLine = () => JSON.parse(log.at(-1) ?? "{}") as Readonly<Record<string, unknown>>;
const lastClaims = () => claimsIn(forms.at(-1)?.get("WebIdentityToken") ?? "");

beforeEach(async () => {
  log = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void log.push(line));
  forms = [];
  signIn = await makeSignIn(new FakeUpstream().install());
  serveSts(() => new Response(credentialsXml(GIVEN)));
  pool = await makePoolWithRoles();
  service = makeService();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("GetCredentialsForIdentity", () => {
  it("gives a guest the credentials of the guests' role, with a whole second as their end", async () => {
    const identityId = await getId();
    const answer = await credentialsFor(identityId);
    expect(answer).toMatchObject({
      status: 200,
      json: {
        IdentityId: identityId,
        Credentials: { AccessKeyId: "ASIAEXAMPLE", SecretKey: "secret/+", SessionToken: "session/+==" },
      },
    });
    const { Expiration } = answer.json["Credentials"] as { readonly Expiration: number };
    expect(Number.isInteger(Expiration)).toBe(true);
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({
      RoleArn: ROLES.unauthenticated,
      RoleSessionName: "CognitoIdentityCredentials",
      DurationSeconds: "3600",
    });
    expect(lastClaims()).toMatchObject({
      iss: "https://identity.example.com",
      sub: identityId,
      aud: pool.identityPoolId,
      amr: ["unauthenticated"],
      "https://aws.amazon.com/roles": [ROLES.unauthenticated],
    });
    expect(lastLine()).toMatchObject({
      operation: "GetCredentialsForIdentity",
      pool: pool.identityPoolId,
      role: "guests",
      stsStatus: 200,
      sessionSeconds: expect.any(Number),
      stsMs: expect.any(Number),
    });
    expect(JSON.stringify(lastLine())).not.toMatch(/eyJ|ASIA|secret\/|session\//);
  });

  it("takes an empty map of logins for none", async () => {
    expect((await credentialsFor(await getId(), { Logins: {} })).status).toBe(200);
    expect(lastClaims()["amr"]).toEqual(["unauthenticated"]);
  });

  it("links as GetOpenIdToken does, also where the pool turned the classic flow off", async () => {
    pool = await makePoolWithRoles({ allowsClassicFlow: false });
    const identityId = await getId();
    const ann = await signIn.logins("ann");
    expect(await credentialsFor(identityId, { Logins: ann })).toMatchObject({
      status: 200,
      json: { IdentityId: identityId },
    });
    expect(lastClaims()).toMatchObject({ sub: identityId, "https://aws.amazon.com/roles": [ROLES.authenticated] });
    expect(lastClaims()["amr"]).toContain("authenticated");
    expect(await credentialsFor(identityId)).toMatchObject({ status: 403, json: { __type: "NotAuthorizedException" } });
    await untilAtRest(identityId as Parameters<typeof untilAtRest>[0]);
    expect(await getId(ann)).toBe(identityId);
  });

  it("is for the owner of a login that came with a guest", async () => {
    const ann = await signIn.logins("ann");
    const owner = await getId(ann);
    const guest = await getId();
    const answer = await credentialsFor(guest, { Logins: ann });
    expect(answer).toMatchObject({ status: 200, json: { IdentityId: owner } });
    expect(lastClaims()).toMatchObject({ sub: owner, "https://aws.amazon.com/roles": [ROLES.authenticated] });
  });

  it("names the session after the identity, where the setting says so", async () => {
    service = makeService({ settings: { ROLE_SESSION_NAME: "identity" } });
    const identityId = await getId();
    await credentialsFor(identityId);
    expect(forms.at(-1)?.get("RoleSessionName")).toBe(identityId.replace(":", "."));
  });

  it("asks no STS, and links nothing, where the pool has no role for whoever asks", async () => {
    pool = await makePoolWithRoles({}, {});
    const identityId = await getId();
    const ann = await signIn.logins("ann");
    expect(await credentialsFor(identityId, { Logins: ann })).toMatchObject({ status: 400, json: NOT_CONFIGURED });
    expect(lastLine()).toMatchObject({ reason: "no-role" });
    expect(forms).toEqual([]);
    const record = await recordOf(identityId as Parameters<typeof recordOf>[0]);
    expect([record?.standing, record?.logins]).toEqual([{ kind: "guest" }, []]);
  });

  it("refuses the same where there is no STS, before it links", async () => {
    service = makeService({ settings: { STS_URL: "none" } });
    const identityId = await getId();
    const answer = await credentialsFor(identityId, { Logins: await signIn.logins("ann") });
    expect(answer).toMatchObject({ status: 400, json: NOT_CONFIGURED });
    expect(lastLine()).toMatchObject({ reason: "no-sts" });
    const record = await recordOf(identityId as Parameters<typeof recordOf>[0]);
    expect([record?.standing, record?.logins]).toEqual([{ kind: "guest" }, []]);
  });

  it("says what STS refuses to the log alone", async () => {
    serveSts(() => new Response(errorXml("AccessDenied", "Not authorized to perform sts"), { status: 403 }));
    const answer = await credentialsFor(await getId());
    expect(answer).toMatchObject({ status: 400, json: NOT_CONFIGURED });
    expect(answer.json).toEqual(NOT_CONFIGURED);
    expect(lastLine()).toMatchObject({
      exception: "InvalidIdentityPoolConfigurationException",
      reason: "sts-AccessDenied",
      role: "guests",
      stsStatus: 403,
      stsMessage: "Not authorized to perform sts",
    });
  });

  it("says what STS fails at to the log alone", async () => {
    serveSts(() => new Response("<html>"));
    const answer = await credentialsFor(await getId());
    const json = { __type: "InternalErrorException", message: "An internal error occurred." };
    expect([answer.status, answer.json]).toEqual([500, json]);
    expect(lastLine()).toMatchObject({ reason: "sts-not-credentials", role: "guests", stsStatus: 200 });
  });

  it("asks no STS for an identity that is not there, nor with a login that proves nothing", async () => {
    const answers = [
      await credentialsFor(`us-east-1:${crypto.randomUUID()}`),
      await credentialsFor(await getId(), { Logins: await signIn.forged("ann") }),
      await credentialsFor(await getId(), { Logins: { "arn:aws:iam::123456789012:saml-provider/x": "token" } }),
      await credentialsFor("nonsense"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 403, 403, 400]);
    expect(forms).toEqual([]);
  });
});
