/** The first page, and the routes below /development/: the issuer's documents, its sign-in page and JSON route, the STS, and the demo pool's seeding. */
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import type { Config } from "../config.ts";
import type { Result, ServiceErrorName } from "../domain/errors.ts";
import { BROWSER_FILES } from "./browser-files.ts";
import { curlWithLoginToken, type Service } from "./commands.ts";
import { demoPool, demoPoolId, SET_DEMO_ROLES } from "./demo-pool.ts";
import { isolate } from "../isolate.ts";
import { parseDevelopmentConfig } from "./development-config.ts";
import type { DevelopmentEnv } from "./development-env.ts";
import { answerSts } from "./development-sts.ts";
import {
  developmentProviderName,
  discoveryDocument,
  ISSUER_PATH,
  type LoginClaims,
  loginClaims,
  NAME_PROBLEMS,
  parseName,
} from "./development-issuer.ts";
import { firstPage } from "./first-page.ts";
import { issuerPage, type PageContent } from "./issuer-page.ts";
import { PAGE_POLICY } from "./page-frame.ts";
import { readBody } from "../protocol/request-body.ts";
import { isLoopbackOrigin } from "./local-request.ts";
import { STS_PATH } from "./sts-trust.ts";

/** Every path of the development routes but the first page's begins so, and no path of the service does. */
export const DEVELOPMENT_PATH = "/development/";
const MAX_BODY_BYTES = 16 * 1024;
/** The longest token of this service, with fifty tags in it, and room beside: to say of it what AWS's STS says. */
const MAX_STS_BODY_BYTES = 128 * 1024;
const BODY_STATUSES: ReadonlyMap<ServiceErrorName, 408 | 413> = new Map([
  ["RequestEntityTooLargeException", 413],
  ["RequestTimeoutException", 408],
]);

type DevelopmentContext = Context<{ Bindings: DevelopmentEnv }>;

function issuerObject(env: DevelopmentEnv) {
  return env.DEVELOPMENT_ISSUER.getByName("development issuer");
}

function configOf(env: DevelopmentEnv): Result<Config, readonly string[]> {
  return isolate.configOf(env, parseDevelopmentConfig);
}

async function signIn(env: DevelopmentEnv, name: string): Promise<{ claims: LoginClaims; token: string }> {
  const now = Math.floor(Date.now() / 1000);
  const claims = await loginClaims(env.DEVELOPMENT_ORIGIN, name, now);
  return { claims, token: await issuerObject(env).sign(claims) };
}

function serviceOf(env: DevelopmentEnv): Service {
  const config = configOf(env);
  const endpoint = env.DEVELOPMENT_ORIGIN;
  const region = config.ok ? config.value.region : "us-east-1";
  return { endpoint, region, identityPoolId: demoPoolId(region), providerName: developmentProviderName(endpoint) };
}

function page(context: DevelopmentContext, content: ReturnType<typeof issuerPage>, status: 200 | 400 = 200) {
  context.header("Content-Security-Policy", PAGE_POLICY);
  return context.html(content, status);
}

function showFirstPage(context: DevelopmentContext) {
  const config = configOf(context.env);
  if (!config.ok) return context.text(`Edgepool is not configured: ${config.error.join("; ")}.\n`, 500);
  const { issuer, tokenAlgorithm } = config.value;
  return page(context, firstPage(serviceOf(context.env), { issuer, algorithm: tokenAlgorithm, folder: null }));
}

async function signInByForm(context: DevelopmentContext) {
  const form = await context.req.parseBody().catch(() => ({ name: undefined }));
  const name = parseName(form["name"]);
  if (!name.ok) {
    const given = typeof form["name"] === "string" ? form["name"].slice(0, 64) : "";
    const refused: PageContent = { kind: "refused", name: given, problem: NAME_PROBLEMS[name.error].person };
    return page(context, issuerPage(refused), 400);
  }
  const service = serviceOf(context.env);
  const { providerName, identityPoolId } = service;
  const { claims, token } = await signIn(context.env, name.value);
  const commands = curlWithLoginToken(service, token);
  return page(context, issuerPage({ kind: "signed-in", claims, providerName, identityPoolId, token, commands }));
}

async function signInByJson(context: DevelopmentContext): Promise<Response> {
  const input: unknown = await context.req.json().catch(() => undefined);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return context.json({ error: 'the body must be a JSON object, as in {"name":"alice"}' }, 400);
  }
  const name = parseName(Object.hasOwn(input, "name") ? Reflect.get(input, "name") : undefined);
  if (!name.ok) return context.json({ error: NAME_PROBLEMS[name.error].program }, 400);
  const { claims, token } = await signIn(context.env, name.value);
  const providerName = developmentProviderName(context.env.DEVELOPMENT_ORIGIN);
  return context.json({ providerName, token, expiresAt: claims.exp });
}

