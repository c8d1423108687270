import { request } from "node:http";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect, inject, it } from "vitest";
import { callForText, readJson } from "../support/call.ts";
import { startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { call } from "../support/wire-call.ts";
import { startWorker } from "../support/worker-process.ts";

const ISSUER = `${inject("endpoint")}/development/issuer`;

async function post(
  path: string,
  body: string | URLSearchParams,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${ISSUER}${path}`, { method: "POST", body, headers });
}

describe("the development issuer", () => {
  it("signs in anyone who is named, verifiably by its discovery document alone", async () => {
    const signedIn = await post("/sign-in", JSON.stringify({ name: "alice" }));
    expect(signedIn.status).toBe(200);
    const answer = await readJson<{ providerName: string; token: string; expiresAt: number }>(signedIn);
    const discovered = await fetch(`${ISSUER}/.well-known/openid-configuration`);
    const { issuer, jwks_uri: keySet } = await readJson<{ issuer: string; jwks_uri: string }>(discovered);
    const options = { issuer, audience: "edgepool-development", algorithms: ["RS256"] };
    const { payload } = await jwtVerify(answer.token, createRemoteJWKSet(new URL(keySet)), options);
    expect(issuer).toBe(`http://${answer.providerName}`);
    expect(answer.providerName).toBe(inject("providerName"));
    expect(answer.expiresAt).toBe(payload.exp);
    expect(payload["name"]).toBe("alice");
  });

  it("publishes no private member of its key", async () => {
    const keySet = await readJson<{ keys: object[] }>(await fetch(`${ISSUER}/jwks.json`));
    const members = keySet.keys.map((key) => Object.keys(key).toSorted());
    expect(members).toEqual([["alg", "e", "kid", "kty", "n", "use"]]);
  });

  it.each([
    ["no JSON", "name=alice"],
    ["no object", '["alice"]'],
    ["no name", "{}"],
    ["an empty name", '{"name":" "}'],
    ["a long name", JSON.stringify({ name: "a".repeat(65) })],
    ["a name of the prototype", '{"__proto__":{"name":"alice"}}'],
    ["nothing", ""],
  ])("refuses %s with a reason", async (_, body) => {
    const response = await post("/sign-in", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining("must") });
  });

  it("refuses a body without bounds", async () => {
    const response = await post("/sign-in", JSON.stringify({ name: "a".repeat(20_000) }));
    expect(response.status).toBe(413);
  });

  it("has a page that escapes what it is told and lets no foreign script in", async () => {
    const response = await post("", new URLSearchParams({ name: "<script>alert(1)</script>" }));
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toMatch(/unsafe|nonce|data:|\*/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const page = await response.text();
    expect(page).toContain("Signed in as &lt;script&gt;");
    expect(page).not.toContain("<script>");
  });

  it("says on the page what is wrong with a name, to a person", async () => {
    const response = await post("", new URLSearchParams({ name: "" }));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('role="alert">Type a name.<');
  });

  it.each([
    ["http://localhost:3000", 200, "http://localhost:3000"],
    ["https://attacker.example", 403, null],
    ["http://127.0.0.1.attacker.example", 403, null],
    ["null", 403, null],
  ])("answers a page at %s with %i and lets it read: %s", async (origin, status, allowed) => {
    const response = await post("/sign-in", JSON.stringify({ name: "alice" }), { origin });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([status, allowed]);
  });

  it("answers to no host name but those of loopback", async () => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const options = { headers: { host: "rebound.attacker.example" } };
    request(`${ISSUER}/jwks.json`, options, (response) => resolve(response.resume().statusCode)).end();
    expect(await promise).toBe(421);
  });

  it("has no other routes", async () => {
    expect((await fetch(`${inject("endpoint")}/development/keys`)).status).toBe(404);
  });
});

describe("issuers on loopback", () => {
  it("stand in for public ones, as DEVELOPMENT_UPSTREAMS says", async () => {
    const google = await startLoopbackIssuer({ issuer: "https://accounts.google.com" });
    const upstreams = JSON.stringify({ [google.issuer]: google.address });
    const worker = await startWorker({ settings: { DEVELOPMENT_UPSTREAMS: upstreams } });
    try {
      const claims = { sub: "subject-1", aud: "example.apps.googleusercontent.com" };
      const logins = { "accounts.google.com": await google.loginToken(claims) };
      const pool = { IdentityPoolId: inject("identityPoolId") };
      const identityId = await callForText(worker.endpoint, "GetId", { ...pool, Logins: logins }, "IdentityId");
      expect(identityId).toMatch(/^us-east-1:/);
      expect(google.requests).toEqual(["/.well-known/openid-configuration", "/.well-known/jwks.json"]);

      const foreign = { "accounts.google.com": await google.loginToken({ ...claims, aud: "somebody-else" }) };
      const refused = await call(worker.endpoint, "GetId", { ...pool, Logins: foreign });
      expect(JSON.parse(refused.body)).toMatchObject({ __type: "NotAuthorizedException" });
    } finally {
      await worker.stop();
      await google.close();
    }
  });
});
