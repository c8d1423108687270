/**
 * The product as it is measured: its production bundle, a pool made through the signed API, and identities made through
 * GetId. Everything that a scenario finds there came in by the wire.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { CognitoIdentityClient, CreateIdentityPoolCommand } from "@aws-sdk/client-cognito-identity";
import type { Request } from "autocannon";
import type { TokenAlgorithm } from "../src/domain/token-algorithm.ts";
import type { Bundle } from "./build.ts";
import { type LoginIssuer, providerName } from "./logins.ts";
import { OVER_TLS, type Runtime, startRuntime } from "./runtime.ts";

/** Most logins of one identity. */
export const MAX_PROVIDERS = 20;
/** Most entries that a pool's SupportedLoginProviders can have; the others are named by ARN. */
const MAX_SUPPORTED = 10;

export const REGION = "us-east-1";
export const ADMIN = { accessKeyId: "BENCHADMIN", secretAccessKey: "bench-secret-of-no-consequence" };
/** Calls at once while identities are made. */
const CONCURRENCY = 16;

const PROVIDERS = Array.from({ length: MAX_PROVIDERS }, (_, index) => providerName(index + 1));

export type Service = {
  readonly runtime: Runtime;
  readonly identityPoolId: string;
  readonly admin: CognitoIdentityClient;
};

export type ServiceOptions = {
  readonly algorithm: TokenAlgorithm;
  /** The lowest limit that an identity can have, in place of one that no step reaches. */
  readonly isRateLimited?: boolean;
  readonly workerdArguments?: readonly string[];
  readonly under?: readonly string[];
};

export async function startService(
  name: string,
  bundle: Bundle,
  issuer: LoginIssuer,
  folder: string,
  options: ServiceOptions,
): Promise<Service> {
  const settings = {
    ISSUER: "https://identity.bench.example",
    REGION,
    TOKEN_ALG: options.algorithm,
    KEY_ENCRYPTION_KEY: createHash("sha256").update("bench").digest("base64"),
    ADMIN_CREDENTIALS: JSON.stringify([{ ...ADMIN, operations: "*", pools: "*" }]),
    OIDC_PROVIDERS: JSON.stringify(Object.fromEntries(PROVIDERS.map((provider) => [provider, [issuer.clientId]]))),
    // The binding of the client limit belongs to the platform, and workerd alone has none.
    CLIENT_LIMIT: "off",
    ...(options.isRateLimited === true
      ? { RATE_LIMIT_PER_SECOND: "0.1", RATE_LIMIT_BURST: "1" }
      : { RATE_LIMIT_PER_SECOND: "10000", RATE_LIMIT_BURST: "100000" }),
  };
  const runtime = await startRuntime(name, bundle, {
    settings,
    keySet: issuer.keySet,
    folder: join(folder, name),
    readyPath: "/.well-known/openid-configuration",
    workerdArguments: options.workerdArguments ?? [],
    under: options.under ?? [],
  });
  try {
    const admin = new CognitoIdentityClient({ endpoint: runtime.origin, region: REGION, credentials: ADMIN });
    admin.middlewareStack.add(
      (next) => async (args) => {
        const { request } = args as { request: { headers: Record<string, string> } };
        Object.assign(request.headers, OVER_TLS);
        return await next(args);
      },
      // After the signature, which must not cover it: workerd takes it away.
      { step: "finalizeRequest", priority: "low" },
    );
    return { runtime, admin, identityPoolId: await createPool(admin, issuer.clientId) };
  } catch (error) {
    await runtime.stop();
    throw error;
  }
}

export async function createPool(admin: CognitoIdentityClient, clientId: string): Promise<string> {
  const { IdentityPoolId } = await admin.send(
    new CreateIdentityPoolCommand({
      IdentityPoolName: "bench",
      AllowUnauthenticatedIdentities: true,
      SupportedLoginProviders: Object.fromEntries(PROVIDERS.slice(0, MAX_SUPPORTED).map((name) => [name, clientId])),
      OpenIdConnectProviderARNs: PROVIDERS.slice(MAX_SUPPORTED).map(
        (name) => `arn:aws:iam::123456789012:oidc-provider/${name}`,
      ),
    }),
  );
  if (IdentityPoolId === undefined) throw new Error("the pool has no id");
  return IdentityPoolId;
}

export type Logins = Readonly<Record<string, string>>;

/** A public operation as an app sends it. */
export function publicCall(operation: string, input: object | string): Request {
  return {
    method: "POST",
    path: "/",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AWSCognitoIdentityService.${operation}`,
    },
    body: typeof input === "string" ? input : JSON.stringify(input),
  };
}

export function getOpenIdToken(identityId: string, logins?: Logins): Request {
  return publicCall("GetOpenIdToken", { IdentityId: identityId, ...(logins !== undefined && { Logins: logins }) });
}

export function getId(identityPoolId: string, logins?: Logins): Request {
  return publicCall("GetId", { IdentityPoolId: identityPoolId, ...(logins !== undefined && { Logins: logins }) });
}

/** Runs `work` for each item, so many at once, and keeps the order. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  concurrency = CONCURRENCY,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    // The workers draw from one iterator, so each item is drawn once.
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  return results;
}

export async function send(
  runtime: Runtime,
  { method, path, headers, body }: Request,
): Promise<Record<string, unknown>> {
  const response = await fetch(runtime.origin + path, {
    method,
    headers: { ...OVER_TLS, ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${headers?.["x-amz-target"] ?? path}: ${response.status} ${text}`);
  const json: unknown = JSON.parse(text);
  return Object.fromEntries(Object.entries(json ?? {}));
}

async function identityIdFrom(service: Service, request: Request): Promise<string> {
  const { IdentityId } = await send(service.runtime, request);
  if (typeof IdentityId !== "string") throw new Error("GetId gave no identity id");
  return IdentityId;
}

/** The identities of these logins, or guests where there are none. */
export async function makeIdentities(
  service: Service,
  logins: readonly (Logins | undefined)[],
): Promise<readonly string[]> {
  const requests = logins.map((entry) => getId(service.identityPoolId, entry));
  return await inParallel(requests, async (request) => await identityIdFrom(service, request));
}
