/** The discovery document before libraries that refuse an issuer for what is missing in it, and the endpoint that it has to name. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { appClient, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import {
  type Missing,
  missingPythonModule,
  missingProgram,
  need,
  runProgram,
  runPython,
} from "../support/debian-tools.ts";
import { loginsOf } from "../support/development-sign-in.ts";
import { type Apache, missingApache, startApache } from "../support/mod-auth-openidc.ts";
import { send } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const ISSUER = "https://identity.example.com";
const identityPoolId = inject("identityPoolId");

type Metadata = Readonly<Record<string, unknown>>;

async function metadataOf(endpoint: string): Promise<Metadata> {
  const metadata: Metadata = await (await fetch(`${endpoint}/.well-known/openid-configuration`)).json();
  return metadata;
}

describe("the document of an https issuer", () => {
  let worker: RunningWorker;
  let metadata: Metadata;

  beforeAll(async () => {
    const credentials = JSON.stringify([{ accessKeyId: "mine", secretAccessKey: "a-secret-of-my-own" }]);
    worker = await startWorker({ settings: { ISSUER, ADMIN_CREDENTIALS: credentials } });
    metadata = await metadataOf(worker.endpoint);
  });
  afterAll(async () => {
    await worker.stop();
  });

  test("has every member that OpenID Connect Discovery requires of an issuer", () => {
    expect(metadata).toMatchObject({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      response_types_supported: ["id_token"],
      grant_types_supported: ["implicit"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    });
  });

  test("is accepted by Authlib, which refuses one with a URN", async ({ skip }) => {
    need({ skip }, await missingPythonModule("authlib", "python3-authlib"));
    expect(await runPython("validate_metadata.py", metadata)).toBe(null);
    const urn = { ...metadata, authorization_endpoint: "urn:example:none" };
    expect(await runPython("validate_metadata.py", urn)).toContain("authorization_endpoint");
    const { grant_types_supported: _left, ...rest } = metadata;
    expect(await runPython("validate_metadata.py", rest)).toContain("token_endpoint");
  });

  test("is accepted by Ruby's openid_connect, which refuses one with a URN", async ({ skip }) => {
    const validate = async (document: Metadata) => {
      const script = new URL("ruby/validate_metadata.rb", import.meta.url).pathname;
      const { code, stdout, stderr } = await runProgram("/usr/bin/ruby", [script, JSON.stringify(document)]);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as unknown;
    };
    need({ skip }, await missingRuby());
    expect(await validate(metadata)).toEqual([]);
    const urn = { ...metadata, authorization_endpoint: "urn:example:none" };
    expect(await validate(urn)).toEqual([expect.stringContaining("Authorization endpoint")]);
  });
});

async function missingRuby(): Promise<Missing> {
  const debianPackage = "ruby-openid-connect";
  const missing = await missingProgram("/usr/bin/ruby", debianPackage);
  if (missing !== undefined) return missing;
  const { code } = await runProgram("/usr/bin/ruby", ["-e", 'require "openid_connect"']);
  return code === 0 ? undefined : `${debianPackage} is not installed`;
}

describe("the authorization endpoint", () => {
  test("answers whoever is sent there with a plain sentence, and keeps what it was sent to itself", async () => {
    const { authorization_endpoint: address } = await metadataOf(inject("endpoint"));
    for (const query of ["", "?response_type=id_token&state=secret-state&redirect_uri=https%3A%2F%2Fapp.example%2F"]) {
      const response = await fetch(`${String(address)}${query}`, { redirect: "manual" });
      expect([response.status, response.headers.get("content-type")]).toEqual([400, "text/plain; charset=utf-8"]);
      const text = await response.text();
      expect(text).toContain("without a login page");
      for (const part of ["secret-state", "app.example"]) expect(text).not.toContain(part);
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
  });

  test("takes nothing by POST", async () => {
    const { authorization_endpoint: address } = await metadataOf(inject("endpoint"));
    const response = await fetch(String(address), { method: "POST", body: new URLSearchParams({ state: "x" }) });
    expect([response.status, await response.json()]).toEqual([
      404,
      { __type: "UnknownOperationException", message: "The service answers at the path / alone." },
    ]);
  });
});

describe("Apache's mod_auth_openidc", () => {
  const endpoint = inject("endpoint");
  const missing = missingApache();
  let apache: Apache | undefined;

  beforeAll(async () => {
    if (missing === undefined) apache = await startApache(endpoint, identityPoolId);
  });
  afterAll(async () => {
    await apache?.stop();
  });

  async function enter(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${apache?.origin}/bearer/index.html`, { headers })).status;
  }

  test("takes the document, and sends a user who has to log in to the endpoint of it", async ({ skip }) => {
    need({ skip }, missing);
    // As a browser navigates; `fetch` says that it is a script, which is not sent to log in.
    const { status, headers } = await send(apache?.origin ?? "", {
      method: "GET",
      path: "/login/",
      headers: { accept: "text/html" },
    });
    const location = new URL(headers["location"] ?? "", apache?.origin);
    expect([status, location.origin + location.pathname]).toEqual([302, `${endpoint}/authorize`]);
    expect(await (await fetch(location)).text()).toContain("without a login page");
  });

  test("lets a signed-in user of the pool in, by the keys that the document names", async ({ skip }) => {
    need({ skip }, missing);
    const app = appClient(endpoint);
    const logins = await loginsOf(endpoint, crypto.randomUUID());
    const { token } = await getOpenIdToken(app, await getId(app, identityPoolId, logins), logins);
    expect([await enter(token), decodeJwt(token).aud]).toEqual([200, identityPoolId]);
  });

  test("lets nobody else in: a guest, a changed token, none", async ({ skip }) => {
    need({ skip }, missing);
    const app = appClient(endpoint);
    const logins = await loginsOf(endpoint, crypto.randomUUID());
    const { token } = await getOpenIdToken(app, await getId(app, identityPoolId, logins), logins);
    const guest = await getOpenIdToken(app, await getId(app, identityPoolId));
    const [header, payload, signature = ""] = token.split(".");
    const changed = [header, payload, signature.slice(0, -8) + signature.slice(-8).split("").toReversed().join("")];
    expect(await enter(guest.token)).toBe(401);
    expect(await enter(changed.join("."))).toBe(401);
    expect(await enter("")).toBe(401);
  });
});
