/**
 * What is served to everybody who asks by GET: the documents of the issuer, and whether the service can mint. A success is not
 * logged; what could not be served is.
 */
import { type Result, type ServiceError } from "./domain/errors.ts";
import type { IsolateCache } from "./domain/isolate-cache.ts";
import type { PublishedKey } from "./keys/key-ring.ts";
import type { Signer } from "./keys/signer.ts";
import { encodeError } from "./protocol/aws-json.ts";
import type { WireError } from "./protocol/wire-error.ts";
import {
  COGNITO_JWKS_PATH,
  DISCOVERY_PATH,
  JWKS_PATH,
  jwksResponse,
  metadataUnavailableResponse,
  openIdConfigurationResponse,
} from "./token/metadata.ts";

export type DocumentSource = {
  readonly issuer: string;
  readonly signer: Signer;
  /** Epoch seconds. */
  readonly now: number;
  /** Whether there was a key to sign with, as long as that is believed. */
  readonly health: IsolateCache<Result<void>>;
};

/** `error` is for the log: why the document is not what it should be. */
type Served = { readonly response: Response; readonly error?: ServiceError };

/** `source` fails where the settings are not whole. */
export type Document = (source: Result<DocumentSource, WireError>, requestId: string) => Promise<Served>;

/** By their paths. */
export const DOCUMENTS: ReadonlyMap<string, Document> = new Map([
  [DISCOVERY_PATH, ofKeys(openIdConfigurationResponse)],
  [JWKS_PATH, ofKeys((_issuer, keys) => jwksResponse(keys))],
  [COGNITO_JWKS_PATH, ofKeys((_issuer, keys) => jwksResponse(keys))],
  ["/health", health],
]);

function ofKeys(render: (issuer: string, keys: readonly PublishedKey[]) => Response): Document {
  return async (source, requestId) => {
    if (!source.ok) return { response: encodeError(source.error, requestId) };
    const { issuer, signer, now } = source.value;
    const keys = await signer.publishedKeys(now);
    return keys.ok
      ? { response: render(issuer, keys.value) }
      : { response: metadataUnavailableResponse(), error: keys.error };
  };
}

/** For a load balancer or a monitor: whether the settings are whole, and a key to sign with can be used in this very isolate. */
async function health(source: Result<DocumentSource, WireError>): Promise<Served> {
  if (!source.ok) return { response: healthResponse("settings"), error: source.error };
  const canSign = await lookAtKey(source.value);
  return canSign.ok
    ? { response: healthResponse(null) }
    : { response: healthResponse("signing-key"), error: canSign.error };
}

/** Anybody may ask, as often as they like: the key ring is not asked more often for it. */
async function lookAtKey({ signer, now, health: looks }: DocumentSource): Promise<Result<void>> {
  const known = looks.get("signing key", now);
  if (known !== undefined) return known;
  const canSign = await signer.canSign(now);
  looks.set("signing key", canSign, now);
  return canSign;
}

/** The kind of the problem, and no more: which setting it is, and what the key ring said, is in the log. */
function healthResponse(problem: "settings" | "signing-key" | null): Response {
  const body = problem === null ? { status: "ok" } : { status: "unavailable", problem };
  return new Response(JSON.stringify(body), {
    status: problem === null ? 200 : 503,
    headers: { "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
}
