/** One login that its provider is asked about, through the whole verifier, and the ways in which the provider can fail. */
import { vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { Isolate } from "../../../src/isolate.ts";
import { type VerificationContext, verifyLogins } from "../../../src/providers/verify-logins.ts";
import type { StandIn } from "../../support/provider-stand-ins.ts";

export const NOT_VERIFIED = "NotAuthorizedException: Invalid login token. Couldn't verify signed token.";
export const EXPIRED = "NotAuthorizedException: Invalid login token. Token is expired.";
export const NOT_SUPPORTED = "NotAuthorizedException: Token is not from a supported provider of this identity pool.";
export const MALFORMED = "NotAuthorizedException: Invalid login token. Not a valid OpenId Connect identity token.";
export const UNREACHABLE = "ExternalServiceException: The identity provider is not responding.";
export const UNUSABLE = "ExternalServiceException: The identity provider's answer could not be used.";
const NO_ANSWERS = new Set([
  "connection",
  "deadline",
  "status 429",
  "status 500",
  "status 503",
  "throttled",
  "internal error",
]);

/** What the client is told of a provider in this trouble, and what the log says. */
export function troubleOf(providerName: string, failure: string): { readonly answer: string; readonly reason: string } {
  const isSilent = NO_ANSWERS.has(failure);
  const kind = isSilent ? "upstream-unreachable" : "upstream-unusable";
  return { answer: isSilent ? UNREACHABLE : UNUSABLE, reason: `${providerName}: ${kind} (${failure})` };
}

export const NOW = 1_790_000_000;

export type Attempt = {
  readonly providerName: string;
  /** The pool's value for the provider; default: the pool has none but those of `pool`. */
  readonly value?: string;
  readonly pool?: Partial<IdentityPool>;
  /** Default: none, as for an access token. */
  readonly issuerKeys?: VerificationContext["issuerKeys"];
  readonly token: string;
  readonly standIn: StandIn;
  /** Default: one that knows of no trouble. */
  /** Default: that of an isolate which knows nothing. */
  readonly memory?: VerificationContext["memory"];
  readonly admitQuestion?: VerificationContext["admitQuestion"];
  readonly settings?: Readonly<Record<string, string>>;
};

export type Outcome = {
  /** The exception and its message, or the amr entries. */
  readonly answer: string | readonly string[];
  readonly reason: string | undefined;
  /** When the login token was issued, where that was said and LINK_PROOF_MAX_AGE_SECONDS asks for it. */
  readonly issuedAt?: number | undefined;
  /** Method and address of each call out, without its query. */
  readonly asked: readonly string[];
  /** How often the request was told that it waits for an upstream. */
  readonly waits: number;
  /** What the log says of each call out: provider and outcome. */
  readonly logged: readonly string[];
};

const NO_KEYS: VerificationContext["issuerKeys"] = {
  find: () => {
    throw new Error("an access token has no key");
  },
};

export async function attempt(login: Attempt): Promise<Outcome> {
  const { providerName, value, pool: settingsOfPool, issuerKeys = NO_KEYS, token, standIn, settings } = login;
  const { memory = new Isolate(), admitQuestion } = login;
  const config = parseConfig({
    ISSUER: "https://identity.example.com",
    KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
    ...settings,
  });
  if (!config.ok) throw new Error(config.error.join());
  const pool: IdentityPool = {
    identityPoolId: identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111"),
    name: "test",
    allowsUnauthenticated: false,
    ...(value !== undefined && { supportedLoginProviders: { [providerName]: value } }),
    ...settingsOfPool,
  };
  const asked: string[] = [];
  let waits = 0;
  const context: VerificationContext = {
    config: config.value,
    now: NOW,
    issuerKeys,
    onFetch: () => (waits += 1),
    memory,
    ...(admitQuestion !== undefined && { admitQuestion }),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      asked.push(`${request.method} ${input.split("?")[0]}`);
      return await standIn(request);
    },
  };
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const result = await verifyLogins(pool, new Map([[providerName, token]]), context);
  const lines = log.mock.calls.map(([line]) => String(line));
  log.mockRestore();
  const head = token.slice(0, 7);
  if (lines.some((line) => line.includes(head) || line.includes(encodeURIComponent(head))))
    throw new Error("T46: the log holds the token");
  const logged = lines.map((line) => {
    const { provider, outcome } = JSON.parse(line) as { provider: string; outcome: unknown };
    return `${provider} ${String(outcome)}`;
  });
  if (result.ok) {
    const [first] = result.value;
    return { answer: first?.amr ?? [], reason: undefined, issuedAt: first?.issuedAt, asked, waits, logged };
  }
  const { error } = result;
  return { answer: `${error.type}: ${error.message}`, reason: error.reason, asked, waits, logged };
}

