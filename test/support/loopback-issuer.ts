/**
 * A real OpenID Connect issuer on a loopback port, in the test's own process: discovery, JWKS, signed login tokens, and
 * the ways in which a real one fails. Also stands in for a public issuer, by the setting DEVELOPMENT_UPSTREAMS.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { listenOnLoopback } from "./loopback-server.ts";

type Key = { readonly kid: string; readonly privateKey: CryptoKey; readonly publicJwk: JWK };

export type LoopbackIssuerOptions = {
  /** The issuer that it claims to be; default: its own address. */
  readonly issuer?: string;
  /** Path below its own address, as in `/tenant`; default none. */
  readonly path?: string;
  readonly algorithm?: string;
};

export type Claims = Readonly<Record<string, unknown>>;

export type LoopbackIssuer = {
  readonly issuer: string;
  /** Key of a `Logins` map: the issuer without its scheme. */
  readonly providerName: string;
  /** Where it is served: the right-hand side of an entry in DEVELOPMENT_UPSTREAMS. */
  readonly address: string;
  /** Paths of all requests so far, in their order. */
  readonly requests: readonly string[];
  /** A login token: `iss`, `iat` and `exp` (one hour) are filled in, and a claim given as undefined is left out. */
  loginToken(claims: Claims): Promise<string>;
  /** A new key signs from now on. The old one is still published only if asked for. */
  rotateKeys(options?: { readonly keepsOld: boolean }): Promise<void>;
  /** Every connection is reset, until `comeUp`. */
  goDown(): void;
  comeUp(): void;
  /** Every answer waits this long, in milliseconds. */
  delayAnswers(delayMs: number): void;
  /** Replaces the answer of one path below the issuer, such as `/.well-known/jwks.json`. */
  answer(path: string, handler: (response: ServerResponse) => void): void;
  close(): Promise<void>;
};

const DISCOVERY_PATH = "/.well-known/openid-configuration";
const KEY_SET_PATH = "/.well-known/jwks.json";

async function makeKey(algorithm: string, kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" } };
}

export async function startLoopbackIssuer(options: LoopbackIssuerOptions = {}): Promise<LoopbackIssuer> {
  const { path: basePath = "", algorithm = "RS256" } = options;
  const requests: string[] = [];
  const answers = new Map<string, (response: ServerResponse) => void>();
  let keyCount = 1;
  let signingKey = await makeKey(algorithm, "key-1");
  let published = [signingKey];
  let isDown = false;
  let delayMs = 0;

  const answerJson = (response: ServerResponse, document: unknown) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(document));
  };
  const respond = (path: string, response: ServerResponse) => {
    const special = answers.get(path);
    if (special !== undefined) return special(response);
    if (path === DISCOVERY_PATH) return answerJson(response, { issuer, jwks_uri: `${issuer}${KEY_SET_PATH}` });
    if (path === KEY_SET_PATH) return answerJson(response, { keys: published.map((key) => key.publicJwk) });
    return response.writeHead(404).end();
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    requests.push(path);
    if (isDown) return void request.socket.destroy();
    const relativePath = path.startsWith(basePath) ? path.slice(basePath.length) : path;
    setTimeout(() => respond(relativePath, response), delayMs);
  });
  const { address: origin, close } = await listenOnLoopback(server);
  const address = `${origin}${basePath}`;
  const issuer = options.issuer ?? address;

  return {
    issuer,
    providerName: issuer.replace(/^https?:\/\//, ""),
    address,
    requests,
    async loginToken(claims) {
      const now = Math.floor(Date.now() / 1000);
      const { kid, privateKey } = signingKey;
      return new SignJWT({ iss: issuer, iat: now, exp: now + 3600, ...claims })
        .setProtectedHeader({ alg: algorithm, typ: "JWT", kid })
        .sign(privateKey);
    },
    async rotateKeys({ keepsOld } = { keepsOld: false }) {
      keyCount += 1;
      signingKey = await makeKey(algorithm, `key-${keyCount}`);
      published = keepsOld ? [...published, signingKey] : [signingKey];
    },
    goDown() {
      isDown = true;
      server.closeAllConnections();
    },
    comeUp() {
      isDown = false;
    },
    delayAnswers(milliseconds) {
      delayMs = milliseconds;
    },
    answer(path, handler) {
      answers.set(path, handler);
    },
    close,
  };
}