/** Puts the demo pool in place, or back in place: the same settings whatever was there, so that it may run at each start. */
export async function seedDemoPool(env: DevelopmentEnv): Promise<Result<string, string>> {
  const config = configOf(env);
  if (!config.ok) return { ok: false, error: config.error.join("; ") };
  const identityPoolId = demoPoolId(config.value.region);
  const settings = demoPool(env.DEVELOPMENT_ORIGIN, config.value.region);
  const object = isolate.stubsOf(env).identityPool(identityPoolId);
  // Its first read makes it: development-worker.ts.
  await object.read();
  const updated = await object.update(settings);
  if (updated === null) return { ok: false, error: "the demo identity pool was deleted, and stays so" };
  if (!updated.ok) return { ok: false, error: updated.error.message };
  await object.change(SET_DEMO_ROLES);
  isolate.pools.forget(identityPoolId);
  return { ok: true, value: identityPoolId };
}

/** For the addresses that it fetches, the upstreams of the settings stand in as for any other. */
async function askSts(context: DevelopmentContext): Promise<Response> {
  const config = configOf(context.env);
  if (!config.ok) return context.text(config.error.join("; "), 500);
  const { issuer, region, keyEncryptionKey, upstreams } = config.value;
  const { raw } = context.req;
  const { status, xml } = await answerSts(
    { path: new URL(raw.url).pathname, headers: raw.headers, body: await raw.text() },
    {
      issuer,
      identityPoolId: demoPoolId(region),
      key: keyEncryptionKey,
      fetch: async (address) =>
        await fetch(upstreams.locate(new URL(address)), { redirect: "manual", signal: AbortSignal.timeout(3000) }),
      now: () => Date.now() / 1000,
    },
  );
  return new Response(xml, { status, headers: { "content-type": "text/xml" } });
}

/** A web app under development calls the JSON route from its own port on this machine; no other origin may read it. */
function allowedOrigin(origin: string): string | null {
  return isLoopbackOrigin(origin) ? origin : null;
}

export const developmentRoutes = new Hono<{ Bindings: DevelopmentEnv }>();

developmentRoutes.use(async (context, next) => {
  context.header("Cache-Control", "no-store");
  // With `no-referrer` a browser would send the form with the Origin `null`, which is anybody's and refused.
  context.header("Referrer-Policy", "same-origin");
  context.header("X-Content-Type-Options", "nosniff");
  return next();
});
// What a route reads has arrived whole: as at the API, no body is awaited for ever.
developmentRoutes.use(async (context, next) => {
  const { raw } = context.req;
  const { method } = raw;
  if (method === "GET" || method === "HEAD") return next();
  const isOfSts = new URL(raw.url).pathname.startsWith(STS_PATH);
  const body = await readBody(raw, isOfSts ? MAX_STS_BODY_BYTES : MAX_BODY_BYTES);
  if (!body.ok) return context.json({ error: body.error.message }, BODY_STATUSES.get(body.error.type) ?? 400);
  context.req.raw = new Request(raw, { method, body: body.value });
  return next();
});
developmentRoutes.use(`${ISSUER_PATH}/*`, cors({ origin: allowedOrigin, allowMethods: ["GET", "POST"] }));

developmentRoutes.get("/", showFirstPage);
for (const [path, { text, type }] of BROWSER_FILES) {
  developmentRoutes.get(path, (context) => context.body(text, 200, { "Content-Type": type }));
}
developmentRoutes.get(ISSUER_PATH, (context) => page(context, issuerPage({ kind: "form" })));
developmentRoutes.post(ISSUER_PATH, signInByForm);
developmentRoutes.post(`${ISSUER_PATH}/sign-in`, signInByJson);
developmentRoutes.get(`${ISSUER_PATH}/.well-known/openid-configuration`, (context) =>
  context.json(discoveryDocument(context.env.DEVELOPMENT_ORIGIN)),
);
developmentRoutes.get(`${ISSUER_PATH}/jwks.json`, async (context) =>
  context.json(await issuerObject(context.env).publicKeys()),
);
// Some SDKs add a slash to the path of an endpoint.
developmentRoutes.post(STS_PATH, askSts);
developmentRoutes.post(`${STS_PATH}/`, askSts);
developmentRoutes.put(`${DEVELOPMENT_PATH}demo-pool`, async (context) => {
  const seeded = await seedDemoPool(context.env);
  return seeded.ok ? context.json({ identityPoolId: seeded.value }) : context.json({ error: seeded.error }, 409);
});
developmentRoutes.notFound((context) =>
  context.json({ error: `no route at ${new URL(context.req.url).pathname}` }, 404),
);
