/** T78 to T83 over HTTP: the security token service (STS) as an attacker's way in, or out. */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { expect, it, vi } from "vitest";
import { DEMO_USER_ROLE } from "../../src/development/sts-trust.ts";
import { appClient, getId, getOpenIdToken, present } from "../support/cognito-clients.ts";
import { loginsOf } from "../support/development-sign-in.ts";
import { ROLES } from "../support/account-roles.ts";
import { serveStandIn } from "../support/stand-in-server.ts";
import { answering, credentialsXml, errorXml, XML } from "../support/sts-stand-in.ts";
import { useStsWorker } from "../support/sts-worker.ts";
import { call, type WireAnswer } from "../support/wire-call.ts";
import { startWorker } from "../support/worker-process.ts";
import { errorOf } from "./stage.ts";

const BURST = 10;

const stage = useStsWorker(() => ({
  RATE_LIMIT_BURST: String(BURST),
  RATE_LIMIT_PER_SECOND: "1",
  GUEST_SESSION_POLICY: '{"Version":"2012-10-17","Statement":[]}',
}));

const newGuest = async () => await getId(appClient(stage.worker.endpoint), stage.pool);
const ask = async (input: object): Promise<WireAnswer> =>
  await call(stage.worker.endpoint, "GetCredentialsForIdentity", input);
const tokenShown = () => present(stage.sts.asked.at(-1)?.form.get("WebIdentityToken") ?? undefined);

it.each([
  "http://sts.example.com",
  "https://10.0.0.1",
  "https://169.254.169.254/latest/meta-data",
  "https://metadata.google.internal",
  "https://user@sts.example.com",
  "https://sts.example.com/?a=b",
])("T78: the service does not start with %s as its STS", async (address) => {
  const started = startWorker({ settings: { STS_URL: address } });
  await expect(started).rejects.toThrow("STS_URL must be aws, none, or an https address with a public host name");
});

it("T78: nothing that a caller says is in the address of STS", async () => {
  const before = stage.sts.asked.length;
  const [guest, logins] = [
    await newGuest(),
    await loginsOf(stage.worker.endpoint, "?x=1&../../#\u00e9 http://evil.example/"),
  ];
  expect((await ask({ IdentityId: guest, Logins: logins })).status).toBe(200);
  await ask({ IdentityId: await newGuest(), CustomRoleArn: "arn:aws:iam::1:role/x?Action=y#/../" });
  await ask({ IdentityId: await newGuest(), CustomRoleArn: "http://evil.example/role/xxxxxxxxx" });
  const asked = stage.sts.asked.slice(before);
  expect(asked.map(({ method, target }) => [method, target])).toEqual([["POST", "/"]]);
  // Each parameter once, whatever the texts are.
  for (const { form } of asked) expect(new Set(form.keys()).size).toBe([...form.keys()].length);
});

