/** RotateSigningKey, an extension of this service: an operator drops the active signing key at once (T43). */
import { sha256Hex } from "../domain/digest.ts";
import { ok, type Result } from "../domain/errors.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import type { SignedContext } from "./context.ts";

export async function rotateSigningKey(
  input: ExtensionInputOf<"RotateSigningKey">,
  { caller, objects, signer }: SignedContext,
): Promise<Result<ExtensionOutputOf<"RotateSigningKey">>> {
  const orderId = await orderIdOf(caller.callKey ?? caller.signature);
  const rotated = await objects.keyRing().rotateNow({ force: input.Force === true, orderId });
  if (!rotated.ok) return rotated;
  // Other isolates follow within a minute; this one at once, so that the operator sees what has been done.
  signer.forget();
  return ok({ KeyId: rotated.value.kid, DroppedKeyIds: rotated.value.droppedKids });
}

/** Equal for a request and its replay, so that a captured one drops no second key (T44). A hash: signatures are not stored. */
async function orderIdOf(requestKey: string): Promise<string> {
  return await sha256Hex(`rotate signing key ${requestKey}`);
}
