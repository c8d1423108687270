/**
 * A login issuer that nobody here wrote: oidc-provider, certified by the OpenID Foundation, under an https name on a loopback
 * port. People sign in by the code flow, with openid-client as their app and a browser of redirects, cookies and one form.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair } from "jose";
import { type Context, Provider } from "oidc-provider";
import * as client from "openid-client";
import { listenOnLoopback } from "./loopback-server.ts";

/** Client id to the algorithm that its ID tokens are signed with. */
type Clients = Readonly<Record<string, string>>;

export type CertifiedIssuer = {
  /** Where it is served: the right-hand side of an entry in DEVELOPMENT_UPSTREAMS. */
  readonly address: string;
  /** What `clientId` gets for the user `sub`: the ID token, verified by openid-client. */
  signIn(sub: string, clientId: string): Promise<string>;
  /** Begins anew with keys that it never had, and none of those before. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

const CALLBACK = "https://app.example.com/callback";
const FORM = '<form method="post"><input name="login"><button>Sign in</button></form>';

export async function startCertifiedIssuer(issuer: string, clients: Clients): Promise<CertifiedIssuer> {
  const { host } = new URL(issuer);
  let provider = await makeProvider(issuer, clients);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // As a proxy in front of it would say: its name, and that TLS ended there.
    Object.assign(request.headers, { host, "x-forwarded-proto": "https" });
    if (request.url?.startsWith("/interaction/") !== true) return await provider.callback()(request, response);
    if (request.method !== "POST") return void response.setHeader("content-type", "text/html").end(FORM);
    const accountId = new URLSearchParams(await text(request)).get("login");
    await provider.interactionFinished(request, response, { login: { accountId } });
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  const { address, close } = await listenOnLoopback(server);
  const reach = async (url: string | URL, init?: RequestInit) =>
    await fetch(String(url).replace(issuer, address), { ...init, redirect: "manual" });

  return {
    address,
    async signIn(sub, clientId) {
      const app = await client.discovery(
        new URL(issuer),
        clientId,
        { id_token_signed_response_alg: clients[clientId] ?? "" },
        client.None(),
        { [client.customFetch]: async (url, options) => await reach(url, options as RequestInit) },
      );
      client.enableNonRepudiationChecks(app);
      const [pkceCodeVerifier, expectedState] = [client.randomPKCECodeVerifier(), client.randomState()];
      const start = client.buildAuthorizationUrl(app, {
        redirect_uri: CALLBACK,
        scope: "openid",
        state: expectedState,
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: "S256",
      });
      const end = await browse(start, sub, reach);
      const tokens = await client.authorizationCodeGrant(app, end, { pkceCodeVerifier, expectedState });
      if (tokens.id_token === undefined) throw new Error("no ID token");
      return tokens.id_token;
    },
    async restart() {
      provider = await makeProvider(issuer, clients);
    },
    close,
  };
}

async function makeProvider(issuer: string, clients: Clients): Promise<Provider> {
  const keys = await Promise.all(
    [...new Set(Object.values(clients))].map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, kid: crypto.randomUUID(), use: "sig" };
    }),
  );
  const provider = new Provider(issuer, {
    clients: Object.entries(clients).map(([client_id, id_token_signed_response_alg]) => ({
      client_id,
      id_token_signed_response_alg,
      token_endpoint_auth_method: "none",
      redirect_uris: [CALLBACK],
    })),
    jwks: { keys },
    cookies: { keys: ["a key of the test's"] },
    // As by default, which it would remark on.
    ttl: { AccessToken: 3600, Grant: 3600, IdToken: 3600, Interaction: 3600, Session: 3600 },
    features: { devInteractions: { enabled: false } },
    findAccount: (_: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    // Its apps are the issuer's own, so that nobody is asked for consent.
    async loadExistingGrant({ oidc }: Context) {
      const { accountId } = oidc.session;
      const grant = new oidc.provider.Grant({ accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope("openid");
      await grant.save();
      return grant;
    },
  });
  provider.proxy = true;
  return provider;
}

/** Follows redirects with a jar of cookies and signs in where it is asked to, until it is back at the app. */
async function browse(
  start: URL,
  login: string,
  reach: (url: URL, init: RequestInit) => Promise<Response>,
): Promise<URL> {
  const cookies = new Map<string, string>();
  let [url, method] = [start, "GET"];
  for (let step = 0; step < 10; step++) {
    const cookie = Array.from(cookies, (pair) => pair.join("=")).join("; ");
    const body = method === "POST" ? new URLSearchParams({ login }) : null;
    const response = await reach(url, { method, headers: { cookie }, body });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    method = location === null ? "POST" : "GET";
    if (location !== null) url = new URL(location, url);
    if (url.href.startsWith(CALLBACK)) return url;
    if (response.status >= 400)
      throw new Error(`${url.pathname} answered ${response.status}: ${await response.text()}`);
  }
  throw new Error("the sign-in never ended");
}