type AnswerInit = ResponseInit & { readonly headers?: Readonly<Record<string, string>> };
type Trouble = readonly [what: string, reason: string, standIn: StandIn];

/** What the log says of a call out with this trouble: a status where there was an answer of the right form. */
export function loggedOutcome(providerName: string, reason: string): RegExp {
  return new RegExp(`^${providerName.replaceAll(".", "\\.")} (${reason === "answer" ? "200|403" : reason})$`);
}

/** Calls the body JSON, unless it is told otherwise. */
function answering(body: BodyInit, init: AnswerInit = {}): StandIn {
  const headers = { "content-type": "application/json", ...init.headers };
  return async () => await Promise.resolve(new Response(body, { ...init, headers }));
}

/** Every way in which an upstream can fail that needs no clock; each ends in ExternalServiceException (T25, T31). */
export const TROUBLES: readonly Trouble[] = [
  ["is down", "connection", async () => await Promise.reject(new TypeError("connection refused"))],
  ["answers 429", "status 429", answering('{"error":{"code":190}}', { status: 429 })],
  ["answers 500", "status 500", answering('{"error":"invalid_token"}', { status: 500 })],
  ["answers 503", "status 503", answering("busy", { status: 503 })],
  ["does not know the address", "status 404", answering("{}", { status: 404 })],
  ["answers with a page", "content-type", answering("<html>", { headers: { "content-type": "text/html" } })],
  ["answers with a page that is no page", "not-json", answering("<html>")],
  [
    "calls its answer a page",
    "content-type",
    answering('{"id":"1"}', { headers: { "content-type": "text/html; charset=UTF-8" } }),
  ],
  ["calls its answer a picture", "content-type", answering('{"id":"1"}', { headers: { "content-type": "image/png" } })],
  ["calls its answer a text", "content-type", answering('{"id":"1"}', { headers: { "content-type": "text/plain" } })],
  [
    "calls its answer some bytes",
    "content-type",
    answering('{"id":"1"}', { headers: { "content-type": "application/octet-stream" } }),
  ],
  [
    "does not call its answer anything",
    "content-type",
    async () => await Promise.resolve(new Response(new TextEncoder().encode('{"id":"1"}'))),
  ],
  [
    "sends its readers elsewhere",
    "redirect",
    answering("", { status: 302, headers: { location: "https://evil.example/" } }),
  ],
  ["answers without end", "too-large", answering(`{"id":"${"1".repeat(600_000)}"}`)],
  ["answers half a document", "not-json", answering('{"id":')],
  ["answers a list", "answer", answering("[]")],
  ["answers a null", "answer", answering("null")],
  ["answers nothing in particular", "answer", answering("{}")],
  ["answers members of a prototype", "answer", answering('{"__proto__":{"id":"1","error":1}}')],
  ["refuses without saying why", "answer", answering("{}", { status: 403 })],
];

/** What an upstream wrote never reaches the client, nor the log. */
export const SECRETIVE: StandIn = answering(
  '{"error":{"message":"s3cret","code":"s3cret"},"errors":[{"code":"s3cret"}]}',
  {
    status: 400,
    statusText: "s3cret",
  },
);