it("T79: nothing of a hostile answer passes through, and none ends in a defect", async () => {
  const given = { accessKeyId: "ASIAHOSTILE", secretAccessKey: "hostile-secret", sessionToken: "hostile-session" };
  const good = credentialsXml(given);
  const elsewhere = await serveStandIn(() => async () => new Response(good, { headers: XML }));
  const answers = [
    answering(307, "", { location: elsewhere.address }),
    answering(302, good, { ...XML, location: `${stage.server.address}/again` }),
    answering(200, `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${good.replace("hostile-session", "&x;")}`),
    answering(200, good.replace("<Credentials>", "<!-- --><Credentials>")),
    answering(200, good.replace("hostile-session", "<![CDATA[hostile-session]]>")),
    answering(200, `<all>${good}${good}</all>`),
    answering(200, good.replace("hostile-session", "hostile\u0000session")),
    answering(200, good.replace("hostile-session", "h".repeat(20_000))),
    answering(200, good.padEnd(100_000)),
    answering(200, credentialsXml(given, 999_999)),
    answering(200, credentialsXml(given, -1)),
    answering(200, good.replace(/<Expiration>.*<\/Expiration>/, "<Expiration>never</Expiration>")),
    answering(200, "<a>".repeat(20_000)),
    answering(200, JSON.stringify({ Credentials: given })),
    answering(201, good),
    answering(204, ""),
    answering(403, `<html>${good}</html>`),
    answering(500, good),
    answering(400, errorXml("<script>", "hostile-secret")),
    answering(200, ""),
  ];
  for (const fail of answers) {
    const guest = await newGuest();
    stage.server.fail(fail);
    const answer = await ask({ IdentityId: guest });
    stage.server.fail(undefined);
    // The word in brackets is ours, and is said in local development alone.
    const message = expect.stringMatching(/^An internal error occurred\. \(sts-[a-zA-Z0-9-]+\)$/);
    expect([answer.status, errorOf(answer)]).toEqual([500, { type: "InternalErrorException", message }]);
    expect(answer.body + JSON.stringify(answer.headers)).not.toMatch(/hostile|ASIA/i);
  }
  expect(elsewhere.requests).toEqual([]);
  expect(stage.worker.log()).not.toMatch(/hostile|"message":"defect"/i);
  await elsewhere.close();
});

it("T80: a flood of calls costs STS no more than the identity's rate, also when each fails", async () => {
  for (const fail of [undefined, answering(403, errorXml("AccessDenied"))]) {
    const guest = await newGuest();
    stage.server.fail(fail);
    const before = stage.server.requests.length;
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 60 }, async () => await ask({ IdentityId: guest })));
    const seconds = (performance.now() - startedAt) / 1000;
    const [asked, most] = [stage.server.requests.length - before, BURST + Math.ceil(seconds)];
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(most);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(60 - asked);
    for (const { headers } of refused) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  }
});

it("T80: what STS throttles is asked once, and the client is told to wait", async () => {
  const guest = await newGuest();
  stage.server.fail(answering(400, errorXml("Throttling", "Rate exceeded")));
  const before = stage.server.requests.length;
  const answer = await ask({ IdentityId: guest });
  expect([answer.status, errorOf(answer).type, answer.headers["retry-after"]]).toEqual([
    429,
    "TooManyRequestsException",
    "1",
  ]);
  expect(stage.server.requests.length - before).toBe(1);
});

/** All that the objects have on disk. */
function storedText(folder: string): string {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return paths.flatMap((path) => (statSync(path).isFile() ? [readFileSync(path, "latin1")] : [])).join("\n");
}

it("T81: the log and the storage hold no credential, and no piece of the token, whatever STS says of it", async () => {
  const guest = await newGuest();
  const logins = await loginsOf(stage.worker.endpoint, randomUUID());
  const answered = await ask({ IdentityId: guest, Logins: logins });
  expect(answered.status).toBe(200);
  const secrets = Object.values(present(stage.sts.given.at(-1)));
  const tokens: string[] = [tokenShown()];
  // An STS that repeats what it was shown: as it is, in pieces, and written otherwise.
  const echoes: readonly ((token: string) => string)[] = [
    (token) => `token ${token} is bad`,
    (token) => token.split(".").toReversed().join(" "),
    (token) => token.replace("e", "&#101;"),
    (token) => `${"x".repeat(150)}${token}`,
  ];
  for (const echo of echoes) {
    stage.server.fail((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.once("end", () => {
        const token = new URLSearchParams(body).get("WebIdentityToken") ?? "";
        tokens.push(token);
        response.writeHead(403, XML).end(errorXml("AccessDenied", echo(token)));
      });
    });
    expect((await ask({ IdentityId: guest, Logins: logins })).status).toBe(400);
  }
  expect(tokens).toHaveLength(5);
  await vi.waitFor(() => expect(stage.worker.log().match(/sts-AccessDenied/g)?.length).toBeGreaterThanOrEqual(4));
  const pieces = tokens.flatMap((token) =>
    token.split(".").flatMap((part, index) => (index === 0 ? [] : (part.match(/.{16}/g) ?? []))),
  );
  for (const text of [stage.worker.log(), storedText(join(stage.worker.stateFolder, "objects"))]) {
    expect(text.length).toBeGreaterThan(1000);
    expect([...secrets, ...pieces].filter((piece) => text.includes(piece))).toEqual([]);
  }
  expect(stage.worker.log()).not.toContain("eyJ");
});

