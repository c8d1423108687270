/** Issuers that answer from memory: every fetch of the Worker and its objects in this isolate lands here and is counted. */
import { vi } from "vitest";

/** Of what was sent with the request, nobody but a token service has need. */
type Answer = (init?: RequestInit) => Response | Promise<Response>;

/** Where known providers have their keys, which nobody looks for by discovery. */
const KNOWN_KEYS: Readonly<Record<string, string>> = {
  "https://accounts.google.com": "https://www.googleapis.com/oauth2/v3/certs",
  "https://appleid.apple.com": "https://appleid.apple.com/auth/keys",
  "https://www.facebook.com": "https://www.facebook.com/.well-known/oauth/openid/jwks/",
};

/** The address of the keys, where it is known without discovery. */
export function knownKeysOf(issuer: string): string | undefined {
  const isUserPool = /^https:\/\/(issuer-)?cognito-idp\./.test(issuer);
  return isUserPool ? `${issuer}/.well-known/jwks.json` : KNOWN_KEYS[issuer];
}

export class FakeUpstream {
  /** Addresses in the order in which they were fetched. */
  readonly fetched: string[] = [];
  readonly #answers = new Map<string, Answer>();

  /** Replaces the isolate's fetch until `vi.unstubAllGlobals()`. */
  install(): this {
    vi.stubGlobal("fetch", async (input: string, init?: RequestInit) => {
      this.fetched.push(input);
      const answer = this.#answers.get(input);
      if (answer === undefined) throw new TypeError("connection refused");
      return answer(init);
    });
    return this;
  }

  /** An OpenID Connect issuer that publishes `keys`: with discovery, unless the address of its keys is known without. */
  serveIssuer(issuer: string, keys: readonly unknown[]): void {
    const known = knownKeysOf(issuer);
    const keySetUrl = known ?? `${issuer}/keys`;
    if (known === undefined) {
      this.serve(`${issuer}/.well-known/openid-configuration`, () => Response.json({ issuer, jwks_uri: keySetUrl }));
    }
    this.serve(keySetUrl, () => Response.json({ keys }));
  }

  serve(url: string, answer: Answer): void {
    this.#answers.set(url, answer);
  }

  /** Every address refuses connections from now on. */
  goDown(): void {
    this.#answers.clear();
  }
}
