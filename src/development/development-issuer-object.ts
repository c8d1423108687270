/** The key of the development issuer, made at its first use and kept, so that a restart does not sign everybody out. */
import { DurableObject } from "cloudflare:workers";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import type { LoginClaims } from "./development-issuer.ts";

const KEY = "key";
const ALGORITHM = "RS256";

type StoredKey = { readonly kid: string; readonly privateKey: JWK; readonly publicKey: JWK };

export class DevelopmentIssuerObject extends DurableObject {
  async sign(claims: LoginClaims): Promise<string> {
    const { kid, privateKey } = await this.#key();
    const header = { alg: ALGORITHM, typ: "JWT", kid };
    return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(privateKey, ALGORITHM));
  }

  /** The key set as published: public members only. */
  async publicKeys(): Promise<{ keys: JWK[] }> {
    const { kid, publicKey } = await this.#key();
    return { keys: [{ ...publicKey, kid, alg: ALGORITHM, use: "sig" }] };
  }

  async #key(): Promise<StoredKey> {
    const kept = this.ctx.storage.kv.get<StoredKey>(KEY);
    if (kept !== undefined) return kept;
    const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const made = {
      kid: await calculateJwkThumbprint(publicJwk),
      privateKey: await exportJWK(privateKey),
      publicKey: publicJwk,
    };
    // Another call may have made one meanwhile: the first one kept is the issuer's.
    const winner = this.ctx.storage.kv.get<StoredKey>(KEY);
    if (winner !== undefined) return winner;
    this.ctx.storage.kv.put(KEY, made);
    return made;
  }
}
