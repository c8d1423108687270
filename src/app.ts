/** The routes and the order of what happens to a request; joins the wire, the operations and the objects. */
import { HonoBase } from "hono/hono-base";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { bindingsOf } from "./bindings.ts";
import type { Config } from "./config.ts";
import { consoleConfigResponse, consoleRedirect, type LocalDevelopment } from "./console.ts";
import { type ClientLimit, clientLimitOf } from "./counted-clients.ts";
import { err, type Ok, ok, type Result } from "./domain/errors.ts";
import type { Trace } from "./domain/trace.ts";
import { PerObject } from "./domain/isolate-cache.ts";
import { type ClientAddress, CLIENT_OVER_LIMIT, isClientsOwn } from "./limits/client-limit.ts";
import { type Document, DOCUMENTS, type DocumentSource } from "./documents.ts";
import { objectsOf } from "./durable/objects.ts";
import { PresentedTokens, verifiersOf } from "./durable/presented-tokens.ts";
import { sourcesOfCall } from "./durable/source-tools.ts";
import { httpsOnly, type RequestHandler } from "./https-only.ts";
import { isolate, type ParseConfig } from "./isolate.ts";
import {
  ASKED_BESIDE,
  type JurisdictionCheck,
  jurisdictionCheckOf,
  keyRingAfterLook,
  type Look,
  Misplaced,
  objectsAfterLook,
} from "./jurisdiction-check.ts";
import type { Caller, OperationContext } from "./operations/context.ts";
import { runnableOf } from "./operations/registry.ts";
import { authorise } from "./domain/admin-credential.ts";
import { type DecodedRequest, encodeError, encodePreflight, encodeSuccess, readRequest } from "./protocol/aws-json.ts";
import { asksForPage, authorizationResponse, sentenceForBrowsers } from "./protocol/browser.ts";
import { callOf } from "./protocol/client-call.ts";
import { CONSOLE_CONFIG_PATH, CONSOLE_PATH } from "./protocol/console-config.ts";
import { errorOfDefect, notConfigured, type WireError } from "./protocol/wire-error.ts";
import { claimedKeyId, unsignedRefusal, verifySignature } from "./protocol/sigv4.ts";
import { logDefect, RequestFacts, type RequestLine } from "./log/request-line.ts";
import { writeEvent } from "./log/write.ts";
import { AUTHORIZATION_PATH } from "./token/metadata.ts";
import type { Signer } from "./keys/signer.ts";
import { ALL_POINTS } from "./metrics/request-point.ts";
import { askSql } from "./metrics/sql-api.ts";
import { recordRequest } from "./request-record.ts";
import { assumeRole, type StsTools } from "./sts/assume-role.ts";

export type Composition = {
  readonly parse: ParseConfig;
  /** Set by local development alone, which is served on loopback: over plain http, too, and with a key that everybody knows. */
  readonly local?: LocalDevelopment;
};

/** What belongs to a call, and not to the environment. */
type OfCall =
  | keyof ReturnType<typeof verifiersOf>
  | keyof ReturnType<typeof sourcesOfCall>
  | "call"
  | "client"
  | "note"
  | "signer";

/** What is made for an environment, once, of its settings and of the isolate's memories (isolate.ts). */
type Service = {
  readonly config: Config;
  readonly context: Omit<OperationContext, OfCall>;
  /** `client` is charged for what the tokens cost a provider. */
  readonly present: (tokens: ReadonlyMap<string, string>, client: ClientAddress | null) => PresentedTokens;
  readonly clients: ClientLimit;
  readonly jurisdiction: JurisdictionCheck;
  readonly signerFor: (execution: Execution, look: Look | null) => Signer;
  readonly sourcesFor: (call: Parameters<typeof sourcesOfCall>[2]) => ReturnType<typeof sourcesOfCall>;
};

/** What the platform gives to a request beside its bindings. */
type Execution = Pick<ExecutionContext, "waitUntil">;

/** What running an operation takes, beside the request. */
type Run = Pick<Service, "context" | "clients" | "present" | "sourcesFor"> & {
  readonly signer: Signer;
  readonly execution: Execution;
  readonly client: ClientAddress | null;
  readonly facts: RequestFacts;
};

type Answer = { readonly response: Response; readonly error?: WireError; readonly operation: string | null };

