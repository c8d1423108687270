/** DisableIdentity and EnableIdentity, extensions of this service: an operator stops the user of an identity at once, or lets it go on. */
import { ok, type Result } from "../domain/errors.ts";
import { withWords } from "../domain/refusals.ts";
import { changed, untilAnswered } from "../linking/contention.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityIdOfInput, type SignedContext } from "./context.ts";

type Output = ExtensionOutputOf<"DisableIdentity">;

export async function disableIdentity(
  input: ExtensionInputOf<"DisableIdentity">,
  context: SignedContext,
): Promise<Result<Output>> {
  return await setDisabled(input.IdentityId, true, context);
}

export async function enableIdentity(
  input: ExtensionInputOf<"EnableIdentity">,
  context: SignedContext,
): Promise<Result<Output>> {
  return await setDisabled(input.IdentityId, false, context);
}

async function setDisabled(id: string, isDisabled: boolean, context: SignedContext): Promise<Result<Output>> {
  const identityId = identityIdOfInput(id);
  const { accessKeyId: by, pools: allowedPools } = context.caller.credential;
  const done = await untilAnswered(context, async () => {
    const reply = await context.objects.identity(identityId).setDisabled(identityId, { isDisabled, by, allowedPools });
    if (reply.trace !== undefined) context.note?.(reply.trace);
    return changed(reply);
  });
  if (!done.ok) return withWords(done);
  context.note?.({ effect: isDisabled ? "disabled" : "enabled" });
  return ok({ IdentityId: identityId, IsDisabled: isDisabled });
}
