/** GetId: the identity of the logins that are presented, made on first sight; or a new guest. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { type IdentityId, identityIdOf } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { errorOf, identityPoolNotFound, type Refusal, withWords } from "../domain/refusals.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { identityPoolIdOfInput, type OperationContext } from "./context.ts";
import { remembering } from "../linking/adoption.ts";
import type { Origin } from "../linking/identity-record.ts";
import type { SourceParty } from "../linking/source.ts";
import { bringTogether } from "../linking/bring-together.ts";

export async function getId(input: InputOf<"GetId">, context: OperationContext): Promise<Result<OutputOf<"GetId">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const pool = await context.objects.readPool(identityPoolId);
  if (pool === null) return err(identityPoolNotFound(identityPoolId));
  const logins = input.Logins ?? new Map<string, string>();
  const source = context.sourceOf(pool, logins);
  if (logins.size === 0) {
    if (!pool.allowsUnauthenticated) return err(errorOf({ kind: "guests-not-supported" }));
    return await newGuest(pool, source, context);
  }
  const verified = await context.verifyLogins(pool, logins);
  if (!verified.ok) return verified;
  const linked = await bringTogether(context, {
    identityPoolId,
    logins: verified.value,
    mints: false,
    ...remembering(pool),
    ...(source && { source }),
  });
  return linked.ok ? ok({ IdentityId: linked.value.identityId }) : withWords(linked);
}

async function newGuest(
  { identityPoolId }: IdentityPool,
  source: SourceParty | null,
  context: OperationContext,
): Promise<Result<OutputOf<"GetId">>> {
  const born = await birthOf(source, context);
  if (!born.ok) return withWords(born);
  const { identityId, origin } = born.value;
  const identity = context.objects.identity(identityId);
  // Nothing more than is needed travels: that he is born here goes without saying.
  const created =
    origin === "here"
      ? await identity.createGuest(identityId, identityPoolId)
      : await identity.createGuest(identityId, identityPoolId, origin);
  if (!created) return err(origin === "here" ? COLLISION : SOURCE_REPEATS);
  context.note?.({ effect: "created-guest" });
  return ok({ IdentityId: identityId });
}

const COLLISION = serviceError("InternalErrorException", "Internal error", "identity-id-collision");
/** The source gives a guest an id that somebody here has, or had. */
const SOURCE_REPEATS = serviceError(
  "ExternalServiceException",
  "The source of the identity pool did not answer.",
  "source-unavailable: id in use",
);

/** Where a guest is born: at the source, if it is to know of him, too. */
async function birthOf(
  source: SourceParty | null,
  context: OperationContext,
): Promise<Result<{ readonly identityId: IdentityId; readonly origin: Origin }, Refusal>> {
  const answer = source?.settings.guests === "source" ? await source.ask(null, "public") : ok(null);
  if (!answer.ok) return answer;
  const { value: identityId } = answer;
  if (identityId !== null) return ok({ identityId, origin: "source" });
  return ok({ identityId: identityIdOf(context.config.region, context.newUuid()), origin: "here" });
}
