/** An operation's name as it stands in the setting ADMIN_CREDENTIALS: without the prefix of the extensions. */
import type { OperationName } from "./wire.ts";

export function plainName(operation: OperationName): string {
  return operation.slice(operation.indexOf(".") + 1);
}
