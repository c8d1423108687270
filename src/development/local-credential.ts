/** The credential that a local service has when nobody sets another. It is printed everywhere; production refuses it. */
import type { Config } from "../config.ts";

export const LOCAL_CREDENTIAL = { accessKeyId: "edgepool-local", secretAccessKey: "edgepool-local-secret" };

/** Whether it is good here. The secrets of others are theirs to know. */
export function hasLocalCredential({ adminCredentials }: Config): boolean {
  return adminCredentials.some(
    ({ accessKeyId, secretAccessKey }) =>
      accessKeyId === LOCAL_CREDENTIAL.accessKeyId && secretAccessKey === LOCAL_CREDENTIAL.secretAccessKey,
  );
}
