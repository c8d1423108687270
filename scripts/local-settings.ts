/** The settings of a local service: the defaults of development, overridden by --var. The Worker's bundle has none of them. */
import { STS_PATH } from "../src/development/sts-trust.ts";

export const LOCAL_CREDENTIAL = { accessKeyId: "edgepool-local", secretAccessKey: "edgepool-local-secret" };

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