it("T82: the token for STS is good for one role and five minutes, is new each time, and is no login", async () => {
  const guest = await newGuest();
  await ask({ IdentityId: guest });
  const [first, before] = [tokenShown(), stage.sts.asked.length];
  await ask({ IdentityId: guest });
  expect(stage.sts.asked.length).toBe(before + 1);
  const [one, two] = [decodeJwt(first), decodeJwt(tokenShown())];
  expect(one["https://aws.amazon.com/roles"]).toEqual([ROLES.unauthenticated]);
  expect(present(one.exp) - present(one.iat)).toBe(300);
  expect(one.jti).not.toBe(two.jti);
  for (const name of ["cognito-identity.amazonaws.com", new URL(stage.worker.endpoint).host]) {
    for (const operation of ["GetId", "GetOpenIdToken", "GetCredentialsForIdentity"]) {
      const input = operation === "GetId" ? { IdentityPoolId: stage.pool } : { IdentityId: guest };
      const answer = await call(stage.worker.endpoint, operation, { ...input, Logins: { [name]: first } });
      expect([name, operation, answer.status]).toEqual([name, operation, 403]);
    }
  }
});

it("T82: a token of GetOpenIdToken has no pin, and the recommended trust policy refuses it", async () => {
  const other = await startWorker();
  try {
    const logins = await loginsOf(other.endpoint, randomUUID());
    const app = appClient(other.endpoint);
    const identityId = await getId(app, "us-east-1:de300000-0000-4000-8000-0000000de300", logins);
    const { token } = await getOpenIdToken(app, identityId, logins);
    expect(decodeJwt(token)).not.toHaveProperty(["https://aws.amazon.com/roles"]);
    const form = {
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: DEMO_USER_ROLE,
      RoleSessionName: "by-hand",
      WebIdentityToken: token,
    };
    const answer = await fetch(`${other.endpoint}/development/sts`, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("<Code>AccessDenied</Code>")]);
    // By the way that decides the role, the same user has it.
    const by = await call(other.endpoint, "GetCredentialsForIdentity", { IdentityId: identityId, Logins: logins });
    expect(by.status).toBe(200);
  } finally {
    await other.stop();
  }
});

it("T83: a guest gets the guests' role alone, narrowed, and a user the users', as they were proved", async () => {
  const guest = await newGuest();
  const before = stage.sts.asked.length;
  expect((await ask({ IdentityId: guest, CustomRoleArn: ROLES.authenticated })).status).toBe(403);
  expect(stage.sts.asked.length).toBe(before);
  await ask({ IdentityId: guest });
  const asGuest = present(stage.sts.asked.at(-1)).form;
  expect(decodeJwt(tokenShown())["amr"]).toEqual(["unauthenticated"]);
  expect([asGuest.get("RoleArn"), asGuest.get("Policy")]).toEqual([
    ROLES.unauthenticated,
    '{"Version":"2012-10-17","Statement":[]}',
  ]);
  const logins = await loginsOf(stage.worker.endpoint, randomUUID());
  await ask({ IdentityId: guest, Logins: logins });
  const asUser = present(stage.sts.asked.at(-1)).form;
  expect(decodeJwt(tokenShown())["amr"]).toEqual(expect.arrayContaining(["authenticated"]));
  expect([asUser.get("RoleArn"), asUser.has("Policy")]).toEqual([ROLES.authenticated, false]);
  // Who was a user once is a guest never again.
  expect((await ask({ IdentityId: guest })).status).toBe(403);
});
