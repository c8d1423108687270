/**
 * What a web page, or a name that was pointed at this machine, can send to a running `npm start`, byte for byte over raw
 * sockets: its credential is printed on every terminal, and none of this may use it.
 */
import { connect } from "node:net";
import { expect, inject, it } from "vitest";
import { signedCall } from "../support/signed-call.ts";

const PREFIX = "AWSCognitoIdentityService.";
const endpoint = inject("endpoint");
const { port, host } = new URL(endpoint);

type Answer = { readonly status: number; readonly head: string; readonly body: string };

/** What is sent is whole lines, and what is answered all that comes until the connection ends. */
async function answerTo(lines: readonly string[]): Promise<string> {
  const socket = connect(Number(port), "127.0.0.1");
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (received += chunk));
  socket.once("error", reject).once("end", () => resolve(received));
  socket.write(lines.join("\r\n"));
  const text = await promise;
  socket.destroy();
  return text;
}

/** Lines of a request; the connection ends with the answer. */
async function exchange(lines: readonly string[], body = ""): Promise<Answer> {
  const text = await answerTo([...lines, `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close", "", body]);
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), head: head.toLowerCase(), body: rest.join("\r\n\r\n") };
}

const PATHS = [
  "/",
  "/.well-known/openid-configuration",
  "/.well-known/jwks.json",
  "/development/issuer",
  "/development/issuer/jwks.json",
  "/development/pages.js",
  "/console/",
  "/console-config.json",
  "/cdn-cgi/platform-proxy",
  "/cdn-cgi/handler/scheduled",
];

async function expectRefusedEverywhere(headers: readonly string[], status: number): Promise<void> {
  for (const method of ["GET", "POST", "PUT", "OPTIONS", "HEAD"]) {
    for (const path of PATHS) {
      const answer = await exchange([`${method} ${path} HTTP/1.1`, ...headers]);
      expect([method, path, answer.status]).toEqual([method, path, status]);
      expect(answer.head).not.toContain("access-control-");
      expect(answer.head).toContain("cache-control: no-store");
    }
  }
}

it.each([
  "evil.example",
  "evil.example:PORT",
  "127.0.0.1",
  "127.0.0.1:1",
  "127.0.0.1.evil.example:PORT",
  "localhost.:PORT",
  "evil.example@127.0.0.1:PORT",
  "0.0.0.0:PORT",
])("T50: a request for the host %s is answered nowhere", async (name) => {
  await expectRefusedEverywhere([`Host: ${name.replace("PORT", port)}`], 421);
});

it.each(["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost.:3000"])(
  "T50: a page of %s is answered nowhere, and may read nothing",
  async (origin) => {
    await expectRefusedEverywhere([`Host: ${host}`, `Origin: ${origin}`], 403);
  },
);

it.each([
  ["no Host", [], 400],
  ["an empty Host", ["Host:"], 400],
  ["two Hosts", [`Host: ${host}`, "Host: evil.example"], 421],
  ["two Hosts, the foreign one first", ["Host: evil.example", `Host: ${host}`], 421],
  ["two Origins", [`Host: ${host}`, "Origin: http://localhost:1", "Origin: https://evil.example"], 403],
  ["a forwarded host", ["Host: evil.example", `X-Forwarded-Host: ${host}`, `Forwarded: host=${host}`], 421],
  ["the runtime's word for the address", ["Host: evil.example", `MF-Original-URL: ${endpoint}/`], 421],
  ["the runtime's word beside a good host", [`Host: ${host}`, `MF-Original-URL: ${endpoint}/`], 400],
  ["the runtime's word for the way", [`Host: ${host}`, "MF-Route-Override: edgepool"], 400],
  ["the runtime's secret", [`Host: ${host}`, "MF-Proxy-Shared-Secret: 00"], 400],
  ["a forwarded scheme", ["Host: evil.example", "X-Forwarded-Proto: https"], 421],
] as const)("T50: %s is refused", async (_, headers, status) => {
  const answer = await exchange(["GET /development/issuer/jwks.json HTTP/1.1", ...headers]);
  expect(answer.status).toBe(status);
  expect(answer.body).not.toContain('"keys"');
  expect(answer.head).not.toContain("access-control-");
});

it("T50: the address in the first line does not stand in for the Host", async () => {
  const path = "/development/issuer/jwks.json";
  expect((await exchange([`GET ${endpoint}${path} HTTP/1.1`, "Host: evil.example"])).status).toBe(421);
  expect((await exchange([`GET http://evil.example${path} HTTP/1.1`, "Host: evil.example"])).status).toBe(421);
  expect((await exchange([`OPTIONS * HTTP/1.1`, `Host: ${host}`])).status).toBe(400);
});

it("T50: a browser that was led here by another name is shown none of the pages", async () => {
  for (const path of ["/", "/development/issuer", "/console/"]) {
    const answer = await exchange([`GET ${path} HTTP/1.1`, `Host: evil.example:${port}`, "Accept: text/html"]);
    expect([path, answer.status, answer.body.includes("<")]).toEqual([path, 421, false]);
  }
});

it("T50: the printed credential administers nothing for a page from elsewhere", async () => {
  const name = `taken over ${crypto.randomUUID()}`;
  const input = { IdentityPoolName: name, AllowUnauthenticatedIdentities: true };
  const { headers, body } = signedCall(endpoint, `${PREFIX}CreateIdentityPool`, input);
  const lines = ["POST / HTTP/1.1", ...Object.entries(headers).map(([key, value]) => `${key}: ${value}`)];
  expect((await exchange([...lines, "Origin: https://evil.example"], body)).status).toBe(403);
  const rebound = signedCall(`http://evil.example:${port}`, `${PREFIX}CreateIdentityPool`, input);
  const foreign = ["POST / HTTP/1.1", ...Object.entries(rebound.headers).map(([key, value]) => `${key}: ${value}`)];
  expect((await exchange(foreign, rebound.body)).status).toBe(421);
  // The same from this machine is answered, so that the refusals above were for nothing else.
  expect((await exchange([...lines, "Origin: http://localhost:3000"], body)).body).toContain(name);
});

it("T11: a sign-in whose body never ends is given up, however it comes", async () => {
  const start = ["POST /development/issuer/sign-in HTTP/1.1", `Host: ${host}`, "Connection: close"];
  const answers = await Promise.all([
    answerTo([...start, "Content-Length: 100", "", "{"]),
    answerTo([...start, "Transfer-Encoding: chunked", "", "1", "{", ""]),
  ]);
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});
