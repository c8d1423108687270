/** Issuers that answer from memory: every fetch of the Worker and its objects in this isolate lands here and is counted. */
import { vi } from "vitest";

type Answer = () => Response | Promise<Response>;

export class FakeUpstream {
  /** Addresses in the order in which they were fetched. */
  readonly fetched: string[] = [];
  readonly #answers = new Map<string, Answer>();

  /** Replaces the isolate's fetch until `vi.unstubAllGlobals()`. */
  install(): this {
    vi.stubGlobal("fetch", async (input: string) => {
      this.fetched.push(input);
      const answer = this.#answers.get(input);
      if (answer === undefined) throw new TypeError("connection refused");
      return answer();
    });
    return this;
  }

  /** An OpenID Connect issuer with discovery, publishing `keys`. */
  serveIssuer(issuer: string, keys: readonly unknown[]): void {
    const keySetUrl = `${issuer}/keys`;
    this.serve(`${issuer}/.well-known/openid-configuration`, () => Response.json({ issuer, jwks_uri: keySetUrl }));
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
