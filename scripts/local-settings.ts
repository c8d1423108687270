/** The settings of a local service: the defaults of development, overridden by --var. */
import { LOCAL_CREDENTIAL } from "../src/development/local-credential.ts";
import { STS_PATH } from "../src/development/sts-trust.ts";

export function localSettings(
  endpoint: string,
  keyEncryptionKey: string,
  given: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const settings = new Map([
    ["ISSUER", endpoint],
    ["KEY_ENCRYPTION_KEY", keyEncryptionKey],
    ["ADMIN_CREDENTIALS", JSON.stringify([{ ...LOCAL_CREDENTIAL, operations: "*", pools: "*" }])],
    // On loopback all clients share one address.
    ["CLIENT_LIMIT", "off"],
    ["STS_URL", `${endpoint}${STS_PATH}`],
    ...given,
  ]);
  return new Map([...settings].filter(([, value]) => value.trim() !== ""));
}