export function createApp(composition: Composition): RequestHandler {
  const services = new PerObject<Env, Result<Service, readonly string[]>>((env) => {
    const config = isolate.configOf(env, composition.parse);
    const service = config.ok ? createService(env, config.value) : config;
    if (service.ok) return service;
    // Once for each isolate: whoever runs the service sees it without looking into an answer.
    writeEvent({ event: "not-configured", problems: service.error });
    return service;
  });

  function serviceOf(env: Env): Result<Service, WireError> {
    const service = services.of(env);
    if (!service.ok) return err(notConfigured(service.error));
    const refusal = service.value.jurisdiction.refusal();
    return refusal === null ? service : err(refusal);
  }

  // The one of its routers that these paths take: the others would be a hundredth of the bundle.
  const app = new HonoBase<{ Bindings: Env }>({ router: new RegExpRouter() });
  app.options("*", (c) => encodePreflight(c.req.raw, crypto.randomUUID()));
  for (const [path, document] of DOCUMENTS) {
    app.get(path, async (c) => await publish(c.req.raw, c.env, c.executionCtx, document));
  }
  app.get(AUTHORIZATION_PATH, () => authorizationResponse());
  app.get("/", (c) => (asksForPage(c.req.raw) ? sentenceForBrowsers() : answer(c.req.raw, c.env, c.executionCtx)));
  app.get(CONSOLE_CONFIG_PATH, (c) => consoleConfigResponse(serviceOf(c.env), composition.local));
  app.get(CONSOLE_PATH.slice(0, -1), () => consoleRedirect());
  app.all("*", (c) => answer(c.req.raw, c.env, c.executionCtx));
  // What is wrong with the settings is told to the log also where nobody comes over https, as under a bare `wrangler dev`.
  return composition.local !== undefined ? app : httpsOnly(app, (env) => void services.of(env));

  /** As `serviceOf`, once it is known where its objects lie. */
  async function serviceInPlace(env: Env): Promise<Result<Service, WireError>> {
    const service = serviceOf(env);
    const refusal = service.ok ? await service.value.jurisdiction.begin() : null;
    return refusal === null ? service : err(refusal);
  }

  /** A service without settings answers everybody alike, and each of its refusals counts. */
  function record(line: RequestLine, request: Request, env: Env): void {
    const service = services.of(env);
    recordRequest(line, request, env, service.ok ? service.value.config.metrics : ALL_POINTS);
  }

  async function publish(request: Request, env: Env, execution: Execution, document: Document): Promise<Response> {
    const requestId = crypto.randomUUID();
    const startedAt = performance.now();
    const service = await serviceInPlace(env);
    const { response, error } = await document(service.ok ? sourceOf(service.value, execution) : service, requestId);
    if (error === undefined) return response;
    const durationMs = performance.now() - startedAt;
    record({ requestId, operation: null, status: response.status, error, durationMs }, request, env);
    return response;
  }

  async function answer(request: Request, env: Env, execution: Execution): Promise<Response> {
    const requestId = crypto.randomUUID();
    const startedAt = performance.now();
    const facts = new RequestFacts();
    const { response, error, operation } = await attempt(request, env, execution, requestId, facts);
    // SDKs correct a wrong clock by it, and workerd itself sends none.
    response.headers.set("date", isolate.httpDate(Date.now()));
    const durationMs = performance.now() - startedAt;
    const about = await facts.describe(isolate.hash);
    record({ requestId, operation, status: response.status, error, durationMs, about }, request, env);
    return response;
  }

  async function attempt(
    request: Request,
    env: Env,
    execution: Execution,
    requestId: string,
    facts: RequestFacts,
  ): Promise<Answer> {
    let operation: DecodedRequest["operation"] | null = null;
    const refuse = (error: WireError): Answer => ({ response: encodeError(error, requestId), error, operation });
    try {
      const service = serviceOf(env);
      if (!service.ok) return refuse(service.error);
      const { clients, config, context, jurisdiction, present, signerFor, sourcesFor } = service.value;
      const client = clients.clientOf(request.headers);
      const isBlocked = clients.isBlocked(client, context.now());
      // Only a signature can speak for a caller at such an address: a backend has one, and many users behind it.
      if (isBlocked && !request.headers.has("authorization")) return refuse(CLIENT_OVER_LIMIT);
      const refuseUnsigned = async (error: WireError): Promise<Answer> => {
        // A public operation takes no notice of a signature, and neither does its line.
        const isSigned = operation !== null && runnableOf(operation).access === "signed";
        if (isSigned) facts.claimedBy(claimedKeyId(request.headers, config.adminCredentials));
        if (isBlocked) return refuse(CLIENT_OVER_LIMIT);
        // Counted before the answer, so that of many guesses at once no more are answered than of as many in a row.
        const limited = isClientsOwn(error) ? await clients.countFailure(client, context.now()) : null;
        return refuse(limited ?? error);
      };
      const decoded = await readRequest(request, (name) => {
        const { access } = runnableOf(name);
        // A public operation takes no notice of a signature: nothing in the body could speak for its caller.
        if (isBlocked && access === "public") return CLIENT_OVER_LIMIT;
        return access === "signed" ? unsignedRefusal(request.headers, config.adminCredentials) : null;
      });
      operation = (decoded.ok ? decoded.value : decoded.error).operation ?? null;
      if (!decoded.ok) return await refuseUnsigned(decoded.error);
      const caller = await callerOf(request, decoded.value, service.value);
      if (!caller.ok) return await refuseUnsigned(caller.error);
      if (caller.value !== null) facts.signedBy(caller.value.credential.accessKeyId);
      const look = jurisdiction.begin();
      const misplaced = look === null || ASKED_BESIDE.has(decoded.value.operation) ? null : await look;
      if (misplaced !== null) return refuse(misplaced);
      const signer = signerFor(execution, look);
      const placed = look === null ? context : { ...context, objects: objectsAfterLook(look, context.objects) };
      const run = { context: placed, clients, present, signer, sourcesFor, execution, client, facts };
      const result = await runOperation(request, decoded.value, caller.value, run);
      if (result.ok) return { response: encodeSuccess(result.value, requestId), operation };
      return caller.value === null ? await refuseUnsigned(result.error) : refuse(result.error);
    } catch (cause) {
      if (cause instanceof Misplaced) return refuse(cause.refusal);
      logDefect(requestId, operation, cause);
      return refuse(errorOfDefect(cause));
    }
  }
}

