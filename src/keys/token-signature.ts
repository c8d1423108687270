/**
 * Opens a sealed signing key in the isolate and signs with it (RFC 7515, compact serialization). Holds no private key that
 * can be exported.
 */
import { utf8 } from "../domain/bytes.ts";
import { CompactSign } from "jose";
import { err, ok, serviceError } from "../domain/errors.ts";
import type { OpenKey } from "./signer.ts";
import { unsealSigningKey } from "./signing-key.ts";

/** Opens keys that are sealed under this key encryption key, or under the other: while it is changed, the ring may rest under either. */
export function openerOf(keyEncryptionKey: string, other: string | null = null): OpenKey {
  return async (signingKey) => {
    const { kid, alg } = signingKey;
    const header = { alg, typ: "JWT", kid };
    try {
      const key = await unsealSigningKey(signingKey, keyEncryptionKey).catch(async (cause: unknown) => {
        if (other === null) throw cause;
        return await unsealSigningKey(signingKey, other);
      });
      return ok(async (claims) => {
        return await new CompactSign(utf8(JSON.stringify(claims))).setProtectedHeader(header).sign(key);
      });
    } catch {
      // WebCrypto says no more than that the tag does not match; its text is left out, the kid is what an operator needs.
      const reason = `signing key ${kid} cannot be unsealed: this Worker's KEY_ENCRYPTION_KEY is not the key ring's`;
      return err(serviceError("InternalErrorException", "An internal error occurred.", reason));
    }
  };
}
