/** Calls over plain node:http, so that a test can send what no client library would. */
import { request } from "node:http";

export type WireAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type WireRequest = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several pieces go out chunked, without a Content-Length. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
};

export async function send(
  endpoint: string,
  { method = "POST", path = "/", headers = {}, body }: WireRequest,
): Promise<WireAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
  const outgoing = request(endpoint + path, { method, headers, agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    response.once("error", reject);
    response.once("end", () => {
      const received = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
      resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(received), body: text });
    });
  });
  outgoing.once("error", reject);
  if (typeof body === "object" && !(body instanceof Uint8Array)) {
    outgoing.setHeader("transfer-encoding", "chunked");
    for (const piece of body) outgoing.write(piece);
    outgoing.end();
  } else {
    outgoing.end(body);
  }
  return await promise;
}

/** An operation with exactly this body. */
export async function call(endpoint: string, operation: string, body: unknown): Promise<WireAnswer> {
  const isText = typeof body === "string" || body instanceof Uint8Array || Array.isArray(body);
  return await send(endpoint, {
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AWSCognitoIdentityService.${operation}`,
    },
    body: isText ? (body as WireRequest["body"] & {}) : JSON.stringify(body),
  });
}

/** The same by a client of this address. On loopback the address is what the client says; Cloudflare writes the header itself. */
export async function callFrom(
  endpoint: string,
  address: string,
  operation: string,
  input: object,
): Promise<WireAnswer> {
  const headers = {
    "cf-connecting-ip": address,
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": `AWSCognitoIdentityService.${operation}`,
  };
  return await send(endpoint, { headers, body: JSON.stringify(input) });
}