/** Who has signed the request; null where the operation is public, and asks for no signature. */
async function callerOf(
  request: Request,
  { operation, body }: DecodedRequest,
  { config, context }: Service,
): Promise<Result<Caller | null, WireError>> {
  if (runnableOf(operation).access !== "signed") return ok(null);
  const url = new URL(request.url);
  const verified = await verifySignature({
    method: request.method,
    url,
    headers: request.headers,
    body,
    operation,
    credentials: config.adminCredentials,
    region: config.region,
    now: context.now(),
  });
  return verified.ok ? ok({ ...verified.value, origin: url.origin }) : verified;
}

async function runOperation(
  request: Request,
  { operation, json }: DecodedRequest,
  caller: Caller | null,
  { context, clients, present, signer, sourcesFor, execution, client, facts }: Run,
): Promise<Result<object | undefined, WireError>> {
  facts.readInput(json);
  const authorised = caller === null ? ok(undefined) : authorise(caller.credential, operation);
  if (!authorised.ok) return authorised;
  // A signature speaks for a backend, and many users stand behind one.
  const charged = caller === null ? client : null;
  const limited = operation === "GetId" ? await clients.chargeForId(charged) : null;
  if (limited !== null) return err(limited);
  const note = (trace: Trace) => facts.note(trace);
  const result = await runnableOf(operation).run(
    json,
    {
      ...context,
      signer,
      call: callOf(request.headers, context.now()),
      client: charged,
      ...verifiersOf((tokens) => present(tokens, charged), note),
      ...sourcesFor({ client: charged, note, later: (work) => execution.waitUntil(work) }),
      note,
    },
    caller,
  );
  if (result.ok) facts.readOutput(result.value);
  return result;
}

function sourceOf({ config, context, signerFor }: Service, execution: Execution): Ok<DocumentSource> {
  const { issuer } = config;
  return ok({ issuer, signer: signerFor(execution, null), now: context.now(), health: isolate.health.of(config) });
}

function createService(env: Env, config: Config): Result<Service, readonly string[]> {
  const jurisdiction = jurisdictionCheckOf(env, config);
  if (!jurisdiction.ok) return jurisdiction;
  const objects = objectsOf(env);
  const signerOf = isolate.signers.of(config);
  const surroundings = {
    now: () => Date.now() / 1000,
    random: () => Math.random(),
    pause: async (ms: number) => await new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  const { analytics, sts, upstreams } = config;
  const stsTools: StsTools = { ...surroundings, upstreams, fetch: (input, init) => fetch(input, init) };
  const context: Service["context"] = {
    ...surroundings,
    config,
    bindings: bindingsOf({ ...env }),
    objects,
    hash: isolate.hash,
    newUuid: () => crypto.randomUUID(),
    fixJurisdiction: async () => await jurisdiction.value.fix(),
    askPoints: async (query) => await askSql(query, analytics, stsTools),
    assumeRole: async (request) => await assumeRole(request, sts, stsTools),
  };
  const present: Service["present"] = (tokens, client) => new PresentedTokens(env, config, tokens, client);
  const keyRing = () => objects.keyRing();
  const signerFor: Service["signerFor"] = (execution, look) => {
    const asked = look === null ? keyRing : keyRingAfterLook(look, keyRing);
    return signerOf({ keyRing: asked, later: (work) => execution.waitUntil(work) });
  };
  const sourcesFor: Service["sourcesFor"] = (call) => sourcesOfCall(env, config, call);
  const made = { config, context, clients: clientLimitOf(env, config), present, signerFor, sourcesFor };
  return ok({ ...made, jurisdiction: jurisdiction.value });
}
