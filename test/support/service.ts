/** The whole service in the test's own isolate: requests go through the app, the objects are real, nothing leaves it. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import type { MeteredEnv } from "../../src/request-record.ts";
import type { AdminCredential } from "../../src/domain/admin-credential.ts";
import { isExtensionName } from "../../src/protocol/extensions.ts";
import { sign } from "./sign-request.ts";

const ORIGIN = "https://identity.example.com";

/** May call everything; what others may, a test says. */
export const ADMIN: AdminCredential = {
  accessKeyId: "admin",
  secretAccessKey: "secret-of-the-admin",
  operations: "*",
  pools: "*",
};

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, or an empty object. */
  readonly json: Readonly<Record<string, unknown>>;
};

export type CallOptions = {
  /** Signs the request. */
  readonly credential?: AdminCredential;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Service = {
  fetch(path: string, init?: RequestInit): Promise<Answer>;
  /** A `Map` in the input is written as an object. */
  call(operation: string, input: object, options?: CallOptions): Promise<Answer>;
  admin(operation: string, input: object): Promise<Answer>;
};

export type ServiceOptions = {
  readonly settings?: Readonly<Record<string, string>>;
  readonly credentials?: readonly AdminCredential[];
  /** In place of the bindings of the test's own environment. */
  readonly bindings?: Partial<MeteredEnv>;
};

/** One isolate of the service, with nothing in its memory. Clients are not limited unless `CLIENT_LIMIT` says so. */
export function makeService({ settings = {}, credentials = [ADMIN], bindings = {} }: ServiceOptions = {}): Service {
  const raw = { ADMIN_CREDENTIALS: JSON.stringify(credentials), CLIENT_LIMIT: "off", ...settings };
  const app = createApp({ parse: (given) => parseConfig({ ...given, ...raw }) });
  const isolateEnv = { ...env, ...bindings };

  async function fetch(path: string, init: RequestInit = {}): Promise<Answer> {
    const execution = createExecutionContext();
    const response = await app.fetch(new Request(`${ORIGIN}${path}`, init), isolateEnv, execution);
    const text = await response.text();
    await waitOnExecutionContext(execution);
    const isJson = text.startsWith("{");
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
  }

  async function call(
    operation: string,
    input: object,
    { credential, headers = {} }: CallOptions = {},
  ): Promise<Answer> {
    const body = JSON.stringify(input, (_, value: unknown) =>
      value instanceof Map ? Object.fromEntries(value) : value,
    );
    const target = {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `${isExtensionName(operation) ? "Edgepool" : "AWSCognitoIdentityService"}.${operation}`,
      ...headers,
    };
    if (credential === undefined) return await fetch("/", { method: "POST", headers: target, body });
    const timestamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const signed = await sign({
      headers: { ...target, host: new URL(ORIGIN).host, "x-amz-date": timestamp },
      body,
      accessKeyId: credential.accessKeyId,
      secret: credential.secretAccessKey,
      day: timestamp.slice(0, 8),
    });
    return await fetch("/", { method: "POST", headers: signed.headers, body });
  }

  return { fetch, call, admin: async (operation, input) => await call(operation, input, { credential: ADMIN }) };
}

/** A member of an answer that must be text. */
export function textOf(answer: Answer, member: string): string {
  const value = answer.json[member];
  if (typeof value !== "string") throw new Error(`no ${member}: ${answer.status} ${answer.text}`);
  return value;
}

/** Claims of a token of ours, unverified: relying parties verify it elsewhere. */
export function claimsIn(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ""] = token.split(".");
  return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(payload, { alphabet: "base64url" })));
}
